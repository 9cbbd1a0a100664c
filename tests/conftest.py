"""What every test stands on: a private file store, no doorbells, a frozen cast."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from hypothesis import settings as of_hypothesis

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership
from dlonsc.history import lock
from tests import factories
from tests.chromium import browser as browser
from tests.chromium import playwright as playwright
from tests.chromium import whole_browser as whole_browser

# No test is timed: a busy machine must not fail one.
of_hypothesis.register_profile("untimed", deadline=None)
of_hypothesis.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the long and random profiles too")
    parser.addoption(
        "--of-the-database",
        action="store_true",
        help="leave out what another database cannot change: no row, a browser",
    )
    parser.addoption(
        "--sample",
        type=int,
        metavar="N",
        help="of the tests that another database runs too only one case of every Nth, others in each order",
    )


def asks_the_database(item: pytest.Item) -> bool:
    """Whether a test could go another way with another database; the page that a browser shows could not."""
    has_rows = item.get_closest_marker("django_db") or {"db", "transactional_db"} & set(item.fixturenames)
    return "services" in item.keywords or bool(has_rows and "journey" not in item.keywords)


# Real processes and rounds through the whole site: with PostgreSQL alone.
ONLY_ONCE = {"services", "whole_site"}
LONGEST = {*ONLY_ONCE, "every_role", "journey"}


def sampled(items: list[pytest.Item], every: int) -> list[bool]:
    """For each test whether it is the first case of one of every so many functions, or run with no other database."""
    functions: dict[str, int] = {}
    kept = []
    for item in items:
        function = item.nodeid.partition("[")[0]
        is_first = function not in functions
        is_sampled = is_first and len(functions) % every == 0
        kept.append(is_sampled or not asks_the_database(item) or bool(ONLY_ONCE & set(item.keywords)))
        if is_first and "long" not in item.keywords:
            functions[function] = len(functions)
    return kept


def keep(config: pytest.Config, items: list[pytest.Item], kept: list[bool]) -> None:
    config.hook.pytest_deselected(items=[item for item, stays in zip(items, kept, strict=True) if not stays])
    items[:] = [item for item, stays in zip(items, kept, strict=True) if stays]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--of-the-database"):
        keep(config, items, [asks_the_database(item) for item in items])
    if every := config.getoption("--sample"):
        keep(config, items, sampled(items, every))
    # The longest first, or one process waits at the end for the other; in each kind they stay in the order of chance.
    items.sort(key=lambda item: not LONGEST & set(item.keywords))
    if not config.getoption("--long"):
        skip = pytest.mark.skip(reason="a long profile: --long runs it")
        for item in items:
            if "long" in item.keywords:
                item.add_marker(skip)


@pytest.fixture(autouse=True)
def _own_world(settings: object, tmp_path: Path) -> None:
    """No test writes into the installation's files or rings a real worker."""
    settings.MEDIA_ROOT = str(tmp_path / "files")  # type: ignore[attr-defined]
    settings.RING_DOORBELLS = False  # type: ignore[attr-defined]
    settings.CHAIRS_NEED_SECOND_FACTOR = False  # type: ignore[attr-defined]
    # Tests sign in by force and travel in time; tests/accounts/test_chairs_sessions.py turns both on.
    settings.CHAIRS_IDLE_HOURS = settings.CHAIRS_FRESH_MINUTES = 0  # type: ignore[attr-defined]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # type: ignore[attr-defined]


@pytest.fixture(scope="session", autouse=True)
def _history_may_be_emptied_between_tests() -> None:
    """After a test that committed, all tables are emptied; only there the lock of history is off for a moment."""
    operations = type(connection.ops)
    plain = operations.sql_flush

    def sql_flush(self: Any, *args: Any, **words: Any) -> list[str]:
        return [*lock.unlocking(self.connection), *plain(self, *args, **words), *lock.locking(self.connection)]

    # On the class: a test with a browser loop or threads has more than one connection.
    operations.sql_flush = sql_flush  # type: ignore[method-assign]


@pytest.fixture
def edition(db: None) -> Edition:
    return factories.make_edition()


@pytest.fixture
def chair(edition: Edition) -> Membership:
    user = factories.make_user("chair@institute-a.example", "Chantal Chair")
    return factories.make_member(edition, user, chair=True)


@pytest.fixture
def other_chair(edition: Edition) -> Membership:
    user = factories.make_user("otto@institute-b.example", "Otto Otherchair")
    return factories.make_member(edition, user, chair=True)


@pytest.fixture
def proceedings_chair(edition: Edition) -> Membership:
    user = factories.make_user("petra@institute-c.example", "Petra Proceedings")
    return factories.make_member(edition, user, proceedings=True)


@pytest.fixture
def reviewer(edition: Edition) -> Membership:
    user = factories.make_user("rita@institute-d.example", "Rita Reviewer")
    return factories.make_member(edition, user)


@pytest.fixture
def author(db: None) -> User:
    return factories.make_user("ada@uni.example", "Ada Author")


@pytest.fixture
def stranger(db: None) -> User:
    return factories.make_user("sam@elsewhere.example", "Sam Stranger")


@pytest.fixture
def as_user() -> Callable[[User | Membership | None], Client]:
    """A browser of one person: as_user(chair).get(...); None is a visitor without an account."""

    def sign_in(person: User | Membership | None) -> Client:
        client = Client()
        user = person.user if isinstance(person, Membership) else person
        if user is not None:
            client.force_login(user)
        return client

    return sign_in
