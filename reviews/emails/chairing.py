"""Letters to chairs about conflicts of interest, who handles what, late reviews and corrected decisions."""

from datetime import UTC, datetime
from typing import Any

from django.urls import reverse

from dlonsc.accounts.models import User
from dlonsc.editions.emails import to_chair
from dlonsc.editions.models import Edition, Membership
from dlonsc.mail.models import Message
from reviews.models import Announcement, Assignment, Decision, Review, Verdict
from submissions.guards import for_chair
from submissions.models import Conflict, Submission


def about_submission(
    chair: Membership,
    letter: str,
    submission: Submission,
    *,
    key: str,
    at: datetime,
    context: dict[str, Any],
    guard: dict[str, Any] | None = None,
    at_most_once: bool = True,
) -> Message | None:
    """A letter to a chair about one submission: it does not leave once she may not know of it any more.

    `guard`: what must hold besides.
    """
    edition = submission.edition
    return to_chair(
        chair,
        f"reviews/emails/{letter}",
        edition,
        key=key,
        about=submission.label,
        at=at,
        context={"submission": submission, **context},
        thread=f"{edition.slug}.{submission.number}",
        guard=for_chair(chair, submission) | (guard or {}),
        at_most_once=at_most_once,
    )


def post_delegate_named(
    edition: Edition, member: Membership, chair: Membership, *, by: User, at: datetime
) -> Message | None:
    """Tell a chair, or the delegate herself, who was named by whom."""
    path = reverse("reviews:table", args=[edition.slug])
    return to_chair(
        chair,
        "reviews/emails/delegate_named",
        edition,
        key=f"delegate-named:{member.pk}:{chair.pk}:{at.isoformat()}",
        about=f"membership:{member.pk}",
        at=at,
        context={"member": member, "is_self": member.pk == chair.pk, "by": str(by), "path": path},
    )


def post_conflict_set(conflict: Conflict, *, by: User, at: datetime) -> Message | None:
    """Tell a chair that another set a conflict of hers. Of which submission, she must not know any more."""
    return to_chair(
        conflict.membership,
        "reviews/emails/conflict_set",
        conflict.submission.edition,
        key=f"conflict-set:{conflict.pk}",
        about=conflict.submission.label,
        at=at,
        context={"by": str(by)},
    )


def post_conflict_lifted(conflict: Conflict, chair: Membership, *, by: User, at: datetime) -> Message | None:
    """Tell a chair who may know the submission that a conflict was lifted, by whom and why."""
    submission = conflict.submission
    path = reverse("reviews:conflict", args=[submission.edition.slug, submission.number, conflict.membership_id])
    return about_submission(
        chair,
        "conflict_lifted",
        submission,
        key=f"conflict-lifted:{conflict.pk}:{chair.pk}:{at.isoformat()}",
        at=at,
        context={"conflict": conflict, "by": str(by), "path": path},
    )


def post_late_conflict(assignment: Assignment, reason: str, chair: Membership, at: datetime) -> Message | None:
    """Tell a chair once that somebody who reviews a submission has come into conflict with it."""
    submission = assignment.submission
    path = reverse("reviews:conflict", args=[submission.edition.slug, submission.number, assignment.membership_id])
    return about_submission(
        chair,
        "late_conflict",
        submission,
        key=f"late-conflict:{assignment.pk}:{chair.pk}",
        at=at,
        context={"reviewer": assignment.membership, "reason": reason, "path": path},
        guard={"assignment": assignment.pk},
        # From the beat, as a reminder: what is kept back may be written anew.
        at_most_once=False,
    )


def post_review_after_letters(
    review: Review, announcement: Announcement, chair: Membership, *, key: str, is_first: bool, at: datetime
) -> Message | None:
    """Tell a chair, while she can still stop them, that the held letters do not hold a review as it is now.

    `key` names the version of the review.
    """
    submission = review.assignment.submission
    return about_submission(
        chair,
        "review_after_letters",
        submission,
        key=f"{key}:{chair.pk}",
        at=at,
        context={
            "reviewer": review.assignment.membership,
            "is_first": is_first,
            "release": f"{announcement.release_at.astimezone(UTC):%a %d %b %Y, %H:%M} UTC",
            "path": reverse("reviews:announcement", args=[submission.edition.slug, announcement.pk]),
        },
        guard={"announcement": announcement.pk},
        at_most_once=False,
    )


def post_decision_corrected(
    decision: Decision, chair: Membership, *, before: str, by: User, at: datetime
) -> Message | None:
    """Tell a chair that another one corrected a released decision: it leaves at once, and no second one is asked."""
    submission = decision.submission
    return about_submission(
        chair,
        "decision_corrected",
        submission,
        key=f"decision-corrected:{decision.pk}:{decision.version}:{chair.pk}",
        at=at,
        context={
            "before": Verdict(before).label,
            "after": decision.get_verdict_display(),
            "by": str(by),
            "path": reverse("reviews:decide", args=[submission.edition.slug, submission.number]),
        },
    )


def post_announcement_undone(decision: Decision, chair: Membership, *, by: User, at: datetime) -> Message | None:
    """Tell a chair that submission was opened again by one who may not know that this decision was held."""
    submission = decision.submission
    return about_submission(
        chair,
        "announcement_undone",
        submission,
        key=f"announcement-undone:{decision.pk}:{at.isoformat()}:{chair.pk}",
        at=at,
        context={"by": str(by), "path": reverse("reviews:announce", args=[submission.edition.slug])},
    )
