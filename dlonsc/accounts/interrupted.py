"""A form that was sent and had to wait for a sign-in: kept on the server, shown again, carried on by one press.

It is kept in the session, for the person who sent it, and one at a time. Nothing is sent again by itself: an act that
cannot be taken back must not happen because somebody typed a password.
"""

import re
from dataclasses import dataclass

from django.http import HttpRequest, QueryDict

from dlonsc.accounts.models import User

KEY = "interrupted_form"
# What proves who somebody is is typed anew: it never lies readable in a session, whatever page asked for it.
PROOF = re.compile("password|code|otp|credential|csrf", re.IGNORECASE)


@dataclass(frozen=True)
class Interrupted:
    """Where a form was sent to, with its query, and (name, value) of all that was typed, in order."""

    address: str
    fields: list[tuple[str, str]]

    @property
    def words(self) -> list[tuple[str, str]]:
        """What a person wrote in sentences; she reads it again before it is sent."""
        return [(name, value) for name, value in self.fields if is_words(value)]

    @property
    def rest(self) -> list[tuple[str, str]]:
        return [(name, value) for name, value in self.fields if not is_words(value)]


def is_words(value: str) -> bool:
    return any(sign.isspace() for sign in value.strip())


def keep(request: HttpRequest, person: User) -> None:
    """Keep the form of this POST for the person; files and what matches PROOF are not kept."""
    typed = request.POST.copy()
    for name in list(typed):
        if PROOF.search(name):
            del typed[name]
    request.session[KEY] = {"person": person.pk, "address": request.get_full_path(), "typed": typed.urlencode()}


def kept_for(request: HttpRequest) -> Interrupted | None:
    """What waits for the signed-in person; what waits for somebody else who used this browser is not shown."""
    kept = request.session.get(KEY)
    if not kept or kept["person"] != request.user.pk:
        return None
    typed = QueryDict(kept["typed"])
    return Interrupted(kept["address"], [(name, value) for name in typed for value in typed.getlist(name)])


def forget(request: HttpRequest) -> None:
    request.session.pop(KEY, None)


def forget_if_sent(request: HttpRequest) -> None:
    """This request is a form that may pass: when it is the one that waits, it waits no more."""
    if request.session.get(KEY, {}).get("address") == request.get_full_path():
        forget(request)
