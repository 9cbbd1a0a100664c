"""Who proves an address takes its account over: the password of whoever signed up with it elsewhere opens nothing."""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.core.context import request_context
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.internal.flows.login import complete_login
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages import get_messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.http import HttpRequest
from django.test import Client, RequestFactory

from dlonsc.accounts.models import User
from dlonsc.mail.models import Message
from tests import factories

pytestmark = pytest.mark.django_db
EMAIL = "victim@uni.example"
PASSPHRASE = "attackers-long-passphrase-41"
OWN = "the-owners-own-passphrase-52"


@pytest.fixture
def elsewhere() -> Client:
    """The browser in which somebody signed up with the address and a password of his own."""
    browser = Client()
    browser.post("/accounts/signup/", {"email": EMAIL, "password1": PASSPHRASE, "name": "V"})
    return browser


def opens(password: str) -> bool:
    browser = Client()
    browser.post("/accounts/login/", {"login": EMAIL, "password": password})
    return "_auth_user_id" in browser.session


def letter(kind: str) -> str:
    return Message.objects.filter(kind=kind, to_email=EMAIL).latest("pk").text


def address_in(text: str, part: str) -> str:
    found = re.search(rf"{part}[^\s]+", text)
    assert found is not None
    return found.group()


def confirm(browser: Client) -> None:
    browser.post(address_in(letter("verification"), "/accounts/confirm-email/"))


def sign_in_by_code(browser: Client) -> None:
    browser.post("/accounts/login/code/", {"email": EMAIL})
    found = re.search(r"^\s*([A-Z0-9-]{6,9})\s*$", letter("sign_in_code"), re.M)
    assert found is not None
    browser.post("/accounts/login/code/confirm/", {"code": found[1]})


@pytest.fixture
def keys(settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {
        name: {"APPS": [{"client_id": "id", "secret": "secret"}]} for name in ("github", "google")
    }


@pytest.fixture
def with_account_elsewhere(keys: None) -> Client:
    return sign_up_elsewhere()


def sign_up_elsewhere() -> Client:
    """The browser in which somebody signed up with an account elsewhere, and typed the address."""
    browser = Client()
    session = browser.session
    provider = get_adapter().get_provider(HttpRequest(), "github")
    account = SocialAccount(provider="github", uid="41", extra_data={})
    session["socialaccount_sociallogin"] = SocialLogin(user=User(), account=account, provider=provider).serialize()
    session.save()
    browser.post("/accounts/3rdparty/signup/", {"email": EMAIL, "name": "V"})
    return browser


def accounts_elsewhere() -> list[str]:
    return list(SocialAccount.objects.values_list("uid", flat=True))


def choose_a_password(browser: Client) -> None:
    browser.post("/accounts/password/reset/", {"email": EMAIL})
    form = browser.get(address_in(letter("password_reset"), "/accounts/password/reset/key/"), follow=True)
    browser.post(form.request["PATH_INFO"], {"password1": OWN, "password2": OWN})


def reset_and_confirm(browser: Client) -> None:
    choose_a_password(browser)
    confirm(browser)


@pytest.mark.parametrize("prove", [confirm, sign_in_by_code, reset_and_confirm])
def test_an_account_elsewhere_with_which_a_stranger_signed_up_opens_nothing_once_its_owner_proves_the_address(
    with_account_elsewhere: Client, prove: Callable[[Client], None]
) -> None:
    assert accounts_elsewhere() == ["41"]
    prove(Client())
    assert (User.objects.get().verified_emails, accounts_elsewhere()) == ([EMAIL], [])


def test_an_account_elsewhere_stays_where_the_address_is_proven_in_the_browser_of_the_sign_up(
    with_account_elsewhere: Client,
) -> None:
    confirm(with_account_elsewhere)
    assert (User.objects.get().verified_emails, accounts_elsewhere()) == ([EMAIL], ["41"])


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ({"given_name": "Ada", "family_name": "Love\u202elace"}, "Ada Lovelace"),
        ({"given_name": "Ada"}, "Ada"),
        ({}, "vera.sample"),
    ],
)
def test_who_signs_up_with_an_account_elsewhere_and_is_asked_nothing_has_a_name(
    keys: None, data: dict[str, str], name: str
) -> None:
    request = RequestFactory().get("/")
    request.session, request.user = Client().session, AnonymousUser()
    provider = get_adapter().get_provider(request, "google")
    told = {"sub": "7", "email": "Vera.Sample@uni.example", "email_verified": True, **data}
    login = provider.sociallogin_from_response(request, told)
    login.state = {}
    with request_context(request):
        get_adapter().save_user(request, login)
    user = User.objects.get()
    assert (user.name, user.verified_emails) == (name, ["vera.sample@uni.example"])


