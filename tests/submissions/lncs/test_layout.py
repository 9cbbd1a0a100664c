"""Lines, edges and running heads are told by repetition, on pages laid out by hand."""

import pytest

from submissions.lncs.fingerprint import similarity
from submissions.lncs.front import read_front
from submissions.lncs.interpreter import Run
from submissions.lncs.layout import PageLayout, is_running_head, make_rows, measure, repeated_edge

LINE = "a line of some thirty plain letters"


def piece(x0: float, x1: float, y: float, text: str = LINE, size: float = 10.0) -> Run:
    return Run(x0, y, x1, y, size, text, "Half", 0, 0, 0.0, 1.0, False, False, False)


def lines(count: int, top: float = 700.0, x0: float = 100.0, x1: float = 446.0, step: float = 12.0) -> list[Run]:
    return [piece(x0, x1, top - step * at) for at in range(count)]


def page(runs: list[Run], number: int = 1) -> PageLayout:
    return PageLayout(number, make_rows(runs))


def test_pieces_of_one_baseline_are_one_line_and_a_wide_gap_parts_it() -> None:
    rows = make_rows([
        piece(100, 150, 500, "near"), piece(152, 180, 500.3, "by", 7.0), piece(300, 350, 500, "far"),
        piece(100, 150, 480, "below"),
    ])  # fmt: skip
    assert [[one.text for one in row.segments] for row in rows] == [["near by", "far"], ["below"]]
    assert [(row.x0, row.x1, row.size) for row in rows] == [(100, 350, 10.0), (100, 150, 10.0)]


def test_an_edge_is_where_many_agree() -> None:
    assert repeated_edge([], 1, leftmost=True) == (None, 0)
    assert repeated_edge([1.0, 5.0, 9.0], 2, leftmost=True) == (None, 0)
    assert repeated_edge([100.0, 100.2, 115.0, 115.1, 115.2], 2, leftmost=True) == (pytest.approx(100.1), 2)
    assert repeated_edge([100.0, 100.2, 115.0, 115.1, 115.2], 2, leftmost=False) == (115.1, 3)


def test_a_page_of_text_has_its_width_leading_and_extent() -> None:
    paper = measure([page(lines(40), number) for number in (1, 2, 3)])
    assert (paper.body, paper.width, paper.leading) == (10.0, 346.0, 12.0)
    assert paper.height(paper.pages[0]) == pytest.approx(39 * 12 + 10)


def test_a_page_with_too_little_text_has_no_measures() -> None:
    paper = measure([page(lines(1))])
    assert (paper.body, paper.width, paper.leading, paper.height(PageLayout(1, []))) == (None, None, None, None)


def test_a_paper_of_large_letters_alone_takes_the_size_most_letters_have() -> None:
    large = [piece(100, 446, 700 - 20 * at, LINE, 15.0) for at in range(20)]
    assert measure([page(large)]).body == 15.0


@pytest.mark.parametrize(("x1", "stripped"), [(95.0, 20), (120.0, 0)])
def test_numbers_are_taken_from_the_margin_and_not_from_the_text(x1: float, stripped: int) -> None:
    numbers = [piece(x1 - 6, x1, 700 - 12 * at, str(at), 6.0) for at in range(20)]
    lonely = [piece(x1 - 6, x1, 200 - 12 * at, "9", 6.0) for at in range(2)]
    paper = measure([page([*lines(20, x0=130.0 if stripped else 100.0), *numbers, *lonely])])
    assert paper.pages[0].numbered_lines == (stripped and 22)
    assert len(paper.pages[0].rows) == (20 if stripped else 22)


def test_a_list_in_the_margin_does_not_move_the_edge_that_the_paper_agrees_on() -> None:
    plain = [page(lines(30), number) for number in (1, 3, 5, 7)]
    hanging = page([*lines(20), *lines(12, top=400.0, x0=90.0)], 9)
    paper = measure([*plain, hanging])
    assert [one.left for one in paper.pages] == [100.0] * 5


def test_a_head_on_every_page_is_no_text() -> None:
    pages = [page([piece(100, 446, 730, f"{number} Authors of this paper, some names", 9.0), *lines(40)], number)
             for number in range(1, 6)]  # fmt: skip
    paper = measure(pages)
    assert paper.headers == [730.0]
    assert [one.top for one in paper.pages] == [700.0] * 5


def test_a_head_on_one_page_is_told_by_its_number_and_its_distance() -> None:
    head = piece(100, 446, 730, "4 Authors of this paper, some names", 9.0)
    paper = measure([page(lines(40), 1), page([head, *lines(40)], 2), page([piece(100, 200, 700)], 3)])
    assert [is_running_head(one, paper) for one in paper.pages] == [False, True, False]
    assert paper.pages[1].top == 700.0


def test_what_follows_the_references_is_told_from_what_precedes_them() -> None:
    head = piece(100, 180, 460, "References", 12.0)
    paper = measure([page(lines(40), 1), page([*lines(20), head, *lines(20, top=448.0)], 2), page(lines(40), 3)])
    assert paper.references == (2, 460)
    inside = [[paper.before_references(one, row) for row in one.rows] for one in paper.pages]
    assert [sum(one) for one in inside] == [40, 20, 0]
    assert measure([page(lines(40))]).references is None


def test_a_first_page_without_a_title_or_an_abstract_has_empty_front_matter() -> None:
    front = read_front(page(lines(30)))
    assert (front.title, front.abstract, front.keywords) == ("", "", ())
    assert read_front(PageLayout(1, [])).title == ""


def test_keywords_end_where_the_text_begins_and_the_abstract_may_run_on() -> None:
    first = page([
        piece(150, 400, 700, "On Papers That Run On", 14.0), piece(150, 400, 660, "Ada Example", 10.0),
        piece(128, 418, 620, "Abstract. The first line of a text is fol-", 9.0),
        *[piece(128, 418, 609 - 11 * at, "lowed by another line of it", 9.0) for at in range(2)],
        piece(128, 418, 570, "Key words: Papers, Lines.", 9.0), piece(128, 418, 559, "and Rulers", 9.0),
        piece(100, 300, 520, "1 Introduction", 12.0),
    ])  # fmt: skip
    front = read_front(first)
    assert front.abstract == ("The first line of a text is followed by another line of it lowed by another line of it")
    assert (front.authors, front.keywords) == (("Ada Example",), ("Papers", "Lines. and Rulers"))


def test_prints_of_nothing_are_like_nothing() -> None:
    assert similarity((), (1, 2)) == 0.0
