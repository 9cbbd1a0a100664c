"""A form that was sent and had to wait for a sign-in: kept on the server, shown again, carried on by one press.

It is kept in the session, for the person who sent it, and one at a time. Nothing is sent again by itself: an act that
cannot be taken back must not happen because somebody typed a password.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.http import HttpRequest, QueryDict
from django.utils.http import url_has_allowed_host_and_scheme

from dlonsc.accounts.models import User

KEY = "interrupted_form"
# What proves who somebody is is typed anew: it never lies readable in a session, whatever page asked for it.
PROOF = re.compile("password|code|otp|credential|csrf", re.IGNORECASE)
CHOICE_OR_CODE = re.compile("[!-~]{0,100}")


@dataclass(frozen=True)
class Interrupted:
    """Where a form was sent to, with its query, and (name, value) of all that was typed, in order.

    `what` says in words what sending it does, '' where nobody knows; `back` is the page that it stood on.
    """

    address: str
    fields: list[tuple[str, str]]
    what: str = ""
    back: str = ""

    @property
    def words(self) -> list[tuple[str, str]]:
        """What a person wrote in sentences; she reads it again before it is sent."""
        return [(name, value) for name, value in self.fields if is_words(value)]

    @property
    def rest(self) -> list[tuple[str, str]]:
        return [(name, value) for name, value in self.fields if not is_words(value)]


def is_words(value: str) -> bool:
    """A text has a space or a break, is of a script that needs none, or is long; no choice and no code does."""
    return CHOICE_OR_CODE.fullmatch(value.strip()) is None


def words_sent(request: HttpRequest) -> list[tuple[str, str]]:
    """(name in words, value) of what a signed-in person wrote in sentences and sent with this; not what proves her.

    Of an address that no view serves, or that others' programs call, nothing: nobody has looked there whether the form
    was one of ours, or a form at all.
    """
    match = getattr(request, "resolver_match", None)
    if request.method != "POST" or match is None or not is_signed_in(request):
        return []
    if getattr(match.func, "csrf_exempt", False):
        return []
    rows = ((name, value) for name, values in request.POST.lists() for value in values)
    return [(name.replace("_", " "), value) for name, value in rows if is_words(value) and not PROOF.search(name)]


def is_signed_in(request: HttpRequest) -> bool:
    # What is refused before anybody was looked for has no user.
    return hasattr(request, "user") and request.user.is_authenticated


def keep(request: HttpRequest, person: User, *, what: str = "") -> None:
    """Keep the form of this POST for the person; files and what matches PROOF are not kept."""
    came_from = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, request.is_secure())
    back = urlsplit(came_from)._replace(scheme="", netloc="", fragment="").geturl()
    # A path that begins with two slashes would be another host once it stands alone.
    is_ours = is_ours and url_has_allowed_host_and_scheme(back, None)
    typed = request.POST.copy()
    for name in list(typed):
        if PROOF.search(name):
            del typed[name]
    request.session[KEY] = {
        "person": person.pk,
        "address": request.get_full_path(),
        "typed": typed.urlencode(),
        "what": what,
        "back": back if is_ours else "",
    }


def kept_for(request: HttpRequest) -> Interrupted | None:
    """What waits for the signed-in person; what waits for somebody else who used this browser is not shown."""
    kept = request.session.get(KEY)
    if not kept or kept["person"] != request.user.pk:
        return None
    typed = QueryDict(kept["typed"])
    fields = [(name, value) for name in typed for value in typed.getlist(name)]
    return Interrupted(kept["address"], fields, kept.get("what", ""), kept.get("back", ""))


def forget(request: HttpRequest) -> None:
    request.session.pop(KEY, None)


def forget_if_sent(request: HttpRequest) -> None:
    """This request is a form that may pass: when it is the one that waits, it waits no more."""
    if request.session.get(KEY, {}).get("address") == request.get_full_path():
        forget(request)
