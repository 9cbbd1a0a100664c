"""A cast of named things for tests. Every function returns saved rows with sensible defaults; name what matters."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings

from dlonsc.accounts.models import User
from dlonsc.editions.calendar import AOE, Phase, cutoff_of
from dlonsc.editions.models import Deadline, Edition, Membership, Topic
from reviews.models import (
    Assignment,
    Comment,
    Decision,
    DecisionVersion,
    Discussion,
    Review,
    ReviewVersion,
    SubReviewer,
)
from submissions.models import (
    Author,
    Conflict,
    ConflictSource,
    Manuscript,
    ReproducibilityRecord,
    Submission,
)
from submissions.states import State

# The day on which tests live: submission is open until 31 March 2026, 23:59 AoE.
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
AFTER_DEADLINE = datetime(2026, 4, 5, 12, 0, tzinfo=UTC)
PASSWORD = "a-long-enough-passphrase"
PHASES = {
    Phase.SUBMISSION: ("Technical paper due", "2026-03-31T23:59"),
    Phase.REVIEW: ("Reviews due", "2026-04-12T23:59"),
    Phase.NOTIFICATION: ("Acceptance notification", "2026-04-16T23:59"),
    Phase.CAMERA_READY: ("Camera ready", "2026-05-15T23:59"),
    Phase.EVENT: ("Workshop date", "2026-06-25T23:59"),
}


def make_deadline(edition: Edition, phase: Phase, announced: str, *, label: str = "", **fields: Any) -> Deadline:
    cutoff = cutoff_of(datetime.fromisoformat(announced), AOE)
    defaults = {"is_soft": phase == Phase.REVIEW, "label": label or phase.value} | fields
    return Deadline.objects.create(
        edition=edition,
        phase=phase,
        announced=announced,
        zone=AOE,
        cutoff_at=cutoff,
        first_cutoff_at=cutoff,
        **defaults,
    )


def make_edition(slug: str = "dlonsc-2026", **fields: Any) -> Edition:
    """A public edition with its five dates and two topics."""
    defaults = {
        "name": "DLonSC 2026",
        "title": "The Deep Learning on Supercomputers Workshop 2026",
        "is_public": True,
        "contact_email": "chairs@workshop.example",
        "created_at": AT,
        # Most tests run at today's date, long after the event; those about the end of access set it.
        "committee_months": 0,
    }
    edition = Edition.objects.create(slug=slug, **(defaults | fields))
    for phase, (label, announced) in PHASES.items():
        make_deadline(edition, phase, announced, label=label)
    parent = Topic.objects.create(edition=edition, title="Scalable methods", position=1)
    Topic.objects.create(edition=edition, parent=parent, title="I/O optimisation", position=2)
    return edition


def make_user(email: str = "ada@uni.example", name: str = "", *, verified: bool = True, **fields: Any) -> User:
    """A person; the address is verified unless said otherwise. The password is PASSWORD."""
    user = User.objects.create_user(email, PASSWORD, name=name or email.split("@")[0].title(), joined_at=AT, **fields)
    EmailAddress.objects.create(user=user, email=email.lower(), verified=verified, primary=True)
    return user


def make_member(
    edition: Edition,
    user: User | None = None,
    *,
    email: str = "",
    chair: bool = False,
    proceedings: bool = False,
    reviewer: bool | None = None,
    **fields: Any,
) -> Membership:
    """An accepted member who has confirmed the rules; a reviewer unless she is only a chair or proceedings chair."""
    if user is None:
        count = Membership.objects.count()
        user = make_user(email or f"member{count}@institute{count}.example", f"Member {count}")
    return Membership.objects.create(
        edition=edition,
        user=user,
        name=user.name,
        email=user.email,
        is_chair=chair,
        is_proceedings_chair=proceedings,
        is_reviewer=(not chair and not proceedings) if reviewer is None else reviewer,
        **({"accepted_at": AT, "invited_at": AT, "rules_at": AT} | fields),
    )


def make_author(submission: Submission, email: str, name: str = "", **fields: Any) -> Author:
    position = submission.authors.count() + 1
    defaults = {
        "institution": "Example University",
        "town": "Exampleton",
        "country": "Exampleland",
        "is_contact": position == 1,
        "position": position,
    }
    return Author.objects.create(
        submission=submission, email=email, name=name or email.split("@")[0].title(), **(defaults | fields)
    )


def store_bytes(data: bytes) -> str:
    """Put bytes into the private store; returns their SHA-256."""
    digest = hashlib.sha256(data).hexdigest()
    folder = Path(settings.MEDIA_ROOT) / digest[:2]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / digest).write_bytes(data)
    return digest


def make_manuscript(submission: Submission, data: bytes = b"%PDF-1.7 made for a test", **fields: Any) -> Manuscript:
    """A checked and accepted current PDF."""
    Manuscript.objects.filter(submission=submission).update(is_current=False)
    defaults = {
        "sha256": store_bytes(data),
        "size": len(data),
        "original_name": "paper.pdf",
        "uploaded_by": submission.created_by,
        "uploaded_at": AT,
        "received_at": AT,
        "number": submission.manuscripts.count() + 1,
        "is_current": True,
        "pages": 8,
        "verdict": "accept",
        "checked_at": AT,
    }
    return Manuscript.objects.create(submission=submission, **(defaults | fields))


def make_submission(
    edition: Edition,
    by: User | None = None,
    *,
    title: str = "",
    state: State = State.SUBMITTED,
    complete: bool = True,
    **fields: Any,
) -> Submission:
    """A submission with one author (its creator), and when `complete` a PDF and a reproducibility record."""
    number = Submission.objects.filter(edition=edition).count() + 1
    user = by or make_user(f"author{number}@campus{number}.example", f"Author {number}")
    submission = Submission.objects.create(
        edition=edition,
        number=number,
        title=title or f"Paper {number}",
        state=state,
        created_by=user,
        **(
            {
                "abstract": f"Abstract of paper {number}.",
                "is_original": complete,
                "created_at": AT,
                "changed_at": AT,
                "submitted_at": AT if state in {State.SUBMITTED, State.DESK_REJECTED} else None,
                "conflicts_at": AT if complete else None,
            }
            | fields
        ),
    )
    make_author(submission, user.email, user.name)
    if complete:
        make_manuscript(submission)
        not_applicable = dict.fromkeys(("software", "datasets", "hardware", "benchmarks"), "A proof.")
        ReproducibilityRecord.objects.create(
            submission=submission, algorithms="SGD", not_applicable=not_applicable, changed_at=AT
        )
    return submission


def make_conflict(submission: Submission, membership: Membership, **fields: Any) -> Conflict:
    defaults = {"source": ConflictSource.AUTHOR, "declared_at": AT}
    return Conflict.objects.create(submission=submission, membership=membership, **(defaults | fields))


def make_assignment(submission: Submission, membership: Membership, **fields: Any) -> Assignment:
    defaults = {"assigned_by": membership.user, "assigned_at": AT}
    return Assignment.objects.create(submission=submission, membership=membership, **(defaults | fields))


def make_review(assignment: Assignment, *, submitted: bool = True, **fields: Any) -> Review:
    """A review with its first version; `submitted=False` makes a draft."""
    used = Review.objects.filter(assignment__submission=assignment.submission).count()
    defaults = {
        "label": used + 1,
        "summary": "What it is about.",
        "strengths": "What is good.",
        "weaknesses": "What is not.",
        "reproducibility": "It can be repeated.",
        "score": 2,
        "confidence": 3,
        "for_chairs": "Between us.",
        "saved_at": AT,
        "submitted_at": AT if submitted else None,
    }
    review = Review.objects.create(assignment=assignment, **(defaults | fields))
    ReviewVersion.objects.create(
        review=review,
        number=1,
        fields={name: getattr(review, name) for name in Review.FIELDS},
        saved_at=AT,
        saved_by=assignment.membership.user,
        is_submitted=submitted,
    )
    return review


def make_comment(submission: Submission, member: Membership, text: str = "I agree.", label: str = "") -> Comment:
    """A comment in the submission's discussion, which is opened when it is not."""
    discussion, _ = Discussion.objects.get_or_create(
        submission=submission, defaults={"opened_by": submission.created_by, "opened_at": AT}
    )
    label = label or ("Chair" if member.is_chair else "Reviewer 1")
    return Comment.objects.create(discussion=discussion, membership=member, label=label, text=text, written_at=AT)


