"""The ledger's last look before a letter leaves: what it tells may have changed while it waited."""

from typing import Any

from dlonsc.editions.models import Membership
from dlonsc.mail.guards import OTHER_ADDRESS, OnlyThis
from dlonsc.mail.models import Message
from submissions.access import overseen_by
from submissions.models import Author, Submission

# Letters to chairs that tell of a submission.
TO_CHAIRS = (
    "question",
    "author_change_chair",
    "assignment_refused",
    "late_conflict",
    "conflict_lifted",
    "sub_reviewer_named",
    "review_after_letters",
    "decision_corrected",
)


# Letters to authors that tell of a state which a person may take back.
OF_A_STATE = ("withdrawn", "desk_reject")


def in_state(submission: Submission) -> dict[str, Any]:
    """The condition of a letter that tells the state of a submission."""
    return {"submission": submission.pk, "state": submission.state}


def still_in_state(message: Message) -> str | None:
    wanted = message.guard
    if Submission.objects.filter(pk=wanted["submission"], state=wanted["state"]).exists():
        return None
    return OnlyThis("what the letter tells was taken back in the meantime")


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
    """The recipient still stands in the author list."""
    if Author.objects.filter(submission=message.guard["author_of"], email__iexact=message.to_email).exists():
        return None
    return OnlyThis("the recipient is no author of the submission any more")
