"""An edition's dates for calendars and programs. A date that moves keeps its UID and counts its SEQUENCE up.

The event of a deadline is the announced minute itself, in UTC: it begins with the minute and ends at the cut-off.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from icalendar import Calendar, Event, vDuration

from dlonsc.editions.access import visible_edition
from dlonsc.editions.calendar import MINUTE, Phase, announced_at
from dlonsc.editions.models import Deadline, Edition

ICS = "text/calendar; charset=utf-8"
ASK_AGAIN = timedelta(hours=6)


@dataclass(frozen=True)
class Date:
    """One date as a calendar shows it. `cutoff` may be later than the deadline's for one person."""

    deadline: Deadline
    edition: Edition
    cutoff: datetime
    note: str = ""
    # Of a date of one's own: a code of what has it, how often and when it was given.
    own: str = ""
    given: int = 0
    given_at: datetime | None = None

    @property
    def uid(self) -> str:
        own = f".own.{self.own}" if self.own else ""
        return f"{self.edition.slug}.{self.deadline.phase}{own}@{settings.MAIL_DOMAIN}"

    @property
    def announced(self) -> datetime:
        """The announced minute, in its zone."""
        return announced_at(self.cutoff, self.deadline.zone)

    @property
    def words(self) -> str:
        return f"{self.announced:%a %d %b %Y, %H:%M} {self.deadline.zone}"


def dates_of(edition: Edition, *, public_only: bool = True) -> list[Date]:
    rows = [row for row in edition.deadlines.all() if row.is_public or not public_only]
    return [Date(row, edition, row.cutoff_at) for row in rows]


def calendar_of(title: str, dates: Iterable[Date]) -> bytes:
    """An iCalendar file (RFC 5545) of dates; the same dates give the same bytes."""
    calendar = Calendar()
    calendar.add("prodid", "-//DLonSC//dates//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", title)
    # How soon programs ask again (RFC 7986; the older name is Outlook's): their own habit may be a week.
    calendar.add("refresh-interval", vDuration(ASK_AGAIN), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(ASK_AGAIN))
    for row in dates:
        calendar.add_component(event_of(row))
    return bytes(calendar.to_ical())


def event_of(row: Date) -> Event:
    deadline, event = row.deadline, Event()
    changed = max(deadline.changed_at, row.given_at or deadline.changed_at).astimezone(UTC).replace(microsecond=0)
    event.add("uid", row.uid)
    event.add("sequence", deadline.version - 1 + row.given)
    event.add("dtstamp", changed)
    event.add("last-modified", changed)
    start, end = span_of(row)
    event.add("dtstart", start)
    if end is not None:
        event.add("dtend", end)
    event.add("transp", "TRANSPARENT")
    if deadline.phase == Phase.EVENT:
        event.add("summary", f"{row.edition.name}: {deadline.label}")
    else:
        event.add("summary", f"{row.edition.name}: {deadline.label} ({row.words})")
    event.add("description", " ".join(filter(None, [row.note, f"{row.words}; that minute is included."])))
    event.add("url", f"{settings.SITE_URL}/{row.edition.slug}/")
    return event


def span_of(row: Date) -> tuple[datetime | date, datetime | None]:
    """A deadline is its last minute; the workshop is a whole day where it takes place."""
    if row.deadline.phase == Phase.EVENT:
        return row.announced.date(), None
    cutoff = row.cutoff.astimezone(UTC)
    return cutoff - MINUTE, cutoff


def ics(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=ICS)
    response["Content-Disposition"] = f'inline; filename="{name}.ics"'
    return response


@require_safe
def dates_ics(request: HttpRequest, slug: str) -> HttpResponse:
    """The public dates of an edition; subscribe to it, and it moves when a date moves."""
    edition = visible_edition(request.user, slug)
    return ics(calendar_of(edition.name, dates_of(edition)), edition.slug)


@require_safe
def dates_json(request: HttpRequest, slug: str) -> JsonResponse:
    edition = visible_edition(request.user, slug)
    return JsonResponse(
        {"edition": edition.slug, "name": edition.name, "dates": [json_of(row) for row in dates_of(edition)]}
    )


def json_of(row: Date) -> dict[str, Any]:
    """`cutoff` is exclusive: what arrives before it is in time."""
    return {
        "phase": row.deadline.phase,
        "label": row.deadline.label,
        "announced": row.announced.strftime("%Y-%m-%dT%H:%M"),
        "zone": row.deadline.zone,
        "cutoff": row.cutoff.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "version": row.deadline.version,
    }
