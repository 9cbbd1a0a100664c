"""What a chair does with all waiting letters at once: what left since a backup must not leave again after a restore."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from dlonsc.accounts.models import User
from dlonsc.editions.models import Membership
from dlonsc.history.record import record
from dlonsc.mail import ledger
from dlonsc.mail.models import Message
from reviews.letters import letters_for


def waiting_letters(chair: Membership, before: datetime) -> QuerySet[Message]:
    """Letters that wait and were written before an instant, as far as she may know of them."""
    return ledger.waiting(letters_for(chair), before)


@transaction.atomic
def cancel_waiting(chair: Membership, *, before: datetime, expected: int, by: User, at: datetime) -> int:
    """Keep back every waiting letter that she may see and that was written before an instant; returns how many.

    Raises ledger.NotPossible when there are not as many as the page had said.
    """
    found = waiting_letters(chair, before).count()
    if found != expected:
        raise ledger.NotPossible(f"Meanwhile there are {found} such letters, not {expected}. Nothing was changed.")
    count = ledger.cancel_waiting(letters_for(chair), before=before, by=str(by), at=at)
    # Without the count: another chair could compare it with the letters that she may know of.
    detail = {"before": before.isoformat()}
    record("letters_cancelled", by_id=by.pk, by=str(by), at=at, edition=chair.edition.slug, detail=detail)
    return count
