"""No form tells by its time whether an address has an account: what costs time is counted and compared.

What still differs is named to the statement; each is a read by an index or, at sign-up, what becomes of the new rows.
bench/signing_in.py compares the times.
"""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dlonsc.mail.models import Message
from tests import factories

pytestmark = pytest.mark.django_db
PASSPHRASE = "correct-horse-battery"
FORMS: dict[str, tuple[str, Callable[[str], dict[str, str]]]] = {
    "sign-in": ("/accounts/login/", lambda email: {"login": email, "password": "wrong-wrong-wrong"}),
    "sign-up": ("/accounts/signup/", lambda email: {"name": "A", "email": email, "password1": PASSPHRASE}),
    "sign-up without a password": ("/accounts/signup/", lambda email: {"name": "A", "email": email}),
    "reset": ("/accounts/password/reset/", lambda email: {"email": email}),
    "code": ("/accounts/login/code/", lambda email: {"email": email}),
}
HASHES = {"sign-in": 1, "sign-up": 1, "sign-up without a password": 0, "reset": 0, "code": 0}
LETTERS = {"sign-in": 0, "sign-up": 1, "sign-up without a password": 1, "reset": 1, "code": 1}
# allauth looks for an account by its address where no proven address was found.
LOOKS = Counter({"SELECT accounts_user": 1})
CREATES = Counter({"SELECT account_emailaddress": 5, "SELECT accounts_user": 1, "UPDATE accounts_user": 1})
# The numbers of the rows are taken by either.
TAKES = Counter({"DELETE account_emailaddress": 1, "DELETE accounts_user": 1})
UNKNOWN_MORE = {
    "sign-in": LOOKS,
    "sign-up": CREATES,
    "sign-up without a password": CREATES,
    "reset": LOOKS,
    "code": LOOKS,
}
# The token of a reset depends on the account's proven address.
KNOWN_MORE = {
    "sign-up": TAKES,
    "sign-up without a password": TAKES,
    "reset": Counter({"SELECT account_emailaddress": 2}),
}


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Fills with one entry for each run of the password hash."""
    runs: list[str] = []
    plain = MD5PasswordHasher.encode

    def counted(self: Any, password: str, *args: Any) -> str:
        runs.append(password)
        return str(plain(self, password, *args))

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    return runs


@pytest.fixture(autouse=True)
def _every_statement_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    """What PostgreSQL reads through a cursor on the server does not stand in Django's log of queries."""
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)


def statements(queries: CaptureQueriesContext) -> Counter[str]:
    found = (
        re.match(r'(SELECT|INSERT|UPDATE|DELETE).*?(?:FROM|INTO|UPDATE) "(\w+)"|(UPDATE) "(\w+)"', query["sql"])
        for query in queries.captured_queries
    )
    return Counter(" ".join(part for part in one.groups() if part) for one in found if one)


@pytest.mark.parametrize("name", FORMS)
def test_a_known_and_an_unknown_address_cost_the_same(name: str, hashes: list[str]) -> None:
    address, data = FORMS[name]
    factories.make_user("known@uni.example")
    seen = {}
    for email in ("warm.up@uni.example", "known@uni.example", "nobody@uni.example"):
        cache.clear()
        browser = Client()
        browser.get(address)
        hashes.clear()
        with CaptureQueriesContext(connection) as queries:
            status = browser.post(address, data(email)).status_code
        letters = Message.objects.filter(to_email=email).count()
        seen[email] = (status, len(hashes), letters), statements(queries)
    known, unknown = seen["known@uni.example"], seen["nobody@uni.example"]
    assert known[0] == unknown[0]
    assert known[0][1:] == (HASHES[name], LETTERS[name])
    assert unknown[1] - known[1] == UNKNOWN_MORE[name]
    assert known[1] - unknown[1] == KNOWN_MORE.get(name, Counter())


def test_an_account_without_a_password_costs_as_much_as_one_with_a_wrong_one(hashes: list[str]) -> None:
    user = factories.make_user("known@uni.example")
    user.set_unusable_password()
    user.save()
    hashes.clear()
    Client().post("/accounts/login/", FORMS["sign-in"][1]("known@uni.example"))
    assert len(hashes) == 1
