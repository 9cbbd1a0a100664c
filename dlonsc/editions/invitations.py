"""The link of an invitation: who holds it may answer, once. Bound to the membership and to the round of inviting."""

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse

from dlonsc.editions.models import Membership

SALT = "dlonsc.editions.invitation"
# From when the letter was written. Longer than any committee takes to form; a letter found years later opens nothing.
LINK_LASTS = timedelta(days=180)


def token_of(membership: Membership) -> str:
    """A signed capability (HMAC-SHA256 over membership and round)."""
    return signing.dumps([membership.pk, membership.invitation_round], salt=SALT)


def link_of(membership: Membership) -> str:
    return f"{settings.SITE_URL}{reverse('editions:invitation', args=[token_of(membership)])}"


def read_token(token: str) -> tuple[int, int] | None:
    """(membership, round) of a genuine token of the last LINK_LASTS; None for any other text."""
    try:
        membership, number = signing.loads(token, salt=SALT, max_age=LINK_LASTS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return int(membership), int(number)
