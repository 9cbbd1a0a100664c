"""Camera-ready: authors deliver, the proceedings chair accepts, returns, approves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from dlonsc.accounts.models import User
from dlonsc.editions.calendar import Phase
from dlonsc.posted import fingerprint
from submissions import emails
from submissions.actions.moves import Refused, Stale, note, window_of
from submissions.actions.sending import is_second_press, judge_bytes, keep
from submissions.archives import faults_of
from submissions.checks import check_item
from submissions.files import Stored
from submissions.models import Author, CameraReadyDetails, CameraReadyItem, CameraReadyKind, Submission
from submissions.states import Outcome


def is_locked(submission: Submission) -> bool:
    return CameraReadyDetails.objects.filter(submission=submission, is_locked=True).exists()


def lock_accepted(submission: Submission, at: datetime) -> None:
    """Let whoever delivers or approves at the same time wait. Refused where the acceptance was taken back meanwhile."""
    row = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
    if row.outcome_known(at) != Outcome.ACCEPTED:
        raise Refused("This paper is not accepted any more; nothing was changed.")


def require_accepted(submission: Submission, at: datetime) -> None:
    if submission.outcome_known(at) != Outcome.ACCEPTED:
        raise Refused("Camera-ready papers are collected for accepted submissions.")
    if is_locked(submission):
        raise Refused("The proceedings chair has approved this paper; it is locked. Write to the chairs.")


def judge_item(submission: Submission, kind: str, upload: "UploadedFile[bytes]") -> None:
    """Refuse what cannot be the item: wrong type, empty, too large, a dangerous archive."""
    if kind != CameraReadyKind.SOURCES:
        judge_bytes(upload)
        return
    limit = settings.UPLOAD_MAX_MB
    if not upload.size:
        raise Refused(f"{upload.name} is empty (0 bytes).", "file")
    if upload.size > limit * 1024 * 1024:
        raise Refused(f"{upload.name} has {upload.size / 1024 / 1024:.1f} MB; at most {limit} MB are accepted.", "file")
    if faults := faults_of(upload):
        raise Refused(" ".join(faults), "file")
    upload.seek(0)


def deliver_item(
    *,
    submission: Submission,
    kind: CameraReadyKind,
    upload: "UploadedFile[bytes]",
    by: User,
    at: datetime,
    received_at: datetime,
    begun_at: datetime | None = None,
) -> CameraReadyItem:
    """Store a camera-ready PDF, source archive or licence as the next version; a letter says that it came.

    Raises Refused too when the paper was approved while the file was on its way: then it is kept and does not count.
    """
    require_accepted(submission, at)
    judge_item(submission, kind, upload)
    stored = keep(upload)
    if kind == CameraReadyKind.PDF and submission.manuscripts.filter(sha256=stored.sha256).exists():
        raise Refused(
            "This is byte for byte the PDF that was reviewed. Upload the final version, with the authors' names and "
            "the reviewers' remarks heeded.",
            "file",
        )
    window = window_of(submission, Phase.CAMERA_READY, received_at=received_at, begun_at=begun_at)
    is_late = not window.accepts
    item = write_item(submission, kind, upload.name or "file", stored, is_late, by, at)
    if not item.is_current:
        raise Refused(
            "The proceedings chair approved this paper while your file was on its way. The approved files stay; yours "
            f"is kept as version {item.number} and does not count. Write to the chairs if it should.",
            "file",
        )
    if kind == CameraReadyKind.PDF:
        check_item(item, submission.edition, at)
    return item


@transaction.atomic
def write_item(
    submission: Submission, kind: str, name: str, stored: Stored, is_late: bool, by: User, at: datetime
) -> CameraReadyItem:
    # Whoever approves, or delivers the same, at the same time waits here or is waited for.
    Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
    counts = not is_locked(submission)
    rows = submission.camera_ready_items.filter(kind=kind)
    newest = rows.order_by("-number").first()
    # What was returned meanwhile is not delivered by it.
    is_same = newest is not None and newest.is_current == counts and newest.returned_at is None
    if newest is not None and is_same and is_second_press(newest, stored, by, at):
        return newest
    if counts:
        rows.filter(is_current=True).update(is_current=False)
    item = CameraReadyItem.objects.create(
        submission=submission,
        kind=kind,
        number=newest.number + 1 if newest else 1,
        is_current=counts,
        is_late=is_late,
        sha256=stored.sha256,
        size=stored.size,
        original_name=name[-200:],
        uploaded_by=by,
        uploaded_at=at,
    )
    note(
        "delivered a camera-ready item", submission, by=by, at=at, kind=kind, version=item.number, sha256=stored.sha256
    )
    if counts:
        emails.camera_ready_received(item, at=at)
    return item


NEWER_DETAILS = "Another window or co-author saved newer details. Yours are still in the form below."


@dataclass(frozen=True)
class Details:
    running_head: str
    licence_signer: str
    licence_signed_on: date | None
    alt_text_done: bool


def details_of(submission: Submission) -> CameraReadyDetails:
    """A submission's details, or empty ones that the first save writes: looking changes nothing."""
    found = CameraReadyDetails.objects.filter(submission=submission).first()
    return found or CameraReadyDetails(submission=submission)


