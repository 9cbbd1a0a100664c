"""The rules: what is measured becomes findings, each with a place and a sentence that says what to do."""

import statistics
from collections import Counter
from collections.abc import Sequence

from submissions.lncs.layout import MM, PageLayout, PaperLayout, Row, is_header, is_running_head
from submissions.lncs.report import Box, Finding, PageBox, Rules, Severity
from submissions.lncs.sheets import Sheet

BLOCK_WIDTH_MM, BLOCK_HEIGHT_MM = 122.0, 193.0
WIDTH_MAXIMUM_MM = 122.5
WIDTH_MINIMUM_MM = 121.5
# One page alone may be wider by punctuation that microtype lets hang into the margin.
ONE_PAGE_WIDTH_MM = 123.0
OTHER_CLASS_MM = 120.6
# The text width of LaTeX's article class at 10 pt: 345 TeX points.
ARTICLE_MM = 345 / 72.27 * 25.4
HEIGHT_MAXIMUM_MM = 195.5
# From here a page has two lines too many; one line may be a float or a heading that TeX let hang over.
HEIGHT_TWO_LINES_MM = 199.0
BODY_MINIMUM_PT, BODY_MAXIMUM_PT = 9.8, 10.3
BODY_BLOCKS_PT = 10.4
LEADING_MINIMUM_PT, LEADING_MAXIMUM_PT = 11.75, 12.4
# Some converters round each line to a grid of 0.24 pt, which a single page does not average out.
PAGE_LEADING_MINIMUM_PT = 11.68
SMALL_LINES, SMALL_SHARE = 40, 0.25
SMALL_IN_A_ROW = 25
ODD_SIZE_LINES = 15
OVERFULL_MM = 3.0
PAPERS_MM = {"A4": (210.0, 297.0), "US Letter": (215.9, 279.4), "Springer book page": (155.0, 235.0)}
PAPER_TOLERANCE_MM = 2.0
SPARSE_LETTERS = 250


class Findings:
    """Collects findings; a rule set may change the severity of a code."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.all: list[Finding] = []

    def add(
        self,
        code: str,
        message: str,
        *,
        pages: Sequence[int] = (),
        measured: float | None = None,
        limit: float | None = None,
        unit: str = "",
        boxes: Sequence[PageBox] = (),
        quote: str = "",
        strong: bool = False,
        severity: Severity | None = None,
    ) -> None:
        self.all.append(
            Finding(
                code,
                self._rules.severity(code, severity),
                tuple(pages),
                None if measured is None else round(measured, 2),
                limit,
                unit,
                message,
                _some(boxes),
                quote,
                strong,
            )
        )


def pages_text(pages: Sequence[int]) -> str:
    """Page 7; Pages 2, 3 and 5; Pages 2, 3, 4 and 9 more."""
    if len(pages) == 1:
        return f"Page {pages[0]}"
    if len(pages) > 6:
        return f"Pages {', '.join(map(str, pages[:5]))} and {len(pages) - 5} more"
    return f"Pages {', '.join(map(str, pages[:-1]))} and {pages[-1]}"


def judge_count(found: Findings, rules: Rules, pages: int) -> None:
    if pages < rules.min_pages:
        found.add(
            "PAGES_FEW",
            f"The paper has {pages} {_pages(pages)}; at least {rules.min_pages} are asked for. "
            f"It lacks {rules.min_pages - pages} {_pages(rules.min_pages - pages)} of content.",
            measured=pages,
            limit=rules.min_pages,
            unit="pages",
        )
    elif pages > rules.max_pages:
        found.add(
            "PAGES_MANY",
            f"The paper has {pages} pages; at most {rules.max_pages} are allowed, references included. "
            f"Shorten it by {pages - rules.max_pages} {_pages(pages - rules.max_pages)} or move some to a supplement.",
            pages=tuple(range(rules.max_pages + 1, min(pages, rules.max_pages + 20) + 1)),
            measured=pages,
            limit=rules.max_pages,
            unit="pages",
        )


def _pages(count: int) -> str:
    return "page" if count == 1 else "pages"


def _paper_name(width: float, height: float) -> str | None:
    for name, (across, down) in PAPERS_MM.items():
        for w, h in ((width, height), (height, width)):
            if abs(w / MM - across) <= PAPER_TOLERANCE_MM and abs(h / MM - down) <= PAPER_TOLERANCE_MM:
                return name
    return None


def _format(sheet: Sheet) -> tuple[int, int]:
    """The paper's sides to 2 mm, the shorter first: a page may lie on its side."""
    short, long = sorted(sheet.displayed)
    return round(short / 5), round(long / 5)


