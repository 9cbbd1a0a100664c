"""Limits are counted in the database, answer 429, shut nobody out for a stranger's sake, and stop no review."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import DatabaseError
from django.db.models import QuerySet
from django.test import Client

from dlonsc.accounts import limits
from dlonsc.accounts.adapter import MOST_WRONG_PASSWORDS
from dlonsc.accounts.limits import RULES, count, forget_old
from dlonsc.accounts.models import Hit, User
from dlonsc.editions.models import Membership
from dlonsc.mail.models import Message
from reviews.models import Review
from submissions.models import Submission
from tests import factories

pytestmark = pytest.mark.django_db
AsUser = Callable[[User | Membership | None], Client]
AT = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _fresh_counters(settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    cache.clear()


def sign_in(email: str, password: str, *, address: str = "192.0.2.1", client: Client | None = None) -> Any:
    browser = client or Client()
    return browser.post(
        "/accounts/login/", {"login": email, "password": password}, headers={"X-Forwarded-For": address}
    )


def test_a_window_counts_up_and_the_next_begins_at_one() -> None:
    assert [count("a", MINUTE, AT) for _ in range(3)] == [1, 2, 3]
    assert count("b", MINUTE, AT) == 1
    assert count("a", MINUTE, AT + MINUTE) == 1


def test_old_counters_are_forgotten_and_running_ones_kept() -> None:
    count("a", MINUTE, AT)
    count("a", timedelta(hours=1), AT)
    assert (forget_old(AT + MINUTE), Hit.objects.count()) == (1, 1)


def test_guessing_one_account_from_one_address_ends_and_the_owner_elsewhere_comes_in(author: User) -> None:
    for _ in range(25):
        last = sign_in(author.email, "wrong-wrong-wrong")
    assert last.status_code == 429
    assert sign_in(author.email, factories.PASSWORD, address="192.0.2.1").status_code == 429
    owner = sign_in(author.email, factories.PASSWORD, address="198.51.100.7")
    assert (owner.status_code, owner.headers["Location"]) == (302, "/me/")


def test_guessing_from_many_addresses_ends_and_a_known_browser_still_comes_in(author: User) -> None:
    home = Client()
    assert sign_in(author.email, factories.PASSWORD, address="198.51.100.7", client=home).status_code == 302
    home.post("/accounts/logout/")
    for number in range(MOST_WRONG_PASSWORDS):
        sign_in(author.email, "wrong-wrong-wrong", address=f"10.0.{number}.1")
    stranger = sign_in(author.email, factories.PASSWORD, address="203.0.113.9")
    assert "Too many failed" in stranger.content.decode()
    assert sign_in(author.email, factories.PASSWORD, address="198.51.100.8", client=home).status_code == 302


def test_who_asks_in_an_owners_name_without_end_shuts_her_out_of_neither_code_nor_reset(author: User) -> None:
    """From 30 addresses in one minute, more than any limit on the account alone would let through."""
    with time_machine.travel(AT, tick=False):
        for number in range(30):
            for page in ("login/code/", "password/reset/"):
                Client().post(
                    f"/accounts/{page}", {"email": author.email}, headers={"X-Forwarded-For": f"10.0.{number}.1"}
                )
        Message.objects.all().delete()
        for page in ("login/code/", "password/reset/"):
            Client().post(f"/accounts/{page}", {"email": author.email}, headers={"X-Forwarded-For": "198.51.100.7"})
    assert sorted(Message.objects.values_list("kind", flat=True)) == ["password_reset", "sign_in_code"]


def test_a_letter_that_a_stranger_had_written_to_an_address_keeps_its_owner_from_no_proof_and_no_sign_up(
    author: User, as_user: AsUser
) -> None:
    new = {"email": "ada@home.example", "name": "Ada", "password1": "correct-horse-battery"}
    letters = Message.objects.filter(kind="verification", to_email=new["email"])
    with time_machine.travel(AT, tick=False):
        for person in (factories.make_user("sam@elsewhere.example"), author):
            as_user(person).post("/accounts/email/", {"action_add": "", "email": new["email"]})
        assert letters.count() == 2
        Client().post("/accounts/signup/", new)
        assert letters.count() == 3
        # Whoever signs in with what is not proven is written to no more.
        sign_in(new["email"], new["password1"])
    assert letters.count() == 3


def test_a_sign_that_no_database_keeps_makes_no_other_address_of_one(author: User) -> None:
    with time_machine.travel(AT, tick=False):
        for number in range(25):
            Client().post("/accounts/login/code/", {"email": "\0" * number + author.email})
    assert Message.objects.filter(kind="sign_in_code").count() == 10


def test_who_has_an_address_beyond_latin_1_signs_in() -> None:
    user = factories.make_user("ada@\u015fehir.example")
    browser = Client()
    browser.post("/accounts/login/", {"login": user.email, "password": factories.PASSWORD})
    assert browser.session["_auth_user_id"] == str(user.pk)
    assert browser.cookies["known-browser"].output().isascii()


def test_all_addresses_of_one_customers_network_are_one(author: User) -> None:
    statuses = [
        sign_in(f"{number}@x.example", "x", address=f"2001:db8:1:1::{number:x}").status_code for number in range(61)
    ]
    elsewhere = sign_in("new@x.example", "x", address="2001:db8:1:2::1").status_code
    assert (statuses[-1], elsewhere) == (429, 200)


def test_addresses_of_version_4_written_as_version_6_are_not_one() -> None:
    statuses = [
        sign_in(f"{number}@x.example", "x", address=f"::ffff:10.0.0.{number}").status_code for number in range(61)
    ]
    assert statuses == [200] * 61


def test_asking_for_letters_to_one_address_ends(client: Client, author: User) -> None:
    statuses = [client.post("/accounts/password/reset/", {"email": author.email}).status_code for _ in range(12)]
    assert statuses[-1] == 429
    assert Message.objects.filter(to_email=author.email).count() <= 10


def test_a_limit_says_when_to_come_back_and_in_which_words(client: Client) -> None:
    with time_machine.travel(AT, tick=False):
        for _ in range(61):
            response = client.post("/accounts/login/", {"login": f"{_}@x.example", "password": "x"})
    assert (response.status_code, response.headers["Retry-After"]) == (429, "300")
    assert "Nothing is lost" in response.content.decode()


def test_searching_is_limited_per_account(chair: Membership, other_chair: Membership, as_user: AsUser) -> None:
    busy, quiet = as_user(chair), as_user(other_chair)
    address = f"/{chair.edition.slug}/chair/history/"
    with time_machine.travel(AT, tick=False):
        statuses = {busy.get(address, {"q": str(number)}).status_code for number in range(120)}
        assert statuses == {200}
        assert busy.get(address, {"q": "x"}).status_code == 429
        assert busy.get(address).status_code == 200
        assert quiet.get(address, {"q": "x"}).status_code == 200


def test_uploads_are_limited_and_the_page_s_script_is_told_in_its_own_words(
    chair: Membership, author: User, as_user: AsUser
) -> None:
    paper = factories.make_submission(chair.edition, author)
    address, browser = f"/{chair.edition.slug}/submissions/{paper.number}/upload/", as_user(author)
    with time_machine.travel(AT, tick=False):
        statuses = {browser.post(address).status_code for _ in range(60)}
        assert statuses == {422}
        over = browser.post(address, headers={"X-Upload": "1"})
    assert over.status_code == 429
    assert over.json() == {"errors": {"file": [limits.words_for(timedelta(hours=1))]}}


def test_acts_that_write_letters_are_limited_per_account_and_what_was_typed_is_shown(
    chair: Membership, author: User, as_user: AsUser
) -> None:
    paper = factories.make_submission(chair.edition, author)
    base, browser = f"/{chair.edition.slug}/submissions/{paper.number}/", as_user(author)
    with time_machine.travel(AT, tick=False):
        statuses = [
            browser.post(f"{base}questions/", {"text": f"Question {number}"}).status_code for number in range(40)
        ]
        over = browser.post(f"{base}withdraw/", {"reason": "My reason\nof two lines"})
        marked = [
            browser.post(f"{base}{page}/", {}, headers={"X-Autosave": value}).status_code
            for page, value in (("submit", "1"), ("authors", "0"), ("authors", "1"))
        ]
        rows = {"authors-0-name": "Ada", "authors-0-is_contact": "on", "authors-0-ORDER": "1"}
        authors = browser.post(f"{base}authors/", rows)
        details = browser.post(f"{base}details/", {})
        other = as_user(factories.make_user("new@uni.example")).post(f"{base}withdraw/", {})
    assert set(statuses) == {302}
    assert (over.status_code, over.headers["Retry-After"]) == (429, "3600")
    assert limits.words_for(timedelta(hours=1), is_shown=True) in over.text
    assert "Nothing is lost" not in over.text
    assert authors.context["typed"] == [("Name", "Ada")]
    assert "My reason<br>of two lines" in over.text
    assert (marked, details.status_code, other.status_code) == ([429, 429, 200], 422, 404)
    assert Submission.objects.get().state == "submitted"


def test_delivering_for_print_writes_letters_too(chair: Membership, author: User, as_user: AsUser) -> None:
    paper = factories.make_submission(chair.edition, author)
    base, browser = f"/{chair.edition.slug}/submissions/{paper.number}/", as_user(author)
    with time_machine.travel(AT, tick=False):
        for number in range(40):
            browser.post(f"{base}questions/", {"text": f"Question {number}"})
        delivered = [
            browser.post(f"{base}camera-ready/{kind}/", {}).status_code for kind in ("pdf", "sources", "licence")
        ]
        details = browser.post(f"{base}camera-ready/", {}).status_code
    assert (delivered, details) == ([429] * 3, 404)


def test_a_day_of_letters_ends_too_and_says_how_long(chair: Membership, author: User, as_user: AsUser) -> None:
    paper = factories.make_submission(chair.edition, author)
    address, browser = f"/{chair.edition.slug}/submissions/{paper.number}/restore/", as_user(author)
    begin = AT.replace(hour=0)
    for number in range(101):
        with time_machine.travel(begin + number * 5 * MINUTE, tick=False):
            last = browser.post(address)
    assert (last.status_code, last.headers["Retry-After"]) == (429, "86400")
    assert "wait up to 24 hours and try again" in last.text


def test_no_limit_ever_stops_a_review_or_a_text_from_being_saved(reviewer: Membership, as_user: AsUser) -> None:
    paper: Submission = factories.make_submission(reviewer.edition)
    factories.make_assignment(paper, reviewer)
    browser = as_user(reviewer)
    address = f"/{reviewer.edition.slug}/reviews/{paper.number}/autosave/"
    with time_machine.travel(AT, tick=False):
        for number in range(150):
            data = {"summary": f"text {number}", "version": number}
            assert browser.post(address, data, headers={"X-Autosave": "1"}).status_code == 200
    assert Review.objects.get().summary == "text 149"
    saving = ("autosave/", "", "submit/", "history/", "refuse/")
    for rule in RULES:
        for ending in saving:
            post = rule.method == "POST" and rule.path.match(f"/e/reviews/1/{ending}")
            assert not post, f"{rule.name} could stop a review"


def test_a_database_that_cannot_count_lets_people_through(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise DatabaseError("no")

    monkeypatch.setattr(limits, "count", fail)
    assert client.post("/accounts/login/", {"login": "x@x.example", "password": "x"}).status_code == 200


def test_two_processes_that_begin_a_window_together_count_on_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    count("a", MINUTE, AT)
    plain, calls = QuerySet.update, []

    def sees_nothing_at_first(rows: Any, **words: Any) -> int:
        calls.append(words)
        return 0 if len(calls) == 1 else plain(rows, **words)

    monkeypatch.setattr(QuerySet, "update", sees_nothing_at_first)
    assert count("a", MINUTE, AT) == 2
    assert len(calls) == 2
