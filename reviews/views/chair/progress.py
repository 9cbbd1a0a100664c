"""How the reviews come in: submissions by number of reviews, reviewers by lateness, reminders."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from dlonsc import codes
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition, Membership
from reviews.actions import assigning
from reviews.actions.assigning import reminded_lately
from reviews.emails.assigning import preview_reminder
from reviews.forecast import Forecast, forecast
from reviews.models import Assignment
from reviews.overview import ReviewerRow, Row, Tally, is_begun, is_done, reviewers_of, rows_of
from reviews.views.chair.door import ChairRequest, chairs_only, page
from submissions.access import overseen_by
from submissions.states import State

SEGMENTS = {
    "open": "everybody with a review open",
    "not_started": "those who have a review that they have not begun",
    "silent": "those who have begun no review at all, and have not promised any for a day",
    "late": "those who are late",
}


@dataclass(frozen=True)
class Person:
    row: ReviewerRow
    is_late: bool
    days_late: int


@chairs_only
def progress(request: ChairRequest, chair: Membership) -> HttpResponse:
    rows = rows_of(chair)
    tally = Tally(rows)
    people = people_of(chair, reviewers_of(chair, rows))
    segment = request.GET.get("segment", "")
    at = timezone.now()
    tasks = segment_of(people, segment) if segment in SEGMENTS else []
    lately = reminded_lately(chair.edition, at) if tasks else set()
    to_remind = [task for task in tasks if task.pk not in lately]
    context = {
        "tally": tally,
        "forecast": forecast_of(chair, rows),
        "due": chair.edition.due(Phase.REVIEW),
        "people": people,
        "idle": sum(not person.row.tasks for person in people),
        "missing": tally.reviews_missing,
        "segments": [(name, words, len(_members(segment_of(people, name)))) for name, words in SEGMENTS.items()],
        "segment": segment if segment in SEGMENTS else "",
        "segment_words": SEGMENTS.get(segment, ""),
        "tasks": tasks,
        "lately": lately,
        "names": _members(to_remind),
        "letter": first_letter(chair.edition, to_remind, at),
        "press": secrets.token_urlsafe(9),
    }
    return page(request, chair, "progress.html", context)


def forecast_of(chair: Membership, rows: Sequence[Row]) -> Forecast | None:
    """What will be missing at the deadline, from the tasks that the chair may see."""
    due = chair.edition.due(Phase.REVIEW)
    tasks = [task for row in rows if row.submission.state == State.SUBMITTED for task in row.assignments]
    if due is None or not tasks:
        return None
    return forecast(
        begun=min(task.assigned_at for task in tasks),
        at=timezone.now(),
        cutoff=due.cutoff_at,
        submitted=[time for task in tasks if is_done(task) and (time := task.review.submitted_at) is not None],
        promises=[end_of(task.promised_at) for task in tasks if not is_done(task) and not task.submission.announced_at],
    )


def end_of(day: date | None) -> datetime | None:
    """A promised day is kept until its end."""
    return None if day is None else datetime.combine(day, time.max, UTC)


def people_of(chair: Membership, rows: Sequence[ReviewerRow]) -> list[Person]:
    """Reviewers, the latest first, then those with most open."""
    due = chair.edition.due(Phase.REVIEW)
    at = timezone.now()
    over = due is not None and at >= due.cutoff_at
    people = [Person(row, over and bool(row.open), row.days_late(due.cutoff_at if due else None, at)) for row in rows]
    return sorted(people, key=lambda p: (not p.is_late, -len(p.row.open), p.row.member.name.casefold()))


def segment_of(people: Sequence[Person], segment: str) -> list[Assignment]:
    """The open tasks of a segment's reviewers."""
    chosen: list[Assignment] = []
    for person in people:
        row = person.row
        if segment == "not_started":
            chosen += [task for task in row.open if not is_begun(task)]
        elif segment == "silent":
            if not row.started and not row.promised and not row.done:
                chosen += row.open
        elif segment == "open" or (segment == "late" and person.is_late):
            chosen += row.open
    return chosen


def first_letter(edition: Edition, tasks: Sequence[Assignment], at: datetime) -> dict[str, str] | None:
    """The reminder that the first of these reviewers would get for all her tasks."""
    if not tasks:
        return None
    member = tasks[0].membership
    return preview_reminder(edition, member, [task for task in tasks if task.membership_id == member.pk], at=at)


def _members(tasks: Sequence[Assignment]) -> list[str]:
    return sorted({task.membership.name for task in tasks}, key=str.casefold)


@chairs_only
def remind(request: ChairRequest, chair: Membership) -> HttpResponse:
    """Send what the page showed: only tasks that it listed and that are still open."""
    if request.method == "POST":
        wanted = list(filter(None, (codes.number("assignment", task) for task in request.POST.getlist("task"))))
        asked = overseen_by(chair).under_review(timezone.now())
        rows = Assignment.objects.standing().filter(pk__in=wanted, submission__in=asked)
        rows = rows.select_related("membership__user", "submission__edition", "review")
        open_rows = [row for row in rows if not is_done(row)]
        press = request.POST.get("press", "")[:40]
        count = 0
        if press:
            count = assigning.remind(chair.edition, open_rows, press=press, by=request.user, at=timezone.now())
        words = f"Letters written: {count}. Who was reminded of the same reviews within a day gets no second letter."
        if not count:
            words = "Nobody was reminded: all of these are done, closed, or were told within a day."
        messages.success(request, words)
    return redirect("reviews:progress", slug=chair.edition.slug)