def judge_paper(found: Findings, sheets: Sequence[Sheet], units: Sequence[float]) -> None:
    """Size, mixture, rotation, cropping and user units of the pages."""
    odd = [sheet for sheet in sheets if _paper_name(*sheet.displayed) is None]
    if odd:
        width, height = (side / MM for side in odd[0].displayed)
        numbers = [sheet.number for sheet in odd]
        found.add(
            "PAPER",
            f"{pages_text(numbers)}: the paper measures {width:.0f} x {height:.0f} mm. Use A4 (210 x 297 mm), "
            "US Letter (216 x 279 mm) or the book page of Springer (155 x 235 mm).",
            pages=numbers,
            measured=width,
            limit=210.0,
            unit="mm",
            boxes=[(sheet.number, 0.0, 0.0, *sheet.displayed) for sheet in odd],
        )
    sizes = Counter(_format(sheet) for sheet in sheets)
    if len(sizes) > 1:
        usual = sizes.most_common(1)[0][0]
        others = [sheet.number for sheet in sheets if _format(sheet) != usual]
        found.add(
            "MIXED_SIZE",
            f"{pages_text(others)}: another paper size than the other pages. Make all pages of one size.",
            pages=others,
            measured=len(sizes),
            limit=1,
            unit="sizes",
        )
    turned = [s.number for s in sheets if s.direction != s.rotate and any(row.letters >= 20 for row in s.layout.rows)]
    if turned:
        found.add(
            "ROTATED",
            f"{pages_text(turned)}: the page is shown turned, so that its text does not stand upright. "
            "Remove the rotation.",
            pages=turned,
            measured=len(turned),
            limit=0,
            unit="pages",
        )
    cropped = [sheet.number for sheet in sheets if sheet.crop_cut > 5]
    if cropped:
        cut = max(sheet.crop_cut for sheet in sheets)
        found.add(
            "CROPBOX",
            f"{pages_text(cropped)}: a crop box hides a part of the page, up to {cut / MM:.0f} mm. "
            "Export the pages uncropped.",
            pages=cropped,
            measured=cut / MM,
            limit=0.0,
            unit="mm",
        )
    scaled = [number for number, unit in enumerate(units, 1) if abs(unit - 1.0) > 0.001]
    if scaled:
        found.add(
            "USER_UNIT",
            f"{pages_text(scaled)}: the page is enlarged by a user unit of {units[scaled[0] - 1]:g}. "
            "Export the pages at their true size.",
            pages=scaled,
            measured=units[scaled[0] - 1],
            limit=1.0,
            unit="times",
        )


def judge_emptiness(found: Findings, rules: Rules, sheets: Sequence[Sheet]) -> None:
    """Blank pages, pages with hardly anything on them, and pages that are there twice."""
    blank = [s.number for s in sheets if not s.drawing.runs and not s.drawing.paints and s.drawing.curves < 3]
    if blank:
        left = len(sheets) - len(blank)
        short = left < rules.min_pages <= len(sheets)
        found.add(
            "BLANK_PAGE",
            f"{pages_text(blank)}: nothing is on the page. Remove it."
            + (f" Without blank pages the paper has {left}, fewer than {rules.min_pages}." if short else ""),
            pages=blank,
            measured=len(blank),
            limit=0,
            unit="pages",
            severity="block" if short else None,
            boxes=[(number, 0.0, 0.0, *sheets[number - 1].displayed) for number in blank],
        )
    sparse = [s.number for s in sheets if s.number not in blank and _is_sparse(s)]
    content = len(sheets) - len(blank) - len(sparse)
    if sparse and content < rules.min_pages <= len(sheets):
        letters = _letters(sheets[sparse[0] - 1])
        found.add(
            "SPARSE_PAGE",
            f"{pages_text(sparse)}: hardly anything is on the page, and without it the paper has "
            f"{content} {_pages(content)}, fewer than {rules.min_pages}.",
            pages=sparse,
            measured=letters,
            limit=SPARSE_LETTERS,
            unit="letters",
            boxes=[(number, 0.0, 0.0, *sheets[number - 1].displayed) for number in sparse],
        )
    seen: dict[tuple[str, ...], int] = {}
    twice: list[int] = []
    for sheet in sheets:
        text = tuple(run.text for run in sheet.drawing.runs)
        if sum(map(len, text)) < 10:
            continue
        if text in seen:
            twice.append(sheet.number)
        seen.setdefault(text, sheet.number)
    if twice:
        left = len(sheets) - len(twice)
        found.add(
            "DUP_PAGES",
            f"{pages_text(twice)}: the same as an earlier page. Without repeated pages the paper has {left}.",
            pages=twice,
            measured=len(twice),
            limit=0,
            unit="pages",
            severity=None if left < rules.min_pages else "warn",
        )


