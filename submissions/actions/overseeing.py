"""What chairs do on the authors' side: late cases, author lists, format overrides, desk rejection, answers."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from dlonsc.accounts.models import User
from dlonsc.editions.access import demand_chair
from dlonsc.editions.calendar import AOE, Phase, announced_at
from dlonsc.history.models import Entry
from dlonsc.mail.ledger import DONE
from dlonsc.mail.models import Message
from submissions import emails
from submissions.actions.drafting import AuthorEntry, listed, refuse_said_twice, write_authors
from submissions.actions.moves import A_PRESS, PRESSED_TWICE, Refused, move, note, window_of
from submissions.actions.printing import is_locked, unlock
from submissions.actions.sending import missing
from submissions.checks import count_newest, replace_current
from submissions.conflicts import refresh_conflicts
from submissions.models import AuthorListRequest, LatePermission, Manuscript, Question, Submission, SubmissionQuerySet
from submissions.states import IllegalMove, Outcome, State

NO_MORE_TIME = (
    "The decision is announced: nothing of the submitted paper changes any more. What is to be printed comes with the "
    "camera-ready paper."
)
REVIEWED_STAYS = (
    "The version that was reviewed stays: the paper is decided, its decision is being announced, or it was taken back "
    "or returned. Nothing was changed."
)
NEWER_COUNTS = "A newer version of the paper has come since and counts already. Nothing was changed."
# The kind of the committee's letter in the ledger, which is all of it that this room knows.
DECISION = "decision"
CORRECTED = "corrected PDF asked for by the chairs"
RETURNED = "returned without review"


def may_change_version(submission: Submission) -> bool:
    """Whether a chair may still change which version is reviewed: not once the outcome is announced or held."""
    return submission.state in {State.DRAFT, State.SUBMITTED} and not submission.outcome


def late_files(rows: SubmissionQuerySet) -> list[Manuscript]:
    """The late files of these submissions that a chair may still adopt: none in place of a newer version."""
    newer = Manuscript.objects.filter(submission=OuterRef("submission"), number__gt=OuterRef("number"), is_current=True)
    late = Manuscript.objects.filter(submission__in=rows, is_late=True, is_current=False).exclude(Exists(newer))
    return [file for file in late.select_related("submission") if may_change_version(file.submission)]


@transaction.atomic
def give_late_permission(
    *, submission: Submission, phase: Phase, cutoff: datetime, reason: str, by: User, at: datetime
) -> LatePermission:
    """One submission's own later cut-off; its authors are told and the log says who allowed it.

    Refused when it is no later than what the submission has: a second press writes no second letter.
    """
    if cutoff <= at:
        raise Refused("The time must lie in the future.", "until")
    if not reason.strip():
        raise Refused("Say why; its authors read it, and the log keeps it.", "reason")
    # Whoever presses at the same time waits here and then finds the permission.
    locked = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
    demand_chair(locked.edition_id, by)
    if locked.state not in {State.DRAFT, State.SUBMITTED}:
        raise Refused(
            f"Paper {submission.number} is {locked.get_state_display().lower()}: take that back first.", "submission"
        )
    known = locked.outcome_known(at)
    if phase == Phase.SUBMISSION and known:
        raise Refused(NO_MORE_TIME, "phase")
    if phase == Phase.CAMERA_READY and known != Outcome.ACCEPTED:
        # The letter leaves at once: for a held decision it would tell the acceptance, and no Stop calls it back.
        raise Refused("More time for the camera-ready paper can be given once its acceptance is announced.", "phase")
    if phase == Phase.CAMERA_READY and is_locked(locked):
        raise Refused(
            "The camera-ready paper is approved and locked: its authors could deliver nothing. More time can be given "
            "once the proceedings chair has unlocked it.",
            "phase",
        )
    last = window_of(submission, phase, received_at=at).cutoff
    if last is None:
        raise Refused("No date is set for this; it is open to all.", "phase")
    if cutoff <= last:
        has = announced_at(last, AOE)
        words = (
            f"Paper {submission.number} has until {has:%a} {has.day} {has:%b %Y, %H:%M} AoE already. Nobody was told."
        )
        raise Refused(words, "until")
    permission = LatePermission.objects.create(
        submission=submission, phase=phase, cutoff_at=cutoff, reason=reason.strip(), given_by=by, given_at=at
    )
    note("gave a late permission", submission, by=by, at=at, phase=phase, until=cutoff.isoformat(), reason=reason)
    emails.late_permission(permission, at=at)
    return permission


@transaction.atomic
def adopt_late_manuscript(*, manuscript: Manuscript, by: User, at: datetime) -> Manuscript:
    """Make a late file the current one; a complete draft becomes submitted with it."""
    submission = (
        Submission.objects.select_for_update(no_key=True).select_related("edition").get(pk=manuscript.submission_id)
    )
    demand_chair(submission.edition_id, by)
    if not may_change_version(submission):
        raise Refused(REVIEWED_STAYS)
    if not Manuscript.objects.filter(pk=manuscript.pk, is_late=True, is_current=False).exists():
        raise Refused("This file was adopted already, or is not a late one.")
    if submission.manuscripts.filter(is_current=True, number__gt=manuscript.number).exists():
        raise Refused(NEWER_COUNTS)
    submission.manuscripts.filter(is_current=True).update(is_current=False)
    Manuscript.objects.filter(pk=manuscript.pk).update(is_late=False, is_current=True)
    manuscript.refresh_from_db()
    note("adopted a late file", submission, by=by, at=at, version=manuscript.number)
    if submission.state == State.DRAFT:
        adopt(submission, by, at)
    emails.late_file_adopted(submission, manuscript, at=at)
    return manuscript


@transaction.atomic
def adopt_draft(*, submission: Submission, by: User, at: datetime) -> Submission:
    """Submit a complete draft after the cut-off, in its authors' stead; they get the receipt.

    Refused while they may still write: a page from before an extension must not submit what they have not finished.
    """
    if window_of(submission, Phase.SUBMISSION, received_at=at).accepts:
        raise Refused("Its authors may still write and submit; nothing was changed.")
    adopt(submission, by, at)
    demand_chair(submission.edition_id, by)
    return submission


def adopt(submission: Submission, by: User, at: datetime) -> None:
    if lines := missing(submission):
        raise Refused("The draft is not complete: " + " ".join(lines))
    try:
        move(submission, "submit", submitted_at=at, changed_at=at)
    except IllegalMove as error:
        raise Refused("It is no draft any more.") from error
    refresh_conflicts(submission, at)
    note("adopted a draft after the deadline", submission, by=by, at=at)
    emails.receipt(submission, submission.manuscripts.get(is_current=True), at=at, is_new_version=False)


def decision_may_leave(submission: Submission) -> bool:
    """Whether the ledger holds a letter with the submission's decision that is still on its way."""
    return Message.objects.filter(subject_label=submission.label, kind=DECISION).exclude(state__in=DONE).exists()


