"""The letters that a chair writes herself, to the people of an audience."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dlonsc.accounts.models import User
from dlonsc.editions.letterhead import letterhead
from dlonsc.editions.models import Membership
from dlonsc.mail.models import Campaign, Message
from dlonsc.mail.placeholders import Value
from dlonsc.mail.post import OwnWords, as_test, post, render
from reviews.models import Mailing

# Own words take the place of templates; none of this name exist.
LETTER = "reviews/emails/mailing"


@dataclass(frozen=True)
class Person:
    """One letter to be. `key` is unique in its audience; `submissions` are the primary keys that the reason names.

    `sealed` takes the place of `values` in the letter itself: links that act for whoever holds them.
    """

    key: str
    email: str
    name: str
    reason: str
    submissions: tuple[int, ...] = ()
    values: dict[str, Value] = field(default_factory=dict)
    sealed: dict[str, Value] = field(default_factory=dict)


def rendered(mailing: Mailing, person: Person) -> tuple[str, str, str]:
    """Subject, text and HTML as they would leave now. Raises KeyError for a placeholder that has no value."""
    head = letterhead(mailing.edition)
    words = {"head": head, "to_name": person.name, "site_url": head.site_url, "unsubscribe_url": ""}
    return render(LETTER, words, OwnWords(mailing.subject, mailing.text, person.values))


def post_mailing(
    mailing: Mailing,
    person: Person,
    *,
    kind: str,
    about: str,
    thread: str,
    guard: dict[str, Any] | None,
    campaign: Campaign,
    held_until: datetime | None,
    at: datetime,
) -> Message | None:
    """One letter, once, however often it is pressed."""
    return post(
        key=f"mailing:{mailing.pk}:{person.key}",
        to_email=person.email,
        to_name=person.name,
        letter=LETTER,
        context={},
        own=OwnWords(mailing.subject, mailing.text, {**person.values, **person.sealed}),
        head=letterhead(mailing.edition),
        at=at,
        kind=kind,
        about=about,
        thread=thread,
        held_until=held_until,
        campaign=campaign,
        guard=guard,
    )


def post_to_myself(
    mailing: Mailing, person: Person, user: User, *, chair: Membership, kind: str, at: datetime
) -> Message | None:
    """The letter of one recipient to the chair who writes it; one a minute. `kind` is that of the real letter."""
    return post(
        key=f"mailing-test:{mailing.pk}:{user.pk}:{at:%Y-%m-%dT%H:%M}",
        to_email=user.email,
        to_name=user.name,
        letter=LETTER,
        context={},
        own=as_test(*rendered(mailing, person)),
        head=letterhead(mailing.edition),
        at=at,
        kind=f"{kind}_test",
        about=f"submission:{person.submissions[0]}" if len(person.submissions) == 1 else "",
        guard={"chair": chair.pk, "submissions": list(person.submissions)},
    )