def _letters(sheet: Sheet) -> int:
    return sum(row.letters for row in sheet.layout.rows)


def _is_sparse(sheet: Sheet) -> bool:
    area = sheet.width * sheet.height
    painted = any((p.box[2] - p.box[0]) * (p.box[3] - p.box[1]) > 0.03 * area for p in sheet.drawing.paints)
    return (
        _letters(sheet) < SPARSE_LETTERS and not painted and sheet.drawing.commands < 2000 and sheet.drawing.curves < 20
    )


def judge_layout(found: Findings, sheets: Sequence[Sheet], paper: PaperLayout) -> None:
    """All that a ruler tells: columns, block, letters, leading."""
    upright = [sheet for sheet in sheets if not sheet.layout.sideways]
    if paper.body is None:
        return
    columns = _judge_columns(found, upright, paper)
    if _judge_scale(found, upright, paper, columns):
        return
    if not columns:
        _judge_width(found, upright, paper)
        _judge_overfull(found, upright, paper)
    else:
        _judge_wide_columns(found, upright, paper)
    _judge_height(found, upright, paper)
    _judge_sizes(found, upright, paper)
    _judge_leading(found, upright, paper)
    numbered = [sheet.number for sheet in upright if sheet.layout.numbered_lines]
    if numbered:
        found.add(
            "LINE_NUMBERS",
            f"{pages_text(numbered)}: lines are numbered in the margin. Leave the numbers out of the "
            "version that you submit, unless the chairs ask for them.",
            pages=numbered,
        )


def _judge_columns(found: Findings, sheets: Sequence[Sheet], paper: PaperLayout) -> bool:
    starts = ends = lines = 0
    pages: list[int] = []
    for sheet in sheets:
        rows = sheet.layout.rows
        segments = [one for row in rows for one in row.segments if one.letters >= 12]
        if len(segments) < 10:
            continue
        left = min(one.x0 for one in segments)
        right = max(one.x1 for one in segments)
        centre = (left + right) / 2
        here_starts = sum(one.x0 > centre - 6 for one in segments)
        here_ends = sum(one.x1 < centre + 6 for one in segments)
        starts, ends, lines = starts + here_starts, ends + here_ends, lines + len(segments)
        if here_starts >= 0.2 * len(segments) and here_ends >= 0.2 * len(segments):
            pages.append(sheet.number)
    if lines < 40 or starts < 0.2 * lines or ends < 0.2 * lines or len(pages) < 0.4 * len(sheets):
        return False
    found.add(
        "TWO_COLUMN",
        "The text is set in two columns. LNCS papers have one column, 122 mm wide: use the LNCS template.",
        pages=pages,
        measured=2,
        limit=1,
        unit="columns",
        boxes=_all_text([s for s in sheets if s.number in pages]),
    )
    return True


def _text_box(page: PageLayout) -> Box:
    rows = [row for row in page.rows if row.letters >= 8] or page.rows
    return (min(r.x0 for r in rows), rows[-1].y, max(r.x1 for r in rows), rows[0].y + rows[0].size)


def _all_text(sheets: Sequence[Sheet]) -> list[PageBox]:
    return [(sheet.number, *sheet.shown(_text_box(sheet.layout))) for sheet in sheets if sheet.layout.rows]


