"""Who wants no reminders of an edition. She says it by a link in a letter, and it holds for all her addresses."""

from collections.abc import Callable
from datetime import datetime

from django.db.models import QuerySet

from dlonsc.mail.models import Unsubscribed


def that_one(email: str) -> set[str]:
    return {email.lower()}


# All addresses of the person who has one. The room of the accounts, which this one does not know, registers it.
_addresses_beside: Callable[[str], set[str]] = that_one


def register(addresses_beside: Callable[[str], set[str]]) -> None:
    global _addresses_beside
    _addresses_beside = addresses_beside


def wishes(email: str, edition: str) -> QuerySet[Unsubscribed]:
    """What says that a person, by any address of hers, wants no reminders of an edition."""
    return Unsubscribed.objects.filter(email__in=_addresses_beside(email), edition=edition)


def leave(email: str, edition: str, at: datetime) -> None:
    Unsubscribed.objects.get_or_create(email=email, edition=edition, defaults={"since": at})


def keep_wishes(given_up: str, kept: str) -> None:
    """Somebody gives an address up: what she said by it holds for one that she keeps."""
    for wish in Unsubscribed.objects.filter(email=given_up.lower()):
        leave(kept.lower(), wish.edition, wish.since)
