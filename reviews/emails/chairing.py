"""Letters to chairs about conflicts of interest, who handles what, late reviews and corrected decisions."""

from datetime import UTC, datetime

from django.urls import reverse

from dlonsc.accounts.models import User
from dlonsc.editions.letterhead import letterhead
from dlonsc.editions.models import Edition, Membership
from dlonsc.mail.models import Message
from dlonsc.mail.post import post
from reviews.models import Announcement, Assignment, Decision, Review, Verdict
from submissions.guards import for_chair
from submissions.models import Conflict


def _address(chair: Membership) -> str:
    return chair.user.email if chair.user else chair.email


def post_delegate_named(
    edition: Edition, member: Membership, chair: Membership, *, by: User, at: datetime
) -> Message | None:
    """Tell a chair, or the delegate herself, who was named by whom."""
    return post(
        key=f"delegate-named:{member.pk}:{chair.pk}:{at.isoformat()}",
        to_email=_address(chair),
        to_name=chair.name,
        letter="reviews/emails/delegate_named",
        context={
            "edition": edition,
            "member": member,
            "is_self": member.pk == chair.pk,
            "by": str(by),
            "path": reverse("reviews:table", args=[edition.slug]),
        },
        head=letterhead(edition),
        at=at,
        about=f"membership:{member.pk}",
    )


def post_conflict_set(conflict: Conflict, *, by: User, at: datetime) -> Message | None:
    """Tell a chair that another set a conflict of hers. Of which submission, she must not know any more."""
    chair, edition = conflict.membership, conflict.submission.edition
    return post(
        key=f"conflict-set:{conflict.pk}",
        to_email=_address(chair),
        to_name=chair.name,
        letter="reviews/emails/conflict_set",
        context={"edition": edition, "by": str(by)},
        head=letterhead(edition),
        at=at,
        about=conflict.submission.label,
    )


def post_conflict_lifted(conflict: Conflict, chair: Membership, *, by: User, at: datetime) -> Message | None:
    """Tell a chair who may know the submission that a conflict was lifted, by whom and why."""
    submission = conflict.submission
    edition = submission.edition
    return post(
        key=f"conflict-lifted:{conflict.pk}:{chair.pk}:{at.isoformat()}",
        to_email=_address(chair),
        to_name=chair.name,
        letter="reviews/emails/conflict_lifted",
        context={
            "edition": edition,
            "submission": submission,
            "conflict": conflict,
            "by": str(by),
            "path": reverse("reviews:conflict", args=[edition.slug, submission.number, conflict.membership_id]),
        },
        head=letterhead(edition),
        at=at,
        about=submission.label,
        thread=f"{edition.slug}.{submission.number}",
        guard=for_chair(chair, submission),
    )


def post_late_conflict(assignment: Assignment, reason: str, chair: Membership, at: datetime) -> Message | None:
    """Tell a chair once that somebody who reviews a submission has come into conflict with it."""
    submission = assignment.submission
    edition = submission.edition
    return post(
        key=f"late-conflict:{assignment.pk}:{chair.pk}",
        to_email=_address(chair),
        to_name=chair.name,
        letter="reviews/emails/late_conflict",
        context={
            "edition": edition,
            "submission": submission,
            "reviewer": assignment.membership,
            "reason": reason,
            "path": reverse("reviews:conflict", args=[edition.slug, submission.number, assignment.membership_id]),
        },
        head=letterhead(edition),
        at=at,
        about=submission.label,
        thread=f"{edition.slug}.{submission.number}",
        guard=for_chair(chair, submission),
    )


def post_review_after_letters(
    review: Review, announcement: Announcement, chair: Membership, *, is_first: bool, at: datetime
) -> Message | None:
    """Tell a chair, while she can still stop them, that the held letters do not hold a review as it is now."""
    submission = review.assignment.submission
    edition = submission.edition
    return post(
        key=f"review-after-letters:{review.pk}:{review.version}:{chair.pk}",
        to_email=_address(chair),
        to_name=chair.name,
        letter="reviews/emails/review_after_letters",
        context={
            "edition": edition,
            "submission": submission,
            "reviewer": review.assignment.membership,
            "is_first": is_first,
            "release": f"{announcement.release_at.astimezone(UTC):%a %d %b %Y, %H:%M} UTC",
            "path": reverse("reviews:announcement", args=[edition.slug, announcement.pk]),
        },
        head=letterhead(edition),
        at=at,
        about=submission.label,
        thread=f"{edition.slug}.{submission.number}",
        guard=for_chair(chair, submission),
    )


def post_decision_corrected(
    decision: Decision, chair: Membership, *, before: str, by: User, at: datetime
) -> Message | None:
    """Tell a chair that another one corrected a released decision: it leaves at once, and no second one is asked."""
    submission = decision.submission
    edition = submission.edition
    return post(
        key=f"decision-corrected:{decision.pk}:{decision.version}:{chair.pk}",
        to_email=_address(chair),
        to_name=chair.name,
        letter="reviews/emails/decision_corrected",
        context={
            "edition": edition,
            "submission": submission,
            "before": Verdict(before).label,
            "after": decision.get_verdict_display(),
            "by": str(by),
            "path": reverse("reviews:decide", args=[edition.slug, submission.number]),
        },
        head=letterhead(edition),
        at=at,
        about=submission.label,
        thread=f"{edition.slug}.{submission.number}",
        guard=for_chair(chair, submission),
    )
