"""Verbs on the rules of the format check."""

from datetime import datetime
from functools import partial
from typing import Any

from celery.exceptions import OperationalError
from django.conf import settings
from django.db import transaction

from dlonsc.accounts.models import User
from dlonsc.editions import actions
from dlonsc.editions.models import Edition
from submissions.tasks import renew_reports


@transaction.atomic
def settle_rules(*, edition: Edition, values: dict[str, Any], based_on: int, by: User, at: datetime) -> bool:
    """Change what the check asks, and have stored PDFs checked again by it. False when nothing was different.

    Raises EditionError when another chair saved since `based_on`.
    """
    # The rules of camera-ready papers are the proceedings chair's.
    role = "is_proceedings_chair" if "camera_ready_rules" in values else "is_chair"
    if not actions.change_settings(edition=edition, values=values, based_on=based_on, by=by, at=at, role=role):
        return False
    transaction.on_commit(partial(ring_renewal, edition), robust=True)
    return True


def ring_renewal(edition: Edition) -> None:
    """Ask the worker to renew stale reports; a bell that nobody heard is rung again from the page of rules."""
    if not settings.RING_DOORBELLS:
        return
    try:
        renew_reports.delay(edition.pk)
    except (OperationalError, OSError):
        return
