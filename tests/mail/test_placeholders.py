"""A letter's own text is filled once and never run."""

import re

import pytest
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from dlonsc.mail.placeholders import Block, fill, fill_html, is_broken, names_in, unknown
from dlonsc.mail.post import OwnWords, render

VALUES = {"name": "Ada", "papers": Block("  1. A\n  2. <B>", "<ul><li>1. A</li><li>2. &lt;B&gt;</li></ul>"), "none": ""}


def test_a_text_is_filled_once() -> None:
    assert fill("Dear {name}, {name}!", {"name": "{papers}"}) == "Dear {papers}, {papers}!"


def test_an_empty_value_leaves_no_hole() -> None:
    assert fill("A\n\n{none}\n\nB", VALUES) == "A\n\nB"


def test_html_is_made_of_paragraphs_links_and_blocks() -> None:
    text = "Dear {name} <b>,\nhello\n\n{papers}\n\n{none}\n\nSee https://uni.example/a?b=1&c=2."
    address = "https://uni.example/a?b=1&amp;c=2"
    assert fill_html(text, VALUES) == (
        "<p>Dear Ada &lt;b&gt;,<br>\nhello</p>\n"
        "<ul><li>1. A</li><li>2. &lt;B&gt;</li></ul>\n"
        f'<p>See <a href="{address}">{address}</a>.</p>'
    )


def test_a_block_in_a_sentence_comes_as_text() -> None:
    assert fill_html("Yours: {papers}", VALUES) == "<p>Yours:   1. A<br>\n  2. &lt;B&gt;</p>"


def test_what_nobody_fills_is_named_in_order_and_once() -> None:
    text = "{name} {nmae} {} {{name}} {x.y} {nmae} {a\nb}"
    assert (names_in(text), unknown(text, VALUES)) == (["name", "nmae", "", "x.y"], ["nmae", "", "x.y"])


def test_a_placeholder_without_a_value_makes_no_letter() -> None:
    with pytest.raises(KeyError):
        render("nothing", {}, OwnWords("{name}", "{strange}", {"name": "Ada"}))


@pytest.mark.parametrize("word", ["name\r\nBcc: eve@evil.example", "a\nb", "a\x00b"])
def test_a_subject_stays_one_line(word: str) -> None:
    subject, text, _ = render("nothing", {}, OwnWords("Dear {name}\r\nX: y", "Hello", {"name": word}))
    assert (subject.isprintable(), text) == (True, "Hello\n")


def test_a_letter_that_can_be_left_says_how() -> None:
    words = {"unsubscribe_url": "https://site.example/unsubscribe/1/"}
    _, text, html = render("nothing", words, OwnWords("S", "Hello", {}))
    assert (
        text.endswith("No more reminders of this workshop: https://site.example/unsubscribe/1/\n"),
        html.count("unsubscribe/1/"),
    ) == (True, 1)


@given(st.text(), st.text())
def test_nothing_typed_and_no_value_becomes_markup(text: str, value: str) -> None:
    html = fill_html(text, dict.fromkeys(names_in(text), value))
    assert set(re.findall(r"<[^>]*>", html)) <= {"<p>", "</p>", "<br>"}


@given(st.text(alphabet=st.characters(exclude_characters="{}")), st.text())
def test_a_value_is_put_in_as_it_is(around: str, value: str) -> None:
    with_marks = f"a{around}{{name}}b"
    assert fill(with_marks, {"name": value}) == re.sub(r"\n{3,}", "\n\n", f"a{around}{value}b")


def test_the_plain_text_of_a_letter_is_no_markup_for_the_pages_that_show_it() -> None:
    words = {"edition": {"name": "<b>"}, "to_name": "<i>", "removed": [], "link": "/"}
    subject, text, _ = render("reviews/emails/unassigned", words)
    assert "Dear <i>," in text
    assert [isinstance(part, SafeString) for part in (subject, text)] == [False, False]


@pytest.mark.parametrize("text", ["{name", "name}", "{na\nme}", "{{name}}", "{" + "x" * 61 + "}"])
def test_a_mistyped_placeholder_is_broken(text: str) -> None:
    assert (is_broken(text), is_broken("Dear {name}, {papers}")) == (True, False)
