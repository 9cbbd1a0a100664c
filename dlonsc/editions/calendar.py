"""The one clock. Pure: no Django, no wall clock; `at` and `received_at` are arguments.

A deadline is announced as a minute of a zone ("31 Mar 2020, 23:59 AoE") and includes that minute; the cut-off is the
exclusive UTC instant one minute later (2020-04-01T12:00:00Z). Everything is decided by the cut-off.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# Anywhere on Earth is UTC-12; the sign of the Etc zones is inverted (POSIX).
AOE = "AoE"
AOE_KEY = "Etc/GMT+12"
MINUTE = timedelta(minutes=1)
# An upload whose first byte came before the cut-off may finish within this time.
UPLOAD_MAY_FINISH = timedelta(minutes=30)
# Years that a date can have. Half typed, 2026 is the year 2 or 20; at either end of the calendar nothing is computed.
YEARS = range(1900, 2200)


class CalendarError(ValueError):
    """A date cannot be meant: unknown zone, or a local time that does not exist or exists twice."""


class Phase(StrEnum):
    """What a deadline closes."""

    SUBMISSION = "submission"
    BIDDING = "bidding"
    REVIEW = "review"
    NOTIFICATION = "notification"
    CAMERA_READY = "camera_ready"
    EVENT = "event"


class WindowState(StrEnum):
    NOT_YET = "not yet"
    OPEN = "open"
    GRACE = "grace"
    LATE = "late"
    CLOSED = "closed"


@dataclass(frozen=True)
class Window:
    """Whether an act of a phase is in time, and why. `accepts` is what verbs ask."""

    state: WindowState
    reason: str
    cutoff: datetime | None

    @property
    def accepts(self) -> bool:
        return self.state in {WindowState.OPEN, WindowState.GRACE, WindowState.LATE}


def zone_of(label: str) -> ZoneInfo:
    """The zone behind an announced label: AoE, UTC or an IANA name. Raises CalendarError."""
    try:
        return ZoneInfo(AOE_KEY if label == AOE else label)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CalendarError(f"{label!r} is not a zone; use AoE, UTC or a name such as Europe/Berlin.") from error


def instant_of(announced: datetime, zone: str, *, fold: int | None = None) -> datetime:
    """The UTC instant at which an announced local minute (naive) begins.

    Raises CalendarError for a local time that a clock change skips, for one that it repeats unless `fold` says which,
    and for a year that cannot be meant.
    """
    if announced.tzinfo is not None:
        raise CalendarError("An announced minute carries its zone beside it, not in it.")
    if announced.year not in YEARS:
        raise CalendarError(f"The year {announced.year} cannot be meant.")
    info = zone_of(zone)
    first, second = (announced.replace(tzinfo=info, fold=side).astimezone(UTC) for side in (0, 1))
    if first == second:
        return first
    if first.astimezone(info).replace(tzinfo=None) != announced:
        raise CalendarError(f"{announced:%d %b %Y, %H:%M} does not exist in {zone}: the clocks skip it.")
    if fold is None:
        raise CalendarError(f"{announced:%d %b %Y, %H:%M} happens twice in {zone}; enter the deadline in UTC.")
    return (first, second)[fold]


def cutoff_of(announced: datetime, zone: str, *, fold: int | None = None) -> datetime:
    """The exclusive UTC instant one minute after the announced minute began."""
    return instant_of(announced, zone, fold=fold) + MINUTE


def announced_at(cutoff: datetime, zone: str) -> datetime:
    """The announced minute of a cut-off, in its zone (the inverse of cutoff_of)."""
    return (cutoff - MINUTE).astimezone(zone_of(zone))


def window(
    *,
    received_at: datetime,
    opens_at: datetime | None = None,
    cutoff: datetime | None,
    extensions: tuple[datetime, ...] = (),
    grace: timedelta = timedelta(0),
    begun_at: datetime | None = None,
    soft: bool = False,
) -> Window:
    """Whether something received at `received_at` is in time.

    `cutoff` None means that no deadline was set: open. The latest of `cutoff` and `extensions` counts. `begun_at` is
    the proxy's time of the first byte of an upload: begun in time, it may finish within UPLOAD_MAY_FINISH. A soft
    deadline never closes: what comes after it is late.
    """
    if opens_at is not None and received_at < opens_at:
        return Window(WindowState.NOT_YET, "not open yet", cutoff)
    if cutoff is None:
        return Window(WindowState.OPEN, "no deadline is set", None)
    last = max((cutoff, *extensions))
    if received_at < last:
        extended = " (extended for this submission)" if last > cutoff else ""
        return Window(WindowState.OPEN, f"before the deadline{extended}", last)
    begun = begun_at if begun_at is not None and begun_at <= received_at else received_at
    if begun < last and received_at < last + UPLOAD_MAY_FINISH:
        return Window(WindowState.OPEN, "the upload began before the deadline", last)
    if begun < last + grace and received_at < last + grace + UPLOAD_MAY_FINISH:
        return Window(WindowState.GRACE, "within the grace period", last)
    if soft:
        return Window(WindowState.LATE, "after the deadline, which does not close the form", last)
    return Window(WindowState.CLOSED, "after the deadline", last)


def months_before(at: datetime, months: int) -> datetime:
    """The same day of the month that many months earlier, or the last day of a shorter month."""
    years, month = divmod(at.year * 12 + at.month - 1 - months, 12)
    for day in range(at.day, 27, -1):
        try:
            return at.replace(year=years, month=month + 1, day=day)
        except ValueError:
            continue
    return at.replace(year=years, month=month + 1)
