"""While an announcement is held, its chairs learn which reviews came in, or changed, after its letters were written.

From the beat and never from the request of a reviewer: what submitting costs must not tell her of a held decision.
"""

from datetime import datetime

from django.db import transaction

from dlonsc.editions.models import Membership
from dlonsc.mail.models import Message
from reviews.delegates import chairs_of
from reviews.emails.chairing import post_review_after_letters
from reviews.emails.deciding import left_out
from reviews.models import Announcement, Decision, Review
from submissions.access import overseen_by


@transaction.atomic
def tell_of_late_reviews(at: datetime) -> int:
    """Write to every chair who may see the submission, but the reviewer herself; each version is told once.

    Returns the number of letters.
    """
    held = Decision.objects.filter(announcement__in=Announcement.objects.held(at))
    decisions = {row.submission_id: row for row in held.select_related("submission__edition", "announcement")}
    reviews = Review.objects.submitted().filter(assignment__submission__in=decisions)
    return sum(
        _tell(review, decisions[review.assignment.submission_id], at)
        for review in reviews.select_related("assignment__membership", "assignment__submission__edition")
        if left_out(review.assignment.submission.edition, decisions[review.assignment.submission_id].shown, [review])
    )


def _tell(review: Review, decision: Decision, at: datetime) -> int:
    announcement, task = decision.announcement, review.assignment
    if announcement is None:
        return 0
    submitted = list(review.versions.filter(is_submitted=True).order_by("number"))
    key = f"review-after-letters:{review.pk}:{submitted[-1].number if submitted else review.version}"
    # Of each chair: a letter that was kept back, for an address that she has left, has freed its key.
    told = set(Message.objects.filter(key__startswith=f"{key}:").values_list("key", flat=True))
    is_first = bool(submitted) and submitted[0].saved_at >= announcement.created_at
    letters = [
        post_review_after_letters(review, announcement, chair, key=key, is_first=is_first, at=at)
        for chair in chairs_of(task.submission.edition)
        if f"{key}:{chair.pk}" not in told and chair.pk != task.membership_id and _may_know(chair, task.submission_id)
    ]
    return sum(letter is not None for letter in letters)


def _may_know(chair: Membership, submission: int) -> bool:
    return overseen_by(chair).filter(pk=submission).exists()
