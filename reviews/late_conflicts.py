"""Conflicts that come to light after a reviewer was assigned: the review is kept, the chairs are told once, and where a
chair is in conflict another handles the submission.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from dlonsc.editions.models import Edition, Membership
from dlonsc.editions.visibility import Switch
from dlonsc.history.record import record
from dlonsc.mail.models import Message
from dlonsc.mail.models import State as LetterState
from reviews.access import has_submitted, on_desks, once_known
from reviews.anew import ANEW
from reviews.conflicts import conflict_reasons
from reviews.delegates import chairs_of, open_ones
from reviews.emails.assigning import post_changes
from reviews.emails.chairing import post_late_conflict
from reviews.emails.discussing import OPENED, post_opened
from reviews.models import Assignment, Discussion
from submissions.access import overseen_by, switches_of
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
def name_missing_handlers(edition: Edition, *, at: datetime, only: Submission | None = None) -> int:
    """Where reviewers are at work and a chair has come into conflict, another chair handles the submission, by name.

    Who it is goes by the submission's own number: how many each handles would tell of those that are hidden from who
    reads the name. Where every chair is in conflict, nobody is named: a delegate must be. Returns how many submissions
    got a chair. `only`: the one that the caller keeps already; to take others after it would be out of order.
    """
    chairs = chairs_of(edition)
    known = {chair.pk: set(overseen_by(chair).values_list("pk", flat=True)) for chair in chairs}
    at_work = Assignment.objects.standing().filter(submission=OuterRef("pk"))
    count = 0
    rows = open_ones(edition).filter(Exists(at_work))
    if only is not None:
        rows = rows.filter(pk=only.pk)
    for row in rows.select_related("edition").order_by("number"):
        able = [chair for chair in chairs if row.pk in known[chair.pk]]
        if len(able) == len(chairs) or not able or row.handling_chair_id in {chair.pk for chair in able}:
            continue
        chair = able[row.number % len(able)]
        unchanged = Submission.objects.filter(pk=row.pk, handling_chair=row.handling_chair_id)
        if unchanged.update(handling_chair=chair):
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


def taken_back(tasks: Collection[int]) -> list[Assignment]:
    """Of these tasks (primary keys), those of which their reviewers may be told that they were taken back.

    None of a submission that she is in conflict with, none that she has again, and none of which she never knew: she
    would first learn of the submission by losing it.
    """
    rows = list(Assignment.objects.filter(pk__in=tasks).select_related("membership__user", "submission__edition"))
    papers = {row.submission_id for row in rows}
    barred = set(conflict_reasons(papers))
    standing = Assignment.objects.standing().filter(submission__in=papers)
    again = set(standing.values_list("submission", "membership"))
    editions = {row.submission.edition.slug for row in rows}
    known = set(once_known(Assignment.objects.filter(pk__in=tasks), editions).values_list("pk", flat=True))
    return [row for row in rows if row.pk in known and (row.submission_id, row.membership_id) not in barred | again]


@transaction.atomic
def tell_tasks_left(edition: Edition, *, at: datetime) -> int:
    """A letter about several changed tasks that was kept back for one of them is written anew for the others; one whose
    address its reader has left is written to the one that she has now, and one with a date that was moved tells the new
    one.

    Returns the number of new letters.
    """
    letters = Message.objects.filter(kind__in=("assigned", "unassigned"), edition=edition.slug)
    kept_back = letters.filter(state=LetterState.CANCELLED, answer__in=ANEW["assigned"])
    kept_back = kept_back.order_by("pk")
    if not kept_back:
        return 0
    guards = list(letters.exclude(state=LetterState.CANCELLED).values_list("guard", flat=True))

    def missed(name: str) -> dict[int, int]:
        """The last letter that was kept back for each task that no other letter names."""
        told = {pk for guard in guards for pk in guard.get(name, ())}
        return {pk: letter.pk for letter in kept_back for pk in letter.guard.get(name, ()) if pk not in told}

    new, gone = missed("tasks"), missed("removed")
    papers = Assignment.objects.filter(pk__in=new).values_list("submission", flat=True)
    left: dict[Membership, tuple[list[Assignment], list[Assignment]]] = defaultdict(lambda: ([], []))
    for task in on_desks(papers):
        if task.pk in new and not has_submitted(task):
            left[task.membership][0].append(task)
    for task in taken_back(gone):
        if task.membership.is_active:
            left[task.membership][1].append(task)
    return sum(
        post_changes(
            edition,
            member,
            added,
            removed,
            at=at,
            instead_of=max([new[task.pk] for task in added] + [gone[task.pk] for task in removed]),
        )
        for member, (added, removed) in left.items()
    )


@transaction.atomic
def tell_discussions_left(edition: Edition, *, at: datetime) -> int:
    """A letter about opened discussions that was kept back for one of them is written anew for the others, while they
    are open; one whose address its reader has left is written to the one that she has now.

    Returns the number of reviewers who are told.
    """
    missed = _discussions_not_told(edition)
    if not missed or not switches_of(edition)[Switch.DISCUSSION]:
        return 0
    talks = Discussion.objects.filter(closed_at__isnull=True, submission__in=Submission.objects.under_review(at))
    left: dict[Membership, list[Assignment]] = defaultdict(list)
    for task in on_desks(talks.filter(submission__in={pk for _, pk in missed}).values_list("submission", flat=True)):
        if (task.membership_id, task.submission_id) in missed and has_submitted(task):
            left[task.membership].append(task)
    for member, tasks in left.items():
        post_opened(edition, member, tasks, at=at)
    return len(left)


def _discussions_not_told(edition: Edition) -> set[tuple[int, int]]:
    """(membership, submission) of which the last letter was kept back: of one that is opened again, an earlier letter
    has not told, and what a chair keeps back is not written anew.
    """
    letters = Message.objects.filter(kind=OPENED, edition=edition.slug).order_by("pk")
    last: dict[tuple[int, int], bool] = {}
    for guard, state, answer in letters.values_list("guard", "state", "answer"):
        is_left = state == LetterState.CANCELLED and answer in ANEW[OPENED]
        last |= {(guard["membership"], pk): is_left for pk in guard["submissions"]}
    return {pair for pair, is_left in last.items() if is_left}
