"""What chairs do before reviews come in: conflicts, handling chairs, assignments."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from dlonsc.accounts.models import User
from dlonsc.editions.access import demand_chair
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.record import record
from dlonsc.mail.models import Message
from dlonsc.mail.models import State as LetterState
from dlonsc.posted import fingerprint
from reviews.access import has_submitted, open_tasks
from reviews.actions.ending import Ending, end_with
from reviews.conflicts import bar_named, conflict_reasons
from reviews.delegates import chairs_of, needs_delegate, with_conflicted_chair
from reviews.emails import assigning as letters
from reviews.emails.chairing import post_conflict_lifted, post_conflict_set
from reviews.late_conflicts import name_missing_handlers
from reviews.models import Assignment, SubReviewer
from submissions.access import overseen_by
from submissions.conflicts import refresh_conflicts
from submissions.models import Conflict, ConflictSource, Submission
from submissions.states import State

NEEDS_DELEGATE = (
    "There is a submission with which every chair is in conflict. Name a delegate on the page of assignments first; "
    "nothing was assigned."
)


class Refused(Exception):
    """The act cannot be done; the message is for the person who tried."""


@dataclass(frozen=True)
class Changes:
    """What one commit of assignments did."""

    added: list[Assignment]
    removed: list[Assignment]
    letters: int


def add_conflict(
    submission: Submission, member: Membership, *, kind: str, reason: str, by: User, at: datetime
) -> Conflict:
    """A chair sets a conflict. A standing assignment stays, and is flagged wherever it is shown.

    A chair who handled the submission handles it no longer: she may not see it, and another is named. She is told
    that there is a conflict, and not of which submission.
    """
    try:
        with transaction.atomic():
            if member.is_chair:
                # Whoever names her to handle it waits, or was waited for.
                _kept([submission.pk])
            row = Conflict.objects.create(
                submission=submission,
                membership=member,
                source=ConflictSource.CHAIR,
                kind=kind,
                reason=reason,
                declared_by=by,
                declared_at=at,
            )
            _note("conflict_added", submission, by, at, member=member.name, conflict=kind)
            if Submission.objects.filter(pk=submission.pk, handling_chair=member).update(handling_chair=None):
                _note("handling_chair_set", submission, by, at, chair="")
            if member.is_chair:
                name_missing_handlers(submission.edition, at=at, only=submission)
            if member.is_chair and member.is_active and member.user_id != by.pk:
                post_conflict_set(row, by=by, at=at)
    except IntegrityError as error:
        raise Refused(f"A chair has already set a conflict of {member.name} with this submission.") from error
    return row


def version_of_conflict(conflict: Conflict) -> str:
    """What a page that shows a conflict was made of: its authors may say another thing of it on the same row."""
    return fingerprint([conflict.kind, conflict.reason])


@transaction.atomic
def lift_conflict(conflict: Conflict, *, reason: str, by: User, at: datetime, based_on: str = "") -> None:
    """A chair lifts one source of a conflict, with her reason; the row stays, and every chair who may know the
    submission is told. Authors can never review their own, and nobody lifts a conflict of her own. Whoever left the
    author list, or was put on it by somebody else, is an author no more.

    `based_on` is the `version_of_conflict` that the page showed; '' asks for no comparison.
    """
    # By what it is found is asked now: an author who came since, or a row from before that was kept, counts too.
    refresh_conflicts(conflict.submission, at)
    demand_chair(conflict.submission.edition_id, by)
    standing = Conflict.objects.filter(pk=conflict.pk, lifted_at__isnull=True).first()
    if standing is None:
        raise Refused("This conflict has been lifted already.")
    if standing.is_of_an_author:
        raise Refused(f"{conflict.membership.name} is an author; that conflict cannot be lifted.")
    if conflict.membership.user_id == by.pk:
        raise Refused("This conflict is your own; another chair must decide about it.")
    if based_on and based_on != version_of_conflict(standing):
        raise Refused("Its authors say another thing of it since you opened this page; it stands above. Look again.")
    rows = Conflict.objects.filter(pk=conflict.pk, lifted_at__isnull=True)
    if not rows.update(lifted_by=by, lifted_at=at, lift_reason=reason):
        raise Refused("This conflict has been lifted already.")
    _note("conflict_lifted", conflict.submission, by, at, member=conflict.membership.name, source=conflict.source)
    conflict.refresh_from_db()
    for chair in chairs_of(conflict.submission.edition):
        if overseen_by(chair).filter(pk=conflict.submission_id).exists():
            post_conflict_lifted(conflict, chair, by=by, at=at)


@transaction.atomic
def set_handling_chair(submission: Submission, chair: Membership | None, *, by: User, at: datetime) -> None:
    """Name the chair who handles a submission; never one who may not see it."""
    _kept([submission.pk])
    demand_chair(submission.edition_id, by)
    if chair is not None and not overseen_by(chair).filter(pk=submission.pk).exists():
        raise Refused(f"{chair.name} has a conflict of interest with this submission and cannot handle it.")
    Submission.objects.filter(pk=submission.pk).update(handling_chair=chair)
    _note("handling_chair_set", submission, by, at, chair=chair.name if chair else "")


def version_of_reviewers(submission: Submission) -> str:
    """What a page that shows who reviews a submission was made of."""
    tasks = Assignment.objects.standing().filter(submission=submission)
    return fingerprint(sorted(tasks.values_list("membership", flat=True)))


@transaction.atomic
def assign(
    submission: Submission, member: Membership, *, by: User, at: datetime, based_on: str | None = None
) -> Assignment:
    """One reviewer more for a submission, told by letter. What homes, addresses and her profile say today counts.

    `based_on` is the `version_of_reviewers` that the page showed; None asks for no comparison. Raises Refused when they
    are others since: another chair may have asked somebody in the same place.
    """
    _look_for_conflicts(submission, member, at)
    before = version_of_reviewers(submission)
    # Who asks the same one a second time reads that she reviews it already.
    task = commit(submission.edition, add=[(submission, member)], remove=[], by=by, at=at).added[0]
    if based_on not in {None, before}:
        raise Refused(f"Who reviews submission {submission.number} changed meanwhile. Nobody was asked; look again.")
    return task


def _look_for_conflicts(submission: Submission, member: Membership, at: datetime) -> None:
    """What the beat has not found yet of a paper that came, or got another author, a moment ago."""
    refresh_conflicts(submission, at)
    bar_named([member], at)


@transaction.atomic
def unassign(assignment: Assignment, *, by: User, at: datetime) -> None:
    """Take a task back; the reviewer is told and keeps her draft. Refused once her review is submitted."""
    commit(assignment.submission.edition, add=[], remove=[assignment], by=by, at=at)


@transaction.atomic
def replace(
    assignment: Assignment, member: Membership, *, by: User, at: datetime, with_review: bool = False
) -> Assignment:
    """Give a silent reviewer's task to somebody else. Both are told; the old draft is kept for its writer.

    `with_review`: also where her review is submitted, which then counts no more; refused without.
    """
    _look_for_conflicts(assignment.submission, member, at)
    changes = commit(
        assignment.submission.edition,
        add=[(assignment.submission, member)],
        remove=[assignment],
        with_review=with_review,
        by=by,
        at=at,
    )
    return changes.added[0]


@transaction.atomic
def commit(
    edition: Edition,
    *,
    add: Sequence[tuple[Submission, Membership]],
    remove: Iterable[Assignment],
    by: User,
    at: datetime,
    with_review: bool = False,
) -> Changes:
    """Make and take back assignments together. Each reviewer concerned gets one letter that lists all her changes.

    Raises Refused, changing nothing, when a pair is in conflict, stands already, or somebody was quicker: of a review
    that was submitted under the open page nobody means that it counts no more. `with_review` says that it was seen.
    """
    if add and needs_delegate(edition):
        raise Refused(NEEDS_DELEGATE)
    remove = list(remove)
    kept = _kept({row.submission_id for row in remove} | {submission.pk for submission, _ in add})
    demand_chair(edition.pk, by)
    for row in remove:
        row.submission = kept[row.submission_id]
    removed = [_remove(row, by, at, with_review=with_review) for row in remove]
    reasons = conflict_reasons([pair[0].pk for pair in add])
    added = [
        _add(kept[submission.pk], member, reasons.get((submission.pk, member.pk), ()), by, at)
        for submission, member in add
    ]
    _name_handlers({row.submission for row in added}, edition, by, at)
    told: dict[Membership, tuple[list[Assignment], list[Assignment]]] = defaultdict(lambda: ([], []))
    for row in added:
        told[row.membership][0].append(row)
    for row in removed:
        told[row.membership][1].append(row)
    count = sum(letters.post_changes(edition, member, new, gone, at=at) for member, (new, gone) in told.items())
    return Changes(added, removed, count)


def _kept(submissions: Iterable[int]) -> dict[int, Submission]:
    """The submissions (primary keys) as they stand now, kept so until the end of the transaction.

    Whoever announces, withdraws or returns one at the same time waits, or was waited for here. In the order in which
    an announcement takes them, so that neither waits for the other.
    """
    rows = Submission.objects.filter(pk__in=submissions).select_related("edition").order_by("pk")
    return {row.pk: row for row in rows.select_for_update(of=("self",), no_key=True)}


def _name_handlers(submissions: Iterable[Submission], edition: Edition, by: User, at: datetime) -> None:
    """Where a chair is in conflict, the chair who assigns becomes the one who handles, unless one is named already."""
    unnamed = {row.pk: row for row in submissions if row.handling_chair_id is None}
    concerned = unnamed.keys() & with_conflicted_chair(edition) if unnamed else set()
    chair = next((row for row in chairs_of(edition) if row.user_id == by.pk), None) if concerned else None
    if chair is not None:
        for pk in sorted(concerned & set(overseen_by(chair).values_list("pk", flat=True))):
            set_handling_chair(unnamed[pk], chair, by=by, at=at)


def _add(submission: Submission, member: Membership, reasons: Sequence[str], by: User, at: datetime) -> Assignment:
    if reasons:
        raise Refused(f"{member.name} has a conflict of interest with submission {submission.number}: {reasons[0]}.")
    if not (member.is_active and member.is_reviewer) or member.edition_id != submission.edition_id:
        raise Refused(f"{member.name} is not a reviewer of this edition.")
    helping = SubReviewer.objects.standing().filter(user=member.user, assignment__submission=submission)
    if helping.exists():
        raise Refused(f"{member.name} already writes a review of submission {submission.number} as a sub-reviewer.")
    if submission.state != State.SUBMITTED or submission.outcome:
        raise Refused(f"Submission {submission.number} is not under review.")
    try:
        with transaction.atomic():
            row = Assignment.objects.create(submission=submission, membership=member, assigned_by=by, assigned_at=at)
    except IntegrityError as error:
        raise Refused(f"{member.name} already reviews submission {submission.number}.") from error
    _note("assigned", submission, by, at, reviewer=member.name)
    return row


def _remove(row: Assignment, by: User, at: datetime, *, with_review: bool) -> Assignment:
    if row.submission.outcome:
        raise Refused(f"The decision on submission {row.submission.number} is announced; its reviews stay as they are.")
    standing = Assignment.objects.standing().filter(pk=row.pk)
    if not with_review and standing.filter(review__submitted_at__isnull=False).exists():
        raise Refused(
            f"{row.membership.name} has submitted the review of submission {row.submission.number}. It counts; nothing "
            "was changed."
        )
    if not standing.update(removed_at=at, removed_by=by):
        raise Refused(f"{row.membership.name} no longer reviews submission {row.submission.number}.")
    end_with([row], ending=Ending.TASK, by=by, at=at)
    _note("unassigned", row.submission, by, at, reviewer=row.membership.name)
    return row


def reminded_lately(edition: Edition, at: datetime) -> set[int]:
    """Primary keys of the assignments that a chair reminded of within the last day."""
    recent = Message.objects.filter(kind="chair_reminder", edition=edition.slug, created_at__gt=at - timedelta(days=1))
    guards = recent.exclude(state=LetterState.CANCELLED).values_list("guard", flat=True)
    return {pk for guard in guards for pk in guard.get("assignments", ())}


@transaction.atomic
def remind(edition: Edition, rows: Iterable[Assignment], *, press: str, by: User, at: datetime) -> int:
    """Remind reviewers of reviews that are missing now; returns the number of letters.

    `press` names one press of the button: pressing it twice writes nothing more. Left out are, read again here, who has
    finished, who may not see the submission any more or whose review the form takes no more, and what a chair asked for
    within the last day already.
    """
    # Another chair who presses at the same time waits here, and then finds who was reminded.
    Edition.objects.select_for_update(no_key=True).get(pk=edition.pk)
    asked = reminded_lately(edition, at)
    wanted = {row.pk: row.submission_id for row in rows}
    by_member: dict[Membership, list[Assignment]] = defaultdict(list)
    for row in open_tasks(wanted.values(), at):
        if row.pk in wanted and row.pk not in asked and not has_submitted(row):
            by_member[row.membership].append(row)
    count = 0
    for member, tasks in by_member.items():
        if letters.post_reminder(edition, member, tasks, press=press, at=at):
            count += 1
            for task in tasks:
                _note("reviewer_reminded", task.submission, by, at, reviewer=member.name)
    return count


def _note(verb: str, submission: Submission, by: User, at: datetime, **detail: str) -> None:
    record(
        verb,
        by_id=by.pk,
        by=str(by),
        at=at,
        edition=submission.edition.slug,
        subject=submission.label,
        detail={"number": submission.number, **detail},
    )
