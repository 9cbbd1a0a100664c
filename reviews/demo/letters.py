"""The letters that a demo edition has sent by now, written by the functions that write them in real life."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from dlonsc.editions.emails import post_invitation
from dlonsc.editions.models import Edition
from dlonsc.mail.models import Message, StateChange
from dlonsc.mail.models import State as Letter
from reviews.emails.assigning import post_changes
from reviews.models import Assignment
from submissions import emails
from submissions.models import Manuscript
from submissions.states import State

# One address that does not exist any more: a chair sees what came back.
BOUNCED_KEY = "assigned:"
TAKEN = timedelta(seconds=20)


def write_letters(edition: Edition, assignments: Sequence[Assignment], *, asked_by: str) -> None:
    """Invitations, receipts and assignments, each dated to its fact; announcements write their own."""
    invited = edition.memberships.filter(invited_at__isnull=False).select_related("edition", "user")
    for member in invited.order_by("pk"):
        if member.invited_at is not None:
            post_invitation(member, asked_by=asked_by, note="", at=member.invited_at)
    files = Manuscript.objects.filter(submission__edition=edition, submission__state=State.SUBMITTED, is_current=True)
    for manuscript in files.select_related("submission__edition").order_by("submission__number"):
        submission = manuscript.submission
        if submission.submitted_at is not None:
            emails.receipt(submission, manuscript, at=submission.submitted_at, is_new_version=False)
    tasks = sorted(assignments, key=lambda row: (row.membership.pk, row.submission.number))
    for _, group in groupby(tasks, key=lambda row: row.membership.pk):
        added = list(group)
        post_changes(edition, added[0].membership, added, [], at=added[0].assigned_at)


def mark_as_sent(edition: Edition, *, by: datetime) -> None:
    """Every letter of the edition left seconds after it was due, all before `by`; one came back."""
    letters = list(Message.objects.filter(edition=edition.slug, state__in=[Letter.QUEUED, Letter.HELD]))
    for letter in letters:
        letter.state, letter.attempts, letter.answer = Letter.SENT, 1, "250 taken"
        letter.handed_over_at = letter.finished_at = min(letter.not_before + TAKEN, by)
    for letter in [row for row in letters if row.key.startswith(BOUNCED_KEY)][-1:]:
        letter.state, letter.answer = Letter.BOUNCED, "550 5.1.1 no such mailbox"
    Message.objects.bulk_update(letters, ["state", "attempts", "answer", "handed_over_at", "finished_at"])
    StateChange.objects.bulk_create(
        StateChange(message=letter, state=state, at=min(letter.not_before + TAKEN, by), answer=answer)
        for letter in letters
        for state, answer in ((Letter.HANDED_OVER, ""), (letter.state, letter.answer))
    )
