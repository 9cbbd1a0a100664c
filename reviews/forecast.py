"""How many reviews will be missing at the deadline, at the pace so far. Pure: no database, no wall clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# The pace is that of the last week: what came in the first days says little about the last.
WINDOW = timedelta(days=7)
LEAST = timedelta(days=1)


@dataclass(frozen=True)
class Forecast:
    """Of the `open` reviews as many as `expected` will be in at the cut-off; some are promised for later."""

    open: int
    expected: int
    promised_later: int
    per_day: float

    @property
    def missing(self) -> int:
        return self.open - self.expected


def forecast(
    *,
    begun: datetime,
    at: datetime,
    cutoff: datetime,
    submitted: Sequence[datetime],
    promises: Sequence[datetime | None],
) -> Forecast | None:
    """What will be missing at `cutoff`; None when it is over, or less than a day of reviewing is known.

    `submitted` are the times of the reviews that are in, `begun` when the first was asked for; `promises` has one entry
    for each open review: the promised time, or None. A review promised for after the cut-off is not expected before.
    """
    known = at - begun
    if at >= cutoff or known < LEAST:
        return None
    window = min(known, WINDOW)
    recent = sum(at - window < time <= at for time in submitted)
    per_day = recent / (window / LEAST)
    later = sum(promise is not None and promise >= cutoff for promise in promises)
    pace = int(per_day * ((cutoff - at) / LEAST))
    return Forecast(len(promises), min(pace, len(promises) - later), later, per_day)
