"""What the core needs from outside, as protocols; adapters implement them and only `main` knows which.

Rule: everything here is synchronous and may block unless it says that it doesn't; a method that fails raises an
`errors.Error`, `Unavailable` where the thing behind it can't be reached now.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple, Protocol

from .policy.model import Policy


class Clock(Protocol):
    """The time."""

    def now(self) -> float:
        """Unix seconds."""
        ...


class SecretKey(NamedTuple):
    """Where a secret is kept: `kind` is `password`, `token`, `tfa` or `key`, `id` whose it is."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Task:
    """A long operation. `status` is None while it runs, then `OK`, `WARNINGS: n` or the error's text.

    Times are Unix seconds; `user` is the caller's id, that of a token included.
    """

    upid: str
    node: str
    pid: int
    pstart: int
    starttime: int
    type: str
    id: str
    user: str
    endtime: int | None = None
    status: str | None = None


class Store(Protocol):
    """Policy, secrets, documents and tasks, durable; one snapshot of the policy in memory."""

    def policy(self) -> Policy:
        """The newest snapshot this process knows; doesn't block. Unavailable once it is too old to trust."""
        ...

    def edit(
        self, change: Callable[[Policy], Policy], secrets: Mapping[SecretKey, bytes | None] | None = None
    ) -> Policy:
        """Applies a pure edit to the newest policy, under the store's write lock, together with secrets.

        Secrets that are None are removed. Durable when it returns; if `change` raises, nothing changed.
        """
        ...

    def secret(self, key: SecretKey) -> bytes | None:
        """A secret, or None."""
        ...

    def secrets(self, kind: str) -> Mapping[str, bytes]:
        """Every secret of a kind by its id (for second factors; never for passwords or tokens)."""
        ...

    def replace_secret(self, key: SecretKey, old: bytes | None, new: bytes | None) -> bool:
        """Sets (or with None removes) a secret if it still is `old`; False if it no longer is."""
        ...

    def document(self, name: str) -> bytes | None:
        """A named document (`domains`, `datacenter`), or None."""
        ...

    def edit_document(self, name: str, change: Callable[[bytes | None], bytes | None]) -> None:
        """Replaces a document by what `change` makes of it, under the write lock; None removes it."""
        ...

    def add_task(self, task: Task) -> None:
        """Records a task that starts."""
        ...

    def end_task(self, upid: str, endtime: int, status: str) -> None:
        """Records how a task ended."""
        ...

    def task(self, upid: str) -> Task | None:
        """A task, or None."""
        ...

    def tasks(self) -> Iterator[Task]:
        """All tasks, newest first."""
        ...

    def append_log(self, upid: str, lines: Sequence[str]) -> None:
        """Adds lines to a task's log."""
        ...

    def log(self, upid: str, start: int, limit: int) -> tuple[Sequence[str], int]:
        """Lines of a task's log from `start` (from 0), at most `limit` (0: all), and how many there are."""
        ...

    def close(self) -> None:
        """Ends the use of the store."""
        ...


