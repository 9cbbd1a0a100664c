"""Letters that a reviewer's acts cause."""

from datetime import datetime

from django.urls import reverse

from dlonsc.editions.letterhead import letterhead
from dlonsc.editions.models import Membership
from dlonsc.mail.models import Message
from dlonsc.mail.post import post
from reviews.models import Assignment
from submissions.guards import for_chair


def post_refusal(assignment: Assignment, chair: Membership, at: datetime) -> Message | None:
    """Tell a chair that a reviewer gave a task back, and why."""
    submission, edition = assignment.submission, assignment.submission.edition
    return post(
        key=f"assignment-refused:{assignment.pk}:{chair.pk}",
        to_email=chair.user.email if chair.user else chair.email,
        to_name=chair.name,
        letter="reviews/emails/assignment_refused",
        context={
            "edition": edition,
            "submission": submission,
            "assignment": assignment,
            "reviewer": assignment.membership,
            "path": reverse("reviews:home", args=[edition.slug]).replace("/reviews/", "/chair/submissions/")
            + f"{submission.number}/",
        },
        head=letterhead(edition),
        at=at,
        about=submission.label,
        thread=f"{edition.slug}.{submission.number}",
        guard=for_chair(chair, submission),
    )


def post_profile_correction(membership: Membership, chair: Membership, text: str, at: datetime) -> Message | None:
    """Tell a chair that a member holds a found conflict to be wrong."""
    edition = membership.edition
    return post(
        key=f"conflict-correction:{membership.pk}:{chair.pk}:{at.isoformat()}",
        to_email=chair.user.email if chair.user else chair.email,
        to_name=chair.name,
        letter="reviews/emails/conflict_correction",
        context={"edition": edition, "member": membership, "text": text, "path": f"/{edition.slug}/chair/conflicts/"},
        head=letterhead(edition),
        at=at,
        about=f"membership:{membership.pk}",
    )
