"""One tree of errors; the docstring of a class is its default message.

PelagosError
 +- InvalidInput          bad arguments, files or settings: collected faults, never retried
 +- NotFound              module, model or job that is not there
 +- Unauthenticated       nobody knows who is asking
 +- Forbidden             who is asking may not do this
 +- Conflict              the thing exists, or is in a state that forbids the act
 |   +- StaleRecord       somebody else changed the record first
 +- ModuleFailed          the module's own code raised
 +- Unavailable           transient: try again later
 |   +- Busy              the queue is full
 |   +- WorkerDied        the worker ended in the middle of a request
 |   +- NotYet            the act was begun and is not finished: ask again
 |   +- SiteUnreachable   the site does not answer
 |   +- DatabaseUnreachable  the database server does not answer
 +- TooLarge              body, picture or archive over its limit
 +- Timeout               no answer within the limit
 +- MissingExtra          an optional dependency is needed
 +- EnvironmentFailed     a module's Python environment could not be built
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class PelagosError(Exception):
    """Something went wrong in Pelagos."""

    code: ClassVar[str] = "error"
    transient: ClassVar[bool] = False

    def __init__(self, message: str | None = None, *, hint: str = "") -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        self.hint = hint
        super().__init__(self.message)

    def plain(self) -> dict[str, Any]:
        """Give it as plain JSON values; `of_plain` reads them back."""
        return {"code": self.code, "message": self.message, "hint": self.hint, "faults": getattr(self, "faults", {})}


class InvalidInput(PelagosError):
    """The input is not valid."""

    code = "invalid_input"

    def __init__(self, faults: Mapping[str, Sequence[str]], message: str | None = None, *, hint: str = "") -> None:
        self.faults = {field: list(messages) for field, messages in faults.items()}
        super().__init__(message or _sentence(self.faults), hint=hint)


class NotFound(PelagosError):
    """There is no such thing."""

    code = "not_found"


class Unauthenticated(PelagosError):
    """Log in first."""

    code = "unauthenticated"


class Forbidden(PelagosError):
    """You may not do this."""

    code = "forbidden"


class Conflict(PelagosError):
    """The state of the thing forbids this."""

    code = "conflict"


class StaleRecord(Conflict):
    """Somebody else changed the record first."""

    code = "stale_record"
    transient = True


class ModuleFailed(PelagosError):
    """The module's code raised an error."""

    code = "module_error"

    def __init__(self, message: str | None = None, *, error_id: str = "", traceback: str = "", hint: str = "") -> None:
        self.error_id = error_id
        self.traceback = traceback
        super().__init__(message, hint=hint)


class Unavailable(PelagosError):
    """This is not available at the moment."""

    code = "unavailable"
    transient = True
    retry_after_s: ClassVar[int] = 1


class Busy(Unavailable):
    """Too many requests are waiting."""

    code = "busy"


class WorkerDied(Unavailable):
    """The worker ended in the middle of the request."""

    code = "worker_died"


class NotYet(Unavailable):
    """This has begun and is not finished: ask again."""

    code = "not_yet"


class SiteUnreachable(Unavailable):
    """The site does not answer."""

    code = "site_unreachable"


class DatabaseUnreachable(Unavailable):
    """The database does not answer."""

    code = "database_unreachable"


class TooLarge(PelagosError):
    """The input is larger than allowed."""

    code = "too_large"


class Timeout(PelagosError):
    """No answer came within the time limit."""

    code = "timeout"


class MissingExtra(PelagosError):
    """An optional part of Pelagos is not installed."""

    code = "missing_extra"


class EnvironmentFailed(PelagosError):
    """The module's Python environment could not be built."""

    code = "environment_failed"


def of_plain(plain: Mapping[str, Any]) -> PelagosError:
    """Make the error that was written as plain values, of the nearest kind that we know."""
    kind, message, hint = _KINDS.get(plain["code"], PelagosError), plain["message"], plain.get("hint", "")
    if kind is InvalidInput:
        return InvalidInput(plain.get("faults") or {"": [message]}, message, hint=hint)
    return kind(message, hint=hint)


def _sentence(faults: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{field}: {' '.join(messages)}" for field, messages in faults.items())


_KINDS: Mapping[str, type[PelagosError]] = {
    kind.code: kind for kind in list(vars().values()) if isinstance(kind, type) and issubclass(kind, PelagosError)
}
