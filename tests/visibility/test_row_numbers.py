"""Nobody counts what she may not see by the numbers of rows: codes stand for them in addresses and forms."""

import re
import zlib
from collections.abc import Iterator
from itertools import pairwise

import pytest
from django.conf import settings as site
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from dlonsc import codes
from dlonsc.editions.models import Membership
from reviews.models import Review
from submissions.models import AuthorListRequest, Submission
from tests import factories
from tests.test_access_matrix import words_of
from tests.test_two_worlds import OBSERVERS, grouped, looks_in_this_run
from tests.worlds import Seen, World, world_seen_by

NUMBERS = st.integers(0, 2**63 - 1)
BY_CHANCE = re.compile(
    rb'\b[0-9a-f]{32}(?=@)|(?<=/me/dates/)[\w-]{32}(?=\.ics)|(?<=name="fingerprint" value=")[0-9a-f]{32}(?=")'
)
A_CODE = re.compile(rb"(?<![a-z0-9])[a-z2-7]{26}(?![a-z0-9])")


@given(NUMBERS, st.sampled_from(codes.KINDS))
def test_a_code_means_its_number_and_its_kind_alone(number: int, kind: str) -> None:
    code = codes.code(kind, number)
    assert re.fullmatch("[a-z2-7]{26}", code)
    meanings = {other: codes.number(other, code) for other in codes.KINDS}
    assert meanings == {other: number if other == kind else None for other in codes.KINDS}


@given(st.text(max_size=40) | st.from_regex(r"[a-z2-7]{26}", fullmatch=True))
def test_what_was_made_up_is_no_code(text: str) -> None:
    assert codes.number("letter", text) is None


def test_a_code_of_the_key_before_is_still_read() -> None:
    old = codes.code("letter", 7)
    with override_settings(SECRET_KEY="another key " * 5, SECRET_KEY_FALLBACKS=[site.SECRET_KEY]):
        assert (codes.code("letter", 7) == old, codes.number("letter", old)) == (False, 7)


def test_codes_of_neighbours_have_nothing_in_common() -> None:
    """They are not in order, and few of 26 places are alike: one in 32 by chance."""
    found = [codes.code("assignment", number) for number in range(200)]
    assert found != sorted(found)
    for one, two in pairwise(found):
        assert sum(a == b for a, b in zip(one, two, strict=True)) < 12


def fill(world: World) -> None:
    """A row of each kind that has an address or a form of its own."""
    paper, chair = world.mine, world.members["chair"]
    # `words_of` invites somebody by the same address.
    Membership.objects.filter(email="invited@somewhere.example").update(email="invited.first@somewhere.example")
    words_of(world.edition, paper, Review.objects.get(assignment=world.assignments["mine rita"]), chair)
    factories.make_manuscript(paper, b"%PDF-1.7 late", number=2, is_current=False, is_late=True)
    factories.make_conflict(paper, world.members["spare"])
    # Accepted, so that the author's form of the camera-ready paper is looked at too.
    factories.announce(Submission.objects.get(edition=world.edition, title="Mine too"))
    AuthorListRequest.objects.create(
        submission=paper,
        old_list=[],
        new_list=[],
        reason="Why",
        requested_by=paper.created_by,
        requested_at=factories.AT,
    )


def decoded(text: bytes, before: int) -> bytes:
    """Each code as its kind and its number less what was made before: the same in both worlds."""

    def meaning(found: re.Match[bytes]) -> bytes:
        for kind in codes.KINDS:
            number = codes.number(kind, found[0].decode())
            if number is not None:
                return f"{kind} {number - before if number > before else number}".encode()
        return found[0]

    return A_CODE.sub(meaning, text)


def without_codes(seen: Seen, before: int) -> Iterator[tuple[str, tuple[int, list[bytes]]]]:
    for address, answer in seen.answers.items():
        # A Message-ID is made from the key of its letter, which holds numbers: keyed, and not the same; so is what a
        # chair has read before she announces. One's calendar has an address by chance.
        parts = (BY_CHANCE.sub(b"", zlib.decompress(part)) for part in (answer.headers, answer.body))
        yield decoded(address.encode(), before).decode(), (answer.status, [decoded(part, before) for part in parts])


# Between them they open every page.
MOST_PAGES = ("author", "chair", "conflicted chair", "proceedings chair", "rita", "sub-reviewer")


@pytest.mark.whole_site
@pytest.mark.django_db
@pytest.mark.parametrize("name", grouped(sorted({*OBSERVERS, "chair"})))
def test_nothing_on_any_page_tells_how_many_rows_were_made_before(name: str, pytestconfig: pytest.Config) -> None:
    looks_in_this_run(name, pytestconfig)
    if name not in MOST_PAGES and not pytestconfig.getoption("--long"):
        pytest.skip("sees no page that none of the others sees; looks with --long")
    few, many = (
        dict(without_codes(world_seen_by(name, [fill], before=before), before)) for before in (10_000, 7_000_000)
    )
    assert few.keys() == many.keys()
    assert [address for address in few if few[address] != many[address]] == []