def but_orcids(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "orcid"} for row in rows]


def with_newer_orcids(request: AuthorListRequest, standing: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The list that was asked for, with the ORCID iDs given for print meanwhile, unless it changes them itself."""
    asked_over = {row["email"].lower(): row["orcid"] for row in request.old_list}
    now = {row["email"].lower(): row["orcid"] for row in standing}
    return [
        row | {"orcid": now[email]} if email in now and row["orcid"] == asked_over.get(email) else row
        for row in request.new_list
        for email in [row["email"].lower()]
    ]


@transaction.atomic
def decide_author_change(*, request: AuthorListRequest, grant: bool, answer: str, by: User, at: datetime) -> None:
    """Grant or refuse a changed author list, once; all authors of both lists are told.

    Raises Refused for granting over a list that was changed since, ORCID iDs apart, which are carried over; and while
    the decision is held, or its letters wait: they go to the addresses of the old list, are kept back from who left it,
    and are written to nobody who comes; nor while the camera-ready paper is approved with the old list.
    """
    locked = Submission.objects.select_for_update(no_key=True).get(pk=request.submission_id)
    demand_chair(locked.edition_id, by)
    if grant and locked.announced_at is not None and locked.announced_at > at:
        raise Refused(
            "The decision on this submission is being announced; stop the announcement first or wait until it is out."
        )
    if grant and decision_may_leave(locked):
        raise Refused(
            "Letters with the decision on this submission still wait to leave, for the old list. Grant the change once "
            "they are out; the page of the announcement shows them."
        )
    if grant and locked.outcome_known(at) == Outcome.ACCEPTED and is_locked(locked):
        raise Refused(
            "The camera-ready paper is approved and locked with the list as it stands. Grant the change once the "
            "proceedings chair has unlocked it, so that its authors can deliver it with the new list."
        )
    standing = listed(locked)
    if grant and but_orcids(standing) != but_orcids(request.old_list):
        names = ", ".join(f"{row['name']} ({row['email']})" for row in standing)
        raise Refused(
            f"The author list was changed since this was asked. It now stands as: {names}. Granting would undo that; "
            "refuse the request, and its authors can ask anew."
        )
    rows = AuthorListRequest.objects.filter(pk=request.pk, decided_at__isnull=True)
    if not rows.update(decided_by=by, decided_at=at, is_granted=grant, answer=answer.strip()):
        raise Refused("This request was answered already.")
    request.refresh_from_db()
    submission = request.submission
    if grant:
        entries = [AuthorEntry(**row) for row in with_newer_orcids(request, standing)]
        write_authors(submission, entries, at, by=request.requested_by)
        refresh_conflicts(submission, at)
        # What was approved before the acceptance was taken back: accepted again, it would be printed with the old list.
        unlock(submission=submission, by=by, at=at)
    verb = "granted a change of the author list" if grant else "refused a change of the author list"
    note(verb, submission, by=by, at=at, request=request.pk, before=request.old_list, after=request.new_list)
    emails.author_change_decided(request, at=at)


@transaction.atomic
def override_check(*, manuscript: Manuscript, words: str, by: User, at: datetime) -> None:
    """A chair's word over the machine's, with its note; logged.

    A new version that the check held back counts from then on, as if it had passed; also once the paper is a draft
    again, or it would be submitted with the earlier one.
    """
    if not words.strip():
        raise Refused("Say why this PDF is fine in spite of the findings.", "note")
    submission = (
        Submission.objects.select_for_update(no_key=True).select_related("edition").get(pk=manuscript.submission_id)
    )
    if not may_change_version(submission):
        raise Refused(REVIEWED_STAYS, "note")
    rows = Manuscript.objects.filter(pk=manuscript.pk, overridden_at__isnull=True)
    if not rows.update(override_note=words.strip(), overridden_by=by, overridden_at=at):
        if not Manuscript.objects.filter(pk=manuscript.pk, override_note=words.strip()).exists():
            raise Refused("It was accepted as it is already; the note that stands is another.", "note")
        return
    note("overrode the format check", submission, by=by, at=at, version=manuscript.number, note=words)
    if not manuscript.is_late and not manuscript.is_current:
        replace_current(submission, manuscript, at)


@transaction.atomic
def ask_for_corrected_pdf(*, manuscript: Manuscript, text: str, until: datetime, by: User, at: datetime) -> None:
    """A letter asking for a corrected PDF within a time, and the late permission that goes with it."""
    if until <= at:
        raise Refused("The time must lie in the future.", "until")
    submission = manuscript.submission
    # Whoever presses at the same time waits here and then finds the permission.
    if not may_change_version(Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)):
        raise Refused(REVIEWED_STAYS)
    mine = {"phase": Phase.SUBMISSION, "cutoff_at": until, "reason": CORRECTED}
    if submission.late_permissions.filter(**mine, given_at__gt=at - A_PRESS).exists():
        raise Refused(PRESSED_TWICE)
    LatePermission.objects.create(
        submission=submission,
        **mine,
        given_by=by,
        given_at=at,
    )
    note("asked for a corrected PDF", submission, by=by, at=at, until=until.isoformat())
    emails.correction_asked(submission, manuscript, text.strip(), until, at=at)


@transaction.atomic
def desk_reject(*, submission: Submission, text: str, by: User, at: datetime) -> None:
    """Return a submission without review, with a letter to its authors."""
    if not text.strip():
        raise Refused("Tell the authors why.", "text")
    locked = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
    demand_chair(locked.edition_id, by)
    if locked.outcome:
        raise Refused(
            "The decision on it is announced or held for announcement. Stop the announcement while it is held, or "
            "correct the decision."
        )
    try:
        move(submission, "desk_reject", changed_at=at)
    except IllegalMove as error:
        raise Refused("Only a submitted paper can be returned without review.") from error
    note(RETURNED, submission, by=by, at=at)
    emails.desk_rejected(submission, text.strip(), at=at)


@transaction.atomic
def reinstate(*, submission: Submission, by: User, at: datetime) -> None:
    """Undo a withdrawal in the authors' stead, also after the deadline: it is again what it was; they are told.

    Refused with an outcome: that was announced, or is held, of a paper that nobody may have wanted judged.
    """
    locked = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
    demand_chair(locked.edition_id, by)
    if locked.outcome:
        raise Refused(
            "A decision on it is announced or held for announcement, so it stays withdrawn. While it is held, stop the "
            "announcement first."
        )
    verb = "restore" if locked.submitted_at is None else "reinstate"
    try:
        move(submission, verb, withdrawn_at=None, withdraw_reason="", changed_at=at)
    except IllegalMove as error:
        raise Refused("It is not withdrawn.") from error
    count_newest(submission, locked.withdrawn_at, at)
    note("took a withdrawal back", submission, by=by, at=at, reason_was=locked.withdraw_reason)
    emails.restored(submission, at=at)


@transaction.atomic
def undo_desk_reject(*, submission: Submission, by: User, at: datetime) -> None:
    """Take a return without review back: it is submitted again; its authors are told."""
    locked = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
    demand_chair(locked.edition_id, by)
    # An author list that is granted meanwhile changes what is returned: only the history knows when it was.
    returned = Entry.objects.about(locked.label).filter(verb=RETURNED).first()
    try:
        move(submission, "undo_desk_reject", changed_at=at)
    except IllegalMove as error:
        raise Refused("It was not returned without review.") from error
    count_newest(submission, returned.at if returned else locked.changed_at, at)
    note("took a desk rejection back", submission, by=by, at=at)
    emails.restored(submission, at=at)


@transaction.atomic
def answer(*, submission: Submission, text: str, by: User, at: datetime) -> Question:
    """The chairs' answer in the authors' thread, by letter to all authors too."""
    if not text.strip():
        raise Refused("Write the answer first.", "text")
    refuse_said_twice(submission, text.strip(), from_chairs=True, at=at)
    question = Question.objects.create(
        submission=submission, text=text.strip(), from_chairs=True, written_by=by, written_at=at
    )
    note("answered the authors", submission, by=by, at=at)
    emails.question_answered(question, at=at)
    return question