def come_with_an_account_elsewhere(
    uid: int, *emails: dict[str, Any], browser: Client | None = None
) -> tuple[int, str | None, list[str]]:
    """Status, where to, and messages of who comes from there with its uid, in a browser without a session."""
    browser = browser or Client()
    request: Any = RequestFactory().get("/")
    request.session, request.user = browser.session, AnonymousUser()
    request._messages = FallbackStorage(request)
    told = {"id": uid, "emails": emails}
    login = get_adapter().get_provider(request, "github").sociallogin_from_response(request, told)
    login.state = {"process": "login"}
    with request_context(request):
        answer = complete_login(request, login)
    request.session.save()
    browser.cookies["sessionid"] = request.session.session_key
    return answer.status_code, answer.headers.get("Location"), [str(message) for message in get_messages(request)]


def test_who_comes_again_with_an_account_elsewhere_does_not_read_whether_the_address_had_an_account(
    keys: None,
) -> None:
    sign_up_elsewhere()
    free = come_with_an_account_elsewhere(41)
    SocialAccount.objects.all().delete()
    # By now it has one.
    sign_up_elsewhere()
    assert free == come_with_an_account_elsewhere(41) == (302, "/accounts/3rdparty/signup/", [])
    assert list(Message.objects.order_by("pk").values_list("kind", flat=True)) == ["verification", "account_exists"]


@pytest.mark.parametrize("is_elsewhere", [False, True])
def test_who_counts_accounts_before_and_after_a_sign_up_does_not_read_whether_the_address_had_one(
    keys: None, *, is_elsewhere: bool
) -> None:
    """People read the numbers of their own: a page has that of the account, links in letters hold two."""

    def numbers() -> list[int]:
        own = factories.make_user(f"own-{User.objects.count()}@mine.example")
        connected = SocialAccount.objects.create(user=own, provider="github", uid=own.email)
        return [own.pk, EmailAddress.objects.get(user=own).pk, connected.pk]

    def sign_up() -> None:
        if is_elsewhere:
            sign_up_elsewhere()
        else:
            Client().post("/accounts/signup/", {"email": EMAIL, "password1": PASSPHRASE, "name": "V"})

    seen = [numbers()]
    for _ in range(2):
        sign_up()
        SocialAccount.objects.filter(uid="41").delete()
        seen.append(numbers())
    # By the second time it had one.
    assert Message.objects.filter(kind="account_exists").count() == 1
    steps = [[b - a for a, b in zip(one, two, strict=True)] for one, two in pairwise(seen)]
    assert steps == [[2, 2, 1 + is_elsewhere]] * 2
    assert User.objects.filter(email__endswith=".invalid").count() == 0


@pytest.mark.parametrize("is_primary", [True, False])
def test_an_address_that_an_account_elsewhere_has_not_proven_is_not_taken_over_and_tells_nothing(
    keys: None, is_primary: bool
) -> None:
    theirs = {"email": EMAIL, "primary": is_primary, "verified": False}
    for uid, own in enumerate(("sam@one.example", "sam@two.example")):
        hers = {"email": own, "primary": not is_primary, "verified": True}
        answer = come_with_an_account_elsewhere(uid, theirs, hers)
        assert answer == (302, "/me/", ["Successfully signed in as sam."])
        rows = User.objects.get(email=own).emailaddress_set.values_list("email", "verified")
        assert list(rows) == [(own, True)]
        if not uid:
            factories.make_user(EMAIL)
    assert come_with_an_account_elsewhere(7, theirs)[:2] == (302, "/accounts/3rdparty/signup/")


