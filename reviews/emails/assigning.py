"""Letters to reviewers about their tasks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from dlonsc.editions.calendar import Phase
from dlonsc.editions.guards import tells_due
from dlonsc.editions.letterhead import letterhead
from dlonsc.editions.models import Edition, Membership
from dlonsc.mail.guards import NotHers
from dlonsc.mail.placeholders import Value
from dlonsc.mail.post import OwnWords, post, render
from reviews.emails import blocks
from reviews.models import Assignment

REMINDER = "reviews/emails/chair_reminder"
# Why a letter about changed tasks is kept back; those that are left are told anew (reviews.late_conflicts).
NOT_ALL_HERS = "a task in it was taken back, or came into conflict, in the meantime"
NOT_HERS = NotHers("a paper that it lists is none of hers any more")


def is_reached(member: Membership) -> bool:
    """Whether she has an address: an account that was closed or erased has none."""
    return member.user is None or member.user.is_active


def post_changes(
    edition: Edition,
    member: Membership,
    added: Sequence[Assignment],
    removed: Sequence[Assignment],
    *,
    at: datetime,
    instead_of: int = 0,
) -> bool:
    """Tell one reviewer about all her new and taken-back tasks of one act, in one letter.

    `instead_of` is the primary key of a letter that was kept back. Nothing is written to who is not reached any more.
    """
    if not is_reached(member):
        return False
    ids = sorted(row.pk for row in (added or removed))
    act = "assigned" if added else "unassigned"
    context = task_context(edition, member) | {"added": by_number(added), "removed": by_number(removed)}
    message = post(
        key=f"{act}:{ids[0]}:{member.pk}" + (f":instead-of:{instead_of}" if instead_of else ""),
        to_email=_address(member),
        to_name=member.name,
        letter=f"reviews/emails/{act}",
        own=edition.own_words(act, lambda: values_of(context, added, removed)) if added else None,
        context=context,
        head=letterhead(edition),
        at=at,
        kind=act,
        about=about([*added, *removed]),
        thread=_thread(edition, member),
        guard={"tasks": [row.pk for row in added], "removed": [row.pk for row in removed]}
        | (due_told(edition) if added else {}),
    )
    return message is not None


def post_reminder(
    edition: Edition, member: Membership, tasks: Sequence[Assignment], *, press: str, at: datetime
) -> bool:
    """Remind one reviewer of her missing reviews; False when this press has already done so."""
    context, own = _reminder(edition, member, tasks, at)
    message = post(
        key=f"chair_reminder:{edition.pk}:{press}:{member.pk}",
        to_email=_address(member),
        to_name=member.name,
        letter=REMINDER,
        own=own,
        context=context,
        head=letterhead(edition),
        at=at,
        kind="chair_reminder",
        about=about(tasks),
        thread=_thread(edition, member),
        at_most_once=False,
        guard={"assignments": [row.pk for row in tasks]} | due_told(edition),
    )
    return message is not None


def preview_reminder(
    edition: Edition, member: Membership, tasks: Sequence[Assignment], *, at: datetime
) -> dict[str, str]:
    """To whom, subject and text of a reminder as it would leave now."""
    context, own = _reminder(edition, member, tasks, at)
    head = letterhead(edition)
    words = context | {"head": head, "to_name": member.name, "site_url": head.site_url}
    subject, text, _ = render(REMINDER, words, own)
    return {"to": f"{member.name} <{_address(member)}>", "subject": subject, "text": text}


def _reminder(
    edition: Edition, member: Membership, tasks: Sequence[Assignment], at: datetime
) -> tuple[dict[str, Any], OwnWords | None]:
    context = task_context(edition, member) | {"tasks": by_number(tasks), "now": at}
    return context, edition.own_words("chair_reminder", lambda: values_of(context, tasks))


def values_of(
    context: dict[str, Any], tasks: Sequence[Assignment], removed: Sequence[Assignment] = ()
) -> dict[str, Value]:
    """What fills the placeholders of a letter about tasks."""
    edition: Edition = context["edition"]
    return {
        "name": context["member"].name,
        "edition": edition.name,
        "papers": blocks.papers(row.submission for row in tasks),
        "taken_back": blocks.papers(row.submission for row in removed),
        "due": blocks.due_words(context["due"]),
        "link": context["link"],
    }


def about(rows: Sequence[Assignment]) -> str:
    """The submission that a letter is filed under, when it is about one only."""
    labels = {row.submission.label for row in rows}
    return labels.pop() if len(labels) == 1 else ""


def _thread(edition: Edition, member: Membership) -> str:
    return f"{edition.slug}.reviews.{member.pk}"


def by_number(rows: Sequence[Assignment]) -> list[Assignment]:
    return sorted(rows, key=lambda row: row.submission.number)


def _address(member: Membership) -> str:
    return member.user.email if member.user else member.email


def due_told(edition: Edition) -> dict[str, str]:
    """The condition of a letter that tells by when reviews are due."""
    due = edition.due(Phase.REVIEW)
    return tells_due(due.cutoff_at if due else None)


def task_context(edition: Edition, member: Membership) -> dict[str, Any]:
    return {
        "edition": edition,
        "member": member,
        "due": edition.due(Phase.REVIEW),
        "link": f"{settings.SITE_URL}{reverse('reviews:home', args=[edition.slug])}",
    }
