"""The ledger's last look before a letter leaves: what it tells may have changed while it waited."""

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Q
from django.utils import timezone

from dlonsc.editions.models import Membership
from dlonsc.mail.guards import OTHER_ADDRESS, OnlyThis
from dlonsc.mail.models import Message
from submissions.access import overseen_by
from submissions.models import Author, CameraReadyDetails, CameraReadyItem, Submission
from submissions.states import Outcome, State

TAKEN_BACK = OnlyThis("what the letter tells was taken back in the meantime")

# A paper whose acceptance was taken back is not prepared for print any more, whatever waits to be told of it.
ACCEPTED = Q(submission__outcome=Outcome.ACCEPTED)

# Letters to chairs that tell of a submission.
TO_CHAIRS = (
    "question",
    "author_change_chair",
    "assignment_refused",
    "conflict_lifted",
    "decision_corrected",
    "announcement_undone",
)


# Letters to all authors of a submission, as its list stands when they leave.
TO_AUTHORS = (
    "receipt",
    "new_version",
    "withdrawn",
    "restored",
    "check_result",
    "late_permission",
    "late_adopted",
    "desk_reject",
    "correct_pdf",
    "answer",
    "camera_ready_received",
    "camera_ready_returned",
    "camera_ready_approved",
)


def in_state(submission: Submission) -> dict[str, Any]:
    """The condition of a letter that tells a state which a person may take back."""
    return {"submission": submission.pk, "state": submission.state}


def of_authors(submission: Submission) -> dict[str, Any]:
    """The condition of a letter to an author of a submission."""
    return {"author_of": submission.pk}


def of_creator(submission: Submission) -> dict[str, Any]:
    """The condition of a letter about a draft to who started it and is not listed by an address of hers."""
    return {"started": submission.pk}


def holds_for_author(message: Message) -> str | None:
    """The submission is still what the letter tells, if it tells such a thing, and the recipient is an author."""
    about_print = still_accepted(message) or still_approved(message) or still_returned(message)
    about_it = still_in_state(message) or about_print or still_in_time(message)
    return about_it or still_an_author(message) or still_its_creator(message)


def still_in_state(message: Message) -> str | None:
    wanted = message.guard
    if "state" not in wanted:
        return None
    is_in_it = Submission.objects.filter(pk=wanted["submission"], state=wanted["state"]).exists()
    # Taken back and done again while this letter waited: the later one tells it, with the reason that counts.
    again = Message.objects.filter(
        kind=message.kind, subject_label=message.subject_label, created_at__gt=message.created_at
    )
    if is_in_it and not again.exists():
        return None
    return TAKEN_BACK


def in_time(submission: Submission, until: datetime) -> dict[str, Any]:
    """The condition of a letter that gives authors time until an instant, which ends."""
    return {"in_time": submission.pk, "until": until.isoformat()}


def still_in_time(message: Message) -> str | None:
    wanted = message.guard
    if "in_time" not in wanted:
        return None
    if timezone.now() >= datetime.fromisoformat(wanted["until"]):
        return OnlyThis("the time that it gives is over")
    if Submission.objects.filter(pk=wanted["in_time"], state__in=(State.DRAFT, State.SUBMITTED)).exists():
        return None
    return OnlyThis("the submission was withdrawn or returned in the meantime")


def accepted(submission: Submission) -> dict[str, Any]:
    """The condition of a letter about what is to be printed."""
    return {"accepted": submission.pk}


def still_accepted(message: Message) -> str | None:
    wanted = message.guard
    if "accepted" not in wanted:
        return None
    rows = Submission.objects.filter(pk=wanted["accepted"], outcome=Outcome.ACCEPTED)
    return None if rows.exists() else TAKEN_BACK


def approved(submission: Submission, at: datetime) -> dict[str, Any]:
    """The condition of a letter that tells that the camera-ready paper was approved at an instant."""
    return {"approved": submission.pk, "at": at.isoformat()}


def still_approved(message: Message) -> str | None:
    wanted = message.guard
    if "approved" not in wanted:
        return None
    at = datetime.fromisoformat(wanted["at"])
    rows = CameraReadyDetails.objects.filter(ACCEPTED, submission=wanted["approved"], is_locked=True, approved_at=at)
    return None if rows.exists() else TAKEN_BACK


def returned(item: CameraReadyItem, at: datetime) -> dict[str, Any]:
    """The condition of a letter that tells that a version of a camera-ready item was returned at an instant."""
    return {"returned": item.pk, "at": at.isoformat()}


def still_returned(message: Message) -> str | None:
    """Also of a version that a newer one has replaced: the letter says why, and its authors may not have seen it."""
    wanted = message.guard
    if "returned" not in wanted:
        return None
    at = datetime.fromisoformat(wanted["at"])
    rows = CameraReadyItem.objects.filter(ACCEPTED, pk=wanted["returned"], returned_at=at)
    return None if rows.exists() else TAKEN_BACK


def for_chair(chair: Membership, submission: Submission) -> dict[str, Any]:
    """The condition of a letter to a chair about a submission."""
    return {"chair": chair.pk, "submission": submission.pk}


def still_overseen(message: Message) -> str | None:
    """The recipient is still a chair who may know the submission."""
    wanted = message.guard
    chair = Membership.objects.select_related("user", "edition").filter(pk=wanted["chair"]).first()
    if chair is not None and not chair.has_address(message.to_email):
        return OTHER_ADDRESS
    if chair is not None and overseen_by(chair).filter(pk=wanted["submission"]).exists():
        return None
    return OnlyThis("the recipient may not know of the submission any more")


def still_an_author(message: Message) -> str | None:
    """The recipient still stands in the author list; letters of before it was asked of all name none."""
    wanted = message.guard
    if "author_of" not in wanted:
        return None
    if Author.objects.filter(submission=wanted["author_of"], email=message.to_email).exists():
        return None
    return OnlyThis("the recipient is no author of the submission any more")


def still_its_creator(message: Message) -> str | None:
    """The submission still opens to who started it, by the address that the letter goes to."""
    wanted = message.guard
    if "started" not in wanted:
        return None
    holders = EmailAddress.objects.filter(email=message.to_email, verified=True).values("user")
    if Submission.objects.filter(pk=wanted["started"], created_by__in=holders, creator_left=False).exists():
        return None
    return OnlyThis("the submission does not open to the recipient any more")
