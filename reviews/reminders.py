"""Who is reminded of what, and when: computed from the database each time, never planned ahead.

A reminder belongs to a thing, a cut-off and a step before it; its key makes it unique, so that this may run as often as
it likes. When a date moves, the steps move with it. What was finished in the meantime is seen at the last look, right
before the letter leaves.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Prefetch, Q
from django.utils import timezone

from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Deadline, Edition, Membership
from dlonsc.mail import guards
from dlonsc.mail.apart import apart
from dlonsc.mail.models import Message
from reviews.conflicts import conflict_reasons
from reviews.emails.reminding import (
    CAMERA_READY,
    DRAFT,
    REVIEWS,
    Moment,
    remind_of_camera_ready,
    remind_of_draft,
    remind_of_reviews,
)
from reviews.models import Assignment, AssignmentQuerySet
from submissions.actions.sending import missing
from submissions.contacts import answers_no_more, contacts_of
from submissions.models import CameraReadyKind, LatePermission, Manuscript, Submission, SubmissionQuerySet

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
# Only for those who have a PDF here and did not press Submit, whatever the edition's schedule says.
UNSUBMITTED_STEPS = (DAY, 2 * HOUR)
PHASES = (Phase.SUBMISSION, Phase.REVIEW, Phase.CAMERA_READY)


@dataclass(frozen=True)
class Open:
    """Something that is open before a cut-off, and whom its reminders go to, as (address, name)."""

    people: list[tuple[str, str]]
    words: str
    cutoff: datetime
    steps: tuple[timedelta, ...]
    # Writes the letters of one step; none when the thing is younger than the step.
    write: Callable[[Moment, datetime], list[Message]]


@dataclass(frozen=True)
class Planned:
    """A reminder to come, as things stand: what is finished until then gets none."""

    moment: Moment
    open: Open


def steps_of(edition: Edition) -> tuple[timedelta, ...]:
    """The edition's schedule; empty: no reminders but those of the last day to who has not pressed Submit."""
    return tuple(timedelta(days=float(day)) for day in edition.reminder_days)


def step_now(cutoff: datetime, steps: Sequence[timedelta], at: datetime) -> timedelta | None:
    """The last step whose moment has come, before the cut-off; None before the first and after the end."""
    if at >= cutoff:
        return None
    come = [step for step in steps if at >= cutoff - step]
    return min(come) if come else None


def remind(at: datetime) -> list[Message]:
    """Write every reminder that is due at `at` and not yet written; returns the new letters.

    What cannot be written, such as an own text with a hole, is logged and stops neither other things nor editions.
    """
    letters: list[Message] = []
    rows = Deadline.objects.filter(phase__in=PHASES, cutoff_at__gt=at - 60 * DAY).select_related("edition")
    for deadline in rows.prefetch_related("edition__topics"):
        for thing in open_things(deadline, at):
            step = step_now(thing.cutoff, thing.steps, at)
            if step is not None:
                with apart(f"a reminder of {deadline.edition.slug}, {deadline.phase}"):
                    letters += thing.write(Moment(deadline, thing.cutoff, step), at)
    return letters


def planned(deadline: Deadline, at: datetime, among: SubmissionQuerySet) -> list[Planned]:
    """The reminders before a deadline that come after `at`, about the submissions `among`, soonest first."""
    found = [
        Planned(Moment(deadline, thing.cutoff, step), thing)
        for thing in open_things(deadline, at, among)
        for step in thing.steps
        if thing.cutoff - step > at
    ]
    return sorted(found, key=lambda row: (row.moment.at, row.moment.cutoff))


def open_things(deadline: Deadline, at: datetime, among: SubmissionQuerySet | None = None) -> Iterator[Open]:
    """What is open before a deadline, from a constant number of queries."""
    rows = Submission.objects.filter(edition=deadline.edition_id) if among is None else among
    match Phase(deadline.phase):
        case Phase.SUBMISSION:
            yield from _drafts(deadline, rows.drafts())
        case Phase.REVIEW:
            yield from _reviews(deadline, rows.under_review(at))
        case Phase.CAMERA_READY:
            yield from _camera_ready(deadline, rows.accepted(at))


def _with_cutoffs(rows: SubmissionQuerySet, deadline: Deadline) -> Iterator[tuple[Submission, datetime]]:
    """Submissions with the cut-off that counts for each: the deadline's, or a later one of its own."""
    own = Max("late_permissions__cutoff_at", filter=Q(late_permissions__phase=deadline.phase))
    for row in rows.annotate(own_cutoff=own).select_related("created_by").order_by("number"):
        row.edition = deadline.edition
        # annotated above
        yield row, max(deadline.cutoff_at, row.own_cutoff or deadline.cutoff_at)  # type: ignore[attr-defined]


# --- Drafts -----------------------------------------------------------------------------------------------------------


def _drafts(deadline: Deadline, drafts: SubmissionQuerySet) -> Iterator[Open]:
    # On the last day only those are written to who have come far: nobody is chased for an idea.
    usual = tuple(step for step in steps_of(deadline.edition) if step >= DAY)
    files = Prefetch("manuscripts", queryset=Manuscript.objects.defer("report"))
    rows = drafts.select_related("reproducibility").prefetch_related("authors", "topics", files)
    found = list(_with_cutoffs(rows, deadline))
    people = contacts_of(draft for draft, _ in found)
    for draft, cutoff in found:
        has_manuscript = any(row.is_current for row in draft.manuscripts.all())
        steps = tuple(dict.fromkeys((*usual, *UNSUBMITTED_STEPS))) if has_manuscript else usual
        yield Open(people[draft.pk], f"{draft.number}. {draft.title}", cutoff, steps, _writer_of_draft(draft))


