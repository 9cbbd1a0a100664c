"""What somebody who knows the person or the workshop would try first is no password; a passphrase is one."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from dlonsc.accounts.models import Affiliation, User
from dlonsc.accounts.passwords import (
    COMMON_WITH_ORNAMENTS,
    MADE_OF_KNOWN_WORDS,
    core_of,
    folded,
    repeated_unit,
    what_is_left,
    without_walks,
)
from dlonsc.editions.models import MembershipAffiliation
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    user = factories.make_user("jsorensen@hpc.institute-of-waves.example", "José Sørensen-Müller")
    Affiliation.objects.create(user=user, institution="Université de Grenoble", domain="grenoble.example")
    member = factories.make_member(factories.make_edition(host="ISC High Performance"), user)
    MembershipAffiliation.objects.create(membership=member, institution="Zuse Centre")
    # Nobody must learn of it by trying passwords.
    factories.make_edition("hidden", name="Quantumworks Nowhereland", is_public=False)
    return user


def complaint(password: str, user: User | None) -> str:
    """What is said about a password by which rule; empty when it passes."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


@pytest.mark.parametrize(
    "password",
    [
        "dlonsc-2026-dlonsc", "DLonSC2026!!!", "dlonsc-reviewer-1", "Supercomputer2026", "reviewer12345678",
        "deep learning on supercomputers", "isc-high-performance-26", "dl0nsc.r3vi3wer",
        "jose.sorensen.1980", "JOSÉ-SØRENSEN-1980", "müller-jose-001122", "jsorensen2026!", "hpc.institute.of.waves",
        "Grenoble-2026-Grenoble", "universite.grenoble.99", "zuse-centre-000001",
        "qwertyuiop12345", "asdfghjkl;zxcvbnm", "1qaz2wsx3edc4rfv", "aaaaaaaaaaaaaaaa", "abcdefghijklmnop",
        "xyz9xyz9xyz9xyz9", "98765432109876",
    ],
)  # fmt: skip
def test_words_of_the_workshop_and_the_person_walks_and_repetitions_are_no_password(
    person: User, password: str
) -> None:
    assert MADE_OF_KNOWN_WORDS in complaint(password, person)


@pytest.mark.parametrize("password", ["Butterfly2026!", "b4sk3tb4ll!12345", "2026-sunshine-2026", "princessprincess"])
def test_a_common_password_with_ornaments_is_still_a_common_password(person: User, password: str) -> None:
    assert COMMON_WITH_ORNAMENTS in complaint(password, person)


@pytest.mark.parametrize(
    "password",
    [
        "correct-horse-battery", "a-long-enough-passphrase", "my reviewer hat is bright green", "tK9$wq-Lm2#vX7",
        "kühle Brise überm Hafendamm", "müller drinks eleven teas", "Quantumworks Nowhereland",
        "四つの言葉を並べた秘密の文",
    ],
)  # fmt: skip
def test_a_passphrase_is_taken_even_with_one_such_word(person: User, password: str) -> None:
    assert complaint(password, person) == ""


def test_others_may_use_what_only_concerns_somebody_else(person: User) -> None:
    assert complaint("grenoble-zuse-centre", factories.make_user("ada@uni.example", "Ada Author")) == ""
    assert complaint("grenoble-zuse-centre", person) != ""


def test_a_very_long_password_is_looked_at_in_bounded_time(person: User) -> None:
    assert complaint("horse battery " * 100_000, person) == complaint("horse battery " * 20, person)


@pytest.mark.parametrize(
    ("text", "left"),
    [("qwert", "q"), ("12ab", "12ab"), ("zzz7", "z7"), ("cba", "c"), ("kqazwsxk", "kqk"), ("ab", "ab")],
)
def test_a_walk_counts_as_one_sign(text: str, left: str) -> None:
    assert without_walks(text) == left


def test_the_pieces() -> None:
    assert folded("Ångström ØRE Straße") == "angstrom ore strasse"
    assert (repeated_unit("abab"), repeated_unit("aba")) == ("ab", "aba")
    assert what_is_left("ada-rides-9-mules", {"ada", "mules"}) == "rides9"
    assert core_of("12!butterfly_99") == "butterfly"


def test_sign_up_knows_the_name_typed_beside_and_says_what_to_do(client: Client) -> None:
    data = {"name": "Grete Hermannsdottir", "email": "g@uni.example", "password1": "hermannsdottir-77"}
    page = client.post("/accounts/signup/", data).content.decode()
    assert "Put four or more words together" in page
    assert 'aria-invalid="true"' in page
    assert 'value="Grete Hermannsdottir"' in page
    assert not User.objects.exists()
    client.post("/accounts/signup/", data | {"password1": "correct-horse-battery"})
    assert User.objects.get().name == "Grete Hermannsdottir"
