"""Letters that only the calendar asked for. Each has a condition that is looked at when it leaves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from dlonsc.accounts.wishes import gather_until
from dlonsc.editions.calendar import announced_at
from dlonsc.editions.letterhead import letterhead
from dlonsc.editions.models import Deadline, Membership
from dlonsc.mail.models import Message
from dlonsc.mail.placeholders import Value
from dlonsc.mail.post import OwnWords, post
from reviews.emails import blocks
from reviews.models import Assignment
from submissions.contacts import contacts
from submissions.models import Submission

DRAFT, REVIEWS, CAMERA_READY = "remind_draft", "remind_reviews", "remind_camera_ready"


@dataclass(frozen=True)
class Moment:
    """One step before one cut-off: what makes a reminder's key."""

    deadline: Deadline
    cutoff: datetime
    step: timedelta

    @property
    def key(self) -> str:
        hours = self.step.total_seconds() / 3600
        return f"{self.cutoff:%Y%m%dT%H%M}:{hours:g}h"

    @property
    def at(self) -> datetime:
        return self.cutoff - self.step

    @property
    def zone(self) -> str:
        return self.deadline.zone

    @property
    def shown(self) -> datetime:
        """The announced minute of the cut-off that counts, naive beside `zone`: templates turn aware times into UTC."""
        return announced_at(self.cutoff, self.zone).replace(tzinfo=None)

    @property
    def in_words(self) -> str:
        return f"{self.shown:%-d %b %Y, %H:%M} {self.zone}"

    @property
    def is_extended(self) -> bool:
        return self.cutoff > self.deadline.cutoff_at


def remind_of_draft(draft: Submission, moment: Moment, missing: Sequence[str], *, at: datetime) -> list[Message]:
    """`missing` are the lines that its page shows; none: only Submit is."""
    context: dict[str, Any] = {"missing": missing, "link": _link(draft)}
    guard: dict[str, object] = {"draft": draft.pk, "cutoff": moment.cutoff.isoformat()}
    return _to_contacts(DRAFT, "submissions/emails/remind_draft", draft, moment, context, guard, at)


def remind_of_camera_ready(
    submission: Submission, moment: Moment, missing: Sequence[str], at: datetime
) -> list[Message]:
    context: dict[str, Any] = {"missing": missing, "link": _link(submission)}
    guard: dict[str, object] = {"camera_ready": submission.pk, "cutoff": moment.cutoff.isoformat()}
    letter = "submissions/emails/remind_camera_ready"
    return _to_contacts(CAMERA_READY, letter, submission, moment, context, guard, at)


def remind_of_reviews(member: Membership, tasks: Sequence[Assignment], moment: Moment, at: datetime) -> list[Message]:
    """One letter for all her missing reviews. A chair's list of letters hides them by kind (reviews.letters)."""
    edition = member.edition
    email = member.user.email if member.user else member.email
    link = f"{settings.SITE_URL}/{edition.slug}/reviews/"
    message = post(
        key=f"{REVIEWS}:{member.pk}:{moment.key}",
        to_email=email,
        to_name=member.name,
        letter="reviews/emails/remind_reviews",
        context={
            "edition": edition,
            "moment": moment,
            "tasks": sorted(tasks, key=lambda row: row.submission.number),
            "link": link,
        },
        own=edition.own_words(REVIEWS, lambda: values_of_reviews(member, tasks, moment, link)),
        head=letterhead(edition),
        at=at,
        kind=REVIEWS,
        thread=f"{edition.slug}.reviews.{member.pk}",
        at_most_once=False,
        guard={"assignments": [row.pk for row in tasks], "cutoff": moment.cutoff.isoformat()},
        may_leave=True,
        gather_until=gather_until(email, at=at, cutoff=moment.cutoff),
    )
    return _written([message])


def values_of_reviews(member: Membership, tasks: Sequence[Assignment], moment: Moment, link: str) -> dict[str, Value]:
    """What fills the placeholders of a reminder of missing reviews."""
    return {
        "name": member.name,
        "edition": member.edition.name,
        "papers": blocks.papers(row.submission for row in tasks),
        "due": moment.in_words,
        "link": link,
    }


def values_of_paper(submission: Submission, name: str, missing: Sequence[str], due: str, link: str) -> dict[str, Value]:
    """What fills the placeholders of a reminder to those who answer for a submission."""
    return {
        "name": name,
        "edition": submission.edition.name,
        "number": str(submission.number),
        "title": submission.title,
        "missing": blocks.list_of(missing),
        "due": due,
        "link": link,
    }


def _to_contacts(
    kind: str,
    letter: str,
    submission: Submission,
    moment: Moment,
    context: dict[str, Any],
    guard: dict[str, object],
    at: datetime,
) -> list[Message]:
    edition = submission.edition

    def own(name: str) -> OwnWords | None:
        missing, link = context["missing"], context["link"]
        return edition.own_words(kind, lambda: values_of_paper(submission, name, missing, moment.in_words, link))

    return _written(
        post(
            key=f"{kind}:{submission.pk}:{moment.key}:{email}",
            to_email=email,
            to_name=name,
            letter=letter,
            own=own(name),
            context={**context, "edition": edition, "submission": submission, "moment": moment},
            head=letterhead(edition),
            at=at,
            kind=kind,
            about=submission.label,
            thread=f"{edition.slug}.{submission.number}",
            at_most_once=False,
            guard=guard,
            may_leave=True,
            gather_until=gather_until(email, at=at, cutoff=moment.cutoff),
        )
        for email, name in contacts(submission)
    )


def _written(letters: Iterable[Message | None]) -> list[Message]:
    return [letter for letter in letters if letter is not None]


def _link(submission: Submission) -> str:
    return f"{settings.SITE_URL}/{submission.edition.slug}/submissions/{submission.number}/"
