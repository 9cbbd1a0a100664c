"""Who reads a discussion, and what its pages show: comments with names where they may be read, and what is unread."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from dlonsc.editions.models import Edition, Membership
from dlonsc.editions.visibility import Switch
from reviews.access import has_submitted, names_of_fellows, on_desks
from reviews.models import Assignment, Comment, Discussion, LastRead
from submissions.access import in_conflict_with, switches_of
from submissions.models import Submission


@dataclass(frozen=True)
class Said:
    """A comment for one reader. `name` is empty where she may not learn it."""

    row: Comment
    name: str
    is_own: bool
    is_new: bool


def thread(discussion: Discussion, reader: Membership, *, as_chair: bool) -> list[Said]:
    """Chairs sign with their names; reviewers where co-reviewers see each other's; a chair reads all names."""
    with_names = as_chair or names_of_fellows(reader.edition)
    mark = LastRead.objects.filter(discussion=discussion, membership=reader).values_list("comment", flat=True).first()
    rows = discussion.comments.select_related("membership")
    return [
        Said(
            row,
            row.membership.name if with_names or row.label == "Chair" else "",
            row.membership_id == reader.pk,
            row.membership_id != reader.pk and row.pk > (mark or 0),
        )
        for row in rows
    ]


def unread(discussions: Iterable[Discussion], reader: Membership) -> dict[int, int]:
    """How many comments of others each discussion has beyond the reader's mark, by submission. One query."""
    mark = LastRead.objects.filter(discussion=OuterRef("discussion"), membership=reader).values("comment")
    rows = (
        Comment.objects.filter(
            discussion__in=[row.pk for row in discussions], pk__gt=Coalesce(Subquery(mark), Value(0))
        )
        .exclude(membership=reader)
        .order_by()
        .values_list("discussion__submission")
        .annotate(fresh=Count("pk"))
    )
    return dict(rows)


def discussions_are_on(edition: Edition) -> bool:
    return switches_of(edition)[Switch.DISCUSSION]


def reviewers_of(submissions: Iterable[Submission]) -> list[Assignment]:
    """Tasks with a submitted review that their reviewers see: who may read a discussion."""
    found = {row.pk: row for row in submissions}
    tasks = [task for task in on_desks(found) if has_submitted(task)]
    for task in tasks:
        task.submission = found[task.submission_id]
    return tasks


def readers_of(discussion: Discussion) -> list[tuple[Membership, Assignment | None]]:
    """Who is told of news: reviewers with their tasks, and chairs."""
    tasks = reviewers_of([discussion.submission])
    return [*((task.membership, task) for task in tasks), *((chair, None) for chair in _chairs_of(discussion))]


def _chairs_of(discussion: Discussion) -> list[Membership]:
    """The chair who handles the submission and the one who opened it, as far as they may know of it; once neither may,
    or is a chair, all who may: what a reviewer asks of the chairs must reach one.
    """
    submission = discussion.submission
    rows = Membership.objects.chairs().filter(edition=submission.edition_id).select_related("user")
    chairs = [row for row in rows if not _in_conflict(row, submission)]
    hers = [row for row in chairs if row.user_id == discussion.opened_by_id or row.pk == submission.handling_chair_id]
    return hers or chairs


def _in_conflict(member: Membership, submission: Submission) -> bool:
    return Submission.objects.filter(in_conflict_with(member), pk=submission.pk).exists()