def test_an_account_elsewhere_signs_in_once_an_address_is_proven(with_account_elsewhere: Client) -> None:
    confirm(with_account_elsewhere)
    assert come_with_an_account_elsewhere(41)[:2] == (302, "/me/")


def test_a_code_by_mail_ends_the_password_of_who_signed_up_elsewhere(elsewhere: Client) -> None:
    owner = Client()
    sign_in_by_code(owner)
    page = owner.get("/me/")
    assert (page.status_code, "another browser" in page.content.decode()) == (200, True)
    # Still signed in at the next request.
    assert owner.get("/me/").status_code == 200
    assert not opens(PASSPHRASE)
    assert "_auth_user_id" not in elsewhere.session
    elsewhere.get("/accounts/confirm-email/")
    elsewhere.get("/me/")
    assert "_auth_user_id" not in elsewhere.session


def test_the_link_opened_elsewhere_ends_the_password_too(elsewhere: Client) -> None:
    confirm(Client())
    assert User.objects.get().verified_emails == [EMAIL]
    assert not opens(PASSPHRASE)


def test_the_link_opened_where_the_account_was_made_keeps_the_password(elsewhere: Client) -> None:
    confirm(elsewhere)
    assert opens(PASSPHRASE)


def test_a_password_chosen_by_who_reads_the_mail_counts(elsewhere: Client) -> None:
    owner = Client()
    choose_a_password(owner)
    owner.post("/accounts/login/", {"login": EMAIL, "password": OWN})
    confirm(owner)
    assert (opens(OWN), opens(PASSPHRASE)) == (True, False)


def test_a_second_address_changes_no_password(elsewhere: Client) -> None:
    confirm(elsewhere)
    elsewhere.post("/accounts/login/", {"login": EMAIL, "password": PASSPHRASE})
    elsewhere.post("/accounts/email/", {"action_add": "", "email": "second@uni.example"})
    text = Message.objects.filter(kind="verification", to_email="second@uni.example").latest("pk").text
    elsewhere.post(address_in(text, "/accounts/confirm-email/"))
    assert User.objects.get().verified_emails == ["second@uni.example", EMAIL]
    assert opens(PASSPHRASE)


def test_who_proves_an_address_gets_it_from_an_account_that_only_claims_it() -> None:
    stranger = factories.make_user("rita@new.example", "Nobody", verified=False)
    rita = factories.make_user("rita@old.example", "Rita")
    browser = Client()
    browser.force_login(rita)
    browser.post("/accounts/email/", {"action_add": "", "email": "rita@new.example"})
    sent = Message.objects.filter(kind="verification").latest("pk").text
    browser.post(address_in(sent, "/accounts/confirm-email/"))
    for act, email in (("action_primary", "rita@new.example"), ("action_remove", "rita@old.example")):
        assert browser.post("/accounts/email/", {act: "", "email": email}).status_code == 302
    rita.refresh_from_db()
    stranger.refresh_from_db()
    assert (rita.email, rita.verified_emails) == ("rita@new.example", ["rita@new.example"])
    assert (stranger.is_active, stranger.emailaddress_set.count()) == (False, 0)


def test_an_account_elsewhere_of_an_account_that_ended_is_free_for_another() -> None:
    claim = factories.make_user(EMAIL, "V", verified=False)
    SocialAccount.objects.create(user=claim, provider="github", uid="41")
    browser = Client()
    browser.force_login(factories.make_user("rita@old.example", "Rita"))
    browser.post("/accounts/email/", {"action_add": "", "email": EMAIL})
    confirm(browser)
    assert (User.objects.get(email="rita@old.example").verified_emails[-1], accounts_elsewhere()) == (EMAIL, [])


