"""The forecast: at the pace of the last week, how many reviews are missing at the cut-off."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership
from reviews.forecast import Forecast, forecast
from tests import factories

Browser = Callable[[User | Membership | None], Client]
DAY = timedelta(days=1)
CUTOFF = datetime(2026, 4, 13, 12, tzinfo=UTC)
AT = CUTOFF - 5 * DAY


@pytest.mark.parametrize(
    ("begun", "at", "submitted", "promises", "found"),
    [
        # 14 in the last week are 2 a day; in 5 days 10 of 22.
        (30, AT, [-d / 2 for d in range(14)], [None] * 22, Forecast(22, 10, 0, 2.0)),
        # What came before the last week does not count, nor what is not yet.
        (30, AT, [-8.0, -20.0, 1.0], [None] * 3, Forecast(3, 0, 0, 0.0)),
        # More than enough.
        (30, AT, [-0.1] * 70, [None] * 4, Forecast(4, 4, 0, 10.0)),
        # Two are promised for after the cut-off.
        (30, AT, [-0.1] * 70, [CUTOFF, CUTOFF + DAY, CUTOFF - DAY, None], Forecast(4, 2, 2, 10.0)),
        # Two days of reviewing are all that is known.
        (2, AT, [-1.0, -1.5], [None] * 9, Forecast(9, 5, 0, 1.0)),
        (0.5, AT, [-0.1], [None] * 9, None),
        (30, CUTOFF, [-0.1], [None] * 9, None),
    ],
)
def test_the_pace_of_the_last_week_goes_on(
    begun: float, at: datetime, submitted: list[float], promises: list[datetime | None], found: Forecast | None
) -> None:
    times = [at + timedelta(days=days) for days in submitted]
    got = forecast(begun=at - begun * DAY, at=at, cutoff=CUTOFF, submitted=times, promises=promises)
    assert got == found


def test_missing_is_what_is_not_expected() -> None:
    assert Forecast(22, 10, 0, 2.0).missing == 12


def test_the_page_tells_the_forecast_without_what_a_chair_may_not_know_of(
    edition: Edition, chair: Membership, other_chair: Membership, reviewer: Membership, as_user: Browser
) -> None:
    hidden = factories.make_submission(edition)
    factories.make_conflict(hidden, chair)
    papers = [hidden, *(factories.make_submission(edition) for _ in range(4))]
    for place, paper in enumerate(papers):
        promised = {2: date(2026, 4, 12), 3: date(2026, 4, 13)}.get(place)
        task = factories.make_assignment(paper, reviewer, assigned_at=AT - 10 * DAY, promised_at=promised)
        if place == 1:
            factories.make_review(task, submitted_at=AT - DAY)
    with time_machine.travel(AT, tick=False):
        found = [as_user(who).get("/dlonsc-2026/chair/progress/") for who in (chair, other_chair)]
    assert [page.context["forecast"].open for page in found] == [3, 4]
    words = " ".join(found[0].content.decode().split())
    assert "Forecast: 3 missing at the deadline." in words
    assert (
        "At the pace of the last week (0.1 a day) 0 of 3 open reviews will be in by then; 1 are promised for later."
        in words
    )


def test_without_tasks_or_date_there_is_none(edition: Edition, chair: Membership, as_user: Browser) -> None:
    factories.make_submission(edition)
    assert as_user(chair).get("/dlonsc-2026/chair/progress/").context["forecast"] is None
