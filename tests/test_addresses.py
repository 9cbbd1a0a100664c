"""What is typed as an address fits the database or is refused beside its field; two are equal in lower case only."""

from pathlib import Path

import pytest
from django import forms
from django.conf import settings

from dlonsc.editions.forms import ResendForm
from reviews.forms.subreviewing import NameForm
from submissions.forms.author import AuthorForm

PARTS = ("dlonsc", "submissions", "reviews")
# Too long for the ledger, not for the field as Django makes it.
LONG = f"{'a' * 60}@{'.'.join(['b' * 60] * 4)}.example"


@pytest.mark.parametrize("form", [AuthorForm, NameForm, ResendForm])
def test_an_address_longer_than_the_database_holds_is_refused_beside_its_field(form: type[forms.Form]) -> None:
    words = form({"email": LONG}).errors["email"]
    assert words == ["Ensure this value has at most 254 characters (it has 312)."]


def test_no_address_is_compared_as_a_database_folds_letters() -> None:
    """PostgreSQL compares iexact by UPPER, which makes one letter of i and of i without its dot."""
    files = [path for part in PARTS for path in sorted((Path(settings.BASE_DIR) / part).rglob("*.py"))]
    assert [str(path) for path in files if "email__iexact" in path.read_text()] == []
