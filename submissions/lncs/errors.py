"""The two ways a file can stop the check from inside."""

from types import TracebackType

from pypdf.errors import LimitReachedError, PyPdfError

READ_ERRORS = (PyPdfError, RecursionError, ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError,
               NotImplementedError, OverflowError, UnicodeError)  # fmt: skip


class Exhausted(Exception):
    """A resource limit was met: the file could not be checked."""


class Malformed(Exception):
    """The structure contradicts itself; the text says how, for the author."""


class reading:
    """Turn what pypdf raises for a bad file into our two errors."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, Exhausted | Malformed):
            return
        if isinstance(error, LimitReachedError) and "loop" in str(error):
            raise Malformed("a part of the file refers to itself") from error
        if isinstance(error, LimitReachedError | MemoryError):
            raise Exhausted("a part of it unpacks to far more than a paper needs, or has far too many parts") from error
        if isinstance(error, READ_ERRORS):
            raise Malformed(self._what) from error
