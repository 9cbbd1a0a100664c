"""Uploading, submitting, withdrawing. Nothing acknowledged is ever lost: bytes first, row second, receipt last."""

import logging
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from dlonsc.accounts.models import User
from dlonsc.editions.calendar import Phase, WindowState
from submissions import emails
from submissions.access import authored_by
from submissions.actions.drafting import require_room, started_by
from submissions.actions.moves import (
    A_PRESS,
    DECIDED,
    NoRoom,
    Refused,
    may_recast,
    move,
    note,
    too_late,
    window_of,
)
from submissions.archives import faults_of_supplement
from submissions.checks import check_inline, count_newest
from submissions.conflicts import refresh_conflicts
from submissions.files import Stored, store
from submissions.models import Author, Manuscript, ReproducibilityRecord, StoredFile, Submission, Supplement
from submissions.states import IllegalMove, State
from submissions.tasks import check

MAGIC_WITHIN = 1024
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Uploaded:
    """What became of an upload. `is_refused`: kept as a version, but another one stays submitted."""

    manuscript: Manuscript
    is_late: bool
    is_refused: bool = False


def judge_bytes(upload: "UploadedFile[bytes]") -> None:
    """Refuse what is no PDF at all before anything is stored: empty, too large, not a PDF."""
    limit = settings.UPLOAD_MAX_MB
    size = upload.size or 0
    if size == 0:
        raise Refused(f"{upload.name} is empty (0 bytes). Choose the PDF of your paper.", "file")
    if size > limit * 1024 * 1024:
        raise Refused(
            f"{upload.name} has {size / 1024 / 1024:.1f} MB; at most {limit} MB are accepted. Compress its figures.",
            "file",
        )
    upload.seek(0)
    head = upload.read(MAGIC_WITHIN)
    upload.seek(0)
    if b"%PDF-" not in head:
        raise Refused(f"{upload.name} is not a PDF, whatever its name says. Export your paper as PDF.", "file")


def refuse_when_over(submission: Submission, at: datetime) -> None:
    """No file is taken for what was withdrawn or returned, nor once the decision is known."""
    if submission.state not in {State.DRAFT, State.SUBMITTED}:
        raise Refused(f"This submission is {submission.get_state_display().lower()}; restore it first.")
    if submission.outcome_known(at):
        raise Refused(DECIDED)


def keep(upload: "UploadedFile[bytes]") -> Stored:
    """Store the bytes of an upload. Raises NoRoom when the disk takes no more; then no row names them."""
    try:
        return store(upload)
    except OSError as error:
        logger.exception("an upload could not be stored")
        raise NoRoom(
            f"{upload.name} was not stored: the site cannot write files just now. Nothing was changed. Please try "
            "again later, and tell the chairs when it stays so.",
            "file",
        ) from error


def is_second_press(newest: StoredFile | None, stored: Stored, by: User, at: datetime) -> bool:
    """Whether an upload is the newest file once more: the same bytes by the same person within a moment."""
    if newest is None or (newest.sha256, newest.uploaded_by_id) != (stored.sha256, by.pk):
        return False
    return newest.uploaded_at > at - A_PRESS


def upload_manuscript(
    *,
    submission: Submission,
    upload: "UploadedFile[bytes]",
    by: User,
    at: datetime,
    received_at: datetime,
    begun_at: datetime | None = None,
) -> Uploaded:
    """Store a PDF as the next version, then check it. After the deadline it is kept, marked late, and no part yet.

    The same file pressed twice is one version. Raises Refused when the bytes are no PDF or the submission is over.
    """
    refuse_when_over(submission, at)
    judge_bytes(upload)
    stored = keep(upload)
    window = window_of(submission, Phase.SUBMISSION, received_at=received_at, begun_at=begun_at)
    is_late = window.state == WindowState.CLOSED
    manuscript = write_manuscript(submission, upload.name or "paper.pdf", stored, is_late, by, at, received_at)
    # Outside the transaction: the check takes its time, and its failure must not lose the upload.
    check_inline(manuscript, at)
    submission.refresh_from_db()
    is_refused = submission.state == State.SUBMITTED and not is_late and not manuscript.is_current
    return Uploaded(manuscript, is_late, is_refused)


