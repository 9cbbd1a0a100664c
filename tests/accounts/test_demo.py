"""The demo's bar and letters: one click to be somebody, and none of it outside the demo."""

from collections.abc import Iterator
from datetime import UTC, datetime
from types import ModuleType

import pytest
from django.test import Client
from django.urls import clear_url_caches, include, path, set_urlconf

from dlonsc import urls as site_urls
from dlonsc.accounts.models import User
from dlonsc.editions.context import demo_people
from dlonsc.mail.models import Message
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings: object) -> Iterator[None]:
    """The site as it is with DLONSC_DEMO on."""
    settings.DEMO = True  # type: ignore[attr-defined]
    urls = ModuleType("demo_urls")
    urls.urlpatterns = [  # type: ignore[attr-defined]
        path("demo/", include("dlonsc.accounts.urls_demo")),
        *site_urls.urlpatterns,
    ]
    settings.ROOT_URLCONF = urls  # type: ignore[attr-defined]
    clear_url_caches()
    yield
    set_urlconf(None)
    clear_url_caches()


def letter(to: str = "ada@uni.example", **fields: object) -> Message:
    values = {"key": to, "kind": "receipt", "to_email": to, "subject": "Paper 1", "text": "Received.\n<b>bold</b>"}
    return Message.objects.create(**(values | fields), created_at=datetime(2026, 3, 1, tzinfo=UTC))


def test_outside_the_demo_there_is_neither_bar_nor_address(client: Client, stranger: User) -> None:
    assert client.post("/demo/become/", {"person": stranger.pk}).status_code == 404
    assert client.get("/demo/letters/").status_code == 404
    assert "demo-bar" not in client.get("/").content.decode()
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(("mail", "says"), [("", True), ("smtp://localhost:25", False)])
def test_every_page_of_a_demo_says_whether_it_is_a_sandbox(
    demo: None, client: Client, settings: object, mail: str, says: bool
) -> None:
    settings.MAIL_URL = mail  # type: ignore[attr-defined]
    page = client.get("/").content.decode()
    assert ("Demo: a sandbox, no letter leaves it" in page, "sandbox-bar" in page) == (says, False)


def test_one_click_makes_one_somebody_and_nobody(demo: None, client: Client, stranger: User) -> None:
    client.post("/demo/become/", {"person": stranger.pk})
    assert client.session["_auth_user_id"] == str(stranger.pk)
    client.post("/demo/become/", {"person": ""})
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("person", ["999999", "x", "-1"])
def test_nobody_is_nobody(demo: None, client: Client, person: str) -> None:
    assert client.post("/demo/become/", {"person": person}).status_code == 404


def test_looking_changes_nobody(demo: None, client: Client, stranger: User) -> None:
    assert client.get("/demo/become/", {"person": stranger.pk}).status_code == 405


def test_switching_leads_to_no_other_site(demo: None, client: Client, stranger: User) -> None:
    answer = client.post("/demo/become/", {"person": stranger.pk, "next": "https://elsewhere.example/"})
    assert answer.headers["Location"] == "/me/"
    answer = client.post("/demo/become/", {"person": stranger.pk, "next": "/account/"})
    assert answer.headers["Location"] == "/account/"


def test_the_bar_offers_the_people_of_the_demo_by_role_each_once(author: User) -> None:
    edition = factories.make_edition("demo", is_demo=True)
    chair = factories.make_member(edition, chair=True, reviewer=True)
    printer = factories.make_member(edition, proceedings=True)
    reviewer = factories.make_member(edition)
    factories.make_member(factories.make_edition("true"))
    groups = {group["words"]: [user.pk for user in group["people"]] for group in demo_people()}
    assert groups == {
        "Chair": [chair.user_id],
        "Proceedings chair": [printer.user_id],
        "Reviewer": [reviewer.user_id],
        "Author": [author.pk],
    }


def test_letters_are_listed_and_filtered_by_person(demo: None, client: Client) -> None:
    letter("ada@uni.example", subject="For Ada")
    letter("bob@uni.example", subject="For Bob")
    page = client.get("/demo/letters/", {"to": "ada@"}).content.decode()
    assert "For Ada" in page
    assert "For Bob" not in page


def test_a_letter_is_shown_as_text_that_runs_nothing(demo: None, client: Client) -> None:
    page = client.get(f"/demo/letters/{letter().pk}/").content.decode()
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert client.get("/demo/letters/999999/").status_code == 404


def test_an_empty_ledger_says_how_to_fill_it(demo: None, client: Client) -> None:
    assert "No letter yet." in client.get("/demo/letters/").content.decode()
