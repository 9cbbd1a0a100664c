"""What must still be true when a letter leaves. Rooms above register a question per kind of letter."""

from collections.abc import Callable

from dlonsc.mail.models import Message


class OnlyThis(str):
    """Words that keep one letter back and let the rest of its campaign go on."""


class NotHers(str):
    """Words that keep a letter back because it tells what its reader must not be told any more."""


class NotSo(str):
    """Words that keep a letter back because it tells what is not so any more, also beside other things that are."""


# The address to which a letter was written is none of its reader's any more.
OTHER_ADDRESS = OnlyThis("the recipient has another address by now")

Guard = Callable[[Message], str | None]
_guards: dict[str, Guard] = {}


class GuardMissing(LookupError):
    """A letter carries a condition and nobody can check it: it must not leave."""


def register(kind: str, guard: Guard) -> None:
    """Ask `guard` before a letter of `kind` leaves: None lets it go, words keep it and say why.

    Words stop the whole campaign of the letter, but for words that are OnlyThis.
    """
    _guards[kind] = guard


def objection(message: Message) -> str | None:
    """Why this letter must not leave any more, or None. Raises GuardMissing when its condition cannot be checked."""
    if not message.guard:
        return None
    guard = _guards.get(message.kind)
    if guard is None:
        raise GuardMissing(f"nobody checks the condition of a letter of the kind {message.kind!r}")
    return guard(message)
