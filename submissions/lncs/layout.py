"""From runs of text to lines, and from lines to what a ruler on the page would say.

Everything is told by repetition: a left edge is where many lines begin, a right edge where many end, a running head is
what stands at the same height on many pages. One odd line, one wide figure or one list never moves a measure.
"""

import re
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from submissions.lncs.interpreter import Run

MM = 72 / 25.4
# Gaps wider than this part two pieces of one baseline: columns, or a line number.
_GAP_PT = 9.0
_BASELINE_PT = 0.7
_LONG = 20


@dataclass(slots=True)
class Segment:
    """Neighbouring runs on one baseline."""

    x0: float
    x1: float
    y: float
    size: float
    letters: int
    text: str


@dataclass(slots=True)
class Row:
    """All segments of one baseline, from left to right."""

    y: float
    segments: list[Segment]
    x0: float = 0.0
    x1: float = 0.0
    size: float = 0.0
    letters: int = 0

    def settle(self) -> None:
        self.x0 = min(one.x0 for one in self.segments)
        self.x1 = max(one.x1 for one in self.segments)
        self.letters = sum(one.letters for one in self.segments)
        self.size = max(self.segments, key=lambda one: one.letters).size

    @property
    def text(self) -> str:
        return " ".join(one.text for one in self.segments)


@dataclass
class PageLayout:
    """One page, measured; lengths in points, y upwards. Values are None where the page has too little text."""

    number: int
    rows: list[Row]
    left: float | None = None
    right: float | None = None
    right_support: int = 0
    top: float | None = None
    bottom: float | None = None
    leadings: list[float] = field(default_factory=list)
    sizes: Counter[float] = field(default_factory=Counter)
    sideways: bool = False
    numbered_lines: int = 0

    @property
    def width(self) -> float | None:
        return None if self.left is None or self.right is None else self.right - self.left


@dataclass
class PaperLayout:
    """All pages and what holds for the whole paper."""

    pages: list[PageLayout]
    body: float | None = None
    width: float | None = None
    leading: float | None = None
    headers: list[float] = field(default_factory=list)
    references: tuple[int, float] | None = None

    def height(self, page: PageLayout) -> float | None:
        """From the top of the first line's letters to the last baseline."""
        if page.top is None or page.bottom is None:
            return None
        return page.top - page.bottom + (self.body or 10.0)

    def before_references(self, page: PageLayout, row: Row) -> bool:
        if self.references is None:
            return True
        number, y = self.references
        return page.number < number or (page.number == number and row.y > y)


def make_rows(runs: Iterable[Run]) -> list[Row]:
    """Sort visible upright runs into baselines, top first."""
    ordered = sorted(runs, key=lambda run: (-run.y0, run.x0))
    rows: list[Row] = []
    group: list[Run] = []
    base = 0.0
    for run in ordered:
        if group and base - run.y0 > _BASELINE_PT:
            rows.append(_row(group))
            group = []
        if not group:
            base = run.y0
        group.append(run)
    if group:
        rows.append(_row(group))
    return rows


def _row(runs: list[Run]) -> Row:
    runs.sort(key=lambda run: run.x0)
    segments: list[Segment] = []
    weights: Counter[float] = Counter()
    current: Segment | None = None
    for run in runs:
        letters = len(run.text) - run.text.count(" ")
        size = round(run.size, 1)
        if current is not None and run.x0 - current.x1 <= _GAP_PT:
            if run.x0 - current.x1 > 0.15 * run.size and not current.text.endswith(" "):
                current.text += " "
            current.text += run.text
            current.x1 = max(current.x1, run.x1)
            current.letters += letters
            weights[size] += letters
            current.size = weights.most_common(1)[0][0] if len(weights) > 1 else current.size
        else:
            weights = Counter({size: letters})
            current = Segment(run.x0, run.x1, run.y0, size, letters, run.text)
            segments.append(current)
    row = Row(runs[0].y0, segments)
    row.settle()
    return row


