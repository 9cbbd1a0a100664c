"""Letters about a sub-reviewer. None tells the reviewer why a chair refused, and none names the submission to somebody
who has not accepted.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from dlonsc.editions.calendar import Phase
from dlonsc.editions.letterhead import letterhead
from dlonsc.editions.models import Membership
from dlonsc.mail.models import Message
from dlonsc.mail.post import post
from reviews.access import assigned_to
from reviews.emails.assigning import due_told
from reviews.models import SubReviewer
from reviews.subreviewers import token_of
from submissions.guards import for_chair

INVITATION, ENDED = "sub_reviewer_invitation", "sub_reviewer_ended"
TO_REVIEWER = ("sub_reviewer_refused", "sub_reviewer_answered", "sub_reviewer_ready")


def link_of(row: SubReviewer) -> str:
    return f"{settings.SITE_URL}{reverse('reviews:sub_invitation', args=[token_of(row)])}"


def post_named(row: SubReviewer, chair: Membership, at: datetime) -> Message | None:
    """Ask a chair whether she agrees. What was computed of the person stands on her page only."""
    address = reverse("reviews:sub_reviewer", args=[row.assignment.submission.edition.slug, row.pk])
    context = {"reviewer": row.assignment.membership, "link": f"{settings.SITE_URL}{address}"}
    guard = for_chair(chair, row.assignment.submission) | {"sub_reviewer": row.pk}
    return _post("sub_reviewer_named", f":{chair.pk}", row, _address(chair), chair.name, context, at=at, guard=guard)


def post_invitation(row: SubReviewer, at: datetime, instead_of: int = 0) -> Message | None:
    """To the named person, once a chair has agreed: who asks, until when; no title, for whoever reads her mail.

    `instead_of` is the primary key of a letter that was kept back.
    """
    edition = row.assignment.submission.edition
    context = {
        "reviewer": row.assignment.membership,
        "due": edition.due(Phase.REVIEW),
        "link": link_of(row),
        "submission": None,
    }
    guard = {"sub_reviewer": row.pk} | due_told(edition)
    return _post(INVITATION, _instead(instead_of), row, row.email, row.name, context, at=at, guard=guard)


def post_refused(row: SubReviewer, at: datetime) -> Message | None:
    """To the reviewer, without the reason: it could tell who the authors are."""
    return _to_reviewer("sub_reviewer_refused", "", row, at)


def post_answered(row: SubReviewer, what: str, at: datetime) -> Message | None:
    """To the reviewer: `what` is accepted, declined, withdrew, or ended (by a chair)."""
    return _to_reviewer("sub_reviewer_answered", what, row, at)


def post_ready(row: SubReviewer, at: datetime) -> Message | None:
    return _to_reviewer("sub_reviewer_ready", "", row, at)


def post_ended(row: SubReviewer, at: datetime, instead_of: int = 0) -> Message | None:
    """To the person herself, if she was invited: nothing more is asked of her; why, only as far as it is her matter."""
    edition = row.assignment.submission.edition
    link = reverse("reviews:sub_own", args=[edition.slug])
    context = {
        "is_submitted": row.ending == SubReviewer.Ending.SUBMITTED,
        "has_accepted": row.accepted_at is not None,
        "link": f"{settings.SITE_URL}{link}",
        "submission": None,
    }
    email = row.user.email if row.user else row.email
    guard = {"sub_reviewer": row.pk}
    return _post(ENDED, _instead(instead_of), row, email, row.name, context, at=at, guard=guard)


def to_reviewer_anew(kept_back: Message, row: SubReviewer, at: datetime) -> Message | None:
    return _to_reviewer(kept_back.kind, kept_back.guard["what"], row, at, instead_of=kept_back.pk)


def _to_reviewer(letter: str, what: str, row: SubReviewer, at: datetime, instead_of: int = 0) -> Message | None:
    """Only while she has the task, also when it leaves: nobody is written to about what she could not open."""
    if not assigned_to(row.assignment.membership).filter(pk=row.assignment_id).exists():
        return None
    submission, member = row.assignment.submission, row.assignment.membership
    address = reverse("reviews:review", args=[submission.edition.slug, submission.number])
    context = {"what": what, "link": f"{settings.SITE_URL}{address}"}
    guard = {"assignment": row.assignment_id, "sub_reviewer": row.pk, "what": what}
    key = (f":{what}" if what else "") + _instead(instead_of)
    return _post(letter, key, row, _address(member), member.name, context, at=at, guard=guard)


def _instead(letter: int) -> str:
    """What the key of a letter ends with that is written anew for one that was kept back (its primary key)."""
    return f":instead-of:{letter}" if letter else ""


def _post(
    letter: str,
    key: str,
    row: SubReviewer,
    email: str,
    name: str,
    context: dict[str, Any],
    *,
    at: datetime,
    guard: dict[str, Any] | None = None,
) -> Message | None:
    submission = row.assignment.submission
    return post(
        key=f"{letter}:{row.pk}{key}",
        to_email=email,
        to_name=name,
        letter=f"reviews/emails/{letter}",
        context={"edition": submission.edition, "submission": submission, "row": row, **context},
        head=letterhead(submission.edition),
        at=at,
        about=submission.label,
        # Who has not accepted learns of no submission, not even by a thread that she may know from elsewhere.
        thread="" if email == row.email and not row.accepted_at else f"{submission.edition.slug}.{submission.number}",
        guard=guard,
    )


def _address(member: Membership) -> str:
    return member.user.email if member.user else member.email
