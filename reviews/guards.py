"""The ledger's last look before a letter of this room leaves: None lets it go, words keep it and say why."""

from dlonsc.mail.models import Message
from reviews.models import Assignment, Decision


def decision_stands(message: Message) -> str | None:
    """The letter still tells the decision that is announced."""
    wanted = message.guard
    row = Decision.objects.filter(pk=wanted["decision"]).select_related("announcement").first()
    if row is None or row.announcement is None or row.announcement.stopped_at is not None:
        return "the decision is not announced any more"
    if (row.verdict, row.version) != (wanted["verdict"], wanted["version"]):
        return "the decision changed after this letter was written"
    return None


def review_is_open(message: Message) -> str | None:
    """At least one of the reviews that the reminder asks for is still missing."""
    rows = Assignment.objects.standing().filter(pk__in=message.guard["assignments"])
    if rows.exclude(review__submitted_at__isnull=False).exists():
        return None
    return "the reviews were submitted in the meantime"
