"""Addresses whose owners were erased, as keyed hashes: nobody reads an address out of them."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.utils.crypto import salted_hmac

from dlonsc.mail.models import Erased, Message, Unsubscribed

# What is owed to the authors of a paper as long as they stand in its list, whatever became of an account.
OWED = ("decision",)


def remember(emails: Iterable[str], *, at: datetime) -> None:
    """Once for each erasure: who came back under the same address may go again.

    What else is kept of the addresses goes: who is erased is reminded of nothing, whatever she had wished before.
    """
    emails = {email.lower() for email in emails}
    Erased.objects.bulk_create(Erased(digest=_digests(email)[0], since=at) for email in sorted(emails))
    Unsubscribed.objects.filter(email__in=emails).delete()


def among(emails: Iterable[str]) -> set[str]:
    """Those of `emails`, in small letters, whose owner was erased. One query."""
    of = {digest: email.lower() for email in emails for digest in _digests(email)}
    return {of[digest] for digest in Erased.objects.filter(digest__in=of).values_list("digest", flat=True)}


def erased_since(message: Message) -> bool:
    """Whether the recipient was erased after a letter was written that is not owed to her all the same."""
    if message.kind in OWED:
        return False
    return Erased.objects.filter(digest__in=_digests(message.to_email), since__gte=message.created_at).exists()


def _digests(email: str) -> list[str]:
    """Under the site's key, and under those that it had before."""
    return [
        salted_hmac("dlonsc.mail.erased", email.strip().lower(), secret=secret, algorithm="sha256").hexdigest()
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]
