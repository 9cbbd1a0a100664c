"""The one function that writes history."""

from datetime import datetime
from typing import Any

from dlonsc.history.models import Entry


def record(
    verb: str,
    *,
    by_id: int | None,
    by: str,
    at: datetime,
    edition: str = "",
    subject: str = "",
    detail: dict[str, Any] | None = None,
) -> Entry:
    """Write one entry inside the caller's transaction. `detail` holds JSON values only, never review text."""
    return Entry.objects.create(
        verb=verb, by_id=by_id, by=by, at=at, edition=edition, subject=subject, detail=detail or {}
    )
