"""Receipts that no press asked for: who was added is told once the list is at rest, a new version once it is checked.

A Save, a Submit are counted by the limits of letters (dlonsc.accounts.limits); what leaves here has its own end.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count

from dlonsc.mail.models import Message
from submissions import emails
from submissions.models import Manuscript, Submission
from submissions.states import State

# An author list that nobody has changed for so long is not being typed any more.
AT_REST = timedelta(minutes=10)
# To how many different addresses the receipts of one paper go, and how many of them to one address in a day.
MOST_ADDRESSES, MOST_A_DAY = 100, 30
A_DAY = timedelta(days=1)


def may_tell(submission: Submission, at: datetime) -> bool:
    """Whether receipts may still be written without a press; what was written at a press counts too."""
    written = Message.objects.filter(key__startswith=emails.receipts_key(submission))
    known = set(written.values_list("to_email", flat=True).distinct().order_by())
    coming = {author.email for author in submission.authors.all()}
    if not coming <= known and len(known | coming) > MOST_ADDRESSES:
        return False
    today = written.filter(created_at__gt=at - A_DAY, to_email__in=coming)
    return not today.values("to_email").annotate(count=Count("pk")).filter(count__gte=MOST_A_DAY).exists()


def send_missing_receipts(submission: Submission, at: datetime) -> None:
    """The receipt of the current version to those authors who have none of it; while it is taken back, they wait."""
    if submission.state == State.SUBMITTED:
        Submission.objects.filter(pk=submission.pk).update(authors_untold_since=None)
        emails.receipt(submission, submission.manuscripts.get(is_current=True), at=at, is_new_version=False)


@transaction.atomic
def tell_new_authors(submission: Submission, at: datetime) -> None:
    """What the beat calls: nothing while the list was changed a moment ago, or when all are told."""
    rows = Submission.objects.select_for_update(of=("self",), no_key=True).select_related("edition")
    found = rows.filter(pk=submission.pk, authors_untold_since__lte=at - AT_REST).first()
    if found is not None and may_tell(found, at):
        send_missing_receipts(found, at)


def tell_new_version(submission: Submission, manuscript: Manuscript, at: datetime) -> None:
    """The receipt of a version that counts now; beyond the end it waits, and the newest of that time is told."""
    if may_tell(submission, at):
        emails.receipt(submission, manuscript, at=at, is_new_version=True)
    else:
        Submission.objects.filter(pk=submission.pk).update(authors_untold_since=at)
