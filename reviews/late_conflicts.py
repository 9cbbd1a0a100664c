"""Conflicts that come to light after a reviewer was assigned: the review is kept, the chairs are told once."""

from datetime import datetime

from dlonsc.editions.models import Edition
from reviews.conflicts import conflict_reasons
from reviews.delegates import chairs_of, open_ones
from reviews.emails.chairing import post_late_conflict
from reviews.models import Assignment
from submissions.access import overseen_by


def tell_chairs(edition: Edition, at: datetime) -> int:
    """Write to the chairs who may know the submission about each standing assignment in conflict.

    Returns the number of new letters; each chair is told once of each assignment.
    """
    tasks = Assignment.objects.standing().filter(submission__in=open_ones(edition))
    rows = list(tasks.select_related("submission__edition", "membership"))
    reasons = conflict_reasons({row.submission_id for row in rows})
    late = [row for row in rows if (row.submission_id, row.membership_id) in reasons]
    count = 0
    for chair in chairs_of(edition) if late else ():
        known = set(overseen_by(chair).values_list("pk", flat=True))
        for row in late:
            words = "; ".join(reasons[row.submission_id, row.membership_id])
            if row.submission_id in known and post_late_conflict(row, words, chair, at) is not None:
                count += 1
    return count
