"""The link of an invitation: who holds it may answer, once. Bound to the membership and to the round of inviting."""

from django.conf import settings
from django.core import signing
from django.urls import reverse

from dlonsc.editions.models import Membership

SALT = "dlonsc.editions.invitation"


def token_of(membership: Membership) -> str:
    """A signed capability (HMAC-SHA256 over membership and round)."""
    return signing.dumps([membership.pk, membership.invitation_round], salt=SALT)


def link_of(membership: Membership) -> str:
    return f"{settings.SITE_URL}{reverse('editions:invitation', args=[token_of(membership)])}"


def read_token(token: str) -> tuple[int, int] | None:
    """(membership, round) of a genuine token; None for any other text."""
    try:
        membership, number = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return int(membership), int(number)
