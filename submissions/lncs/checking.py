"""The whole check of one file, in the process it is called in. Hostile bytes belong into `sandbox.check_safely`."""

import re
import resource
from collections import Counter
from collections.abc import Sequence

from submissions.lncs.container import (
    Anatomy,
    Document,
    Note,
    PageNode,
    active_content,
    anatomy,
    rectangle,
    tighten,
)
from submissions.lncs.errors import Exhausted, Malformed, reading
from submissions.lncs.fingerprint import fingerprint
from submissions.lncs.front import read_front
from submissions.lncs.hidden import MINIMUM_WORDS, WORDS, HiddenText, addresses_a_judge, gather, hidden_runs
from submissions.lncs.interpreter import Interpreter
from submissions.lncs.judging import (
    Findings,
    block_box,
    judge_count,
    judge_emptiness,
    judge_layout,
    judge_paper,
    pages_text,
)
from submissions.lncs.layout import PaperLayout, measure
from submissions.lncs.report import Box, FrontMatter, PageBox, PageMap, Report, Rules, verdict_of
from submissions.lncs.sheets import Sheet

MAXIMUM_DRAWN_PAGES = 300
MINIMUM_LETTERS = 200
LEADING_JUNK_BLOCKS = 1024
_EMAIL = re.compile(r"[\w.+{}-]+\s*@\s*[\w-]+(?:\.[\w-]+)+")
_REPOSITORY = re.compile(
    r"\b(?:our|we|us)\b[^.]{0,160}?((?:https?://)?(?:www\.)?(?:github\.com|gitlab\.com|bitbucket\.org|huggingface\.co|zenodo\.org)"
    r"/[\w./-]+)",
    re.IGNORECASE,
)
_CREATOR = re.compile(r"<dc:creator>.*?</dc:creator>", re.DOTALL)
_ITEM = re.compile(r"<rdf:li[^>]*>(.*?)</rdf:li>", re.DOTALL)


def check(data: bytes, rules: Rules | None = None) -> Report:
    """Check one file. A file that breaks or exhausts the reader is a Report too; an error of our own is raised."""
    rules = rules or Rules()
    run = _Check(data, rules)
    run.run()
    return run.report()


