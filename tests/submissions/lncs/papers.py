"""Write small PDF papers whose measures are known exactly: LNCS by default, or wrong on purpose.

Every measure of `Paper` can be set for the whole paper; `pages_of` lets single pages differ. Nothing here is read from
a file, so that no third party's paper is ever among the fixtures.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pypdf._codecs.core_font_metrics import CORE_FONT_METRICS

MM = 72 / 25.4
WIDTHS = CORE_FONT_METRICS["Times-Roman"].character_widths
WORDS = [
    "scheduler",
    "gradient",
    "node",
    "storage",
    "the",
    "pipeline",
    "keeps",
    "a",
    "steady",
    "margin",
    "while",
    "our",
    "profiler",
    "measures",
    "idle",
    "time",
    "between",
    "phases",
    "and",
    "every",
    "worker",
    "streams",
    "messages",
    "for",
    "irregular",
    "shapes",
    "with",
    "little",
    "overhead",
    "on",
    "large",
    "machines",
    "in",
    "practice",
    "since",
    "one",
    "rank",
    "overlaps",
    "the",
    "gap",
    "between",
    "model",
    "and",
    "measurement",
    "when",
    "the",
    "network",
    "is",
    "busy",
    "without",
    "extra",
    "memory",
    "per",
    "step",
]
ABSTRACT = (
    "We measure how a pipeline of many nodes trains large models and show where the time goes on big machines today."
)


def text_width(text: str, size: float) -> float:
    return sum(WIDTHS.get(letter, 500) for letter in text) * size / 1000


@dataclass(frozen=True)
class Paper:
    """Lengths in mm where the name says so, else in points."""

    pages: int = 6
    width_mm: float = 122.0
    left_mm: float = 44.0
    size: float = 10.0
    leading: float = 12.0
    lines: int = 45
    paper_mm: tuple[float, float] = (210.0, 297.0)
    columns: int = 1
    justified: bool = True
    header: bool = True
    embedded: bool = True
    title_size: float = 14.0
    heading_size: float = 12.0
    foot_numbers: bool = False
    line_numbers: bool = False
    last_lines: int = 30
    authors: str = "Ada Example and Carl Sample"
    seed: int = 1


@dataclass
class Built:
    """The parts of a file before they are joined; tests add to them."""

    contents: list[bytes]
    resources: str = ""
    page_extra: list[str] = field(default_factory=list)
    catalogue: str = ""
    info: str = ""
    objects: list[bytes] = field(default_factory=list)
    boxes: list[tuple[float, float]] = field(default_factory=list)
    embedded: bool = True
    count: int | None = None
    font_subtype: str = "Type1"
    unit: float = 1000.0


def words_from(seed: int) -> Callable[[], str]:
    state = [seed * 7919 + 13]

    def following() -> str:
        state[0] = (state[0] * 1103515245 + 12345) & 0x7FFFFFFF
        return WORDS[(state[0] >> 8) % len(WORDS)]

    return following


def fill_line(following: Callable[[], str], size: float, width: float) -> str:
    line = following()
    while True:
        word = following()
        if text_width(f"{line} {word}", size) > width:
            return line
        line = f"{line} {word}"


def show(x: float, y: float, size: float, text: str, width: float | None = None) -> str:
    """One line; with a width its spaces are stretched so that it ends there exactly."""
    spaces = text.count(" ")
    stretch = (width - text_width(text, size)) / spaces if width is not None and spaces else 0.0
    escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"BT /F1 {size:g} Tf {stretch:.4f} Tw 1 0 0 1 {x:.3f} {y:.3f} Tm ({escaped}) Tj ET"


def draw_page(number: int, paper: Paper, following: Callable[[], str]) -> bytes:
    height = paper.paper_mm[1] * MM
    left, width = paper.left_mm * MM, paper.width_mm * MM
    top = height - 52 * MM - 10
    out: list[str] = []
    y = top
    lines = paper.lines if number < paper.pages else paper.last_lines
    if number == 1:
        out.append(show(left + 40, y, paper.title_size, "Training Large Models on Many Nodes"))
        out.append(show(left + 80, y - 36, 10, paper.authors))
        out.append(show(left + 90, y - 54, 9, "Example University, Exampletown"))
        words = f"Abstract. {ABSTRACT} Keywords: Training, Networks".split("Keywords")
        out += _paragraph(words[0].strip(), left + 28, y - 80, width - 57)
        out.append(show(left + 28, y - 124, 9, "Keywords:" + words[1].lstrip(":")))
        out.append(show(left, y - 160, paper.heading_size, "1 Introduction"))
        used = 15
        y, lines = y - used * paper.leading, max(0, lines - used)
    elif paper.header:
        out.append(show(left, top + 26, 9, f"{number} A. Example and C. Sample"))
    column = (width - 20) / 2 if paper.columns == 2 else width
    for index in range(lines):
        at = y - index * paper.leading
        for side in range(paper.columns):
            x = left + side * (column + 20)
            line = fill_line(following, paper.size, column)
            out.append(show(x, at, paper.size, line, column if paper.justified else None))
        if paper.line_numbers:
            out.append(show(left - 24, at, 6, str(index + 1)))
    if paper.foot_numbers:
        out.append(show(left + width / 2, 90, 10, str(number)))
    return "\n".join(out).encode("latin-1")


def _paragraph(text: str, x: float, y: float, width: float) -> list[str]:
    lines: list[str] = []
    current = ""
    for word in text.split():
        if current and text_width(f"{current} {word}", 9) > width:
            lines.append(current)
            current = word
        else:
            current = f"{current} {word}".strip()
    lines.append(current)
    return [show(x, y - 11 * index, 9, line) for index, line in enumerate(lines)]


def build(paper: Paper, pages_of: dict[int, Paper] | None = None) -> Built:
    following = words_from(paper.seed)
    each = [replace((pages_of or {}).get(number, paper), pages=paper.pages) for number in range(1, paper.pages + 1)]
    return Built(
        contents=[draw_page(number, one, following) for number, one in enumerate(each, 1)],
        page_extra=[""] * paper.pages,
        boxes=[(one.paper_mm[0] * MM, one.paper_mm[1] * MM) for one in each],
        embedded=paper.embedded,
    )


def join(built: Built) -> bytes:
    """Write the file: catalogue, page tree, font, pages, and what a test added (objects from number 10 on)."""
    widths = " ".join(f"{WIDTHS.get(chr(code), 500) * built.unit / 1000:g}" for code in range(32, 127))
    descriptor = "/FontDescriptor 5 0 R" if built.embedded else ""
    first = 10 + len(built.objects)
    kids = " ".join(f"{first + 2 * index} 0 R" for index in range(len(built.contents)))
    count = built.count if built.count is not None else len(built.contents)
    objects: dict[int, bytes] = {
        1: f"<</Type/Catalog/Pages 2 0 R{built.catalogue}>>".encode(),
        2: f"<</Type/Pages/Kids[{kids}]/Count {count}>>".encode(),
        3: f"<</Font<</F1 4 0 R>>{built.resources}>>".encode(),
        4: (
            f"<</Type/Font/Subtype/{built.font_subtype}/BaseFont/Times-Roman/FirstChar 32/LastChar 126/Widths[{widths}]"
            f"/Encoding/WinAnsiEncoding{descriptor}>>"
        ).encode(),
        5: b"<</Type/FontDescriptor/FontName/Times-Roman/Flags 34/FontFile 6 0 R>>",
        6: stream(b"%!PS-AdobeFont-1.0: a stand-in"),
        7: f"<<{built.info}>>".encode("latin-1"),
    }
    objects |= dict(enumerate(built.objects, 10))
    for index, content in enumerate(built.contents):
        width, height = built.boxes[index]
        number = first + 2 * index
        objects[number] = (
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width:.3f} {height:.3f}]/Resources 3 0 R"
            f"/Contents {number + 1} 0 R{built.page_extra[index]}>>"
        ).encode()
        objects[number + 1] = stream(content)
    return write(objects)


def stream(data: bytes, extra: str = "") -> bytes:
    packed = zlib.compress(data)
    return f"<</Filter/FlateDecode/Length {len(packed)}{extra}>>\nstream\n".encode() + packed + b"\nendstream"


def write(objects: dict[int, bytes], trailer: str = "/Info 7 0 R") -> bytes:
    out = bytearray(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
    places: dict[int, int] = {}
    for number, body in sorted(objects.items()):
        places[number] = len(out)
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = len(out)
    size = max(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        out += b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 65535 f \n"
    out += f"trailer\n<</Size {size}/Root 1 0 R{trailer}>>\nstartxref\n{table}\n%%EOF\n".encode()
    return bytes(out)


def make(paper: Paper | None = None, pages_of: dict[int, Paper] | None = None) -> bytes:
    return join(build(paper or Paper(), pages_of))
