"""Conflicts that come to light after a reviewer was assigned: the review is kept, the chairs are told once, and where a
chair is in conflict another handles the submission.
"""

from collections import Counter
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from dlonsc.editions.models import Edition
from dlonsc.history.record import record
from reviews.conflicts import conflict_reasons
from reviews.delegates import chairs_of, open_ones
from reviews.emails.chairing import post_late_conflict
from reviews.models import Assignment
from submissions.access import overseen_by
from submissions.models import Submission


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


@transaction.atomic
def name_missing_handlers(edition: Edition, *, at: datetime) -> int:
    """Where reviewers are at work and a chair has come into conflict, another chair handles the submission, by name.

    The chair who handles the fewest. Where every chair is in conflict, nobody is named: a delegate must be. Returns how
    many submissions got a chair.
    """
    chairs = chairs_of(edition)
    known = {chair.pk: set(overseen_by(chair).values_list("pk", flat=True)) for chair in chairs}
    handled = Counter(open_ones(edition).values_list("handling_chair", flat=True))
    at_work = Assignment.objects.standing().filter(submission=OuterRef("pk"))
    count = 0
    for row in open_ones(edition).filter(Exists(at_work)).select_related("edition").order_by("number"):
        able = [chair for chair in chairs if row.pk in known[chair.pk]]
        if len(able) == len(chairs) or not able or row.handling_chair_id in {chair.pk for chair in able}:
            continue
        chair = min(able, key=lambda one: (handled[one.pk], one.pk))
        unchanged = Submission.objects.filter(pk=row.pk, handling_chair=row.handling_chair_id)
        if unchanged.update(handling_chair=chair):
            handled[chair.pk] += 1
            count += 1
            detail = {"number": row.number, "chair": chair.name}
            record(
                "handling_chair_set",
                by_id=None,
                by="the site",
                at=at,
                edition=edition.slug,
                subject=row.label,
                detail=detail,
            )
    return count