def version_of_details(submission: Submission) -> str:
    """What stands for the details, and for all that is printed of the authors, when two windows save them."""
    row = details_of(submission)
    authors = list(submission.authors.values_list("name", "email", "institution", "town", "country", "orcid"))
    return fingerprint([[getattr(row, name) for name in Details.__dataclass_fields__], authors])


@transaction.atomic
def save_details(
    *, submission: Submission, version: str, details: Details, orcids: Mapping[str, str], by: User, at: datetime
) -> CameraReadyDetails:
    """Save what print needs beside the files; `orcids` maps authors (by address) to their ORCID iDs.

    An ORCID iD names the same person better; it changes no author list and so needs no request, nor does it make a
    member an author who was none before. Raises Stale with the newer values, iDs by the authors' addresses, when
    `version`, that of the details which were shown, is not what stands.
    """
    # Whoever saves at the same time waits here and then finds the newer details.
    Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
    require_accepted(submission, at)
    if version != version_of_details(submission):
        newer = details_of(submission)
        theirs = {name: getattr(newer, name) for name in Details.__dataclass_fields__}
        standing = {author.email: author.orcid for author in submission.authors.all()}
        if theirs == vars(details) and standing == {**standing, **orcids}:
            return newer  # the same words a second time: a second press
        raise Stale(NEWER_DETAILS, theirs | standing)
    authors = list(submission.authors.all())
    naming = {author.identifying_orcid for author in authors} | {""}
    for author in authors:
        orcid = orcids.get(author.email, author.orcid)
        if author.orcid != orcid:
            Author.objects.filter(pk=author.pk).update(orcid=orcid, orcid_is_late=orcid not in naming)
    row, _ = CameraReadyDetails.objects.update_or_create(submission=submission, defaults=vars(details))
    note("changed the camera-ready details", submission, by=by, at=at)
    return row


@transaction.atomic
def accept_item(*, item: CameraReadyItem, by: User, at: datetime) -> None:
    """Mark the current version of an item right, also one that was returned, if `item` says so."""
    lock_accepted(item.submission, at)
    rows = CameraReadyItem.objects.filter(pk=item.pk, is_current=True, accepted_at__isnull=True)
    rows = rows.filter(returned_at=item.returned_at)
    if not rows.update(accepted_by=by, accepted_at=at, returned_by=None, returned_at=None, return_text=""):
        raise Refused("It is accepted already or was returned meanwhile, or a newer version has come.")
    note("accepted a camera-ready item", item.submission, by=by, at=at, kind=item.kind, version=item.number)


@transaction.atomic
def return_item(*, item: CameraReadyItem, text: str, by: User, at: datetime) -> None:
    """Return an item with a text; its authors are mailed once."""
    if not text.strip():
        raise Refused("Say what to change.", "text")
    lock_accepted(item.submission, at)
    if is_locked(item.submission):
        raise Refused("The paper is approved and locked. Unlock it first: its authors could not deliver again.", "text")
    rows = CameraReadyItem.objects.filter(pk=item.pk, is_current=True, returned_at__isnull=True)
    if not rows.update(returned_by=by, returned_at=at, return_text=text.strip(), accepted_by=None, accepted_at=None):
        raise Refused("It is returned already, or a newer version has come.")
    item.refresh_from_db()
    note("returned a camera-ready item", item.submission, by=by, at=at, kind=item.kind, version=item.number)
    emails.camera_ready_returned(item, at=at)


@transaction.atomic
def approve(*, submission: Submission, by: User, at: datetime, version: str = "") -> None:
    """Lock a paper all of whose items are accepted; its authors get the final receipt.

    Refused when `version`, that of the details which were shown, is not what stands any more.
    """
    lock_accepted(submission, at)
    if version and version != version_of_details(submission):
        raise Refused("The details, or the author list, were changed since you opened this page. Look at them again.")
    current = submission.camera_ready_items.filter(is_current=True, accepted_at__isnull=False)
    missing = set(CameraReadyKind.values) - set(current.values_list("kind", flat=True))
    if missing:
        names = ", ".join(str(CameraReadyKind(kind).label) for kind in sorted(missing))
        raise Refused(f"Not accepted yet: {names}.")
    row, _ = CameraReadyDetails.objects.get_or_create(submission=submission)
    if not CameraReadyDetails.objects.filter(pk=row.pk, is_locked=False).update(
        is_locked=True, approved_by=by, approved_at=at
    ):
        raise Refused("It is approved already.")
    note("approved the camera-ready paper", submission, by=by, at=at)
    emails.camera_ready_approved(submission, at=at)


@transaction.atomic
def unlock(*, submission: Submission, by: User, at: datetime) -> None:
    """Open an approved paper again for a correction."""
    rows = CameraReadyDetails.objects.filter(submission=submission, is_locked=True)
    if rows.update(is_locked=False, approved_by=None, approved_at=None):
        note("unlocked the camera-ready paper", submission, by=by, at=at)