def make_sub_reviewer(assignment: Assignment, user: User, *, typed: str = "", **fields: Any) -> SubReviewer:
    """Somebody who has accepted to write with the reviewer; with `typed` she has saved it as the summary."""
    defaults = {
        "name": user.name,
        "email": user.email,
        "institution": "Suburb College",
        "named_by": assignment.membership.user,
        "named_at": AT,
        "decided_by": assignment.assigned_by,
        "decided_at": AT,
        "is_agreed": True,
        "user": user,
        "accepted_at": AT,
    }
    row = SubReviewer.objects.create(assignment=assignment, **(defaults | fields))
    if typed:
        review = Review.objects.filter(assignment=assignment).first() or make_review(assignment, submitted=False)
        number = review.versions.count() + 1
        texts = {name: getattr(review, name) for name in Review.FIELDS} | {"summary": typed, "for_chairs": ""}
        ReviewVersion.objects.create(review=review, number=number, fields=texts, saved_at=AT, saved_by=user)
    return row


def make_decision(submission: Submission, by: User, verdict: str = "accept", **fields: Any) -> Decision:
    """A decision with its version, as `decide` writes it."""
    decision = Decision.objects.create(
        submission=submission, verdict=verdict, decided_by=by, **({"decided_at": AT} | fields)
    )
    names = ("submission", "verdict", "note", "to_authors", "decided_by", "decided_at")
    DecisionVersion.objects.create(**{name: getattr(decision, name) for name in names})
    return decision


def announce(submission: Submission, outcome: str = "accepted", at: datetime = AT) -> Submission:
    """Set what authors may know, as the committee's side does."""
    Submission.objects.filter(pk=submission.pk).update(outcome=outcome, announced_at=at)
    submission.refresh_from_db()
    return submission


def make_invited(edition: Edition, email: str = "invited@somewhere.example") -> Membership:
    """Somebody who was asked and has not answered, without an account."""
    return Membership.objects.create(
        edition=edition, name="Invited Person", email=email, invited_at=AT, invitation_round=1, is_listed=False
    )
