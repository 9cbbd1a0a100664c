"""An upload is dated by our own proxy, and by nobody else."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from dlonsc.editions.arrival import Arrival, arrival, begun_at, received_at

NOW = datetime(2026, 4, 1, 12, 0, 3, tzinfo=UTC)
SIX = timedelta(seconds=6)


def arrived(header: str | None) -> Arrival:
    words = {"X-Request-Start": header} if header is not None else {}
    return arrival(RequestFactory().post("/", headers=words), NOW)


@pytest.fixture(autouse=True)
def _trusted(settings: object) -> None:
    settings.TRUST_START_HEADER = True  # type: ignore[attr-defined]


def test_an_upload_of_six_seconds_is_dated_to_its_first_byte() -> None:
    told = NOW - timedelta(seconds=1)
    assert arrived(f"t={told.timestamp():.3f} 6.000") == Arrival(begun_at=told - SIX, received_at=told)


def test_the_header_may_come_without_its_letter() -> None:
    assert arrived(f"{NOW.timestamp():.3f} 6.000") == Arrival(NOW - SIX, NOW)


def test_one_number_alone_is_the_first_byte() -> None:
    assert arrived(f"t={(NOW - SIX).timestamp():.3f}") == Arrival(NOW - SIX, NOW)


def test_without_trust_the_header_means_nothing(settings: object) -> None:
    settings.TRUST_START_HEADER = False  # type: ignore[attr-defined]
    assert arrived(f"t={NOW.timestamp():.3f} 600.000") == Arrival(NOW, NOW)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "t=",
        "t=yesterday",
        "t=1e9",
        "t=-1 2",
        "t=99999999999 1",
        "t=0000000001 1",
        "t=1775044803.0 1 2",
        "nan inf",
    ],
)
def test_what_is_no_time_of_our_proxy_counts_as_now(header: str | None) -> None:
    assert arrived(header) == Arrival(NOW, NOW)


def test_a_start_in_the_future_counts_as_now() -> None:
    assert arrived(f"t={(NOW + SIX).timestamp():.3f} 1.000") == Arrival(NOW, NOW)


def test_a_proxy_slightly_ahead_never_moves_the_end_into_the_future() -> None:
    told = NOW + timedelta(seconds=2)
    assert arrived(f"t={told.timestamp():.3f} 6.000") == Arrival(told - SIX, NOW)


@time_machine.travel(NOW, tick=False)
def test_the_two_short_questions_agree_with_the_long_one() -> None:
    request = RequestFactory().post("/", headers={"X-Request-Start": f"t={NOW.timestamp():.3f} 6.000"})
    assert (begun_at(request), received_at(request)) == (NOW - SIX, NOW)


@given(st.text(max_size=60) | st.from_regex(r"\A(t=)?[0-9]{9,11}(\.[0-9]{1,6})? [0-9]{1,7}(\.[0-9]{1,6})?\Z"))
def test_whatever_the_header_says_the_order_holds_and_nothing_lies_in_the_future(header: str) -> None:
    try:
        found = arrived(header)
    except ValueError:
        # RequestFactory refuses line breaks in a header, as every server does.
        assert not header.isprintable()
        return
    assert NOW - timedelta(hours=24) < found.begun_at <= found.received_at <= NOW