def _judge_scale(found: Findings, sheets: Sequence[Sheet], paper: PaperLayout, columns: bool) -> bool:
    """An LNCS page scaled as a whole, all by one factor. True when the other rules have nothing to say."""
    body, leading = paper.body or 0.0, paper.leading
    if leading is None or not body:
        return False
    factor = leading / 11.955
    sizes = statistics.mean(sorted(_exact_sizes(sheets, body))) if _exact_sizes(sheets, body) else body
    if columns and factor < 0.85:
        widths = Counter(
            round((one.x1 - one.x0) / MM)
            for s in sheets
            for row in s.layout.rows
            for one in row.segments
            if one.letters >= 30
        )
        column = widths.most_common(1)[0][0] if widths else 0
        if abs(column / BLOCK_WIDTH_MM - factor) < 0.03:
            found.add(
                "NUP",
                "Two pages are printed on one sheet. Upload the paper with one page per page.",
                pages=[s.number for s in sheets],
                measured=factor * 100,
                limit=100.0,
                unit="%",
            )
        return False
    if columns or paper.width is None or abs(factor - 1) < 0.012:
        return False
    width_factor = paper.width / MM / BLOCK_WIDTH_MM
    if abs(width_factor - factor) > 0.006 or abs(sizes / 9.963 - factor) > 0.012 or not 0.90 <= factor < 1:
        return False
    found.add(
        "SCALED",
        f"The pages are scaled to {factor * 100:.0f} %: letters, lines and margins are all smaller by the same "
        "factor. Export or print the paper at 100 %.",
        pages=[s.number for s in sheets],
        measured=factor * 100,
        limit=100.0,
        unit="%",
    )
    return True


def _exact_sizes(sheets: Sequence[Sheet], body: float) -> list[float]:
    return [
        run.size
        for sheet in sheets[:6]
        for run in sheet.drawing.runs
        if abs(run.size - body) < 0.12 and len(run.text) > 3
    ]


def _block_box(sheet: Sheet) -> Box:
    """The LNCS text block laid at the text's own left edge and first line, in the frame of the rows."""
    page = sheet.layout
    width, height = BLOCK_WIDTH_MM * MM, BLOCK_HEIGHT_MM * MM
    across, down = sheet.upright_size
    left = page.left if page.left is not None else (across - width) / 2
    top = page.top + 10.0 if page.top is not None else down - (down - height) / 2
    return (left, top - height, left + width, top)


def block_box(sheet: Sheet, left: float | None) -> Box:
    x0, y0, x1, y1 = _block_box(sheet)
    if left is not None and abs(left - x0) > 1 and not sheet.layout.sideways:
        x0, x1 = left, left + x1 - x0
    return (x0, y0, x1, y1)