def test_a_further_address_is_proven_only_where_its_account_is_signed_in() -> None:
    sam, vera = factories.make_user("sam@elsewhere.example", "Sam"), factories.make_user("vera@home.example", "Vera")
    asking = Client()
    asking.force_login(sam)
    asking.post("/accounts/email/", {"action_add": "", "email": "vera@work.example"})
    link = address_in(Message.objects.filter(kind="verification").latest("pk").text, "/accounts/confirm-email/")
    hers = Client()
    hers.force_login(vera)
    assert "Sam" in hers.get(link).content.decode()
    shown = [browser.post(link, follow=True).content.decode() for browser in (Client(), hers)]
    assert ["Nothing was confirmed." in page for page in shown] == [True, True]
    assert ("_auth_user_id" in hers.session, sam.verified_emails) == (True, ["sam@elsewhere.example"])
    asking.post(link)
    assert sam.verified_emails == ["sam@elsewhere.example", "vera@work.example"]


def test_an_administrator_made_on_the_server_is_not_ended_by_who_proves_her_address() -> None:
    boss = factories.make_user("root@uni.example", "Boss", verified=False, is_staff=True, is_superuser=True)
    browser = Client()
    browser.force_login(factories.make_user("rita@old.example", "Rita"))
    browser.post("/accounts/email/", {"action_add": "", "email": "root@uni.example"})
    sent = Message.objects.filter(kind="verification").latest("pk").text
    browser.post(address_in(sent, "/accounts/confirm-email/"))
    boss.refresh_from_db()
    assert (boss.is_active, boss.email) == (True, "root@uni.example")


def test_who_presses_the_link_of_a_strangers_letter_does_not_end_her_own_account() -> None:
    vera = factories.make_user("vera@work.example", "Vera", verified=False)
    browser = Client()
    browser.force_login(factories.make_user("sam@elsewhere.example", "Sam"))
    browser.post("/accounts/email/", {"action_add": "", "email": "vera@work.example"})
    sent = Message.objects.filter(kind="verification").latest("pk").text
    Client().post(address_in(sent, "/accounts/confirm-email/"))
    vera.refresh_from_db()
    assert (vera.is_active, vera.email) == (True, "vera@work.example")


def test_neither_code_nor_reset_for_an_unproven_further_address_opens_or_proves_for_who_added_it() -> None:
    sam = factories.make_user("sam@elsewhere.example", "Sam")
    asking = Client()
    asking.force_login(sam)
    asking.post("/accounts/email/", {"action_add": "", "email": EMAIL})
    owner = Client()
    owner.post("/accounts/login/code/", {"email": EMAIL})
    owner.post("/accounts/password/reset/", {"email": EMAIL})
    kinds = sorted(Message.objects.filter(to_email=EMAIL).values_list("kind", flat=True))
    assert kinds == ["unknown_account", "unknown_account", "verification"]
    assert sam.verified_emails == ["sam@elsewhere.example"]


def test_a_code_opens_the_account_of_who_signed_up_with_the_address_and_not_that_of_who_added_it(
    elsewhere: Client,
) -> None:
    sam = factories.make_user("sam@elsewhere.example", "Sam")
    EmailAddress.objects.create(user=sam, email=EMAIL)
    owner = Client()
    sign_in_by_code(owner)
    assert owner.session["_auth_user_id"] == str(User.objects.get(email=EMAIL).pk)
    assert sam.verified_emails == ["sam@elsewhere.example"]


def test_an_address_that_another_account_only_added_keeps_nobody_from_signing_up_with_it() -> None:
    sam = factories.make_user("sam@elsewhere.example", "Sam")
    EmailAddress.objects.create(user=sam, email=EMAIL)
    owner = Client()
    owner.post("/accounts/signup/", {"email": EMAIL, "password1": OWN, "name": "Vera"})
    assert list(Message.objects.values_list("kind", "to_email")) == [("verification", EMAIL)]
    confirm(owner)
    assert opens(OWN)
    assert (User.objects.get(email=EMAIL).verified_emails, sam.verified_emails) == ([EMAIL], ["sam@elsewhere.example"])


