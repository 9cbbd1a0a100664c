"""What the interpreter must know of a font: how far each code moves the pen, and which letter it stands for."""

import re
from typing import Any

from pypdf._codecs import charset_encoding
from pypdf._codecs.adobe_glyphs import adobe_glyphs
from pypdf._codecs.core_font_metrics import CORE_FONT_METRICS
from pypdf.generic import ArrayObject, DictionaryObject, StreamObject

_CMAP = re.compile(rb"beginbfchar(?P<chars>.*?)endbfchar|beginbfrange(?P<ranges>.*?)endbfrange", re.DOTALL)
_PAIR = re.compile(rb"<\s*([0-9A-Fa-f]+)\s*>\s*<\s*([0-9A-Fa-f]*)\s*>")
_RANGE = re.compile(
    rb"<\s*([0-9A-Fa-f]+)\s*>\s*<\s*([0-9A-Fa-f]+)\s*>\s*(?:<\s*([0-9A-Fa-f]*)\s*>|\[([^\]]*)\])", re.DOTALL
)
_HEX = re.compile(rb"<\s*([0-9A-Fa-f]*)\s*>")
_CMAP_MAXIMUM = 2_000_000
_WIDTHS_MAXIMUM = 70_000

# Where TeX keeps its ligatures and quotation marks when a font names no encoding (OT1).
_TEX_LETTERS = {
    0x0B: "ff", 0x0C: "fi", 0x0D: "fl", 0x0E: "ffi", 0x0F: "ffl",
    0x1B: "ff", 0x1C: "fi", 0x1D: "fl", 0x1E: "ffi", 0x1F: "ffl",
    0x22: "\u201d", 0x5C: "\u201c", 0x7B: "\u2013", 0x7C: "\u2014",
}  # fmt: skip
# Widths of the small letters of Computer Modern at its size, in em: by them a bitmap font tells how large it is.
_MODERN = {
    "a": 0.5, "b": 0.556, "c": 0.444, "d": 0.556, "e": 0.444, "f": 0.306, "g": 0.5, "h": 0.556, "i": 0.278, "k": 0.528,
    "l": 0.278, "m": 0.833, "n": 0.556, "o": 0.5, "p": 0.556, "r": 0.392, "s": 0.394, "t": 0.389, "u": 0.556,
    "v": 0.528, "w": 0.722, "x": 0.528, "y": 0.528, "z": 0.444,
}  # fmt: skip
_LIGATURES = str.maketrans({"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl"})
_STANDARD_ALIASES = {
    "Arial": "Helvetica",
    "TimesNewRoman": "Times-Roman",
    "TimesNewRomanPSMT": "Times-Roman",
    "CourierNew": "Courier",
}


def _resolved(value: Any) -> Any:
    return value.get_object() if value is not None else None


def _number(value: Any, default: float = 0.0) -> float:
    try:
        return float(_resolved(value))
    except (TypeError, ValueError, OverflowError):
        return default


def _unhex(digits: bytes) -> str:
    raw = bytes.fromhex((digits if len(digits) % 2 == 0 else digits + b"0").decode("ascii"))
    if len(raw) == 1:
        return chr(raw[0])
    return raw.decode("utf-16-be", "ignore")


def _to_unicode(font: DictionaryObject) -> dict[int, str]:
    stream = _resolved(font.get("/ToUnicode"))
    if not isinstance(stream, StreamObject):
        return {}
    data = stream.get_data()[:_CMAP_MAXIMUM]
    letters: dict[int, str] = {}
    for match in _CMAP.finditer(data):
        if match["chars"] is not None:
            for code, text in _PAIR.findall(match["chars"]):
                letters[int(code, 16)] = _unhex(text)
        else:
            for low, high, start, several in _RANGE.findall(match["ranges"]):
                _fill_range(letters, int(low, 16), int(high, 16), start, several)
    return {code: text.translate(_LIGATURES) for code, text in letters.items()}


def _fill_range(letters: dict[int, str], low: int, high: int, start: bytes, several: bytes) -> None:
    high = min(high, low + 65_535)
    if several:
        for offset, text in enumerate(_HEX.findall(several)[: high - low + 1]):
            letters[low + offset] = _unhex(text)
        return
    first = _unhex(start)
    if not first or len(letters) > _WIDTHS_MAXIMUM:
        return
    for code in range(low, high + 1):
        last = ord(first[-1]) + code - low
        letters[code] = first[:-1] + (chr(last) if last < 0x110000 else "")


def _glyph_letter(name: str) -> str:
    letter = adobe_glyphs.get(name)
    if letter is None and "." in name:
        letter = adobe_glyphs.get(name.split(".", 1)[0])
    if letter is None:
        match = re.fullmatch(r"/(?:uni|u)([0-9A-Fa-f]{4,6})", name)
        letter = chr(int(match[1], 16)) if match and int(match[1], 16) < 0x110000 else None
    if letter is None and "_" in name:
        letter = "".join(adobe_glyphs.get("/" + part, "") for part in name[1:].split("_"))
    return letter if letter is not None else "\ufffd"


def _simple_letters(font: DictionaryObject) -> list[str]:
    encoding = _resolved(font.get("/Encoding"))
    base: list[str] | None = None
    differences: Any = None
    if isinstance(encoding, DictionaryObject):
        base = charset_encoding.get(str(_resolved(encoding.get("/BaseEncoding"))))
        differences = _resolved(encoding.get("/Differences"))
    elif encoding is not None:
        base = charset_encoding.get(str(encoding))
    letters = list(base) if base else [_TEX_LETTERS.get(code, chr(code)) for code in range(256)]
    if isinstance(differences, ArrayObject):
        code = 0
        for raw in differences[:1000]:
            item = _resolved(raw)
            if isinstance(item, int | float):
                code = int(item)
            elif isinstance(item, str):
                if 0 <= code < 256:
                    letters[code] = _glyph_letter(str(item))
                code += 1
    return letters


