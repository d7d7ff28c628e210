"""Every error of the package, as one tree.

    Error                 500, exit 2   plain text, as Proxmox VE's `die "text"`
    ├── Unauthorized      401, exit 1   nobody is logged on, or the log-on failed
    ├── Forbidden         403, exit 1   a permission check failed
    ├── Invalid           400, exit 2   parameters don't validate; `errors` names each
    ├── Unknown           501, exit 2   no such path, method or body
    ├── NotThere          500, exit 2   a machine, volume or storage that doesn't exist
    ├── Conflict          500, exit 2   changed by somebody else since it was read
    ├── Unavailable       595, exit 2   the store or the hypervisor can't be reached now
    └── ProgramError      500, exit 2   a rule that can't be evaluated (a malformed expression)

Rule: each class knows its HTTP `status` and the command line's `exit_code`; front doors translate once.
Messages carry no trailing newline and no secret.
"""

from collections.abc import Mapping


class Error(Exception):
    """Something was refused or failed; the text is meant for the caller."""

    status = 500
    exit_code = 2

    @property
    def message(self) -> str:
        """The text alone."""
        return str(self.args[0]) if self.args else ""


class Forbidden(Error):
    """A permission check failed; `detail` is what Proxmox VE prints in parentheses, if anything."""

    status = 403
    exit_code = 1

    def __init__(self, detail: str | None = None) -> None:
        super().__init__("Permission check failed" + (f" ({detail})" if detail is not None else ""))
        self.detail = detail


class Unauthorized(Error):
    """Nobody is logged on, or the log-on failed; says no more than that."""

    status = 401
    exit_code = 1


class Invalid(Error):
    """Parameters don't validate; `errors` maps each bad parameter to what is wrong with it."""

    status = 400

    def __init__(self, errors: Mapping[str, str], message: str = "Parameter verification failed.") -> None:
        super().__init__(message)
        self.errors = dict(errors)


class Unknown(Error):
    """There is no such path, method or kind of body."""

    status = 501


class NotThere(Error):
    """A machine, volume or storage that doesn't exist; upstream answers 500, not 404."""


class Conflict(Error):
    """Somebody else changed it since the caller read it."""


class Unavailable(Error):
    """The store or the hypervisor can't be reached now."""

    status = 595


class ProgramError(Error):
    """A permission expression is malformed: a fault of whoever wrote the rule, never of the caller."""
