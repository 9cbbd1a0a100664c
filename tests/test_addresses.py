"""What is typed as an address fits into the database, or is refused beside its field."""

import pytest
from django import forms

from dlonsc.editions.forms import ResendForm
from reviews.forms.subreviewing import NameForm
from submissions.forms.author import AuthorForm

# Too long for the ledger, not for the field as Django makes it.
LONG = f"{'a' * 60}@{'.'.join(['b' * 60] * 4)}.example"


@pytest.mark.parametrize("form", [AuthorForm, NameForm, ResendForm])
def test_an_address_longer_than_the_database_holds_is_refused_beside_its_field(form: type[forms.Form]) -> None:
    words = form({"email": LONG}).errors["email"]
    assert words == ["Ensure this value has at most 254 characters (it has 312)."]
