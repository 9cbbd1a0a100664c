"""The ledger's last look before a letter to a chair leaves: a conflict may have come up while it waited."""

from typing import Any

from dlonsc.editions.models import Membership
from dlonsc.mail.guards import OnlyThis
from dlonsc.mail.models import Message
from submissions.access import overseen_by
from submissions.models import Submission

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


def for_chair(chair: Membership, submission: Submission) -> dict[str, Any]:
    """The condition of a letter to a chair about a submission."""
    return {"chair": chair.pk, "submission": submission.pk}


def still_overseen(message: Message) -> str | None:
    """The recipient is still a chair who may know the submission."""
    wanted = message.guard
    chair = Membership.objects.select_related("user", "edition").filter(pk=wanted["chair"]).first()
    if chair is not None and overseen_by(chair).filter(pk=wanted["submission"]).exists():
        return None
    return OnlyThis("the recipient may not know of the submission any more")