def _writer_of_draft(draft: Submission) -> Callable[[Moment, datetime], list[Message]]:
    def write(moment: Moment, at: datetime) -> list[Message]:
        # A draft that was begun after the step needs no reminder of it.
        return remind_of_draft(draft, moment, missing(draft), at=at) if draft.created_at < moment.at else []

    return write


# --- Reviews ----------------------------------------------------------------------------------------------------------


def _reviews(deadline: Deadline, submissions: SubmissionQuerySet) -> Iterator[Open]:
    """One entry for each reviewer, with all her missing reviews; never of a submission that she is in conflict with."""
    tasks: dict[int, list[Assignment]] = defaultdict(list)
    for row in _seen(Assignment.objects.awaiting_review().filter(submission__in=submissions)):
        tasks[row.membership_id].append(row)
    for mine in tasks.values():
        member = mine[0].membership
        member.edition = deadline.edition
        address = member.user.email if member.user else member.email
        words = f"{member.name}: {', '.join(str(row.submission.number) for row in mine)}"
        steps = steps_of(deadline.edition)
        yield Open([(address, member.name)], words, deadline.cutoff_at, steps, _writer_of_reviews(member, mine))


def _seen(rows: AssignmentQuerySet) -> list[Assignment]:
    """Those of `rows` that their reviewers may see: of active members, and not in conflict.

    The last look asks the same, so that what it keeps back is written anew without what is none of hers.
    """
    found = rows.standing().filter(membership__in=Membership.objects.reviewers())
    tasks = list(found.select_related("submission", "membership__user").order_by("submission__number"))
    barred = conflict_reasons({row.submission_id for row in tasks})
    return [row for row in tasks if (row.submission_id, row.membership_id) not in barred]


def _writer_of_reviews(member: Membership, tasks: list[Assignment]) -> Callable[[Moment, datetime], list[Message]]:
    def write(moment: Moment, at: datetime) -> list[Message]:
        # A task that was given after the step came with its own letter.
        told = [row for row in tasks if row.assigned_at < moment.at]
        return remind_of_reviews(member, told, moment, at) if told else []

    return write


# --- Camera-ready -----------------------------------------------------------------------------------------------------


def _camera_ready(deadline: Deadline, accepted: SubmissionQuerySet) -> Iterator[Open]:
    found = list(_with_cutoffs(accepted.prefetch_related("authors", "camera_ready_items"), deadline))
    people = contacts_of(submission for submission, _ in found)
    for submission, cutoff in found:
        owed = missing_items(submission)
        if owed:
            words = f"{submission.number}. {submission.title}: {', '.join(owed)}"
            write = _writer_of_camera_ready(submission, owed)
            yield Open(people[submission.pk], words, cutoff, steps_of(deadline.edition), write)


def _writer_of_camera_ready(submission: Submission, owed: list[str]) -> Callable[[Moment, datetime], list[Message]]:
    def write(moment: Moment, at: datetime) -> list[Message]:
        told = submission.announced_at
        is_older = told is not None and told < moment.at
        return remind_of_camera_ready(submission, moment, owed, at) if is_older else []

    return write


def missing_items(submission: Submission) -> list[str]:
    """What an accepted submission still owes, in words: never delivered, or returned."""
    rows = submission.camera_ready_items.all()
    there = {row.kind for row in rows if row.is_current and row.returned_at is None}
    return [str(kind.label) for kind in CameraReadyKind if kind not in there]


# --- The last look ----------------------------------------------------------------------------------------------------


def draft_is_open(message: Message) -> str | None:
    draft = Submission.objects.drafts().filter(pk=message.guard["draft"]).first()
    if draft is None:
        return "the draft was submitted or withdrawn in the meantime"
    return answers_no_more(message, draft) or _moved(message, draft.edition_id, Phase.SUBMISSION, draft)


def reviews_are_open(message: Message) -> str | None:
    """All papers that the letter lists are still hers, and at least one of the reviews is missing."""
    listed = Assignment.objects.filter(pk__in=message.guard["assignments"])
    seen = _seen(listed.filter(submission__in=Submission.objects.under_review(timezone.now())))
    if len(seen) < len(message.guard["assignments"]):
        return guards.NotHers("a paper that it lists is none of hers any more")
    if seen and not seen[0].membership.has_address(message.to_email):
        return guards.OTHER_ADDRESS
    if not listed.awaiting_review().exists():
        return "the reviews were submitted in the meantime"
    return _moved(message, seen[0].submission.edition_id, Phase.REVIEW)


def items_are_missing(message: Message) -> str | None:
    submission = Submission.objects.accepted(timezone.now()).filter(pk=message.guard["camera_ready"]).first()
    if submission is None:
        return "the submission is not accepted any more"
    if not missing_items(submission):
        return "everything was delivered in the meantime"
    return answers_no_more(message, submission) or _moved(
        message, submission.edition_id, Phase.CAMERA_READY, submission
    )


def _moved(message: Message, edition_id: int, phase: Phase, submission: Submission | None = None) -> str | None:
    """A reminder that waited must not tell a date that was moved, nor one that is over."""
    told = datetime.fromisoformat(message.guard["cutoff"])
    cutoffs = list(Deadline.objects.filter(edition=edition_id, phase=phase).values_list("cutoff_at", flat=True))
    if submission is not None:
        own = LatePermission.objects.filter(submission=submission, phase=phase)
        cutoffs += own.values_list("cutoff_at", flat=True)
    if not cutoffs or max(cutoffs) != told:
        return guards.NotSo("the date was moved in the meantime")
    return "the date is over" if timezone.now() >= told else None


def register_guards() -> None:
    """Called when the application starts (reviews.apps)."""
    guards.register(DRAFT, draft_is_open)
    guards.register(REVIEWS, reviews_are_open)
    guards.register(CAMERA_READY, items_are_missing)
