"""When a request came, by the proxy's clock. Never by the browser's.

The proxy reads an upload to its end before it calls us, and sets X-Request-Start to "t=<now> <seconds since the first
byte>" (nginx: "t=$msec $request_time"). The difference is when the upload began. The header is read only when
settings.TRUST_START_HEADER says that our own proxy overwrites it.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

HEADER = "X-Request-Start"
FORM = re.compile(r"(?:t=)?(\d{9,11}(?:\.\d{1,6})?)(?: (\d{1,7}(?:\.\d{1,6})?))?")
# A proxy whose clock is this far away from ours is not believed.
BELIEVED = timedelta(hours=24)


@dataclass(frozen=True)
class Arrival:
    """The first byte of a request, and when it was here as a whole."""

    begun_at: datetime
    received_at: datetime


def arrival(request: HttpRequest, now: datetime | None = None) -> Arrival:
    """Both times of a request; equal, and now, without a proxy that tells. Never in the future, never out of order."""
    now = now or timezone.now()
    match = FORM.fullmatch(request.headers.get(HEADER, "")) if settings.TRUST_START_HEADER else None
    if match is None:
        return Arrival(now, now)
    told = datetime.fromtimestamp(float(match[1]), UTC)
    begun = told - timedelta(seconds=float(match[2] or 0))
    if not now - BELIEVED < begun <= now:
        return Arrival(now, now)
    # One number alone is the first byte; with two, the first is when the proxy held everything.
    received = min(told, now) if match[2] else now
    return Arrival(begun, received)


def begun_at(request: HttpRequest) -> datetime:
    """When the first byte of the request came."""
    return arrival(request).begun_at


def received_at(request: HttpRequest) -> datetime:
    """When the request was here as a whole. Ask the calendar with both: received_at=..., begun_at=...."""
    return arrival(request).received_at
