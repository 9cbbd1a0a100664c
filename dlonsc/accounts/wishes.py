"""How a person wants to be written to."""

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Q

from dlonsc.accounts.models import User
from dlonsc.mail import digest, whose
from dlonsc.mail.leaving import keep_wishes


def keep_what_was_left(user: User, email_address: EmailAddress, **_: Any) -> None:
    """She gives an address up; only what was proven was hers to speak for."""
    if email_address.verified:
        keep_wishes(email_address.email, user.email)
        whose.give_up([email_address.email], user.pk)


def gather_until(email: str, *, at: datetime, cutoff: datetime | None) -> datetime | None:
    """Until when a reminder to this address waits for the letter of the day; None: it leaves by itself.

    `cutoff` is the date that it reminds of. For dlonsc.mail.post.post(gather_until=...).
    """
    gathering = digest.gather_until(at, cutoff)
    if gathering is None:
        return None
    hers = Q(email=email.lower()) | Q(emailaddress__email=email.lower(), emailaddress__verified=True)
    return gathering if User.objects.filter(hers, digest=True).exists() else None