@dataclass(frozen=True, slots=True)
class Figures:
    """What a machine uses: cpu as share of its CPUs (0..1), the rest bytes, counted since its start, or seconds."""

    cpu: float = 0.0
    mem: int = 0
    maxmem: int = 0
    disk: int = 0
    maxdisk: int = 0
    uptime: int = 0
    netin: int = 0
    netout: int = 0
    diskread: int = 0
    diskwrite: int = 0


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine as the hypervisor has it.

    `config` are its options as they will be at the next start, `active` those it runs with (the same, if it
    doesn't run). `status` is `running` or `stopped`; `qmpstatus` is finer (`paused` among others). `digest`
    changes whenever the definition does.
    """

    vmid: str
    uuid: str
    config: Mapping[str, str]
    active: Mapping[str, str]
    status: str
    qmpstatus: str
    digest: str
    figures: Figures = field(default_factory=Figures)

    @property
    def name(self) -> str:
        """Its name, `VM 100` if it has none."""
        return self.config.get("name", f"VM {self.vmid}")


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume: `volid` is `storage:name`; sizes are bytes; `vmid` its owner, if it has one."""

    volid: str
    format: str
    size: int
    used: int
    content: str
    vmid: str | None = None
    ctime: int = 0

    @property
    def storage(self) -> str:
        """The storage it is on."""
        return self.volid.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Storage:
    """A storage: its type, what it may contain, bytes in all, used and free."""

    id: str
    type: str
    content: tuple[str, ...]
    active: bool
    total: int
    used: int
    available: int
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Network:
    """A network that machines can be attached to, under the name of its bridge."""

    bridge: str
    active: bool
    autostart: bool
    cidr: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Host:
    """The host: its CPUs, memory and load in bytes, seconds and shares."""

    hypervisor: str
    version: str
    cpus: int
    sockets: int
    model: str
    memory: int
    memory_used: int
    cpu: float
    uptime: int
    simulated: bool = False


Progress = Callable[[str], None]
"""Takes a line for the task's log."""


class Hypervisor(Protocol):
    """One host's machines, storages and networks.

    The inventory (`machines`, `machine`, `storages`) comes from a cache that the hypervisor's own events keep
    current, and doesn't block. Everything else may take as long as its timeout.
    """

    def host(self) -> Host:
        """Figures of the host."""
        ...

    def machines(self) -> Mapping[str, Machine]:
        """All machines, by their vmid."""
        ...

    def machine(self, vmid: str) -> Machine:
        """One machine; NotThere if there is none of that number."""
        ...

    def create(self, vmid: str, config: Mapping[str, str]) -> Machine:
        """Defines a new machine; its disks must exist already. Error if the number is taken."""
        ...

    def configure(self, vmid: str, config: Mapping[str, str], digest: str | None = None) -> Machine:
        """Gives a machine these options, at once as far as it runs and can take them, else at its next start.

        Parts of the definition that no option stands for are kept. With `digest`, Conflict if it changed since.
        """
        ...

    def remove(self, vmid: str) -> None:
        """Undefines a stopped machine; its volumes stay."""
        ...

    def start(self, vmid: str, timeout: int) -> None:
        """Starts a machine; Error `VM 100 already running`. Timeouts are seconds."""
        ...

    def stop(self, vmid: str, timeout: int) -> None:
        """Takes its power away."""
        ...

    def shutdown(self, vmid: str, timeout: int, *, force: bool = False) -> None:
        """Asks the guest to shut down and waits; with `force`, takes its power when the time is up."""
        ...

    def reboot(self, vmid: str, timeout: int) -> None:
        """Shuts the guest down and starts it again, with what was pending."""
        ...

    def reset(self, vmid: str) -> None:
        """Resets it, as its button would."""
        ...

    def suspend(self, vmid: str) -> None:
        """Stops its CPUs."""
        ...

    def resume(self, vmid: str) -> None:
        """Lets its CPUs go on."""
        ...

    def storages(self) -> Mapping[str, Storage]:
        """Storage id -> storage."""
        ...

    def volumes(self, storage: str) -> Sequence[Volume]:
        """The volumes of a storage."""
        ...

    def volume(self, volid: str) -> Volume:
        """One volume; NotThere if there is none."""
        ...

    def create_volume(self, storage: str, name: str, size: int, format: str, vmid: str | None) -> Volume:
        """Allocates a volume of `size` bytes that belongs to a machine."""
        ...

    def delete_volume(self, volid: str) -> None:
        """Deletes a volume."""
        ...

    def resize_volume(self, vmid: str, volid: str, size: int) -> None:
        """Grows a machine's volume to `size` bytes, also while it runs."""
        ...

    def upload(self, storage: str, content: str, name: str, data: BinaryIO, size: int) -> Volume:
        """Stores an uploaded file as a volume of a content type (`iso`, `import`)."""
        ...

    def download(self, volid: str) -> Iterable[bytes]:
        """The bytes of a volume, piece by piece."""
        ...

    def networks(self) -> Mapping[str, Network]:
        """Bridge -> network."""
        ...

    def figures(self, vmid: str, timeframe: str) -> Sequence[Mapping[str, float]]:
        """Figures of a machine over time: rows with `time` and what is known (`hour`, `day`, `week`...)."""
        ...

    def close(self) -> None:
        """Ends the use of the hypervisor; machines go on running."""
        ...


class TaskRunner(Protocol):
    """Runs long operations as tasks that outlive the request that asked for them."""

    def start(self, type: str, id: str, user: str, work: Callable[[Progress], None]) -> str:
        """Starts `work` in the background and returns its UPID. What it raises becomes the task's status."""
        ...

    def stop(self, upid: str) -> None:
        """Asks a running task to stop."""
        ...

    def running(self) -> Sequence[str]:
        """The UPIDs of this process's running tasks."""
        ...


class Realm(Protocol):
    """Where the users of a realm prove who they are."""

    def authenticate(self, userid: str, password: str) -> bool:
        """Whether the password is the user's; takes as long for a user that doesn't exist."""
        ...

    def set_password(self, userid: str, password: str) -> None:
        """Changes the password; Error if the realm can't."""
        ...
