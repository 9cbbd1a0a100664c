"""The proceedings chair asks for what is missing: one press, one letter for each paper that still owes it."""

from datetime import datetime

from django.db import transaction

from dlonsc.accounts.models import User
from dlonsc.editions.models import Membership
from dlonsc.history.record import record
from dlonsc.mail.models import Message, stored_key
from submissions import emails
from submissions.access import for_proceedings
from submissions.models import Author, CameraReadyKind, Submission


def owes(submission: Submission, kind: str) -> bool:
    """Whether an item was never delivered, or was returned. Reads prefetched items when there."""
    rows = submission.camera_ready_items.all()
    return not any(row.kind == kind and row.is_current and row.returned_at is None for row in rows)


def still_owing(chair: Membership, kind: str, at: datetime) -> list[Submission]:
    """The accepted papers without an item, as far as she may know, by number."""
    rows = for_proceedings(chair, at).prefetch_related("camera_ready_items", "authors").order_by("number")
    found = [row for row in rows if owes(row, kind)]
    for row in found:
        row.edition = chair.edition
    return found


def contacts_of(submission: Submission) -> list[Author]:
    """Who answers for a paper: its contact author, or all authors when none is marked."""
    authors = list(submission.authors.all())
    return [author for author in authors if author.is_contact] or authors


def to_ask(
    rows: list[Submission], kind: CameraReadyKind, at: datetime
) -> list[tuple[Submission, list[Author], list[Author]]]:
    """For each paper whom a press would write to now, and who was asked today already."""
    labels = [row.label for row in rows]
    keys = set(Message.objects.filter(kind=emails.CHASE, subject_label__in=labels).values_list("key", flat=True))

    def was_asked(row: Submission, author: Author) -> bool:
        return stored_key(f"{emails.chase_key(row, kind, at)}:{author.email.lower()}") in keys

    return [
        (
            row,
            [author for author in contacts_of(row) if not was_asked(row, author)],
            [author for author in contacts_of(row) if was_asked(row, author)],
        )
        for row in rows
    ]


@transaction.atomic
def chase(chair: Membership, *, kind: CameraReadyKind, by: User, at: datetime) -> int:
    """Write to those who still owe an item now; returns how many letters. At most one a day to each."""
    count = 0
    for row in still_owing(chair, kind, at):
        written = sum(emails.chase(row, author, kind, at=at) for author in contacts_of(row))
        count += written
        if written:
            # One entry for each paper, so that the history hides it from a chair in conflict with the paper.
            record(
                "chased a missing item",
                by_id=by.pk,
                by=str(by),
                at=at,
                edition=chair.edition.slug,
                subject=row.label,
                detail={"number": row.number, "item": kind.value, "letters": written},
            )
    return count
