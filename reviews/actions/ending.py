"""The end of a sub-reviewer's part, whoever causes it. Apart from the other acts, so that those may call it."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from dlonsc.accounts.models import User
from dlonsc.history.record import record
from reviews.emails.subreviewing import post_ended
from reviews.models import Assignment, SubReviewer

Ending = SubReviewer.Ending


def end(row: SubReviewer, *, ending: Ending, by: User | None, at: datetime) -> bool:
    """End a standing row, inside the caller's transaction; False when it had ended.

    She keeps what she typed. Who was invited gets one letter, unless she ended it herself.
    """
    if not SubReviewer.objects.standing().filter(pk=row.pk).update(ended_at=at, ending=ending):
        return False
    row.refresh_from_db()
    submission = row.assignment.submission
    if row.is_agreed and ending not in {Ending.DECLINED, Ending.WITHDREW}:
        post_ended(row, at)
    record(
        "sub_reviewer_ended",
        by_id=by.pk if by else None,
        by=str(by) if by else row.name,
        at=at,
        edition=submission.edition.slug,
        subject=submission.label,
        detail={"number": submission.number, "sub_reviewer": row.name, "ending": ending.value},
    )
    return True


@transaction.atomic
def end_with(assignments: Iterable[Assignment], *, ending: Ending, by: User, at: datetime) -> int:
    """End what depends on tasks that are given back, taken back or done; returns how many ended."""
    rows = SubReviewer.objects.standing().filter(assignment__in=[one.pk for one in assignments])
    found = rows.select_related("assignment__submission__edition", "assignment__membership__user", "user")
    return sum(end(row, ending=ending, by=by, at=at) for row in found)