def is_upright(run: Run) -> bool:
    return run.x1 > run.x0 and abs(run.y1 - run.y0) <= 0.02 * (run.x1 - run.x0)


def repeated_edge(values: Sequence[float], least: int, *, leftmost: bool) -> tuple[float | None, int]:
    """Where many values agree within half a point: the leftmost such place, or the one most agree on."""
    if not values:
        return None, 0
    ordered = sorted(values)
    best: tuple[float | None, int] = (None, 0)
    start = 0
    for end in range(len(ordered)):
        while ordered[end] - ordered[start] > 0.9:
            start += 1
        support = end - start + 1
        if support >= least and leftmost:
            cluster = [value for value in ordered[start:] if value - ordered[start] <= 0.9]
            return statistics.median(cluster), len(cluster)
        if support > best[1]:
            best = (statistics.median(ordered[start : end + 1]), support)
    return best if best[1] >= least else (None, 0)


def measure(pages: list[PageLayout]) -> PaperLayout:
    """Measure every page and the paper."""
    paper = PaperLayout(pages)
    for page in pages:
        _strip_line_numbers(page)
    paper.body = _body_size(pages)
    paper.references = _find_references(pages)
    for page in pages:
        _edges(page)
    _agree_on_left(pages)
    # First guess of the leading, needed to tell a running head; then again without the heads.
    for page in pages:
        page.leadings = _leadings(page.rows, paper.body, page)
    paper.leading = _middle([value for page in pages for value in page.leadings])
    paper.headers = _recurring(pages, paper.leading or 12.0)
    for page in pages:
        _extent(page, paper)
    widths = [page.width for page in pages if page.width is not None and page.right_support >= 5]
    paper.width = _middle(widths)
    return paper


