"""However a page lies, a box drawn on it comes back where the reader sees it."""

import pytest

from submissions.lncs.interpreter import Drawing, Paint, Run
from submissions.lncs.sheets import Sheet

# The baseline of a word that runs in each direction, on a page 600 wide and 800 high.
WORDS = {
    0: (100.0, 700.0, 300.0, 700.0),
    90: (100.0, 300.0, 100.0, 500.0),
    180: (300.0, 100.0, 100.0, 100.0),
    270: (500.0, 500.0, 500.0, 300.0),
}


def word(direction: int) -> Run:
    x0, y0, x1, y1 = WORDS[direction]
    return Run(x0, y0, x1, y1, 10.0, "some words", "Half", 0, 0, 0.0, 1.0, False, False, False)


def sheet(direction: int, rotate: int = 0) -> Sheet:
    made = Sheet(1, 600.0, 800.0, rotate, 0.0, Drawing(runs=[word(direction)]))
    made.lay_out()
    return made


@pytest.mark.parametrize("direction", sorted(WORDS))
def test_text_of_any_direction_is_laid_out_upright(direction: int) -> None:
    laid = sheet(direction)
    row = laid.layout.rows[0]
    assert laid.direction == direction
    assert (row.x1 - row.x0, row.text) == (200.0, "some words")
    across, down = laid.upright_size
    assert (0 <= row.x0 < row.x1 <= across, 0 <= row.y <= down) == (True, True)


@pytest.mark.parametrize(
    ("direction", "shown"),
    [(0, (100, 100, 300, 100)), (90, (100, 300, 100, 500)), (180, (100, 700, 300, 700)), (270, (500, 300, 500, 500))],
)
def test_a_box_of_the_text_comes_back_to_its_place_on_the_page(
    direction: int, shown: tuple[float, float, float, float]
) -> None:
    laid = sheet(direction)
    row = laid.layout.rows[0]
    assert laid.shown((row.x0, row.y, row.x1, row.y)) == shown


@pytest.mark.parametrize(
    ("rotate", "size", "shown"),
    [
        (0, (600, 800), (0, 780, 10, 800)),
        (90, (800, 600), (0, 0, 20, 10)),
        (180, (600, 800), (590, 0, 600, 20)),
        (270, (800, 600), (780, 590, 800, 600)),
    ],
)
def test_the_lower_left_corner_is_shown_where_the_rotation_takes_it(
    rotate: int, size: tuple[float, float], shown: tuple[float, float, float, float]
) -> None:
    laid = sheet(0, rotate)
    assert (laid.displayed, laid.shown_raw((0, 0, 10, 20))) == (size, shown)


@pytest.mark.parametrize(
    ("direction", "box"),
    [(0, (0, 0, 10, 20)), (90, (0, 590, 20, 600)), (180, (590, 780, 600, 800)), (270, (780, 0, 800, 10))],
)
def test_a_painted_area_turns_with_the_text(direction: int, box: tuple[float, float, float, float]) -> None:
    assert sheet(direction).turned_box(Paint((0, 0, 10, 20), 0, 0.0, False, True)) == box


def test_a_page_without_text_is_upright() -> None:
    empty = Sheet(1, 600.0, 800.0, 0, 0.0, Drawing())
    empty.lay_out()
    assert (empty.direction, empty.layout.rows) == (0, [])
