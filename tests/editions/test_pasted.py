"""A pasted list is read line by line; nothing of it is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlonsc.editions.pasted import BadLine, Invitee, read_line, read_list


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (
            "Ada Lovelace <ada@uni.example>, Example University",
            ("Ada Lovelace", "ada@uni.example", "Example University"),
        ),
        ("Ada Lovelace <ADA@Uni.Example>", ("Ada Lovelace", "ada@uni.example", "")),
        ('"Lovelace, Ada" <ada@uni.example>; ANL', ("Lovelace, Ada", "ada@uni.example", "ANL")),
        ("Ada Lovelace ada@uni.example Example University", ("Ada Lovelace", "ada@uni.example", "Example University")),
        ("Ada Lovelace, ada@uni.example, A, B & C", ("Ada Lovelace", "ada@uni.example", "A, B & C")),
        ("Łukasz Żółć < l@uni.example >, AGH", ("Łukasz Żółć", "l@uni.example", "AGH")),
        ("Ada\u202e\tLove\u00adlace <ada@uni.example>, Uni\u200b X", ("Ada Lovelace", "ada@uni.example", "Uni X")),
    ],
)
def test_a_readable_line(line: str, wanted: tuple[str, str, str]) -> None:
    row = read_line(1, line)
    assert isinstance(row, Invitee)
    assert (row.name, row.email, row.affiliation) == wanted


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("Ada Lovelace, Example University", "no e-mail address; write Name <mail>, affiliation"),
        ("Ada <ada@uni>", "ada@uni is no e-mail address"),
        ("Ada <>", "nothing is no e-mail address"),
        ("ada@uni.example", "no name before ada@uni.example; the letter needs one"),
        ("\u202e\u3164 <ada@uni.example>", "no name before ada@uni.example; the letter needs one"),
        ("Ada <ada@uni.example>, Bo <bo@uni.example>", "two addresses in one line; write one person a line"),
    ],
)
def test_an_unreadable_line_says_why(line: str, why: str) -> None:
    assert read_line(4, line) == BadLine(4, line, why)


def test_duplicates_name_the_line_they_repeat_and_members_say_what_they_are() -> None:
    text = "Ada <ada@uni.example>\n\nAda again <ADA@uni.example>\nBo <bo@uni.example>"
    good, bad = read_list(text, {"bo@uni.example": "is a member already"})
    assert [row.email for row in good] == ["ada@uni.example"]
    assert [(row.line, row.why) for row in bad] == [
        (3, "ada@uni.example is already in line 1"),
        (4, "bo@uni.example is a member already"),
    ]


@given(text=st.text(max_size=300))
def test_every_line_is_either_read_or_refused_by_number(text: str) -> None:
    good, bad = read_list(text, {})
    lines = {number for number, line in enumerate(text.splitlines(), start=1) if line.strip()}
    assert {row.line for row in good} | {row.line for row in bad} == lines
    assert len(good) + len(bad) == len(lines)