def test_nor_does_it_keep_anybody_from_signing_up_with_an_account_elsewhere(
    keys: None,
) -> None:
    EmailAddress.objects.create(user=factories.make_user("sam@elsewhere.example", "Sam"), email=EMAIL)
    owner = sign_up_elsewhere()
    assert list(Message.objects.values_list("kind", "to_email")) == [("verification", EMAIL)]
    confirm(owner)
    assert (User.objects.get(email=EMAIL).verified_emails, accounts_elsewhere()) == ([EMAIL], ["41"])


def test_nor_from_signing_up_with_an_account_elsewhere_that_has_proven_it(keys: None) -> None:
    EmailAddress.objects.create(user=factories.make_user("sam@elsewhere.example", "Sam"), email=EMAIL)
    proven = [{"email": email, "primary": email == EMAIL, "verified": True} for email in (EMAIL, "vera@b.example")]
    owner = Client()
    # She is asked for the address, which she may change: what is proven elsewhere signs nobody in with another.
    assert come_with_an_account_elsewhere(41, *proven, browser=owner)[:2] == (302, "/accounts/3rdparty/signup/")
    assert f'value="{EMAIL}"' in owner.get("/accounts/3rdparty/signup/").text
    owner.post("/accounts/3rdparty/signup/", {"email": EMAIL, "name": "V"})
    assert list(Message.objects.values_list("kind", "to_email")) == [("verification", EMAIL)]
    confirm(owner)
    assert (User.objects.get(email=EMAIL).verified_emails, accounts_elsewhere()) == ([EMAIL], ["41"])


def test_the_first_address_of_an_account_that_proved_another_stays_its_own_at_a_sign_up() -> None:
    boss = factories.make_user("boss@uni.example", "Boss", is_staff=True)
    User.objects.filter(pk=boss.pk).update(email=EMAIL)
    answer = Client().post("/accounts/signup/", {"email": EMAIL, "password1": OWN, "name": "Vera"})
    assert (answer.status_code, User.objects.count()) == (302, 1)
    assert list(Message.objects.values_list("kind", "to_email")) == [("account_exists", EMAIL)]


def test_the_letter_to_a_further_address_says_which_account_asks_and_the_first_one_asks_for_no_sign_in(
    elsewhere: Client,
) -> None:
    assert "signed in" not in letter("verification")
    asking = Client()
    asking.force_login(factories.make_user("sam@elsewhere.example", "Sam"))
    asking.post("/accounts/email/", {"action_add": "", "email": "vera@work.example"})
    sent = Message.objects.get(kind="verification", to_email="vera@work.example").text
    assert "the account that signs in as s...@elsewhere.example" in " ".join(sent.split())


@pytest.mark.parametrize("act", ["action_primary", "action_remove"])
def test_an_act_on_ones_addresses_is_done_with_its_letter_or_not_at_all(
    act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rita = factories.make_user("rita@old.example", "Rita")
    EmailAddress.objects.create(user=rita, email="rita@new.example", verified=True)
    browser = Client(raise_request_exception=False)
    browser.force_login(rita)

    def fails(**_: object) -> None:
        raise OSError

    monkeypatch.setattr("dlonsc.accounts.adapter.post", fails)
    assert browser.post("/accounts/email/", {act: "", "email": "rita@new.example"}).status_code == 500
    rita.refresh_from_db()
    assert rita.email == "rita@old.example"
    rows = EmailAddress.objects.filter(user=rita).order_by("email").values_list("email", "primary")
    assert list(rows) == [("rita@new.example", False), ("rita@old.example", True)]


@pytest.mark.parametrize("prove", [confirm, sign_in_by_code])
def test_a_proof_is_written_with_all_that_follows_from_it_or_not_at_all(
    elsewhere: Client, monkeypatch: pytest.MonkeyPatch, prove: Callable[[Client], None]
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr("dlonsc.accounts.first_proof.messages.warning", fails)
    prove(Client(raise_request_exception=False))
    user = User.objects.get()
    assert (user.verified_emails, user.has_usable_password()) == ([], True)