@transaction.atomic
def write_manuscript(
    submission: Submission, name: str, stored: Stored, is_late: bool, by: User, at: datetime, received_at: datetime
) -> Manuscript:
    # The parent row is the lock: two uploads at once get two numbers, one of them current.
    state = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk).state
    # What is submitted stays so until the check has seen the new version (checks.conclude).
    is_current = not is_late and state == State.DRAFT
    newest = submission.manuscripts.first()
    if newest is not None and newest.is_late == is_late and is_second_press(newest, stored, by, at):
        return newest
    last = newest.number if newest else 0
    if is_current:
        submission.manuscripts.filter(is_current=True).update(is_current=False)
    manuscript = Manuscript.objects.create(
        submission=submission,
        number=last + 1,
        is_current=is_current,
        is_late=is_late,
        sha256=stored.sha256,
        size=stored.size,
        original_name=name[-200:],
        uploaded_by=by,
        uploaded_at=at,
        received_at=received_at,
    )
    Submission.objects.filter(pk=submission.pk).update(changed_at=at)
    note("uploaded a PDF", submission, by=by, at=at, version=last + 1, sha256=stored.sha256, late=is_late)
    if settings.RING_DOORBELLS:
        transaction.on_commit(partial(check.apply_async, (manuscript.pk,), countdown=60), robust=True)
    return manuscript


def add_supplement(
    *,
    submission: Submission,
    upload: "UploadedFile[bytes]",
    description: str,
    by: User,
    at: datetime,
    received_at: datetime,
    begun_at: datetime | None = None,
) -> Supplement:
    """Store a supplementary file of any kind; it is only ever served as a download. Archives are looked into first.

    The same file, with the same words about it, pressed twice is one.
    """
    refuse_when_over(submission, at)
    if not window_of(submission, Phase.SUBMISSION, received_at=received_at, begun_at=begun_at).accepts:
        raise Refused(too_late(submission.edition, received_at))
    limit = settings.UPLOAD_MAX_MB
    if not upload.size:
        raise Refused(f"{upload.name} is empty (0 bytes).", "file")
    if upload.size > limit * 1024 * 1024:
        raise Refused(f"{upload.name} has {upload.size / 1024 / 1024:.1f} MB; at most {limit} MB are accepted.", "file")
    if faults := faults_of_supplement(upload, upload.name or ""):
        raise Refused(" ".join(faults), "file")
    upload.seek(0)
    stored = keep(upload)
    words = {"original_name": (upload.name or "file")[-200:], "description": description}
    with transaction.atomic():
        # Whoever presses at the same time waits here and then finds the file.
        Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
        # Of several sent together each is looked for, not only the newest.
        same = submission.supplements.filter(removed_at__isnull=True, sha256=stored.sha256, **words)
        newest = same.filter(uploaded_by=by).last()
        if newest is not None and is_second_press(newest, stored, by, at):
            return newest
        supplement = Supplement.objects.create(
            submission=submission,
            sha256=stored.sha256,
            size=stored.size,
            uploaded_by=by,
            uploaded_at=at,
            **words,
        )
        note("added a supplementary file", submission, by=by, at=at, name=supplement.original_name)
    return supplement