def _is_embedded(descriptor: Any) -> bool:
    return isinstance(descriptor, DictionaryObject) and any(
        key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3")
    )


class Font:
    """One font of one file. `measure` gives (advance in thousandths of the size times 1000, letters, single spaces)."""

    __slots__ = (
        "_default",
        "_letters",
        "_table",
        "_texts",
        "_widths",
        "em",
        "embedded",
        "name",
        "scale",
        "type3",
        "wide",
    )

    def __init__(self, font: DictionaryObject) -> None:
        subtype = str(_resolved(font.get("/Subtype")))
        self.name = str(_resolved(font.get("/BaseFont")) or _resolved(font.get("/Name")) or "").lstrip("/")
        self.type3 = subtype == "/Type3"
        if self.type3:
            self.name = "Type3"
        self.wide = subtype == "/Type0"
        self.scale = 0.001
        self.embedded = True
        # Size of the letters when the font is set at size 1.
        self.em = 1.0
        self._letters = _to_unicode(font)
        self._table: list[float] = []
        self._texts: list[str] = []
        self._widths: dict[int, float] = {}
        self._default = 0.0
        if self.wide:
            self._load_composite(font)
        else:
            self._load_simple(font)

    def _load_simple(self, font: DictionaryObject) -> None:
        descriptor = _resolved(font.get("/FontDescriptor"))
        if self.type3:
            matrix = _resolved(font.get("/FontMatrix"))
            if isinstance(matrix, ArrayObject) and matrix:
                self.scale = abs(_number(matrix[0], 0.001)) or 0.001
        else:
            self.embedded = _is_embedded(descriptor)
        missing = _number(descriptor.get("/MissingWidth")) if isinstance(descriptor, DictionaryObject) else 0.0
        self._table = [missing] * 256
        widths = _resolved(font.get("/Widths"))
        texts = _simple_letters(font)
        if isinstance(widths, ArrayObject):
            first = int(_number(font.get("/FirstChar")))
            for offset, width in enumerate(widths[:256]):
                if 0 <= first + offset < 256:
                    self._table[first + offset] = _number(width)
        else:
            self._load_standard(texts)
        if self.type3 and abs(self.scale - 0.001) > 0.00005:
            self.em = self._bitmap_em()
        for code, letter in self._letters.items():
            if 0 <= code < 256 and letter:
                texts[code] = letter
        self._texts = [letter.translate(_LIGATURES) for letter in texts]

    def _bitmap_em(self) -> float:
        """A bitmap font has units of its own; its em follows from the widths of its letters, when enough are there."""
        ratios = sorted(
            self._table[ord(letter)] * self.scale / width
            for letter, width in _MODERN.items()
            if self._table[ord(letter)] > 0
        )
        if len(ratios) < 5:
            return 1.0
        middle = ratios[len(ratios) // 2]
        return middle if 0.001 < middle < 1000 else 1.0

    def _load_standard(self, texts: list[str]) -> None:
        plain = self.name.split("+")[-1].split(",")[0]
        metrics = CORE_FONT_METRICS.get(_STANDARD_ALIASES.get(plain, plain)) or CORE_FONT_METRICS["Times-Roman"]
        known = metrics.character_widths
        average = float(known.get("default", 500))
        self._table = [float(known.get(letter, average)) for letter in texts]

    def _load_composite(self, font: DictionaryObject) -> None:
        descendants = _resolved(font.get("/DescendantFonts"))
        child = _resolved(descendants[0]) if isinstance(descendants, ArrayObject) and descendants else None
        if not isinstance(child, DictionaryObject):
            self._default = 1000.0
            return
        self.embedded = _is_embedded(_resolved(child.get("/FontDescriptor")))
        self._default = _number(child.get("/DW"), 1000.0)
        items = _resolved(child.get("/W"))
        if isinstance(items, ArrayObject):
            self._load_ranges(items)

    def _load_ranges(self, items: ArrayObject) -> None:
        at = 0
        while at + 1 < len(items) and len(self._widths) < _WIDTHS_MAXIMUM:
            first = int(_number(items[at]))
            second = _resolved(items[at + 1])
            if isinstance(second, ArrayObject):
                for offset, width in enumerate(second):
                    self._widths[first + offset] = _number(width)
                at += 2
            elif at + 2 < len(items):
                width = _number(items[at + 2])
                for code in range(first, min(int(_number(second)), first + 65_535) + 1):
                    self._widths[code] = width
                at += 3
            else:
                break

    def measure(self, raw: bytes) -> tuple[float, str, int, int]:
        """Return the advance in text space at size 1, the letters, the count of codes and of single-byte spaces."""
        if not self.wide:
            advance = sum(map(self._table.__getitem__, raw)) * self.scale
            return advance, "".join(map(self._texts.__getitem__, raw)), len(raw), raw.count(32)
        codes = [raw[at] << 8 | raw[at + 1] for at in range(0, len(raw) - 1, 2)]
        widths, default = self._widths, self._default
        advance = sum([widths.get(code, default) for code in codes]) * self.scale
        letters = self._letters
        return advance, "".join([letters.get(code, "\ufffd") for code in codes]), len(codes), 0
