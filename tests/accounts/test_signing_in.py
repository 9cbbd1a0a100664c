"""Sign-up, verification, reset and codes: letters through the ledger, and no form that tells who has an account."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client

from dlonsc.accounts.models import User
from dlonsc.mail.envelope import compose
from dlonsc.mail.models import Message
from tests import factories

pytestmark = pytest.mark.django_db
PASSPHRASE = "correct-horse-battery"


@pytest.fixture(autouse=True)
def _fresh_rate_limits() -> None:
    cache.clear()


def link_in(message: Message) -> str:
    found = re.search(r"https?://testserver(/\S+)", message.text)
    assert found is not None, message.text
    return found[1]


def sign_up(client: Client, email: str, password: str = PASSPHRASE, **more: str) -> object:
    return client.post("/accounts/signup/", {"name": "Ada M. Author", "email": email, "password1": password, **more})


def test_sign_up_sends_one_letter_and_its_link_opens_the_account(client: Client) -> None:
    sign_up(client, "ada@uni.example")
    letter = Message.objects.get()
    assert (letter.to_email, letter.kind) == ("ada@uni.example", "verification")
    assert letter.html
    user = User.objects.get()
    assert user.name == "Ada M. Author"
    assert user.verified_emails == []
    client.post(link_in(letter))
    assert user.verified_emails == ["ada@uni.example"]


def test_a_link_used_twice_says_so_and_harms_nothing(client: Client) -> None:
    sign_up(client, "ada@uni.example")
    link = link_in(Message.objects.get())
    client.post(link)
    again = Client().get(link)
    assert again.status_code == 200
    assert "already" in again.content.decode() or "expired" in again.content.decode()
    assert User.objects.get().verified_emails == ["ada@uni.example"]


def test_nobody_signs_in_with_an_address_that_is_not_proven(client: Client) -> None:
    sign_up(client, "ada@uni.example")
    other = Client()
    other.post("/accounts/login/", {"login": "ada@uni.example", "password": PASSPHRASE})
    assert "_auth_user_id" not in other.session


def test_a_password_is_optional(client: Client) -> None:
    sign_up(client, "ada@uni.example", "")
    user = User.objects.get()
    assert not user.has_usable_password()
    client.post(link_in(Message.objects.get()))
    other = Client()
    other.post("/accounts/login/code/", {"email": "ada@uni.example"})
    letter = Message.objects.get(kind="sign_in_code")
    code = re.search(r"^([A-Z0-9]{4}-[A-Z0-9]{4})$", letter.text, re.MULTILINE)
    assert code is not None, letter.text
    other.post("/accounts/login/code/confirm/", {"code": code[1]})
    assert other.session["_auth_user_id"] == str(user.pk)


def test_a_weak_password_is_refused_beside_its_field_and_nothing_is_kept(client: Client) -> None:
    response = sign_up(client, "ada@uni.example", "password")
    page = response.content.decode()  # type: ignore[attr-defined]
    assert 'aria-invalid="true"' in page
    assert "at least 12 characters" in page
    assert 'value="Ada M. Author"' in page
    assert User.objects.count() == 0


FORMS: list[tuple[str, Callable[[str], dict[str, str]]]] = [
    ("/accounts/signup/", lambda email: {"name": "A", "email": email, "password1": PASSPHRASE}),
    ("/accounts/password/reset/", lambda email: {"email": email}),
    ("/accounts/login/code/", lambda email: {"email": email}),
]


@pytest.mark.parametrize(("address", "data"), FORMS)
def test_no_form_tells_whether_an_address_has_an_account(address: str, data: Callable[[str], dict[str, str]]) -> None:
    factories.make_user("known@uni.example")
    answers = []
    for email in ("known@uni.example", "nobody@uni.example"):
        cache.clear()
        browser = Client()
        response = browser.post(address, data(email))
        page = browser.get(response.headers["Location"]) if response.status_code == 302 else response
        words = re.sub(r'data-now="[^"]*"|value="[^"]*"|\d\d:\d\d|datetime="[^"]*"', "", page.content.decode())
        answers.append((response.status_code, response.headers.get("Location"), words.replace(email, "ADDRESS")))
    assert answers[0] == answers[1]
    assert Message.objects.filter(to_email="known@uni.example").count() == 1


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer() -> None:
    factories.make_user("known@uni.example")
    pages = []
    for email in ("known@uni.example", "nobody@uni.example"):
        cache.clear()
        response = Client().post("/accounts/login/", {"login": email, "password": "wrong-wrong-wrong"})
        page = response.content.decode()
        pages.append(re.findall(r'class="error"[^>]*>([^<]*)<|<li><a href="#[^"]*">([^<]*)<', page))
        assert response.status_code == 200
    assert pages[0] == pages[1] != []


def test_signing_in_after_a_sign_up_does_not_tell_whether_the_address_had_an_account() -> None:
    factories.make_user("known@uni.example")
    answers = []
    for email in ("known@uni.example", "nobody@uni.example"):
        cache.clear()
        browser = Client()
        sign_up(browser, email)
        response = browser.post("/accounts/login/", {"login": email, "password": PASSPHRASE})
        errors = re.findall(r'class="error"[^>]*>([^<]*)<|<li><a href="#[^"]*">([^<]*)<', response.content.decode())
        answers.append((response.status_code, response.headers.get("Location"), errors))
    assert answers[0] == answers[1]
    assert "not confirmed" in answers[0][2][0][1]


def test_signing_in_with_an_address_that_one_has_only_added_does_not_tell_whether_it_has_an_account() -> None:
    factories.make_user("known@uni.example")
    sam = factories.make_user("sam@elsewhere.example")
    sam.set_password(PASSPHRASE)
    sam.save()
    adding = Client()
    adding.force_login(sam)
    answers = {}
    for email in ("known@uni.example", "nobody@uni.example"):
        adding.post("/accounts/email/", {"action_add": "", "email": email})
        cache.clear()
        # Also how often it is wrong in a row, which is counted.
        tries = [Client().post("/accounts/login/", {"login": email, "password": PASSPHRASE}) for _ in range(7)]
        answers[email] = [(response.status_code, response.headers.get("Location")) for response in tries]
    assert answers["known@uni.example"] == answers["nobody@uni.example"]
    # Nor is anybody written to once more.
    assert list(Message.objects.values_list("kind", flat=True)) == ["verification", "verification"]


def test_nor_whether_it_is_that_of_an_administrator_who_has_never_signed_in() -> None:
    sam = factories.make_user("sam@elsewhere.example")
    sam.set_password(PASSPHRASE)
    sam.save()
    # As they were made before their addresses were taken as proven.
    factories.make_user("root@uni.example", verified=False, is_staff=True, is_superuser=True)
    User.objects.create_superuser("boss@uni.example", "another-horse-battery")
    answers = []
    for email in ("root@uni.example", "boss@uni.example", "nobody@uni.example"):
        EmailAddress.objects.create(user=sam, email=email)
        response = Client().post("/accounts/login/", {"login": email, "password": PASSPHRASE})
        answers.append((response.status_code, response.headers.get("Location")))
    assert answers == [(200, None)] * 3
    assert Message.objects.count() == 0


def test_an_administrator_who_was_made_on_the_server_comes_in_with_her_password(client: Client) -> None:
    boss = User.objects.create_superuser("boss@uni.example", PASSPHRASE)
    client.post("/accounts/login/", {"login": boss.email, "password": PASSPHRASE})
    assert (client.session["_auth_user_id"], boss.verified_emails) == (str(boss.pk), ["boss@uni.example"])


def test_letters_name_the_workshop_series_and_not_the_machine(client: Client) -> None:
    factories.make_user("known@uni.example")
    for place, (address, data) in enumerate(FORMS):
        for email in ("known@uni.example", f"nobody{place}@uni.example"):
            cache.clear()
            Client().post(address, data(email))
    letters = Message.objects.all()
    assert {letter.kind for letter in letters} == {
        "verification", "password_reset", "sign_in_code", "account_exists", "unknown_account",
    }  # fmt: skip
    for letter in letters:
        assert "DLonSC" in letter.text
        assert "!" not in letter.subject + letter.text


def test_no_letter_of_an_account_takes_words_of_who_asks_to_the_address_that_he_typed() -> None:
    words = "Win a prize at prizes.example"
    for letter in ("signup", "password/reset"):
        data = {"name": words, "email": "vera@uni.example", "password1": PASSPHRASE}
        assert Client().post(f"/accounts/{letter}/", data).status_code == 302
    sam = Client()
    sam.force_login(factories.make_user("sam@elsewhere.example", words))
    sam.post("/accounts/email/", {"action_add": "", "email": "vera@home.example"})
    sent = [compose(letter).as_string() for letter in Message.objects.all()]
    assert ["prize" in text for text in sent] == [False, False, False]


def test_every_letter_has_a_key_of_its_own(client: Client) -> None:
    factories.make_user("ada@uni.example")
    for _ in range(2):
        cache.clear()
        client.post("/accounts/password/reset/", {"email": "ada@uni.example"})
    keys = list(Message.objects.filter(kind="password_reset").values_list("key", flat=True))
    assert len(keys) == len(set(keys)) == 2


def test_a_reset_link_sets_the_password_once(client: Client) -> None:
    user = factories.make_user("ada@uni.example")
    client.post("/accounts/password/reset/", {"email": "ada@uni.example"})
    link = link_in(Message.objects.get())
    form = client.get(link, follow=True)
    address = form.redirect_chain[-1][0]
    client.post(address, {"password1": PASSPHRASE, "password2": PASSPHRASE})
    user.refresh_from_db()
    assert user.check_password(PASSPHRASE)
    assert "This link no longer works" in Client().get(link, follow=True).content.decode()


def test_after_signing_in_one_is_where_one_wanted_to_go() -> None:
    factories.make_user("ada@uni.example")
    browser = Client()
    door = browser.get("/account/")
    assert door.headers["Location"] == "/accounts/login/?next=/account/"
    assert "kept in this browser" in browser.get(door.headers["Location"]).content.decode()
    answer = browser.post(
        "/accounts/login/", {"login": "ada@uni.example", "password": factories.PASSWORD, "next": "/account/"}
    )
    assert answer.headers["Location"] == "/account/"


def test_sign_in_does_not_lead_to_other_sites() -> None:
    factories.make_user("ada@uni.example")
    answer = Client().post(
        "/accounts/login/",
        {"login": "ada@uni.example", "password": factories.PASSWORD, "next": "https://elsewhere.example/"},
    )
    assert answer.headers["Location"] == "/me/"


def test_a_second_address_counts_once_it_is_proven() -> None:
    user = factories.make_user("ada@uni.example")
    browser = Client()
    browser.post("/accounts/login/", {"login": "ada@uni.example", "password": factories.PASSWORD})
    browser.post("/accounts/email/", {"action_add": "", "email": "ada@home.example"})
    assert EmailAddress.objects.filter(user=user, email="ada@home.example", verified=False).exists()
    assert user.verified_emails == ["ada@uni.example"]
    browser.post(link_in(Message.objects.get(to_email="ada@home.example", kind="verification")))
    assert user.verified_emails == ["ada@home.example", "ada@uni.example"]


def test_the_list_of_ones_sessions_ends_all_others_at_once() -> None:
    ada, other = factories.make_user("ada@uni.example"), factories.make_user("bo@uni.example")
    here, there, hers = Client(), Client(), Client()
    for browser, user in ((here, ada), (there, ada), (hers, other)):
        browser.force_login(user)
        assert browser.get("/account/").status_code == 200
    here.post("/accounts/sessions/")
    assert [browser.get("/account/").status_code for browser in (here, there, hers)] == [200, 302, 200]


def test_a_session_that_goes_on_is_noted_once_in_five_minutes_and_at_once_from_elsewhere() -> None:
    browser = Client()
    browser.force_login(factories.make_user("ada@uni.example"))

    def noted(at: str, **of_the_request: str) -> tuple[str, str, str]:
        with time_machine.travel(datetime.fromisoformat(f"2026-03-01T{at}+00:00"), tick=False):
            assert browser.get("/account/", **of_the_request).status_code == 200
        row = UserSession.objects.get()
        return f"{row.last_seen_at:%H:%M}", row.ip, row.user_agent

    assert noted("12:00") == ("12:00", "127.0.0.1", "")
    assert noted("12:04") == ("12:00", "127.0.0.1", "")
    assert noted("12:05") == ("12:05", "127.0.0.1", "")
    assert noted("12:06", REMOTE_ADDR="192.0.2.7") == ("12:06", "192.0.2.7", "")
    another = {"REMOTE_ADDR": "192.0.2.7", "HTTP_USER_AGENT": "Lynx" * 99}
    assert noted("12:07", **another) == ("12:07", "192.0.2.7", "Lynx" * 50)
    assert noted("12:08", **another) == ("12:07", "192.0.2.7", "Lynx" * 50)


PAGES = (
    "/accounts/email/", "/accounts/password/change/", "/accounts/2fa/", "/accounts/sessions/", "/accounts/logout/",
    "/accounts/3rdparty/", "/accounts/reauthenticate/", "/account/",
)  # fmt: skip


@pytest.mark.parametrize("address", PAGES)
def test_every_page_about_oneself_has_our_frame_and_one_heading(address: str) -> None:
    browser = Client()
    browser.force_login(factories.make_user("ada@uni.example"))
    page = browser.get(address, follow=True).content.decode()
    assert 'class="site-header"' in page
    assert len(re.findall(r"<h1[ >]", page)) == 1
    assert 'style="' not in page
    assert "<script>" not in page


def test_no_sign_in_of_others_is_offered_without_its_key(client: Client) -> None:
    page = client.get("/accounts/login/").content.decode()
    for name in ("ORCID", "GitHub", "Google"):
        assert name not in page


@pytest.mark.parametrize("provider", ["github", "google", "orcid"])
@pytest.mark.parametrize("page", ["login/", "login/callback/"])
def test_a_provider_without_keys_is_not_found(db: None, provider: str, page: str) -> None:
    for send in (Client().get, Client().post):
        assert send(f"/accounts/{provider}/{page}").status_code == 404


@pytest.mark.parametrize(
    ("came_from", "goes_on"),
    [
        ("http://testserver/dlonsc-2026/submissions/1/?q=a", "/dlonsc-2026/submissions/1/%3Fq%3Da"),
        ("https://elsewhere.example/", "/dlonsc-2026/submissions/1/questions/"),
        ("", "/dlonsc-2026/submissions/1/questions/"),
    ],
)
def test_a_form_sent_after_the_session_ended_goes_on_at_the_page_that_it_stood_on(came_from: str, goes_on: str) -> None:
    answer = Client().post("/dlonsc-2026/submissions/1/questions/", {"text": "When?"}, headers={"Referer": came_from})
    assert answer.headers["Location"] == f"/accounts/login/?next={goes_on}"