def missing(submission: Submission, *, with_file: Manuscript | None = None) -> list[str]:
    """What stands between a draft and Submit, in words; empty when nothing does. Reads prefetched rows when there.

    `with_file` is looked at instead of the current PDF: what would be missing if it were adopted.
    """
    edition = submission.edition
    manuscript = with_file or next((row for row in submission.manuscripts.all() if row.is_current), None)
    lines = []
    if not submission.title.strip():
        lines.append("Title is empty.")
    if not submission.abstract.strip():
        lines.append("Abstract is empty.")
    if edition.topics.all() and not submission.topics.all():
        lines.append("Choose at least one topic.")
    lines += missing_of_authors(list(submission.authors.all()))
    if submission.conflicts_at is None:
        lines.append("Confirm the conflicts of interest, even when there are none.")
    if edition.needs_reproducibility:
        record = getattr(submission, "reproducibility", None)
        sections = record.missing if record else list(ReproducibilityRecord.SECTIONS)
        if sections:
            lines.append(f"Reproducibility: {', '.join(sections)} still empty (or say why not applicable).")
    if edition.needs_declaration and not submission.is_original:
        lines.append("Declare that the work is unpublished, original and not under review elsewhere.")
    if manuscript is None:
        lines.append("Upload the PDF.")
    elif manuscript.blocks:
        lines.append("The format check found something that blocks this PDF; see the findings.")
    return lines


def missing_of_authors(authors: list[Author]) -> list[str]:
    if not authors:
        return ["List the authors."]
    lines = [] if any(author.is_contact for author in authors) else ["Mark one author as contact author."]
    return lines + [f"Author {author.position} has no name." for author in authors if not author.name.strip()]


@transaction.atomic
def submit(
    *, submission: Submission, by: User, at: datetime, received_at: datetime, begun_at: datetime | None = None
) -> Submission:
    """Draft -> submitted: asks the calendar, what is missing, moves the state once, posts one receipt to each author.

    Pressed twice it changes nothing more. Raises Refused with the reasons.
    """
    Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
    submission.refresh_from_db()
    if submission.state == State.SUBMITTED:
        return submission
    window = window_of(submission, Phase.SUBMISSION, received_at=received_at, begun_at=begun_at)
    if not window.accepts:
        raise Refused(too_late(submission.edition, received_at))
    if lines := missing(submission):
        raise Refused(" ".join(lines))
    try:
        move(submission, "submit", submitted_at=at, changed_at=at)
    except IllegalMove as error:
        raise Refused(f"This submission is {submission.get_state_display().lower()}.") from error
    refresh_conflicts(submission, at)
    manuscript = submission.manuscripts.get(is_current=True)
    note("submitted", submission, by=by, at=at, version=manuscript.number, sha256=manuscript.sha256)
    emails.receipt(submission, manuscript, at=at, is_new_version=False)
    return submission


@transaction.atomic
def withdraw(*, submission: Submission, reason: str, by: User, at: datetime) -> Submission:
    """Take a submission back; all authors are told how to undo it."""
    if Submission.objects.select_for_update(no_key=True).get(pk=submission.pk).outcome_known(at):
        raise Refused("The decision is announced; write to the chairs to withdraw now.")
    was = submission.state
    try:
        move(submission, "withdraw", withdrawn_at=at, withdraw_reason=reason.strip(), changed_at=at)
    except IllegalMove as error:
        raise Refused("It is withdrawn already, or cannot be withdrawn any more.") from error
    note("withdrew", submission, by=by, at=at, was=was)
    emails.withdrawn(submission, can_undo=may_recast(submission, at), at=at)
    return submission


@transaction.atomic
def restore(*, submission: Submission, by: User, at: datetime) -> Submission:
    """Undo a withdrawal while submission is open: it is a draft again and must be submitted again.

    Never with an outcome: submitted again, it would be accepted or rejected without a review or a letter.
    """
    Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
    submission.refresh_from_db()
    if not may_recast(submission, at):
        raise Refused("The submission deadline has passed; ask the chairs.")
    # Of who presses: the number of another's would tell an author who started it, and how many she has.
    if by == submission.created_by:
        require_room(started_by(submission.edition, by))
    else:
        require_room(authored_by(by).drafts().filter(edition=submission.edition_id))
    since, reason = submission.withdrawn_at, submission.withdraw_reason
    try:
        move(submission, "restore", withdrawn_at=None, withdraw_reason="", submitted_at=None, changed_at=at)
    except IllegalMove as error:
        raise Refused("It is not withdrawn.") from error
    count_newest(submission, since, at)
    note("restored", submission, by=by, at=at, reason_was=reason)
    emails.restored(submission, at=at)
    return submission
