"""A chair who was idle signs in again, an act that cannot be taken back asks for a recent sign-in, no text is lost."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from dlonsc.accounts.interrupted import KEY
from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership
from dlonsc.editions.sessions import NEEDS_FRESH_SIGN_IN, NEW_KEYS, ONLY_WITH
from submissions.models import Conflict
from tests import factories
from tests.factories import PASSWORD
from tests.test_access_matrix import all_addresses

pytestmark = pytest.mark.django_db
BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CARRY_ON = "/account/carry-on/"
AGAIN = "/accounts/reauthenticate/?next=%2Faccount%2Fcarry-on%2F"
REASON = "We wrote a paper together\nin 2025."

NEW = "plum-tree-nine-hundred-oaks"


@pytest.fixture(autouse=True)
def _as_in_production(settings: Any) -> None:
    settings.CHAIRS_IDLE_HOURS, settings.CHAIRS_FRESH_MINUTES = 12, 60
    cache.clear()


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(BEGAN, tick=False) as traveller:
        yield traveller


@pytest.fixture
def sign_in(clock: Any) -> Callable[[User | Membership], Client]:
    """A browser in which somebody has just typed her password."""

    def come_in(person: User | Membership) -> Client:
        user = person.user if isinstance(person, Membership) else person
        assert user is not None
        browser = Client()
        browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
        assert browser.session["_auth_user_id"] == str(user.pk)
        return browser

    return come_in


SignIn = Callable[[User | Membership], Client]


def is_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def confirm(browser: Client, password: str = PASSWORD) -> str:
    return str(browser.post(AGAIN, {"password": password, "next": CARRY_ON}).headers.get("Location", ""))


def conflict_of(chair: Membership, reviewer: Membership) -> tuple[str, dict[str, str]]:
    """The address of a pair, and a form that sets a conflict with words to lose."""
    paper = factories.make_submission(chair.edition)
    return f"/{chair.edition.slug}/chair/conflicts/{paper.number}/{reviewer.pk}/", {"kind": "other", "reason": REASON}


def test_every_act_of_the_table_has_an_address() -> None:
    assert set(NEEDS_FRESH_SIGN_IN) - set(all_addresses()) == set(NEW_KEYS)
    assert [reverse(name).startswith("/accounts/") for name in NEW_KEYS] == [True] * len(NEW_KEYS)


@pytest.mark.parametrize("role", ["chair", "proceedings_chair", "administrator"])
def test_after_twelve_idle_hours_a_chair_is_signed_out(request: Any, sign_in: SignIn, clock: Any, role: str) -> None:
    if role == "administrator":
        person = factories.make_user("root@uni.example", is_superuser=True)
    else:
        person = request.getfixturevalue(role)
    browser = sign_in(person)
    assert browser.get("/account/").status_code == 200
    clock.shift(12 * HOUR)
    assert browser.get("/account/").status_code == 200
    clock.shift(12 * HOUR + timedelta(seconds=1))
    assert browser.get("/account/").headers["Location"] == "/accounts/login/?next=/account/"
    assert not is_in(browser)


def test_who_is_signed_out_for_being_idle_leaves_no_page_in_the_browser(
    chair: Membership, sign_in: SignIn, clock: Any
) -> None:
    browser = sign_in(chair)
    assert "Clear-Site-Data" not in browser.get("/account/").headers
    clock.shift(13 * HOUR)
    assert browser.get("/account/").headers["Clear-Site-Data"] == '"cache"'
    assert "Clear-Site-Data" not in browser.get("/accounts/login/").headers


def test_looking_as_a_visitor_empties_no_cache_and_is_kept_by_none(
    chair: Membership, sign_in: SignIn, clock: Any
) -> None:
    browser, slug = sign_in(chair), chair.edition.slug
    browser.post(reverse("reviews:look_as", args=[slug]), {"person": "visitor"})
    page = browser.get(reverse("editions:call", args=[slug]))
    assert page.context["user"].is_authenticated is False
    assert "Clear-Site-Data" not in page.headers
    assert "no-store" in page.headers["Cache-Control"]
    assert browser.post("/accounts/logout/").headers.get("Clear-Site-Data") is None
    browser.post(reverse("reviews:stop_looking", args=[slug]))
    assert browser.post("/accounts/logout/").headers["Clear-Site-Data"] == '"cache"'


@pytest.mark.parametrize("role", ["author", "reviewer", "stranger"])
def test_others_stay_signed_in_for_fourteen_days(request: Any, sign_in: SignIn, clock: Any, role: str) -> None:
    browser = sign_in(request.getfixturevalue(role))
    browser.get("/account/")
    clock.shift(timedelta(days=13, hours=23))
    assert browser.get("/account/").status_code == 200
    clock.shift(timedelta(days=14, seconds=1))
    assert browser.get("/account/").status_code == 302


def test_a_page_that_asks_for_itself_keeps_nobody_signed_in(chair: Membership, sign_in: SignIn, clock: Any) -> None:
    browser = sign_in(chair)
    for _ in range(13):
        browser.get("/account/", headers={"X-Fragment": "1"})
        clock.shift(HOUR)
    assert browser.get("/account/").status_code == 302


def test_a_form_sent_after_idle_hours_is_kept_and_carried_on_after_signing_in(
    chair: Membership, reviewer: Membership, sign_in: SignIn, clock: Any
) -> None:
    browser = sign_in(chair)
    address, typed = conflict_of(chair, reviewer)
    clock.shift(13 * HOUR)
    answer = browser.post(f"{address}?from=list", typed)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/login/?next=%2Faccount%2Fcarry-on%2F")
    assert not is_in(browser)
    assert not Conflict.objects.exists()
    assert chair.user is not None
    signed = browser.post("/accounts/login/", {"login": chair.user.email, "password": PASSWORD, "next": CARRY_ON})
    assert signed.headers["Location"] == CARRY_ON
    page = browser.get(CARRY_ON).content.decode()
    assert f'action="{address}?from=list"' in page
    assert REASON in page
    assert '<input type="hidden" name="kind" value="other">' in page
    assert not Conflict.objects.exists()
    browser.post(f"{address}?from=list", typed)
    assert Conflict.objects.get().reason == REASON
    assert KEY not in browser.session


def test_what_one_person_typed_is_not_shown_to_the_next_in_the_same_browser(
    chair: Membership, reviewer: Membership, sign_in: SignIn, clock: Any
) -> None:
    browser = sign_in(chair)
    address, typed = conflict_of(chair, reviewer)
    clock.shift(13 * HOUR)
    browser.post(address, typed)
    browser.post("/accounts/login/", {"login": reviewer.email, "password": PASSWORD, "next": CARRY_ON})
    assert is_in(browser)
    assert browser.get(CARRY_ON).headers["Location"] == "/me/"


def test_a_form_without_its_csrf_token_is_not_kept(
    chair: Membership, reviewer: Membership, sign_in: SignIn, clock: Any
) -> None:
    address, typed = conflict_of(chair, reviewer)
    signed = sign_in(chair)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = signed.cookies
    for hours in (2, 13):
        clock.shift(hours * HOUR)
        assert strict.post(address, typed).status_code == 403
        assert KEY not in strict.session


@pytest.mark.parametrize(
    ("address", "typed"),
    [
        ("/accounts/reauthenticate/", {"password": PASSWORD}),
        ("/accounts/2fa/reauthenticate/", {"code": "123456"}),
        ("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": "new", "password2": "new"}),
    ],
)
def test_a_password_or_code_typed_after_idle_hours_is_not_kept(
    address: str, typed: dict[str, str], chair: Membership, sign_in: SignIn, clock: Any
) -> None:
    browser = sign_in(chair)
    clock.shift(13 * HOUR)
    assert browser.post(address, typed).headers["Location"] == "/accounts/login/?next=%2Fme%2F"
    assert (is_in(browser), KEY in browser.session) == (False, False)


def test_fields_that_prove_who_somebody_is_are_left_out_of_what_is_kept(
    chair: Membership, reviewer: Membership, sign_in: SignIn, clock: Any
) -> None:
    browser = sign_in(chair)
    address, typed = conflict_of(chair, reviewer)
    proofs = ("password", "Password2", "code", "otp_token", "credential", "csrfmiddlewaretoken")
    clock.shift(13 * HOUR)
    browser.post(address, typed | dict.fromkeys(proofs, "secret"))
    assert dict(QueryDict(browser.session[KEY]["typed"]).items()) == typed


def test_a_script_that_saves_is_told_in_its_own_words(chair: Membership, sign_in: SignIn, clock: Any) -> None:
    browser = sign_in(chair)
    address = f"/{chair.edition.slug}/reviews/1/autosave/"
    clock.shift(13 * HOUR)
    assert browser.post(address, {"summary": "x"}, headers={"X-Autosave": "1"}).status_code == 403
    assert KEY not in browser.session


ACTS = [(name, method) for name, methods in NEEDS_FRESH_SIGN_IN.items() for method in sorted(methods - {"HEAD"})]


@pytest.mark.parametrize(("name", "method"), ACTS)
def test_an_act_of_the_table_asks_again_after_an_hour(
    name: str, method: str, chair: Membership, reviewer: Membership, sign_in: SignIn, clock: Any
) -> None:
    paper = factories.make_submission(chair.edition)
    words: dict[str, Any] = {"slug": chair.edition.slug, "number": paper.number, "member": reviewer.pk}
    words |= {"pk": reviewer.pk, "person": reviewer.user_id}
    takes = all_addresses()[name].pattern.converters if name not in NEW_KEYS else ()
    address = reverse(name, kwargs={key: words[key] for key in takes})
    browser = sign_in(chair)
    send = browser.get if method == "GET" else browser.post
    field, value = ONLY_WITH.get(name, ("", ""))
    typed = {field: value or "1"} if field else {}
    clock.shift(HOUR)
    # To add a factor allauth asks sooner, where it finds something to ask for.
    asks = send(address, typed).headers.get("Location", "").startswith("/accounts/reauthenticate/")
    assert asks == name.startswith("mfa_")
    clock.shift(timedelta(seconds=1))
    answer = send(address, typed)
    onward = CARRY_ON if method == "POST" and not address.startswith("/accounts/") else address
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        f"/accounts/reauthenticate/?next={onward.replace('/', '%2F')}",
    )


def test_nobody_who_finds_a_chair_signed_in_gives_her_a_key_and_proves_with_it(
    chair: Membership, sign_in: SignIn, clock: Any
) -> None:
    browser, user = sign_in(chair), chair.user
    assert user is not None
    user.set_unusable_password()
    user.save()
    browser.force_login(user)
    clock.shift(3 * HOUR)
    for address, typed in (
        ("/accounts/password/set/", {"password1": NEW, "password2": NEW}),
        ("/accounts/email/", {"action_add": "", "email": "mallory@evil.example"}),
        ("/accounts/2fa/totp/activate/", {"code": "123456"}),
        ("/accounts/2fa/webauthn/add/", {"credential": "{}"}),
    ):
        browser.force_login(user)
        assert browser.post(address, typed).headers["Location"].startswith("/accounts/login/")
        assert (is_in(browser), KEY in browser.session) == (False, False)
    user.refresh_from_db()
    assert (user.has_usable_password(), user.emailaddress_set.count()) == (False, 1)


def test_the_acts_that_open_send_or_correct_for_good_are_in_the_table() -> None:
    named = (
        "reviews:commit_proposal", "reviews:export_sub_reviewers", "reviews:decide", "letters:mailing",
        "editions:resend", "editions:settings", "submissions:triage_one", "persons:download", "account_set_password",
        "account_email",
    )  # fmt: skip
    assert [name for name in named if name not in NEEDS_FRESH_SIGN_IN] == []


def test_to_decide_in_private_to_write_and_to_stop_letters_do_not_wait(
    edition: Edition, chair: Membership, sign_in: SignIn, clock: Any
) -> None:
    paper = factories.make_submission(edition)
    browser = sign_in(chair)
    begun = browser.post(f"/{edition.slug}/chair/mail/write/", {"audience": "members"}).headers["Location"]
    clock.shift(5 * HOUR)
    sent = [
        browser.post(begun, {"save": "1", "subject": "Hello", "text": "Dear {name}", "version": "1"}),
        browser.post(begun, {"stop": "1"}),
        browser.post(f"/{edition.slug}/chair/decisions/{paper.number}/", {"verdict": "accept", "version": "0"}),
        browser.post(f"/{edition.slug}/chair/format/{paper.number}/", {"act": "override", "note": "It is fine."}),
    ]
    assert [answer.headers.get("Location", "").startswith("/accounts/") for answer in sent] == [False] * 4
    assert paper.decision.verdict == "accept"
    assert browser.post(begun, {"release": "1"}).headers["Location"] == AGAIN


def test_the_act_goes_on_after_the_password_with_what_was_typed(
    chair: Membership, reviewer: Membership, sign_in: SignIn, clock: Any
) -> None:
    browser = sign_in(chair)
    address, typed = conflict_of(chair, reviewer)
    clock.shift(2 * HOUR)
    assert browser.post(address, typed).headers["Location"] == AGAIN
    assert confirm(browser, "wrong-wrong-wrong") == ""
    assert browser.post(address, typed).headers["Location"] == AGAIN
    assert confirm(browser) == CARRY_ON
    assert REASON in browser.get(CARRY_ON).content.decode()
    assert browser.get(CARRY_ON).status_code == 200
    assert not Conflict.objects.exists()
    browser.post(address, typed)
    assert Conflict.objects.get().reason == REASON
    assert browser.get(CARRY_ON).status_code == 302


def test_a_chair_who_looks_confirms_that_it_is_her_and_looks_at_the_next_person(
    chair: Membership, reviewer: Membership, sign_in: SignIn, clock: Any
) -> None:
    browser, other = sign_in(chair), factories.make_member(chair.edition)
    address = reverse("reviews:look_as", args=[chair.edition.slug])
    browser.post(address, {"person": str(reviewer.user_id)})
    clock.shift(2 * HOUR)
    assert browser.post(address, {"person": str(other.user_id)}).headers["Location"] == AGAIN
    assert browser.get(AGAIN).status_code == 200
    for name in ("mfa_reauthenticate", "mfa_reauthenticate_webauthn"):
        assert "reviews/chair/not_looked_at.html" not in [one.name for one in browser.get(reverse(name)).templates]
    assert confirm(browser) == CARRY_ON
    assert f'action="{address}"' in browser.get(CARRY_ON).content.decode()
    assert browser.session["looking"]["person"] == reviewer.user_id
    browser.post(address, {"person": str(other.user_id)})
    assert browser.session["looking"]["person"] == other.user_id


def test_what_is_not_wanted_any_more_is_thrown_away(
    chair: Membership, reviewer: Membership, sign_in: SignIn, clock: Any
) -> None:
    browser = sign_in(chair)
    address, typed = conflict_of(chair, reviewer)
    clock.shift(2 * HOUR)
    browser.post(address, typed)
    assert browser.post(CARRY_ON).headers["Location"] == "/me/"
    assert (KEY in browser.session, Conflict.objects.count()) == (False, 0)


def test_the_page_says_what_waits_and_leads_back_to_where_it_stood(
    chair: Membership, reviewer: Membership, sign_in: SignIn, clock: Any
) -> None:
    browser = sign_in(chair)
    address, typed = conflict_of(chair, reviewer)
    clock.shift(2 * HOUR)
    browser.post(address, typed, headers={"Referer": f"http://testserver{address}?from=1"})
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert "Set or lift a conflict of interest" in browser.get(CARRY_ON).content.decode()
    assert browser.post(CARRY_ON).headers["Location"] == f"{address}?from=1"
    # An address that is not ours leads nowhere, nor does one of ours that would be another host without its own.
    for came_from in ("https://elsewhere.example/", "http://testserver//elsewhere.example/"):
        clock.shift(2 * HOUR)
        browser.post(address, typed, headers={"Referer": came_from})
        browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
        assert browser.post(CARRY_ON).headers["Location"] == "/me/"


def test_who_has_neither_password_nor_factor_signs_in_anew(
    chair: Membership, reviewer: Membership, sign_in: SignIn, clock: Any
) -> None:
    browser = sign_in(chair)
    assert chair.user is not None
    address, typed = conflict_of(chair, reviewer)
    chair.user.set_unusable_password()
    # Keep the session that a new password would end.
    User.objects.filter(pk=chair.user.pk).update(password=chair.user.password)
    session = browser.session
    session["_auth_user_hash"] = User.objects.get(pk=chair.user.pk).get_session_auth_hash()
    session.save()
    clock.shift(2 * HOUR)
    assert browser.post(address, typed).headers["Location"] == "/accounts/login/?next=%2Faccount%2Fcarry-on%2F"
    assert not is_in(browser)
    assert browser.session[KEY]["person"] == chair.user.pk


def test_reading_and_stopping_a_release_never_wait(
    edition: Edition, chair: Membership, sign_in: SignIn, clock: Any
) -> None:
    browser = sign_in(chair)
    clock.shift(11 * HOUR)
    for room in ("chair/", "chair/announce/", "chair/look-as/", "chair/committee/"):
        assert browser.get(f"/{edition.slug}/{room}").status_code == 200, room
    assert "reviews:stop" not in NEEDS_FRESH_SIGN_IN


def test_nobody_else_is_asked(edition: Edition, reviewer: Membership, sign_in: SignIn, clock: Any) -> None:
    browser = sign_in(reviewer)
    clock.shift(5 * HOUR)
    assert browser.post(f"/{edition.slug}/chair/announce/").status_code == 404


def test_the_demo_is_exempt(chair: Membership, sign_in: SignIn, clock: Any, settings: Any) -> None:
    settings.CHAIRS_IDLE_HOURS = settings.CHAIRS_FRESH_MINUTES = 0
    browser = sign_in(chair)
    browser.get("/account/")
    clock.shift(timedelta(days=2))
    assert browser.get("/account/").status_code == 200
    assert browser.get(f"/{chair.edition.slug}/chair/submissions/export.csv").status_code == 200
