"""One notion of the same address: equal once written in lower case, in every database."""

from pathlib import Path

from django.conf import settings

PARTS = ("dlonsc", "submissions", "reviews")


def test_no_address_is_compared_as_a_database_folds_letters() -> None:
    """PostgreSQL compares iexact by UPPER, which makes one letter of i and of i without its dot."""
    files = [path for part in PARTS for path in sorted((Path(settings.BASE_DIR) / part).rglob("*.py"))]
    assert [str(path) for path in files if "email__iexact" in path.read_text()] == []