def _middle(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def _body_size(pages: list[PageLayout]) -> float | None:
    """The largest size up to 13.5 pt that at least 18 % of the letters have: references may outnumber the body."""
    total: Counter[float] = Counter()
    for page in pages:
        for row in page.rows:
            for segment in row.segments:
                page.sizes[segment.size] += segment.letters
        if not page.sideways:
            total += page.sizes
    letters = sum(total.values())
    if letters < 200:
        return None
    for size in sorted(total, reverse=True):
        near = sum(count for other, count in total.items() if abs(other - size) <= 0.15)
        if size <= 13.5 and near >= 0.18 * letters:
            return max((other for other in total if abs(other - size) <= 0.15), key=lambda other: total[other])
    return total.most_common(1)[0][0]


def _strip_line_numbers(page: PageLayout) -> None:
    """Take numbers in the margin away: small, right of nothing, and beside most lines."""
    firsts = [row.segments[0] for row in page.rows if len(row.segments) > 1 and row.segments[0].text.strip().isdigit()]
    lonely = [row.segments[0] for row in page.rows if len(row.segments) == 1 and row.segments[0].text.strip().isdigit()]
    if len(firsts) + len(lonely) < 15:
        return
    edge, support = repeated_edge([one.x1 for one in [*firsts, *lonely]], 15, leftmost=False)
    texts = [segment.x0 for row in page.rows for segment in row.segments if segment.letters >= _LONG]
    if edge is None or support < 15 or not texts or edge > statistics.median(texts) - 2:
        return
    kept: list[Row] = []
    for row in page.rows:
        row.segments = [
            one for one in row.segments if not (one.text.strip().isdigit() and abs(one.x1 - edge) <= 1.5)
        ]  # fmt: skip
        if row.segments:
            row.settle()
            kept.append(row)
    page.rows = kept
    page.numbered_lines = support


def _edges(page: PageLayout) -> None:
    long_rows = [row for row in page.rows if row.letters >= _LONG]
    starts = [row.segments[0].x0 for row in long_rows if row.segments[0].letters >= 3]
    ends = [row.segments[-1].x1 for row in long_rows]
    page.left, _ = repeated_edge(starts, max(3, round(0.08 * len(starts))), leftmost=True)
    page.right, page.right_support = repeated_edge(ends, max(4, round(0.12 * len(ends))), leftmost=False)


def _agree_on_left(pages: list[PageLayout]) -> None:
    """Where a page has lines at the paper's usual left edge (odd and even pages apart), that is its edge too."""
    for parity in (0, 1):
        side = [page for page in pages if page.number % 2 == parity and page.left is not None and not page.sideways]
        usual, support = repeated_edge([page.left for page in side if page.left is not None], 2, leftmost=False)
        if usual is None or support < 0.4 * len(side):
            continue
        for page in side:
            if page.left is not None and page.left < usual - 1:
                here = [row.x0 for row in page.rows if row.letters >= _LONG and abs(row.x0 - usual) <= 0.9]
                if len(here) >= 5:
                    page.left = statistics.median(here)


def _leadings(rows: Sequence[Row], body: float | None, page: PageLayout) -> list[float]:
    if body is None or page.left is None or page.right is None:
        return []
    wide = 0.7 * (page.right - page.left)
    found = []
    lines = [row for row in rows if row.letters >= 8]
    for upper, lower in pairwise(lines):
        step = upper.y - lower.y
        if (
            0.7 * body < step < 1.6 * body
            and abs(upper.size - body) <= 0.35
            and abs(lower.size - body) <= 0.35
            and upper.x1 - upper.x0 >= wide
            and lower.x1 - lower.x0 >= 0.4 * wide
        ):
            found.append(step)
    return found


def _recurring(pages: list[PageLayout], leading: float) -> list[float]:
    """Heights of running heads and feet: the same on a third of the pages, and apart from the text."""
    found: list[float] = []
    # A stamp or a notice may stand outside the running head: look again at what is then outermost.
    for _ in range(3):
        more = _outermost(pages, leading, found)
        if not more:
            break
        found += more
    return found


def _outermost(pages: list[PageLayout], leading: float, known: list[float]) -> list[float]:
    edges: list[tuple[float, bool]] = []
    counted = 0
    for page in pages:
        rows = [row for row in page.rows if not any(abs(row.y - y) <= 2.0 for y in known)]
        if page.sideways or len(rows) < 6:
            continue
        counted += 1
        for one, other in ((rows[0], rows[1]), (rows[-1], rows[-2])):
            edges.append((one.y, abs(one.y - other.y) > 1.35 * leading))
    found = []
    for y in sorted({round(y) for y, _ in edges}):
        apart = [gap for other, gap in edges if abs(other - y) <= 1.5]
        if sum(apart) >= max(2, 0.3 * counted) and sum(apart) >= 0.6 * len(apart):
            found.append(float(y))
    return found


def is_header(row: Row, paper: PaperLayout) -> bool:
    return any(abs(row.y - y) <= 2.0 for y in paper.headers)


_FOLIO = re.compile(r"^\s*\d{1,4}\b|\b\d{1,4}\s*$")


def is_running_head(page: PageLayout, paper: PaperLayout) -> bool:
    """The first row is small, has a page number and stands well apart: a head even on a page of its own size."""
    if len(page.rows) < 3 or paper.body is None:
        return False
    first, second = page.rows[:2]
    apart = first.y - second.y > 1.6 * (paper.leading or 12.0)
    return apart and first.size <= paper.body - 0.5 and _FOLIO.search(first.text) is not None


def _extent(page: PageLayout, paper: PaperLayout) -> None:
    rows = page.rows[1:] if is_running_head(page, paper) else page.rows
    rows = [row for row in rows if row.letters >= _LONG and not is_header(row, paper)]
    if rows:
        page.top, page.bottom = rows[0].y, rows[-1].y


_REFERENCES = re.compile(
    r"^\s*(?:\d+\.?\s+|[A-Z]\.?\s+)?(?:references|bibliography|literature|literatur)\s*$", re.IGNORECASE
)


def _find_references(pages: list[PageLayout]) -> tuple[int, float] | None:
    for page in reversed(pages):
        for row in reversed(page.rows):
            if row.letters <= 16 and _REFERENCES.match(row.text):
                return page.number, row.y
    return None
