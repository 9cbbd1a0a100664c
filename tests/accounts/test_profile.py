"""The profile: name as printed, ORCID iD, affiliations that come, end and go; and a form that has grown old."""

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from dlonsc.accounts.forms import AffiliationForm, ProfileForm
from dlonsc.accounts.middleware import BoundedTexts
from dlonsc.accounts.models import Affiliation, User
from dlonsc.editions.models import Membership
from dlonsc.mail.models import Message

AsUser = Callable[[User | Membership | None], Client]
pytestmark = pytest.mark.django_db
HOME = {"new-institution": "Example Lab", "new-town": "Ex", "new-country": "Exland", "new-domain": "Mail@Lab.Example"}


def test_a_profile_is_saved(author: User, as_user: AsUser) -> None:
    as_user(author).post(
        "/account/", {"name": "Ada M. Author", "orcid": "https://orcid.org/0000-0002-1694-233x", "compact_tables": "on"}
    )
    author.refresh_from_db()
    assert (author.name, author.orcid) == ("Ada M. Author", "0000-0002-1694-233X")
    assert author.compact_tables
    assert not author.digest


def test_a_mistyped_orcid_is_refused_beside_its_field_with_everything_typed_kept(author: User, as_user: AsUser) -> None:
    page = as_user(author).post("/account/", {"name": "A New Name", "orcid": "0000-0002-1825-0098"}).content.decode()
    assert "one digit is mistyped" in page
    assert 'value="0000-0002-1825-0098"' in page
    assert 'value="A New Name"' in page
    author.refresh_from_db()
    assert author.orcid == ""


def test_who_saves_her_profile_while_she_is_erased_is_not_brought_back(
    author: User, as_user: AsUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def erased_meanwhile(form: ProfileForm) -> str:
        User.objects.filter(pk=author.pk).update(is_active=False, email="former@erased.invalid", password="!")
        return ""

    monkeypatch.setattr(ProfileForm, "clean_orcid", erased_meanwhile)
    as_user(author).post("/account/", {"name": "Ada M. Author"})
    author.refresh_from_db()
    assert (author.is_active, author.email, author.password) == (False, "former@erased.invalid", "!")


def test_nothing_of_a_profile_that_is_saved_while_its_person_is_erased_comes_back(
    author: User, as_user: AsUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Affiliation.objects.create(user=author, institution="Example University")

    def erased_meanwhile(form: ProfileForm | AffiliationForm) -> str:
        User.objects.filter(pk=author.pk).update(is_active=False, name="Former member")
        Affiliation.objects.filter(user=author).delete()
        return ""

    monkeypatch.setattr(ProfileForm, "clean_orcid", erased_meanwhile)
    monkeypatch.setattr(AffiliationForm, "clean_domain", erased_meanwhile)
    forms = {
        "/account/": {"name": "Ada M. Author"},
        reverse("accounts:add_affiliation"): {"new-institution": "Other University"},
        reverse("accounts:affiliation", args=[home.pk]): {"institution": "Other University"},
    }
    for address, typed in forms.items():
        User.objects.filter(pk=author.pk).update(is_active=True, name=author.name)
        home.save()
        assert as_user(author).post(address, typed).status_code == 404
        author.refresh_from_db(fields=["name"])
        assert (author.name, list(Affiliation.objects.all())) == ("Former member", [])


def test_no_address_that_is_added_while_its_person_is_erased_comes_back(
    author: User, as_user: AsUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = as_user(author)

    def erased_meanwhile(*_: object) -> None:
        User.objects.filter(pk=author.pk).update(is_active=False, name="Former member")
        EmailAddress.objects.filter(user=author).delete()

    monkeypatch.setattr(BoundedTexts, "process_view", erased_meanwhile)
    answer = browser.post(reverse("account_email"), {"action_add": "", "email": "ada@other.example"})
    assert (answer.status_code, list(EmailAddress.objects.all()), list(Message.objects.all())) == (404, [], [])


def test_compact_tables_follow_the_person(author: User, as_user: AsUser) -> None:
    assert 'class="compact-tables"' not in as_user(author).get("/account/").content.decode()
    User.objects.filter(pk=author.pk).update(compact_tables=True)
    assert 'class="compact-tables"' in as_user(author).get("/account/").content.decode()


def test_an_affiliation_is_added_ended_and_removed(author: User, as_user: AsUser) -> None:
    browser = as_user(author)
    browser.post("/account/affiliations/", HOME)
    home = Affiliation.objects.get(user=author)
    assert (home.institution, home.domain, home.until) == ("Example Lab", "lab.example", None)
    address = reverse("accounts:affiliation", args=(home.pk,))
    browser.post(address, {"institution": "Example Lab", "domain": "lab.example", "until": "2026-01-31"})
    home.refresh_from_db()
    assert str(home.until) == "2026-01-31"
    assert "31 Jan 2026" in browser.get("/account/").content.decode()
    browser.post(address, {"remove": "1"})
    assert not Affiliation.objects.exists()


def test_a_domain_without_a_dot_is_refused_with_what_was_typed(author: User, as_user: AsUser) -> None:
    answer = as_user(author).post("/account/affiliations/", HOME | {"new-domain": "localhost"})
    assert answer.status_code == 422
    assert "has a dot in it" in answer.content.decode()
    assert 'value="Example Lab"' in answer.content.decode()
    assert not Affiliation.objects.exists()


def test_nobody_reaches_the_affiliation_of_another(author: User, stranger: User, as_user: AsUser) -> None:
    home = Affiliation.objects.create(user=author, institution="Example Lab")
    browser = as_user(stranger)
    assert browser.get(reverse("accounts:affiliation", args=(home.pk,))).status_code == 404
    assert browser.post(reverse("accounts:affiliation", args=(home.pk,)), {"remove": "1"}).status_code == 404
    assert Affiliation.objects.filter(pk=home.pk).exists()


def test_a_form_that_has_grown_old_says_so_and_leads_back(author: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(author)
    answer = browser.post("/account/", {"name": "x"}, HTTP_REFERER="http://testserver/account/")
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "data-form-lost" in page
    assert 'href="http://testserver/account/"' in page


def test_a_form_that_could_not_be_understood_comes_back_with_what_was_typed(author: User, as_user: AsUser) -> None:
    answer = as_user(author).post("/account/", {"name": "x"} | {f"field-{number}": "" for number in range(1000)})
    assert (answer.status_code, "data-form-lost" in answer.content.decode()) == (400, True)


def test_a_form_sent_from_elsewhere_leads_nowhere(author: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(author)
    page = browser.post("/account/", {"name": "x"}, HTTP_REFERER="https://elsewhere.example/").content.decode()
    assert "elsewhere.example" not in page