def _some(boxes: Sequence[PageBox], most: int = 60) -> tuple[PageBox, ...]:
    """At most so many boxes, and as long as it can be one on every page: an author looks at each page named."""
    if len(boxes) <= most:
        return tuple(boxes)
    share = max(1, most // len({box[0] for box in boxes}))
    taken: dict[int, list[PageBox]] = {}
    for box in boxes:
        on_page = taken.setdefault(box[0], [])
        if len(on_page) < share:
            on_page.append(box)
    return tuple(box for on_page in taken.values() for box in on_page)[:most]


def _beyond_boxes(sheet: Sheet, left: float, limit: float) -> list[PageBox]:
    boxes: list[PageBox] = []
    for row in sheet.layout.rows:
        if row.x1 > left + limit and row.letters >= 8:
            boxes.append(
                (sheet.number, *sheet.shown((left + BLOCK_WIDTH_MM * MM, row.y - 2, row.x1, row.y + 0.75 * row.size)))
            )
    return boxes


def _tight_right(page: PageLayout) -> int:
    """How many long lines end at the right edge exactly (a quarter of a point): justified text, no accident."""
    if page.right is None:
        return 0
    ends = sorted(
        row.segments[-1].x1 for row in page.rows if row.letters >= 20 and abs(row.segments[-1].x1 - page.right) <= 0.9
    )
    best, start = 0, 0
    for end in range(len(ends)):
        while ends[end] - ends[start] > 0.3:
            start += 1
        best = max(best, end - start + 1)
    return best


def _judge_width(found: Findings, sheets: Sequence[Sheet], paper: PaperLayout) -> None:
    if paper.width is None:
        return
    width = paper.width / MM
    measured = [(s, s.layout.width / MM) for s in sheets if s.layout.width is not None]
    long_rows = sum(row.letters >= 20 for s, _ in measured for row in s.layout.rows)
    if sum(_tight_right(s.layout) for s, _ in measured) < 0.3 * long_rows:
        _judge_ragged(found, [s for s, _ in measured])
        return
    wide = [
        (s, value)
        for s, value in measured
        if value > WIDTH_MAXIMUM_MM and _tight_right(s.layout) >= 8 and _spanning(s.layout) >= 5
    ]
    reliable = [value for s, value in measured if s.layout.right_support >= 5]
    spanning = sum(_spanning(s.layout) for s, _ in measured)
    if (width > WIDTH_MAXIMUM_MM and spanning >= 0.1 * long_rows) or len(wide) >= max(2, 0.2 * len(reliable)):
        worst = max([value for _, value in wide] or [width])
        pages = [s.number for s, _ in wide] or [s.number for s, value in measured if value > WIDTH_MAXIMUM_MM]
        boxes = [box for s, _ in wide for box in _beyond_boxes(s, s.layout.left or 0.0, WIDTH_MAXIMUM_MM * MM)[:12]]
        found.add(
            "TEXTBLOCK",
            f"{pages_text(pages) if pages else 'The paper'}: the text is {worst:.1f} mm wide; the LNCS text "
            f"block is 122 mm wide, {worst - BLOCK_WIDTH_MM:.1f} mm less. The margins were changed, or another "
            "template is "
            "used: go back to the LNCS template and leave its margins alone.",
            pages=pages,
            measured=worst,
            limit=WIDTH_MAXIMUM_MM,
            unit="mm",
            boxes=boxes,
        )
    elif wide and (wide[0][1] > ONE_PAGE_WIDTH_MM or _mostly_tight(wide[0][0].layout)):
        sheet, value = wide[0]
        found.add(
            "TEXTBLOCK",
            f"Page {sheet.number}: the text is {value:.1f} mm wide; the LNCS text block is 122 mm wide.",
            pages=[sheet.number],
            measured=value,
            limit=WIDTH_MAXIMUM_MM,
            unit="mm",
            severity="warn",
            boxes=_beyond_boxes(sheet, sheet.layout.left or 0.0, WIDTH_MAXIMUM_MM * MM),
        )
    elif width < WIDTH_MINIMUM_MM and not _reaches_lncs_width(sheets):
        _judge_narrow(found, sheets, paper, width, reliable)


def _spanning(page: PageLayout) -> int:
    """Lines that are longer than the block without a gap: a label in the margin does not make its line wider."""
    return sum(
        one.letters >= 20 and one.x1 - one.x0 > (WIDTH_MAXIMUM_MM - 0.05) * MM
        for row in page.rows
        for one in row.segments
    )


def _mostly_tight(page: PageLayout) -> bool:
    """Nearly all lines end at the same place: a margin, not punctuation that hangs over."""
    return _tight_right(page) >= max(15, 0.6 * sum(row.letters >= 20 for row in page.rows))


def _judge_ragged(found: Findings, sheets: Sequence[Sheet]) -> None:
    """Text that is not justified has no right edge; its third longest line stands for one."""
    spans = []
    for sheet in sheets:
        ends = sorted(row.segments[-1].x1 for row in sheet.layout.rows if row.letters >= 20)
        if len(ends) >= 8 and sheet.layout.left is not None:
            spans.append((sheet, (ends[-3] - sheet.layout.left) / MM))
    over = [(sheet, value) for sheet, value in spans if value > WIDTH_MAXIMUM_MM]
    if len(over) < max(2, 0.4 * len(spans)):
        return
    worst = max(value for _, value in over)
    found.add(
        "TEXTBLOCK",
        f"{pages_text([s.number for s, _ in over])}: lines are up to {worst:.1f} mm long; the LNCS text block is "
        "122 mm wide. Go back to the LNCS template and leave its margins alone.",
        pages=[s.number for s, _ in over],
        measured=worst,
        limit=WIDTH_MAXIMUM_MM,
        unit="mm",
        boxes=[b for s, _ in over for b in _beyond_boxes(s, s.layout.left or 0.0, WIDTH_MAXIMUM_MM * MM)[:12]],
    )


def _reaches_lncs_width(sheets: Sequence[Sheet]) -> bool:
    """Some lines span the whole LNCS block, though most begin further in: a paper of lists."""
    spanning = 0
    for sheet in sheets:
        right = sheet.layout.right
        if right is None:
            continue
        edge = right - BLOCK_WIDTH_MM * MM
        spanning += sum(
            row.letters >= 20 and abs(row.x0 - edge) <= 0.9 and abs(row.x1 - right) <= 0.9 for row in sheet.layout.rows
        )
    return spanning >= 3


def _judge_narrow(
    found: Findings, sheets: Sequence[Sheet], paper: PaperLayout, width: float, reliable: Sequence[float]
) -> None:
    steady = sum(abs(value - width) <= 0.35 for value in reliable) >= max(2, 0.6 * len(reliable))
    justified = sum(_tight_right(s.layout) for s in sheets) >= 0.35 * sum(
        row.letters >= 20 for s in sheets for row in s.layout.rows
    )
    other_class = (
        steady
        and justified
        and (width < OTHER_CLASS_MM or (abs(width - ARTICLE_MM) <= 0.15 and _like_article(sheets, paper)))
    )
    pages = [s.number for s in sheets if s.layout.width is not None and s.layout.width / MM < WIDTH_MINIMUM_MM]
    message = f"The text is {width:.1f} mm wide; the LNCS text block is 122 mm wide. "
    if not other_class:
        message += "This gains no space; please make sure that you use the LNCS template."
    elif width > OTHER_CLASS_MM:
        message += "Width, headings and page numbers are those of the plain article class. Use the LNCS template."
    else:
        message += "The paper is not set with the LNCS template. Use it."
    boxes = [(s.number, *s.shown(_text_box(s.layout))) for s in sheets if s.number in pages and s.layout.rows]
    found.add(
        "TEXTBLOCK",
        message,
        pages=pages,
        measured=width,
        limit=WIDTH_MINIMUM_MM,
        unit="mm",
        severity="block" if other_class else "warn",
        boxes=boxes,
    )


def _like_article(sheets: Sequence[Sheet], paper: PaperLayout) -> bool:
    """Larger titles and headings than LNCS has, or page numbers alone at the foot."""
    body = paper.body or 10.0
    titles = [row for row in sheets[0].layout.rows[:15] if row.letters >= 8 and row.size >= 1.55 * body]
    headings = [
        row
        for sheet in sheets
        for row in sheet.layout.rows
        if row.letters >= 5 and 1.3 * body <= row.size <= 1.5 * body and row not in titles
    ]
    headings = [row for row in headings if not any(row is top for top in sheets[0].layout.rows[:6])]
    folios = sum(
        bool(s.layout.rows) and s.layout.rows[-1].text.strip().isdigit() and s.layout.rows[-1].letters <= 3
        for s in sheets
    )
    return bool(titles) or len(headings) >= 2 or folios >= 0.6 * len(sheets)


def _judge_wide_columns(found: Findings, sheets: Sequence[Sheet], paper: PaperLayout) -> None:
    spans = []
    for sheet in sheets:
        rows = [row for row in sheet.layout.rows if row.letters >= 20 and not is_header(row, paper)]
        if len(rows) >= 10:
            spans.append((sheet, (_high([r.x1 for r in rows]) - _low([r.x0 for r in rows])) / MM))
    over = [(sheet, value) for sheet, value in spans if value > WIDTH_MAXIMUM_MM]
    if len(over) >= max(1, 0.3 * len(spans)):
        worst = max(value for _, value in over)
        found.add(
            "TEXTBLOCK",
            f"The two columns together are {worst:.1f} mm wide; the LNCS text block is 122 mm wide.",
            pages=[sheet.number for sheet, _ in over],
            measured=worst,
            limit=WIDTH_MAXIMUM_MM,
            unit="mm",
        )


def _low(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 10]


def _high(values: Sequence[float]) -> float:
    return sorted(values)[-1 - len(values) // 10]


def _judge_overfull(found: Findings, sheets: Sequence[Sheet], paper: PaperLayout) -> None:
    """Single lines, tables or figures that stick out of a block that is right in itself."""
    if paper.width is None or paper.width / MM > WIDTH_MAXIMUM_MM:
        return
    boxes: list[PageBox] = []
    worst = 0.0
    for sheet in sheets:
        page = sheet.layout
        if page.right is None or page.left is None:
            continue
        left = page.left
        right = max(page.right, left + min(paper.width, BLOCK_WIDTH_MM * MM))
        margin = OVERFULL_MM * MM
        across = sheet.upright_size[0]
        for row in page.rows:
            for one in row.segments:
                if one.letters >= 2 and right + margin < one.x1 < across and one.x0 < right:
                    worst = max(worst, one.x1 - right)
                    boxes.append(
                        (sheet.number, *sheet.shown((max(one.x0, right), row.y - 2, one.x1, row.y + 0.75 * row.size)))
                    )
        for paint in sheet.drawing.paints:
            x0, y0, x1, y1 = sheet.turned_box(paint)
            if y1 - y0 < 8 or x1 - x0 < 8 or x1 - x0 > 0.97 * across or (paint.light or 0) > 0.97:
                continue
            over = max(x1 - right, left - x0)
            if over > margin and x0 < right and x1 > left:
                worst = max(worst, over)
                if x1 - right > margin:
                    boxes.append((sheet.number, *sheet.shown((right, y0, x1, y1))))
                if left - x0 > margin:
                    boxes.append((sheet.number, *sheet.shown((x0, y0, left, y1))))
    if boxes:
        pages = sorted({box[0] for box in boxes})
        found.add(
            "OVERFULL",
            f"{pages_text(pages)}: a line, table or figure reaches {worst / MM:.1f} mm beyond the LNCS text "
            "block, 122 mm wide. Make it narrower or break the line.",
            pages=pages,
            measured=worst / MM,
            limit=OVERFULL_MM,
            unit="mm",
            boxes=boxes,
        )


def _judge_height(found: Findings, sheets: Sequence[Sheet], paper: PaperLayout) -> None:
    heights = [(s, height / MM) for s in sheets if (height := paper.height(s.layout)) is not None]
    over = [(s, value) for s, value in heights if value > HEIGHT_MAXIMUM_MM]
    if not over:
        return
    far = [value for _, value in over if value >= HEIGHT_TWO_LINES_MM]
    worst = max(value for _, value in over)
    pages = [s.number for s, _ in over]
    boxes: list[PageBox] = []
    for sheet, _ in over:
        x0, y0, x1, _ = _block_box(sheet)
        if sheet.layout.bottom is not None:
            boxes.append((sheet.number, *sheet.shown((x0, sheet.layout.bottom - 2, x1, y0))))
    found.add(
        "TEXTBLOCK",
        f"{pages_text(pages)}: the text is {worst:.1f} mm high; the LNCS text block is 193 mm high. "
        "Move the last lines to the next page: do not enlarge the page.",
        pages=pages,
        measured=worst,
        limit=HEIGHT_MAXIMUM_MM,
        unit="mm",
        boxes=boxes,
        severity="block" if len(far) >= 3 or len(far) >= max(2, 0.4 * len(heights)) else "warn",
    )


def _long_rows(page: PageLayout, paper: PaperLayout) -> list[Row]:
    """Full-width lines before the references, without running heads."""
    if page.left is None or page.right is None:
        return []
    left, right = page.left, page.right
    rows = page.rows[1:] if is_running_head(page, paper) else page.rows
    return [
        row
        for row in rows
        if row.letters >= 20
        and row.x0 <= left + 3
        and row.x1 >= right - 0.06 * (right - left)
        and paper.before_references(page, row)
        and not is_header(row, paper)
    ]


def _is_bitmap(sheets: Sequence[Sheet]) -> bool:
    """Most letters come from Type 3 fonts, whose size is only told by the widths of their letters."""
    total = sum(len(run.text) for s in sheets for run in s.drawing.runs)
    return sum(len(run.text) for s in sheets for run in s.drawing.runs if run.font == "Type3") > 0.4 * total


def _judge_sizes(found: Findings, sheets: Sequence[Sheet], paper: PaperLayout) -> None:
    body = paper.body or 10.0
    # A size that is only estimated refuses nobody.
    guess: Severity | None = "warn" if _is_bitmap(sheets) else None
    if body < BODY_MINIMUM_PT:
        found.add(
            "FONT_SMALL",
            f"The text is set in {body:.1f} pt; LNCS asks for 10 pt. Set the size of the template again.",
            pages=[s.number for s in sheets],
            measured=body,
            limit=BODY_MINIMUM_PT,
            unit="pt",
            boxes=_all_text(sheets),
            severity=guess,
        )
        return
    if body > BODY_MAXIMUM_PT:
        found.add(
            "FONT_LARGE",
            f"The text is set in {body:.1f} pt; LNCS asks for 10 pt. Use the LNCS class without a size option.",
            pages=[s.number for s in sheets],
            measured=body,
            limit=BODY_MAXIMUM_PT,
            unit="pt",
            severity=guess or ("block" if body >= BODY_BLOCKS_PT else "warn"),
            boxes=_all_text(sheets),
        )
    limit = min(BODY_MINIMUM_PT, body - 0.3) if body <= BODY_MAXIMUM_PT else BODY_MINIMUM_PT
    lines = small = odd = 0
    pages: list[int] = []
    odd_pages: list[int] = []
    solid: list[int] = []
    sizes: Counter[float] = Counter()
    for sheet in sheets:
        rows = _long_rows(sheet.layout, paper)
        here = [row for row in rows if row.size < limit]
        strange = [row for row in here if row.size >= 9.3]
        lines, small, odd = lines + len(rows), small + len(here), odd + len(strange)
        if len(here) >= 8:
            pages.append(sheet.number)
            sizes.update(row.size for row in here)
        if len(strange) >= 5:
            odd_pages.append(sheet.number)
            sizes.update(row.size for row in strange)
        if _longest_small(sheet.layout, paper, limit) >= SMALL_IN_A_ROW:
            solid.append(sheet.number)
    size = sizes.most_common(1)[0][0] if sizes else body
    much = small >= SMALL_LINES and small > SMALL_SHARE * lines
    if much or len(solid) >= 2 or odd >= ODD_SIZE_LINES:
        where = sorted({*pages, *solid} if much or len(solid) >= 2 else odd_pages) or [sheets[0].number]
        found.add(
            "FONT_SMALL",
            f"{pages_text(where)}: running text is set in {size:.1f} pt; LNCS asks for 10 pt. Smaller letters are "
            "for captions, footnotes, the abstract and the references.",
            pages=where,
            measured=size,
            limit=BODY_MINIMUM_PT,
            unit="pt",
            boxes=_small_boxes(sheets, paper, where, limit),
            severity=guess,
        )
    elif solid:
        found.add(
            "FONT_SMALL",
            f"{pages_text(solid)}: many lines in a row are smaller than 10 pt.",
            pages=solid,
            measured=size,
            limit=BODY_MINIMUM_PT,
            unit="pt",
            severity="warn",
            boxes=_small_boxes(sheets, paper, solid, limit),
        )


def _longest_small(page: PageLayout, paper: PaperLayout, limit: float) -> int:
    best = run = 0
    for row in _long_rows(page, paper):
        run = run + 1 if row.size < limit else 0
        best = max(best, run)
    return best


def _small_boxes(sheets: Sequence[Sheet], paper: PaperLayout, pages: Sequence[int], limit: float) -> list[PageBox]:
    boxes: list[PageBox] = []
    for sheet in sheets:
        rows = [row for row in _long_rows(sheet.layout, paper) if row.size < limit] if sheet.number in pages else []
        if rows:
            box = (min(r.x0 for r in rows), rows[-1].y - 2, max(r.x1 for r in rows), rows[0].y + rows[0].size)
            boxes.append((sheet.number, *sheet.shown(box)))
    return boxes


def _trimmed(values: Sequence[float]) -> float | None:
    """Mean without displays and paragraph gaps: the steps within a tenth of their median."""
    if len(values) < 10:
        return None
    middle = statistics.median(values)
    near = [value for value in values if abs(value - middle) <= 0.1 * middle]
    return statistics.fmean(near) if len(near) >= 8 else middle


def _judge_leading(found: Findings, sheets: Sequence[Sheet], paper: PaperLayout) -> None:
    everything = [step for s in sheets for step in s.layout.leadings]
    whole = _trimmed(everything)
    if whole is None:
        return
    tight = [
        (s, value)
        for s in sheets
        if (value := _trimmed(s.layout.leadings)) is not None
        and value < PAGE_LEADING_MINIMUM_PT
        and statistics.median(s.layout.leadings) < LEADING_MINIMUM_PT
    ]
    if whole < LEADING_MINIMUM_PT or len(tight) >= 2:
        pages = [s.number for s, _ in tight] or [s.number for s in sheets]
        least = min([value for _, value in tight] or [whole])
        found.add(
            "LEADING_TIGHT",
            f"{pages_text(pages)}: the lines are {least:.2f} pt apart; in LNCS they are 12 pt apart. Remove "
            "what changes the line spacing.",
            pages=pages,
            measured=least,
            limit=LEADING_MINIMUM_PT,
            unit="pt",
            boxes=[(s.number, *s.shown(_text_box(s.layout))) for s, _ in tight],
        )
    elif tight:
        sheet, value = tight[0]
        found.add(
            "LEADING_TIGHT",
            f"Page {sheet.number}: the lines are {value:.2f} pt apart; in LNCS they are 12 pt apart.",
            pages=[sheet.number],
            measured=value,
            limit=LEADING_MINIMUM_PT,
            unit="pt",
            severity="warn",
            boxes=[(sheet.number, *sheet.shown(_text_box(sheet.layout)))],
        )
    elif whole > LEADING_MAXIMUM_PT:
        found.add(
            "LEADING_LOOSE",
            f"The lines are {whole:.2f} pt apart; in LNCS they are 12 pt apart. This gains no space.",
            pages=[s.number for s in sheets],
            measured=whole,
            limit=LEADING_MAXIMUM_PT,
            unit="pt",
        )