class _Check:
    def __init__(self, data: bytes, rules: Rules) -> None:
        self.data = data
        self.rules = rules
        self.found = Findings(rules)
        self.pages: int | None = None
        self.sheets: list[Sheet] = []
        self.paper: PaperLayout | None = None
        self.front = FrontMatter()
        self.print: tuple[int, ...] = ()
        self.notes: list[Note] = []
        self.scanned: list[int] = []
        self.before = resource.getrusage(resource.RUSAGE_SELF)

    def report(self) -> Report:
        used = resource.getrusage(resource.RUSAGE_SELF)
        findings = tuple(self.found.all)
        return Report(
            verdict=verdict_of(findings),
            pages=self.pages,
            findings=findings,
            page_maps=tuple(self._map(sheet) for sheet in self.sheets),
            front=self.front,
            fingerprint=self.print,
            cpu_s=round(used.ru_utime + used.ru_stime - self.before.ru_utime - self.before.ru_stime, 3),
            peak_mb=round(used.ru_maxrss / 1024, 1),
        )

    def run(self) -> None:
        tighten()
        body = anatomy(self.data)
        if body is None:
            self.found.add(
                "NOT_PDF", "This file is not a PDF, whatever its name ends in. Export the paper as PDF and upload that."
            )
            return
        self._judge_bytes(body)
        try:
            self._read(body)
        except Exhausted as error:
            if body.broken:
                self._malformed(body.broken[0])
            else:
                self._bomb(str(error))
        except Malformed as error:
            self._malformed(str(error))

    def _malformed(self, what: str, page: int | None = None) -> None:
        where = f"Page {page}: " if page else ""
        self.found.add(
            "MALFORMED",
            f"{where}The file is damaged: {what}. Export the paper again; if it persists, print it to PDF.",
            pages=(page,) if page else (),
        )

    def _bomb(self, what: str) -> None:
        self.found.add(
            "BOMB",
            f"The file could not be checked within the limits: {what}. Simplify very large figures, or export "
            "the paper again.",
        )

    def _judge_bytes(self, body: Anatomy) -> None:
        if body.header_at:
            blocks = body.header_at > LEADING_JUNK_BLOCKS or bool(body.polyglot)
            self.found.add(
                "LEADING_JUNK",
                f"{body.header_at} bytes stand before the beginning of the PDF. Export the paper again.",
                measured=body.header_at,
                limit=0,
                unit="bytes",
                severity="block" if blocks else "warn",
            )
        if body.trailing > 8:
            self.found.add(
                "TRAILING_JUNK",
                f"{body.trailing} bytes follow the end of the PDF. Export the paper again.",
                measured=body.trailing,
                limit=0,
                unit="bytes",
            )
        if body.polyglot:
            self.found.add(
                "POLYGLOT",
                f"The file is a PDF and {body.polyglot} at once. Export the paper again and upload the PDF alone.",
            )
        if body.broken:
            self._malformed(body.broken[0])

    def _read(self, body: Anatomy) -> None:
        document = Document(self.data)
        repairs = [*body.repaired, *document.repairs()]
        if repairs and not body.header_at:
            self.found.add(
                "REPAIRED", f"The file had to be repaired to be read ({repairs[0]}). Export the paper again."
            )
        if document.locked:
            self.found.add(
                "ENCRYPTED",
                "A password is needed to open the file, so nobody could review it. Save it without a password.",
            )
            return
        if document.encrypted:
            self.found.add(
                "OWNER_PASSWORD",
                "The file is protected by an owner password. It can be read; please save it without "
                "protection for the proceedings.",
            )
        leaves, faults = document.pages()
        self.pages = len(leaves)
        for fault in faults[:1]:
            self._malformed(fault)
        judge_count(self.found, self.rules, len(leaves))
        if len(leaves) > MAXIMUM_DRAWN_PAGES:
            if len(leaves) <= self.rules.max_pages:
                raise Exhausted(f"more than {MAXIMUM_DRAWN_PAGES} pages")
            return
        self._judge_actions(document, leaves)
        self._draw(document, leaves)

    def _judge_actions(self, document: Document, leaves: list[PageNode]) -> None:
        try:
            active, self.notes = active_content(document, leaves)
        except Malformed as error:
            self._malformed(str(error))
            return
        messages = {
            "JAVASCRIPT": "The file contains {what}. Remove all scripts.",
            "LAUNCH": "The file contains {what}. Remove it.",
            "AUTO_ACTION": "The file contains {what}. Remove it.",
            "FORM": "The file contains {what}. Flatten the form: print it to PDF.",
            "ATTACHMENT": "The file contains {what}. Upload attachments as supplementary material instead.",
        }
        for code, message in messages.items():
            mine = [(page, what) for one, page, what in active.found if one == code]
            if mine:
                pages = sorted({page for page, _ in mine if page is not None})
                self.found.add(code, message.format(what=mine[0][1]), pages=pages, measured=len(mine), limit=0, unit="")

    def _draw(self, document: Document, leaves: list[PageNode]) -> None:
        try:
            layers = document.hidden_layers()
        except Malformed:
            layers = frozenset()
        interpreter = Interpreter(layers)
        units: list[float] = []
        missing: list[int] = []
        for number, leaf in enumerate(leaves, 1):
            sheet, unit = self._draw_page(document, interpreter, leaf, number)
            units.append(unit)
            if sheet is None:
                missing.append(number)
            else:
                self.sheets.append(sheet)
        if missing:
            self.found.add(
                "PAPER", f"{pages_text(missing)}: the page has no size. Export the paper again.", pages=missing
            )
        if len(self.sheets) != len(leaves):
            return
        self._judge_pages(document, interpreter, units)

    def _draw_page(
        self, document: Document, interpreter: Interpreter, leaf: PageNode, number: int
    ) -> tuple[Sheet | None, float]:
        try:
            with reading("the page cannot be read"):
                geometry = _geometry(leaf)
                resources = leaf.get("/Resources")
        except Malformed as error:
            self._malformed(str(error), number)
            geometry = None
        if geometry is None:
            return None, 1.0
        box, cut, unit, turn = geometry
        width, height = (box[2] - box[0]) * unit, (box[3] - box[1]) * unit
        interpreter.page_number = number
        try:
            data = document.contents(leaf)
            interpreter.budget.decode(len(data))
            drawing = interpreter.draw(
                data,
                resources,
                (unit, 0.0, 0.0, unit, -box[0] * unit, -box[1] * unit),
                (0.0, 0.0, width, height),
            )
        except Malformed as error:
            self._malformed(str(error), number)
            drawing = interpreter.draw(b"", None, (1.0, 0.0, 0.0, 1.0, 0.0, 0.0), (0.0, 0.0, width, height))
            drawing.curves = 1000
        sheet = Sheet(number, width, height, turn if turn in (90, 180, 270) else 0, cut * unit, drawing)
        sheet.hidden = hidden_runs(drawing, (0.0, 0.0, width, height))
        sheet.lay_out()
        return sheet, unit

    def _judge_pages(self, document: Document, interpreter: Interpreter, units: Sequence[float]) -> None:
        sheets = self.sheets
        if not sheets:
            return
        usual = Counter(sheet.direction for sheet in sheets if sheet.layout.rows).most_common(1)
        for sheet in sheets:
            sheet.layout.sideways = bool(usual) and bool(sheet.layout.rows) and sheet.direction != usual[0][0]
        self.paper = measure([sheet.layout for sheet in sheets])
        judge_paper(self.found, sheets, units)
        judge_emptiness(self.found, self.rules, sheets)
        self._judge_text_presence()
        judge_layout(self.found, sheets, self.paper)
        self._judge_fonts(interpreter)
        texts = document.metadata()
        self._judge_hidden(texts)
        second = sheets[1].layout if len(sheets) > 1 else None
        self.front = read_front(sheets[0].layout, second)
        self._judge_abstract()
        if self.rules.blind:
            self._judge_anonymity(texts)
        self.print = fingerprint(row.text for sheet in sheets for row in sheet.layout.rows)

    def _letters(self, *, hidden: bool) -> int:
        return sum(
            len(run.text) - run.text.count(" ")
            for sheet in self.sheets
            for index, run in enumerate(sheet.drawing.runs)
            if (index in sheet.hidden) == hidden
        )

    def _judge_text_presence(self) -> None:
        visible = self._letters(hidden=False)
        for sheet in self.sheets:
            area = sheet.width * sheet.height
            image = any(
                p.image and (p.box[2] - p.box[0]) * (p.box[3] - p.box[1]) > 0.5 * area for p in sheet.drawing.paints
            )
            under = sum(len(sheet.drawing.runs[index].text) for index in sheet.hidden)
            if image and under > 50:
                self.scanned.append(sheet.number)
        if self.scanned:
            self.found.add(
                "SCANNED_OCR",
                f"{pages_text(self.scanned)}: the page is a picture with recognised text beneath. Its layout "
                "cannot be measured; upload the PDF that your text program makes.",
                pages=self.scanned,
            )
        if visible >= MINIMUM_LETTERS or self.scanned:
            return
        curves = sum(sheet.drawing.curves for sheet in self.sheets)
        images = any(paint.image for sheet in self.sheets for paint in sheet.drawing.paints)
        what = (
            "its letters are drawn as outlines"
            if curves > 2000
            else "its pages are pictures"
            if images
            else "its pages are nearly empty"
        )
        self.found.add(
            "NO_TEXT",
            f"The paper has no text that can be read ({what}). Upload the PDF that your text program makes.",
            measured=visible,
            limit=MINIMUM_LETTERS,
            unit="letters",
        )

    def _judge_fonts(self, interpreter: Interpreter) -> None:
        loose = [
            (font, pages) for font, pages in interpreter.used_fonts.values() if not font.embedded and not font.type3
        ]
        if loose:
            names = sorted({font.name.split("+")[-1] or "without a name" for font, _ in loose})
            pages = sorted(set().union(*(pages for _, pages in loose)))
            self.found.add(
                "FONT_NOT_EMBEDDED",
                f"{pages_text(pages)}: the fonts {', '.join(names[:4])} are not in the file, so the paper "
                "may look different elsewhere. Embed all fonts.",
                pages=pages,
                measured=len(names),
                limit=0,
                unit="fonts",
            )
        bitmaps = [pages for font, pages in interpreter.used_fonts.values() if font.type3]
        if bitmaps:
            pages = sorted(set().union(*bitmaps))
            self.found.add(
                "TYPE3",
                f"{pages_text(pages)}: Type 3 fonts are used (bitmaps, or fonts of a drawing program). They print "
                "badly; prefer outline fonts.",
                pages=pages,
                measured=len(bitmaps),
                limit=0,
                unit="fonts",
            )

    def _judge_hidden(self, texts: dict[str, str]) -> None:
        passages: list[HiddenText] = []
        for sheet in self.sheets:
            passages += gather(sheet.drawing, sheet.hidden, sheet.number)
        for note in self.notes:
            passages += _from_note(note)
        for name, text in texts.items():
            quote = addresses_a_judge(re.sub(r"<[^>]*>", " ", text) if name == "xmp" else text)
            if quote:
                passages.append(HiddenText(None, f"in the file's metadata ({name})", quote, True, None))
        for passage in sorted(passages, key=lambda one: not one.strong)[:20]:
            self._add_hidden(passage)

    def _add_hidden(self, passage: HiddenText) -> None:
        where = f"Page {passage.page}: " if passage.page else ""
        boxes: tuple[PageBox, ...] = ()
        if passage.box is not None and passage.page is not None:
            boxes = ((passage.page, *self.sheets[passage.page - 1].shown_raw(passage.box)),)
        self.found.add(
            "HIDDEN_TEXT",
            f"{where}text that a reader does not see, {passage.how}. Remove it, or make it visible; if it stems "
            "from a figure, "
            "export the figure again.",
            pages=(passage.page,) if passage.page else (),
            measured=len(passage.text.split()),
            limit=0,
            unit="words",
            boxes=boxes,
            quote=passage.text,
            strong=passage.strong,
        )

    def _judge_abstract(self) -> None:
        words = self.front.abstract_words
        low, high = self.rules.min_abstract_words, self.rules.max_abstract_words
        if words and not low <= words <= high:
            self.found.add(
                "ABSTRACT_LENGTH",
                f"The abstract has {words} words; {low} to {high} are usual.",
                pages=(1,),
                measured=words,
                limit=high if words > high else low,
                unit="words",
            )

    def _judge_anonymity(self, texts: dict[str, str]) -> None:
        for name in _meta_authors(texts):
            self.found.add(
                "META_AUTHOR", f"The file's metadata name an author, {name}. Clear the author field before you export."
            )
            break
        first = self.sheets[0].layout
        head = "\n".join(row.text for row in first.rows[:25])
        emails = [one for one in _EMAIL.findall(head) if "anonym" not in one.lower()]
        text = " ".join(row.text for sheet in self.sheets for row in sheet.layout.rows)
        repositories = [one for one in _REPOSITORY.findall(text) if "anonym" not in one.lower()]
        told = []
        if self.front.authors:
            told.append(f"the names {', '.join(self.front.authors[:4])}")
        if emails:
            told.append(f"the address {emails[0]}")
        if repositories:
            told.append(f"your repository {repositories[0]}")
        if told:
            self.found.add(
                "NOT_ANON",
                f"The paper shows {' and '.join(told)}, but reviewing is double-blind. Take out what names you.",
                pages=(1,),
                measured=len(told),
                limit=0,
                unit="",
            )

    def _map(self, sheet: Sheet) -> PageMap:
        width, height = sheet.displayed
        lines = [
            sheet.shown((one.x0, row.y - 0.2 * one.size, one.x1, row.y + 0.7 * one.size))
            for row in sheet.layout.rows
            for one in row.segments
            if one.letters
        ]
        lefts = [s.layout.left for s in self.sheets if s.layout.left is not None and s.number % 2 == sheet.number % 2]
        left = sorted(lefts)[len(lefts) // 2] if lefts else None
        return PageMap(round(width, 1), round(height, 1), sheet.shown(block_box(sheet, left)), tuple(lines[:400]))


def _geometry(leaf: PageNode) -> tuple[Box, float, float, int] | None:
    """Visible box, how much of the page is cropped, user unit and rotation; None when the page has no size."""
    media = rectangle(leaf.get("/MediaBox"))
    if media is None or media[2] - media[0] < 1 or media[3] - media[1] < 1:
        return None
    crop = rectangle(leaf.get("/CropBox")) or media
    box = (max(media[0], crop[0]), max(media[1], crop[1]), min(media[2], crop[2]), min(media[3], crop[3]))
    if box[2] - box[0] < 1 or box[3] - box[1] < 1:
        box = media
    cut = max(box[0] - media[0], box[1] - media[1], media[2] - box[2], media[3] - box[3])
    raw_unit = leaf.leaf.get("/UserUnit")
    unit = float(raw_unit) if isinstance(raw_unit, int | float) and 0.01 < raw_unit < 1000 else 1.0
    raw_turn = leaf.get("/Rotate")
    turn = int(raw_turn) % 360 if isinstance(raw_turn, int | float) else 0
    return box, cut, unit, turn


def _from_note(note: Note) -> list[HiddenText]:
    quote = addresses_a_judge(note.text)
    if not quote and not (note.hidden and len(WORDS.findall(note.text)) >= MINIMUM_WORDS):
        return []
    how = "in an annotation that is switched off" if note.hidden else "in an annotation"
    return [HiddenText(note.page, how, quote or note.text[:400], bool(quote), None)]


def _meta_authors(texts: dict[str, str]) -> list[str]:
    names = [texts.get("Author", "")]
    for creator in _CREATOR.findall(texts.get("xmp", "")):
        names += _ITEM.findall(creator) or [re.sub(r"<[^>]*>", " ", creator)]
    plain = [" ".join(name.split())[:100] for name in names]
    return [
        name
        for name in plain
        if len(name) > 1 and "anonym" not in name.lower() and name.lower() not in ("unknown", "author")
    ]
