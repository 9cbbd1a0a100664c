"""Nobody counts what she may not see by the numbers of rows: codes stand for them in addresses and forms.

That no page tells how many rows were made before is asked in tests/test_two_worlds.py, of every observer.
"""

import re
from itertools import pairwise

from django.conf import settings as site
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from dlonsc import codes

NUMBERS = st.integers(0, 2**63 - 1)


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
