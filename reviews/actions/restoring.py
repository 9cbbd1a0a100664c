"""What a chair does with all waiting letters at once: what left since a backup must not leave again after a restore."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from dlonsc.accounts.models import User
from dlonsc.editions.models import Membership
from dlonsc.history.record import record
from dlonsc.mail import ledger
from dlonsc.mail.models import Message, State
from reviews.actions.lettering import TOLD_TO_CHAIRS, note_letter
from reviews.letters import letters_for


def waiting_letters(chair: Membership, before: datetime) -> QuerySet[Message]:
    """Letters that wait and were written before an instant, as far as she may know of them.

    Without those that tell chairs what was done: none keeps them back, and told twice they do no harm.
    """
    return ledger.waiting(_hers(chair), before)


def _hers(chair: Membership) -> QuerySet[Message]:
    return letters_for(chair).exclude(kind__in=TOLD_TO_CHAIRS)


@transaction.atomic
def cancel_waiting(chair: Membership, *, before: datetime, expected: int, by: User, at: datetime) -> int:
    """Keep back every waiting letter that she may see and that was written before an instant; returns how many.

    Raises ledger.NotPossible when there are not as many as the page had said.
    """
    waiting = list(waiting_letters(chair, before))
    found = len(waiting)
    if found != expected:
        raise ledger.NotPossible(f"Meanwhile there are {found} such letters, not {expected}. Nothing was changed.")
    rows = _hers(chair).filter(pk__in=[letter.pk for letter in waiting])
    count = ledger.cancel_waiting(rows, before=before, by=str(by), at=at)
    stopped = set(rows.filter(state__in=(State.CANCELLED, State.UNKNOWN)).values_list("pk", flat=True))
    for letter in waiting:
        if letter.pk in stopped:
            note_letter("letter_cancelled", letter, by, at)
    # Without the count: another chair could compare it with the letters that she may know of.
    detail = {"before": before.isoformat()}
    record("letters_cancelled", by_id=by.pk, by=str(by), at=at, edition=chair.edition.slug, detail=detail)
    return count
