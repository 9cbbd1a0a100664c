"""Who was added to a submitted paper is told once: at the next Save, else once nobody types into the list any more."""

from datetime import datetime, timedelta

from django.db import transaction

from submissions import emails
from submissions.models import Submission
from submissions.states import State

# An author list that nobody has changed for so long is not being typed any more.
AT_REST = timedelta(minutes=10)


def send_missing_receipts(submission: Submission, at: datetime) -> None:
    """The receipt of the current version to those authors who have none of it yet."""
    Submission.objects.filter(pk=submission.pk).update(authors_untold_since=None)
    current = submission.manuscripts.filter(is_current=True).first()
    if current is not None and submission.state == State.SUBMITTED:
        emails.receipt(submission, current, at=at, is_new_version=False)


@transaction.atomic
def tell_new_authors(submission: Submission, at: datetime) -> None:
    """What the beat calls: nothing while the list was changed a moment ago, or when all are told."""
    rows = Submission.objects.select_for_update(of=("self",)).select_related("edition")
    found = rows.filter(pk=submission.pk, authors_untold_since__lte=at - AT_REST).first()
    if found is not None:
        send_missing_receipts(found, at)
