"""The proceedings chair asks for what is missing: one press, one letter for each paper that still owes it."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from dlonsc.accounts.models import User
from dlonsc.editions.models import Membership
from dlonsc.history.record import record
from dlonsc.mail.models import Message, stored_key
from submissions import emails
from submissions.access import for_proceedings
from submissions.contacts import contacts_of
from submissions.models import Author, CameraReadyKind, Submission


def owes(submission: Submission, kind: str) -> bool:
    """Whether an item was never delivered, or was returned. Reads prefetched items when there."""
    rows = submission.camera_ready_items.all()
    return not any(row.kind == kind and row.is_current and row.returned_at is None for row in rows)


def still_owing(chair: Membership, kind: str, at: datetime) -> list[Submission]:
    """The accepted papers without an item, as far as she may know, by number."""
    papers = for_proceedings(chair, at).select_related("created_by").order_by("number")
    rows = papers.prefetch_related("camera_ready_items", "authors")
    found = [row for row in rows if owes(row, kind)]
    for row in found:
        row.edition = chair.edition
    return found


def asked_of(rows: Iterable[Submission]) -> list[tuple[Submission, list[Author]]]:
    """Who is asked for each paper: those who answer for it, at their addresses of now."""
    papers = list(rows)
    people = contacts_of(papers)
    return [(row, [Author(submission=row, email=email, name=name) for email, name in people[row.pk]]) for row in papers]


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
            [author for author in people if not was_asked(row, author)],
            [author for author in people if was_asked(row, author)],
        )
        for row, people in asked_of(rows)
    ]


@transaction.atomic
def chase(chair: Membership, *, kind: CameraReadyKind, by: User, at: datetime) -> int:
    """Write to those who still owe an item now; returns how many letters. At most one a day to each."""
    count = 0
    for row, people in asked_of(still_owing(chair, kind, at)):
        written = sum(emails.chase(row, author, kind, at=at) for author in people)
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
