"""What every store refuses, and in which words."""

from ..errors import Conflict, Error, NotThere

_LISTABLE = ("tfa",)


def require_listable(kind: str) -> None:
    """Error unless all secrets of this kind may be asked for at once: second factors, and nothing else."""
    if kind not in _LISTABLE:
        raise Error(f"secrets of kind '{kind}' are never listed")


def no_such_task(upid: str) -> NotThere:
    """The error for a task that isn't there."""
    return NotThere(f"no such task '{upid}'")


def task_exists(upid: str) -> Conflict:
    """The error for a task whose UPID is taken."""
    return Conflict(f"task '{upid}' already exists")
