"""Every error of the package, as one tree.

    Error                 500, exit 2   plain text, as Proxmox VE's `die "text"`
    ├── Forbidden         403, exit 1   a permission check failed
    ├── Invalid           400, exit 2   parameters don't validate; `errors` names each
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


class Invalid(Error):
    """Parameters don't validate; `errors` maps each bad parameter to what is wrong with it."""

    status = 400

    def __init__(self, errors: Mapping[str, str], message: str = "Parameter verification failed.") -> None:
        super().__init__(message)
        self.errors = dict(errors)


class ProgramError(Error):
    """A permission expression is malformed: a fault of whoever wrote the rule, never of the caller."""
