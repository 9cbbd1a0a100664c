"""The checksum of an ORCID iD, and one person with several addresses."""

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from dlonsc.accounts.models import User, validate_orcid
from tests import factories


@pytest.mark.parametrize("orcid", ["0000-0002-1825-0097", "0000-0001-5109-3700", "0000-0002-1694-233X"])
def test_published_orcid_ids_pass(orcid: str) -> None:
    validate_orcid(orcid)


@pytest.mark.parametrize(
    ("orcid", "complaint"),
    [
        ("0000-0002-1825-0098", "one digit is mistyped"),
        ("0000-0002-1825-00X7", "has the form"),
        ("0000000218250097", "has the form"),
        ("0000-0002-1694-2330", "one digit is mistyped"),
    ],
)
def test_a_mistyped_orcid_id_is_refused_with_the_reason(orcid: str, complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        validate_orcid(orcid)


@pytest.mark.parametrize(
    "zero", ["\N{FULLWIDTH DIGIT ZERO}", "\N{ARABIC-INDIC DIGIT ZERO}", "\N{MATHEMATICAL BOLD DIGIT ZERO}"]
)
def test_digits_of_other_scripts_are_none_of_an_orcid_id(zero: str) -> None:
    """They have the same value: the check character would fit, and two spellings of one iD would be two persons."""
    assert int(zero) == 0
    for place in (0, 5, 10, 16):
        good = "0000-0002-1825-0097"
        with pytest.raises(ValidationError, match="has the form"):
            validate_orcid(good[:place] + zero + good[place + 1 :])


@pytest.mark.parametrize("place", [0, 5, 10, 17])
def test_one_wrong_digit_never_passes(place: int) -> None:
    good = "0000-0002-1825-0097"
    for digit in "0123456789":
        if digit == good[place]:
            continue
        with pytest.raises(ValidationError):
            validate_orcid(good[:place] + digit + good[place + 1 :])


@pytest.mark.django_db
def test_only_proven_addresses_count() -> None:
    user = factories.make_user("ada@uni.example")
    EmailAddress.objects.create(user=user, email="Ada@Home.example", verified=True, primary=False)
    EmailAddress.objects.create(user=user, email="chair@other.example", verified=False, primary=False)
    assert user.verified_emails == ["ada@home.example", "ada@uni.example"]


@pytest.mark.django_db
def test_an_address_in_other_capitals_is_the_same_person() -> None:
    User.objects.create_user("Ada@Uni.example", "x")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="ADA@uni.example")
