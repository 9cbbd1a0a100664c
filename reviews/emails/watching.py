"""Letters about the installation itself: what the nightly checks found, and the test of the way out."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from dlonsc.accounts.models import User
from dlonsc.editions.letterhead import letterhead
from dlonsc.editions.models import Edition
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


def mail_test(edition: Edition, person: User, *, at: datetime) -> Message | None:
    """A letter to the chair who asked for it; one a minute."""
    return post(
        key=f"mail_test:{edition.slug}:{person.pk}:{at:%Y-%m-%dT%H:%M}",
        to_email=person.email,
        to_name=person.name,
        letter="reviews/emails/mail_test",
        context={"edition": edition, "asked_at": at},
        head=letterhead(edition),
        at=at,
        kind="mail_test",
        about=f"edition:{edition.pk}",
    )


def post_erasure(administrator: User, person: User, *, reason: str, at: datetime) -> Message | None:
    """Somebody asks an administrator to be forgotten; one letter to each."""
    return post(
        key=f"erasure:{person.pk}:{administrator.pk}",
        to_email=administrator.email,
        to_name=administrator.name,
        letter="reviews/emails/erasure",
        context={
            "person": person,
            "reason": reason,
            "asked_at": at,
            "address": settings.SITE_URL + reverse("persons:erase", kwargs={"person": person.pk}),
        },
        head=Letterhead(sender="DLonSC"),
        at=at,
        kind="erasure",
    )
