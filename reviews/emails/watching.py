"""The letter of the nightly checks to the administrators of the installation."""

from collections.abc import Sequence
from datetime import datetime

from dlonsc.accounts.models import User
from dlonsc.mail.models import Message
from dlonsc.mail.post import Letterhead, post

SHOWN = 50


def post_breaches(person: User, found: Sequence[str], *, at: datetime) -> Message | None:
    """What must always be true and is not: rows by primary key, no person and no text. One letter a day."""
    return post(
        key=f"breaches:{person.pk}:{at:%Y-%m-%d}",
        to_email=person.email,
        to_name=person.name,
        letter="reviews/emails/breaches",
        context={"person": person, "found": found[:SHOWN], "count": len(found), "asked_at": at},
        head=Letterhead(sender="DLonSC"),
        at=at,
        kind="breaches",
    )
