"""Places in committees that wait for a proven address are given when it is proven, and at every sign-in: a link in a
letter may lead to a reviewer's page before she ever saw her own.
"""

from typing import Any

from allauth.account.models import EmailAddress
from django.utils import timezone

from dlonsc.accounts.models import User
from dlonsc.editions.actions import claim_memberships


def claim_at_sign_in(user: User, **_: Any) -> None:
    claim_memberships(user, timezone.now())


def claim_at_proof(email_address: EmailAddress, **_: Any) -> None:
    claim_memberships(email_address.user, timezone.now())
