"""The committee talks about a submission: a chair opens, reviewers and chairs write, a chair closes."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from dlonsc.accounts.models import User
from dlonsc.editions.models import Membership
from dlonsc.history.record import record
from reviews.actions.assigning import Refused
from reviews.discussions import discussions_are_on, readers_of, reviewers_of
from reviews.emails.discussing import post_news, post_opened
from reviews.models import Assignment, Comment, Discussion, LastRead, Review
from submissions.access import overseen_by
from submissions.models import Submission, SubmissionQuerySet

CHAIR = "Chair"
LONGEST = 10_000
TWICE = timedelta(minutes=10)
CLOSED = "A chair has closed this discussion. Your text is still in the field; copy it if you need it."
MENTION = re.compile(r"@(Reviewer \d+|chairs)\b", re.IGNORECASE)


def may_be_discussed(chair: Membership) -> SubmissionQuerySet:
    """Submissions that the chair may see, with a submitted review and nothing announced; none while it is off."""
    if not discussions_are_on(chair.edition):
        return Submission.objects.none()
    reviewed = Review.objects.submitted().values("assignment__submission")
    return overseen_by(chair).submitted().filter(pk__in=reviewed, announced_at__isnull=True)


@transaction.atomic
def open_discussions(chair: Membership, numbers: Iterable[int], *, by: User, at: datetime) -> int:
    """Open, or open again, those of the submissions that can be discussed; their reviewers get one letter each.

    Returns how many were opened; those that are open already stay as they are.
    """
    opened = []
    rows = Submission.objects.select_for_update(no_key=True).filter(
        pk__in=may_be_discussed(chair), number__in=set(numbers)
    )
    for submission in rows.order_by("number"):
        submission.edition = chair.edition
        row, is_new = Discussion.objects.get_or_create(
            submission=submission, defaults={"opened_by": by, "opened_at": at}
        )
        again = Discussion.objects.filter(pk=row.pk, closed_at__isnull=False)
        if is_new or again.update(opened_by=by, opened_at=at, closed_by=None, closed_at=None):
            opened.append(submission)
            _note("discussion_opened", submission, by, at)
    tasks = reviewers_of(opened)
    by_member: dict[Membership, list[Assignment]] = {}
    for task in tasks:
        by_member.setdefault(task.membership, []).append(task)
    for member, rows_of_member in by_member.items():
        post_opened(chair.edition, member, rows_of_member, at=at)
    return len(opened)


@transaction.atomic
def close_discussion(discussion: Discussion, *, by: User, at: datetime) -> bool:
    """Nothing more is written; what stands stays readable. False when it was closed already."""
    closed = Discussion.objects.filter(pk=discussion.pk, closed_at__isnull=True).update(closed_by=by, closed_at=at)
    if closed:
        _note("discussion_closed", discussion.submission, by, at)
    return bool(closed)


@transaction.atomic
def comment(
    discussion: Discussion,
    member: Membership,
    *,
    text: str,
    label: str,
    is_question: bool = False,
    since: int | None = None,
    at: datetime,
) -> Comment:
    """Write into an open discussion. Pressed twice, the second press gives the comment of the first. `since` is the
    last comment that the page showed (primary key, 0: none): the same words to one that it did not show are an answer.

    Raises Refused when it is closed, empty or too long; nothing typed is lost by that, the page shows it again.
    """
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise Refused("Write something first.")
    if len(text) > LONGEST:
        raise Refused(f"A comment has at most {LONGEST} characters; this one has {len(text)}.")
    # Whoever closes it in the same moment waits, or is waited for.
    locked = Discussion.objects.select_for_update().get(pk=discussion.pk)
    if not locked.is_open:
        raise Refused(CLOSED)
    # The same words asked of all reviewers, or not, are another comment: nobody was asked by the first.
    kind = Comment.Kind.QUESTION if is_question else Comment.Kind.COMMENT
    last = locked.comments.last()
    if last and (last.membership_id, last.text, last.kind) == (member.pk, text, kind) and last.written_at > at - TWICE:
        return last
    # Another may have written between the two presses.
    hers = locked.comments.filter(membership=member, text=text, kind=kind)
    if since is not None and (same := hers.filter(pk__gt=since).last()):
        return same
    # She has read what her page showed; what came since is news to her.
    if since and (shown := locked.comments.filter(pk=since).first()):
        mark_read(discussion, member, shown)
    return _add(discussion, member, text=text, label=label, kind=kind, at=at)


def _add(
    discussion: Discussion, member: Membership, *, text: str, label: str, kind: Comment.Kind, at: datetime
) -> Comment:
    row = Comment.objects.create(
        discussion=discussion, membership=member, label=label, kind=kind, text=text, written_at=at
    )
    by = member.user
    record(
        "commented",
        by_id=by.pk if by else None,
        by=label if by is None else str(by),
        at=at,
        edition=discussion.submission.edition.slug,
        subject=discussion.submission.label,
        detail={"number": discussion.submission.number},
    )
    _tell(discussion, row, at)
    return row


def note_change(assignment: Assignment, review: Review, before: int | None, note: str, at: datetime) -> None:
    """Tell an open discussion that a reviewer has changed her score, with what she says about it."""
    discussion = Discussion.objects.filter(submission=assignment.submission_id, closed_at__isnull=True).first()
    if discussion is None or before == review.score or not discussions_are_on(assignment.submission.edition):
        return
    discussion.submission = assignment.submission
    scores = assignment.submission.edition.score_label
    words = f"Score changed from {before} ({scores(before)}) to {review.score} ({scores(review.score)})."
    text = f"{words}\n\n{note.strip()}" if note.strip() else words
    _add(
        discussion, assignment.membership, text=text[:LONGEST], label=label_of(review), kind=Comment.Kind.CHANGE, at=at
    )


def label_of(review: Review) -> str:
    return f"Reviewer {review.label}"


def mark_read(discussion: Discussion, member: Membership, upto: Comment) -> None:
    """Only forwards: an old page does not make read things unread."""
    mark, is_new = LastRead.objects.get_or_create(discussion=discussion, membership=member, defaults={"comment": upto})
    if not is_new and mark.comment_id < upto.pk:
        LastRead.objects.filter(pk=mark.pk, comment__lt=upto.pk).update(comment=upto)


def _tell(discussion: Discussion, row: Comment, at: datetime) -> None:
    """Everybody else in it gets at most one letter a day, whoever is named or asked one at once."""
    named = {name.lower() for name in MENTION.findall(row.text)}
    asks_all = row.kind == Comment.Kind.QUESTION
    for member, task in readers_of(discussion):
        if member.pk != row.membership_id:
            is_asked = (asks_all or label_of(task.review).lower() in named) if task else "chairs" in named
            post_news(discussion, row, member, assignment=task, is_asked=is_asked, at=at)


def _note(verb: str, submission: Submission, by: User, at: datetime) -> None:
    record(
        verb,
        by_id=by.pk,
        by=str(by),
        at=at,
        edition=submission.edition.slug,
        subject=submission.label,
        detail={"number": submission.number},
    )
