"""What browsers send, made plain before a view reads it: text without NULs, whole numbers of bounded size, and line
breaks of one sign.

And what stands for all that a page showed, so that what comes back is about that and nothing else.
"""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict

NUL = "\0"
# Far beyond a review or a letter. Each saved version of a text is kept, so one without end would cost for good.
LONGEST_TEXT = 200_000
# What is no text of a person but a file pasted whole, or made by our own page, has the bound of a request alone.
FILES_PASTED = frozenset({"pasted", "payload"})
WHOLE = re.compile(r"[+-]?[0-9]{1,9}")


def without_nul(text: str) -> str:
    """PostgreSQL stores no NUL: its error would lose the text, and print it into the log."""
    return text.replace(NUL, "")


def as_typed(text: str) -> str:
    """A posted text without NULs, each line break one sign, as it was for who typed it.

    Browsers send two; whoever counts them, refuses a text that the browser let through.
    """
    return without_nul(text).replace("\r\n", "\n").replace("\r", "\n")


def whole_number(text: str | None, other: int = 0) -> int:
    """The whole number that a text is, of at most nine digits like every number of ours; `other` for any other text.

    Not `str.isdigit`, which is true of "²", nor a bare `int`, which reads numbers that no database holds.
    """
    return int(text) if text is not None and WHOLE.fullmatch(text.strip()) else other


def too_long(request: HttpRequest) -> list[str]:
    """The names of posted texts that are longer than any field takes."""
    if request.method != "POST":
        return []
    rows = ((name, value) for name, values in request.POST.lists() for value in values)
    return [name for name, value in rows if len(value) > LONGEST_TEXT and name not in FILES_PASTED]


def fingerprint(values: Any) -> str:
    """What stands for plain values, as 128 bits: it changes with each of them."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()[:32]


class WithoutNul:
    """Takes NULs out of posted forms and queries, for text pasted from a PDF may hold some; no address has one.

    And makes line breaks one sign each (`as_typed`).

    In `process_view`, after Django's protection of forms: that has read the body, so nothing is read earlier than
    without this, and what it leaves alone (the callers of webhooks) reads its own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: object, kwargs: dict[str, Any]
    ) -> None:
        if any(NUL in str(value) for value in kwargs.values()):
            raise Http404
        request.GET = cleaned(request.GET)  # type: ignore[assignment]
        if request.method == "POST" and not getattr(view, "csrf_exempt", False):
            request.POST = cleaned(request.POST)  # type: ignore[assignment]


def cleaned(given: QueryDict) -> QueryDict:
    """The same names and values `as_typed`; the very same where nothing is to be changed."""
    values = [(name, value) for name, row in given.lists() for value in row]
    plain = [(without_nul(name), as_typed(value)) for name, value in values]
    if plain == values:
        return given
    clean = QueryDict(mutable=True)
    for name, value in plain:
        clean.appendlist(name, value)
    clean._mutable = False
    return clean
