"""Letters that a reviewer's acts cause."""

from datetime import datetime

from django.urls import reverse

from dlonsc.editions.emails import to_chair
from dlonsc.editions.models import Membership
from dlonsc.mail.models import Message
from dlonsc.posted import fingerprint
from reviews.emails.chairing import about_submission
from reviews.models import Assignment


def post_refusal(assignment: Assignment, chair: Membership, at: datetime) -> Message | None:
    """Tell a chair that a reviewer gave a task back, and why."""
    submission = assignment.submission
    path = reverse("reviews:submission", args=[submission.edition.slug, submission.number])
    return about_submission(
        chair,
        "assignment_refused",
        submission,
        key=f"assignment-refused:{assignment.pk}:{chair.pk}",
        at=at,
        context={"assignment": assignment, "reviewer": assignment.membership, "path": path},
    )


def post_profile_correction(membership: Membership, chair: Membership, text: str, at: datetime) -> Message | None:
    """Tell a chair that a member holds a found conflict to be wrong; the same words once a day."""
    edition = membership.edition
    return to_chair(
        chair,
        "reviews/emails/conflict_correction",
        edition,
        key=f"conflict-correction:{membership.pk}:{chair.pk}:{fingerprint(text)}:{at:%Y-%m-%d}",
        about=f"membership:{membership.pk}",
        at=at,
        context={"member": membership, "text": text, "path": reverse("reviews:conflicts", args=[edition.slug])},
    )
