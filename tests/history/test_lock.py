"""History can be added to and read, and nothing else, by whatever way it is tried."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from dlonsc.history.models import Entry
from dlonsc.history.record import record

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def by_hand(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda: Entry.objects.update(by="nobody"), id="change"),
        pytest.param(lambda: Entry.objects.all().delete(), id="delete"),
        pytest.param(lambda: by_hand("UPDATE history_entry SET verb = 'x'"), id="change by SQL"),
        pytest.param(lambda: by_hand("DELETE FROM history_entry"), id="delete by SQL"),
    ],
)
def test_an_entry_is_never_changed_or_deleted(act: Callable[[], object]) -> None:
    record("assigned", by_id=1, by="Chantal Chair", at=AT, edition="dlonsc-2026", subject="submission:1")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        act()
    assert list(Entry.objects.values_list("verb", "by")) == [("assigned", "Chantal Chair")]
