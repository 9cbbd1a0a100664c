"""The one clock: what is in time, at one second before, at and after every cut-off."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.template import Context, Template
from hypothesis import assume, given
from hypothesis import strategies as st

from dlonsc.editions.calendar import (
    AOE,
    MINUTE,
    UPLOAD_MAY_FINISH,
    CalendarError,
    Phase,
    Window,
    WindowState,
    announced_at,
    cutoff_of,
    instant_of,
    window,
    zone_of,
)
from dlonsc.editions.forms import DeadlineForm
from dlonsc.editions.models import Edition
from submissions.forms.chair import UntilField

SECOND = timedelta(seconds=1)
GRACE = timedelta(minutes=10)
CUTOFF = datetime(2020, 4, 1, 12, 0, tzinfo=UTC)
LATER = CUTOFF + timedelta(days=2)
OPENS = CUTOFF - timedelta(days=30)
ZONES = [AOE, "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Kiritimati"]

moments = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2045, 12, 31))  # noqa: DTZ001 - a local minute
minutes = moments.map(lambda moment: moment.replace(second=0, microsecond=0, fold=0))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- From an announced minute to the cut-off --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("announced", "zone", "cutoff"),
    [
        ("2020-03-31T23:59", AOE, "2020-04-01T12:00"),
        ("2020-03-31T23:59", "UTC", "2020-04-01T00:00"),
        ("2020-03-31T23:59", "Europe/Berlin", "2020-03-31T22:00"),
        # New Year.
        ("2026-12-31T23:59", AOE, "2027-01-01T12:00"),
        ("2026-12-31T23:59", "UTC", "2027-01-01T00:00"),
        ("2027-01-01T00:00", "Pacific/Kiritimati", "2026-12-31T10:01"),
        # The leap day, in a leap year and beside one.
        ("2028-02-29T23:59", AOE, "2028-03-01T12:00"),
        ("2028-02-28T23:59", AOE, "2028-02-29T12:00"),
        ("2027-02-28T23:59", AOE, "2027-03-01T12:00"),
        # The last minute before the clocks move, and the first after.
        ("2026-03-29T01:59", "Europe/Berlin", "2026-03-29T01:00"),
        ("2026-03-29T03:00", "Europe/Berlin", "2026-03-29T01:01"),
        ("2026-10-25T01:59", "Europe/Berlin", "2026-10-25T00:00"),
        ("2026-10-25T03:00", "Europe/Berlin", "2026-10-25T02:01"),
        # A zone that moves by half an hour.
        ("2026-10-04T02:30", "Australia/Lord_Howe", "2026-10-03T15:31"),
    ],
)
def test_a_deadline_includes_the_minute_that_was_announced(announced: str, zone: str, cutoff: str) -> None:
    assert cutoff_of(local(announced), zone) == utc(cutoff)


@pytest.mark.parametrize(
    ("announced", "zone"),
    [
        ("2026-03-29T02:00", "Europe/Berlin"),
        ("2026-03-29T02:59", "Europe/Berlin"),
        ("2026-03-08T02:30", "America/New_York"),
        ("2026-10-04T02:15", "Australia/Lord_Howe"),
    ],
)
def test_a_minute_that_a_clock_change_skips_is_refused(announced: str, zone: str) -> None:
    with pytest.raises(CalendarError, match=f"does not exist in {zone}"):
        cutoff_of(local(announced), zone)
    with pytest.raises(CalendarError, match=f"does not exist in {zone}"):
        cutoff_of(local(announced), zone, fold=1)


@pytest.mark.parametrize(
    ("announced", "zone", "first", "second"),
    [
        ("2026-10-25T02:00", "Europe/Berlin", "2026-10-25T00:01", "2026-10-25T01:01"),
        ("2026-10-25T02:59", "Europe/Berlin", "2026-10-25T01:00", "2026-10-25T02:00"),
        ("2026-11-01T01:30", "America/New_York", "2026-11-01T05:31", "2026-11-01T06:31"),
        ("2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-04T14:46", "2026-04-04T15:16"),
    ],
)
def test_a_minute_that_happens_twice_is_asked_about(announced: str, zone: str, first: str, second: str) -> None:
    with pytest.raises(CalendarError, match=f"happens twice in {zone}"):
        cutoff_of(local(announced), zone)
    assert cutoff_of(local(announced), zone, fold=0) == utc(first)
    assert cutoff_of(local(announced), zone, fold=1) == utc(second)


@pytest.mark.parametrize("announced", ["0001-01-01T05:00", "0026-03-31T23:59", "9999-12-31T11:00", "9999-12-31T23:59"])
@pytest.mark.parametrize("zone", [AOE, "UTC", "Pacific/Kiritimati"])
def test_a_year_that_cannot_be_meant_is_refused_and_no_page_computes_with_it(announced: str, zone: str) -> None:
    with pytest.raises(CalendarError, match=r"The year .* cannot be meant"):
        cutoff_of(local(announced), zone)
    date = {"label": "D", "announced": announced, "zone": zone, "grace_minutes": "0", "version": "0"}
    assert list(DeadlineForm(date).errors) == ["announced"]
    with pytest.raises(ValidationError, match="Enter a day and a minute"):
        UntilField().clean(announced)


@pytest.mark.parametrize(
    "label", ["", "Mars/Olympus", "../etc/passwd", "AOE12", "/etc/localtime", "Europe", "x" * 300, "a\0b"]
)
def test_what_is_no_zone_is_refused(label: str) -> None:
    with pytest.raises(CalendarError, match="is not a zone"):
        zone_of(label)


def test_a_minute_with_a_zone_inside_is_refused() -> None:
    with pytest.raises(CalendarError, match="carries its zone beside it"):
        instant_of(CUTOFF, "UTC")


@given(minutes)
def test_aoe_is_twelve_hours_behind_utc_on_every_day_of_the_year(minute: datetime) -> None:
    behind = minute.replace(tzinfo=timezone(timedelta(hours=-12)))
    assert cutoff_of(minute, AOE) == behind.astimezone(UTC) + MINUTE


@given(minutes, st.sampled_from(ZONES), st.sampled_from([None, 0, 1]))
def test_what_was_announced_is_what_is_shown(minute: datetime, zone: str, fold: int | None) -> None:
    try:
        cutoff = cutoff_of(minute, zone, fold=fold)
    except CalendarError:
        assume(False)
    assert announced_at(cutoff, zone).replace(tzinfo=None, fold=0) == minute


@given(minutes, st.sampled_from(ZONES))
def test_a_minute_is_refused_exactly_when_the_zone_has_none_or_two_of_it(minute: datetime, zone: str) -> None:
    info = ZoneInfo("Etc/GMT+12" if zone == AOE else zone)
    # Count by looking at every instant around: no knowledge of folds.
    start = minute.replace(tzinfo=UTC) - timedelta(hours=15)
    quarter = timedelta(minutes=15)
    instants = [start + step * quarter for step in range(2 * 15 * 4 + 1)]
    times = sum(instant.astimezone(info).replace(tzinfo=None, fold=0) == minute for instant in instants)
    try:
        cutoff_of(minute, zone)
        refused = False
    except CalendarError:
        refused = True
    assert refused == (times != 1)


# --- In time or not ---------------------------------------------------------------------------------------------------


def state_at(moment: datetime, **words: object) -> WindowState:
    arguments: dict[str, object] = {"received_at": moment, "cutoff": CUTOFF, **words}
    return window(**arguments).state  # type: ignore[arg-type]


def around(moment: datetime, **words: object) -> list[WindowState]:
    """The state one second before, at, and one second after a moment."""
    return [state_at(moment + step, **words) for step in (-SECOND, timedelta(0), SECOND)]


OPEN, GRACED, LATE, CLOSED, NOT_YET = (
    WindowState.OPEN,
    WindowState.GRACE,
    WindowState.LATE,
    WindowState.CLOSED,
    WindowState.NOT_YET,
)


@pytest.mark.parametrize(
    ("moment", "words", "states"),
    [
        (CUTOFF, {}, [OPEN, CLOSED, CLOSED]),
        (CUTOFF, {"grace": GRACE}, [OPEN, GRACED, GRACED]),
        (CUTOFF + GRACE, {"grace": GRACE}, [GRACED, CLOSED, CLOSED]),
        (CUTOFF, {"soft": True}, [OPEN, LATE, LATE]),
        (CUTOFF + GRACE, {"soft": True, "grace": GRACE}, [GRACED, LATE, LATE]),
        (CUTOFF, {"extensions": (LATER,)}, [OPEN, OPEN, OPEN]),
        (LATER, {"extensions": (LATER,)}, [OPEN, CLOSED, CLOSED]),
        (LATER, {"extensions": (LATER, CUTOFF - SECOND)}, [OPEN, CLOSED, CLOSED]),
        (LATER + GRACE, {"extensions": (LATER,), "grace": GRACE}, [GRACED, CLOSED, CLOSED]),
        # A permission that ends before the deadline of all takes nothing away.
        (CUTOFF, {"extensions": (CUTOFF - timedelta(days=1),)}, [OPEN, CLOSED, CLOSED]),
        (OPENS, {"opens_at": OPENS}, [NOT_YET, OPEN, OPEN]),
        # An upload that began one second before the cut-off may finish within half an hour.
        (CUTOFF + UPLOAD_MAY_FINISH, {"begun_at": CUTOFF - SECOND}, [OPEN, CLOSED, CLOSED]),
        (CUTOFF, {"begun_at": CUTOFF}, [OPEN, CLOSED, CLOSED]),
        (
            CUTOFF + GRACE + UPLOAD_MAY_FINISH,
            {"begun_at": CUTOFF + GRACE - SECOND, "grace": GRACE},
            [GRACED, CLOSED, CLOSED],
        ),
        (CUTOFF + GRACE, {"begun_at": CUTOFF + GRACE, "grace": GRACE}, [GRACED, CLOSED, CLOSED]),
    ],
)
def test_one_second_before_at_and_after(moment: datetime, words: dict[str, object], states: list[WindowState]) -> None:
    assert around(moment, **words) == states


def test_the_call_of_2020_closes_with_the_minute_2359_anywhere_on_earth() -> None:
    cutoff = cutoff_of(local("2020-03-31T23:59"), AOE)
    assert cutoff == utc("2020-04-01T12:00")
    said = [state_at(utc(f"2020-04-01T{clock}"), cutoff=cutoff) for clock in ("11:59:00", "11:59:59", "12:00:00")]
    assert said == [OPEN, OPEN, CLOSED]


def test_without_a_deadline_everything_is_in_time() -> None:
    assert window(received_at=CUTOFF, cutoff=None) == Window(OPEN, "no deadline is set", None)


def test_a_start_after_the_end_is_not_believed() -> None:
    assert state_at(CUTOFF - SECOND, begun_at=CUTOFF + SECOND) == OPEN
    assert state_at(CUTOFF, begun_at=CUTOFF + SECOND) == CLOSED


def test_a_window_tells_the_cut_off_that_counts_and_why() -> None:
    told = window(received_at=CUTOFF, cutoff=CUTOFF, extensions=(LATER,))
    assert told == Window(OPEN, "before the deadline (extended for this submission)", LATER)


@pytest.mark.parametrize(
    ("state", "accepts"), [(NOT_YET, False), (OPEN, True), (GRACED, True), (LATE, True), (CLOSED, False)]
)
def test_a_verb_is_accepted_unless_it_is_too_early_or_closed(state: WindowState, accepts: bool) -> None:
    assert Window(state, "", None).accepts == accepts


offsets = st.timedeltas(min_value=-timedelta(days=3), max_value=timedelta(days=5))


@given(offsets, offsets, st.lists(offsets, max_size=3), st.sampled_from([timedelta(0), GRACE]), st.booleans())
def test_more_time_never_closes_what_was_open(
    now: timedelta, begun: timedelta, more: list[timedelta], grace: timedelta, soft: bool
) -> None:
    received = CUTOFF + now
    words = {"received_at": received, "cutoff": CUTOFF, "begun_at": CUTOFF + begun, "soft": soft}
    before = window(**words)  # type: ignore[arg-type]
    after = window(**words, grace=grace, extensions=tuple(CUTOFF + step for step in more))  # type: ignore[arg-type]
    assert after.accepts >= before.accepts


@given(offsets, offsets, st.sampled_from([timedelta(0), GRACE]))
def test_once_closed_it_stays_closed(first: timedelta, second: timedelta, grace: timedelta) -> None:
    early, late = sorted((first, second))
    accepted = [window(received_at=CUTOFF + step, cutoff=CUTOFF, grace=grace).accepts for step in (early, late)]
    assert accepted[0] >= accepted[1]


@given(offsets, offsets)
def test_nothing_that_began_after_the_cut_off_is_in_time(now: timedelta, begun: timedelta) -> None:
    assume(timedelta(0) <= begun <= now)
    assert state_at(CUTOFF + now, begun_at=CUTOFF + begun) == CLOSED


# --- The editions ask it ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phase", "cutoff", "after"),
    [
        (Phase.SUBMISSION, "2026-04-01T12:00", CLOSED),
        (Phase.REVIEW, "2026-04-13T12:00", LATE),
        (Phase.CAMERA_READY, "2026-05-16T12:00", CLOSED),
    ],
)
def test_an_edition_closes_each_phase_at_its_own_cut_off(
    edition: Edition, phase: Phase, cutoff: str, after: WindowState
) -> None:
    states = [edition.window(phase, received_at=utc(cutoff) + step).state for step in (-SECOND, timedelta(0), SECOND)]
    assert states == [OPEN, after, after]


def test_the_grace_of_a_deadline_counts_and_the_announced_minute_is_shown(edition: Edition) -> None:
    edition.deadlines.filter(phase=Phase.SUBMISSION).update(grace_minutes=10)
    cutoff = utc("2026-04-01T12:00")
    states = [edition.window(Phase.SUBMISSION, received_at=cutoff + step).state for step in (GRACE - SECOND, GRACE)]
    assert states == [GRACED, CLOSED]
    due = edition.due(Phase.SUBMISSION)
    assert due is not None
    assert due.announced_at == local("2026-03-31T23:59")


def test_a_template_prints_the_announced_minute_and_not_its_utc(edition: Edition) -> None:
    words = Template('{{ due.announced_at|date:"D j M Y, H:i" }} {{ due.zone }}')
    assert words.render(Context({"due": edition.due(Phase.SUBMISSION)})) == "Tue 31 Mar 2026, 23:59 AoE"


def test_a_phase_without_a_deadline_is_open(edition: Edition) -> None:
    assert edition.window(Phase.BIDDING, received_at=CUTOFF).state == OPEN
