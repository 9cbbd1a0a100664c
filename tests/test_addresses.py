"""What is typed as an address fits the database or is refused beside its field; two are equal in lower case only."""

from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.test import Client

from dlonsc.accounts.models import User
from dlonsc.editions.forms import ResendForm
from dlonsc.mail.models import Message
from reviews.forms.subreviewing import NameForm
from submissions.forms.author import AuthorForm
from tests import factories

PARTS = ("dlonsc", "submissions", "reviews")
# Too long for the ledger, not for the field as Django makes it.
LONG = f"{'a' * 60}@{'.'.join(['b' * 60] * 4)}.example"

# The small form of its first letter is two: a dot stands for itself there.
GROWS = f"\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}{'a' * 62}@{'.'.join(['b' * 60] * 3)}.example"
TOO_LONG = "In small letters this address has 255 characters; at most 254 are kept."


@pytest.mark.parametrize("form", [AuthorForm, NameForm, ResendForm])
def test_an_address_longer_than_the_database_holds_is_refused_beside_its_field(form: type[forms.Form]) -> None:
    words = form({"email": LONG}).errors["email"]
    assert words == ["Ensure this value has at most 254 characters (it has 312)."]


@pytest.mark.parametrize("form", [AuthorForm, NameForm, ResendForm])
def test_an_address_that_is_too_long_in_small_letters_is_refused_beside_its_field(form: type[forms.Form]) -> None:
    assert (len(GROWS), len(GROWS.lower())) == (254, 255)
    assert form({"email": GROWS}).errors["email"] == [TOO_LONG]
    assert "email" not in form({"email": GROWS[1:]}).errors


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/accounts/signup/", {"name": "A", "password1": "correct-horse-battery"}),
        ("/accounts/login/code/", {}),
        ("/accounts/password/reset/", {}),
        ("/accounts/email/", {"action_add": ""}),
    ],
)
def test_no_form_about_accounts_takes_an_address_that_is_too_long_in_small_letters(
    path: str, more: dict[str, str]
) -> None:
    browser = Client()
    if path == "/accounts/email/":
        browser.force_login(factories.make_user())
    page = browser.post(path, {"email": GROWS, **more})
    assert (page.status_code, TOO_LONG in page.content.decode()) == (200, True)
    assert (User.objects.filter(email=GROWS.lower()).count(), Message.objects.count()) == (0, 0)


def test_no_address_is_compared_as_a_database_folds_letters() -> None:
    """PostgreSQL compares iexact by UPPER, which makes one letter of i and of i without its dot."""
    files = [path for part in PARTS for path in sorted((Path(settings.BASE_DIR) / part).rglob("*.py"))]
    assert [str(path) for path in files if "email__iexact" in path.read_text()] == []
