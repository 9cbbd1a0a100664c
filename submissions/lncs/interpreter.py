"""Follow a page's drawing commands and tell every piece of text: where, how large, and whether the eye can see it.

A compiled expression cuts the decoded bytes into whole commands (a number list with its operator is one match), which
costs a third of a general PDF parser. Coordinates are points in the page's own frame: origin at the lower left of the
visible box, y upwards, before the page's /Rotate is applied.
"""

import math
import re
from dataclasses import dataclass, field
from typing import Any

from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, NullObject, StreamObject

from submissions.lncs.errors import Exhausted, Malformed, reading
from submissions.lncs.fonts import Font

Matrix = tuple[float, float, float, float, float, float]
Box = tuple[float, float, float, float]

MAXIMUM_COMMANDS = 2_000_000
MAXIMUM_FORMS = 5_000
MAXIMUM_DEPTH = 14
MAXIMUM_RUNS = 200_000
MAXIMUM_PAINTS = 20_000
MAXIMUM_STREAM = 20_000_000
MAXIMUM_DECODED = 60_000_000
_FAR = 1_000_000.0
# A gap this wide inside one string splits it: columns of a table, or a line number beside a line.
_SPLIT_PT = 9.0
_SPACE_KERN = 180.0

_S0 = rb"\((?:[^()\\]++|\\.)*+\)"
_S1 = rb"\((?:[^()\\]++|\\.|" + _S0 + rb")*+\)"
_S2 = rb"\((?:[^()\\]++|\\.|" + _S1 + rb")*+\)"
_STRING = rb"\(((?:[^()\\]++|\\.|" + _S2 + rb")*+)\)"
# What stands in a dictionary: strings are stepped over, for digits may stand right before its closing bracket.
_VALUE = rb"[^()<>]++|" + _S2 + rb"|<[0-9A-Fa-f\s]*+>"
_DICTIONARY = rb"<<((?:" + _VALUE + rb"|<<(?:" + _VALUE + rb")*+>>)*+)>>"
# Repetitions are bounded: a flood of numbers or of opened dictionaries costs no more than its length.
_COMMAND = re.compile(
    rb"\[((?:[^\[\]()<>%/]++|" + _S2 + rb"|<[0-9A-Fa-f\s]*+>)*+)\]\s*+TJ(?![A-Za-z])"  # 1: an array of text
    rb"|((?:[-+]?[0-9.]++\s++){0,40}+)([A-Za-z'\"][A-Za-z0-9*]*+)"  # 2, 3: numbers and their operator
    rb"|/([^\s()<>\[\]{}/%]*+)"  # 4: a name
    rb"|"
    + _STRING  # 5: a string
    + rb"|([-+]?[0-9.]++)"  # 6: a number without an operator
    rb"|"
    + _DICTIONARY  # 7: a dictionary
    + rb"|<([0-9A-Fa-f\s]*+)>"  # 8: a string in hexadecimal digits
    rb"|%[^\r\n]*+"
    rb"|\[([^\[\]]*+)\]",  # 9: any other array
    re.DOTALL,
)
_ITEM = re.compile(_STRING + rb"|<([0-9A-Fa-f\s]*+)>|([-+]?[0-9.]++)", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r\n|.)", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r": b"", b"\r\n": b""}
_IMAGE_DATA = re.compile(rb"\bID\s")
_IMAGE_END = re.compile(rb"\sEI(?=\s|$)")
_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_INK, _PAPER = 0.0, 1.0


def _unescape_one(match: re.Match[bytes]) -> bytes:
    token = match[1]
    if token[0] in b"01234567":
        return bytes((int(token, 8) & 0xFF,))
    return _ESCAPED.get(token, token)


def unescape(raw: bytes) -> bytes:
    return _ESCAPE.sub(_unescape_one, raw) if b"\\" in raw else raw


def _unhex(raw: bytes) -> bytes:
    digits = b"".join(raw.split())
    return bytes.fromhex((digits if len(digits) % 2 == 0 else digits + b"0").decode("ascii"))


def _floats(raw: bytes) -> list[float]:
    try:
        return [float(one) for one in raw.split()]
    except ValueError:
        return [_float(one) for one in raw.split()]


def _float(raw: bytes) -> float:
    try:
        return float(raw)
    except ValueError:
        return 0.0


def multiply(a: Matrix, b: Matrix) -> Matrix:
    """Apply `a`, then `b`."""
    return (
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
        a[4] * b[0] + a[5] * b[2] + b[4],
        a[4] * b[1] + a[5] * b[3] + b[5],
    )


def _transform(box: Box, m: Matrix) -> Box:
    xs = [x * m[0] + y * m[2] + m[4] for x in (box[0], box[2]) for y in (box[1], box[3])]
    ys = [x * m[1] + y * m[3] + m[5] for x in (box[0], box[2]) for y in (box[1], box[3])]
    return (min(xs), min(ys), max(xs), max(ys))


def _intersect(a: Box, b: Box) -> Box:
    return (max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3]))


@dataclass(slots=True)
class Run:
    """A stretch of text of one font: baseline from (x0, y0) to (x1, y1), effective size, and how it was painted."""

    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    text: str
    font: str
    order: int
    mode: int
    light: float | None
    alpha: float
    clipped: bool
    hidden_layer: bool
    in_form: bool
    raw: bytes = b""


@dataclass(slots=True)
class Paint:
    """A filled area or an image: its box, when it was painted, how light it is (None: not known), whether it covers."""

    box: Box
    order: int
    light: float | None
    image: bool
    covers: bool


@dataclass
class Drawing:
    """All that a page draws."""

    runs: list[Run] = field(default_factory=list)
    paints: list[Paint] = field(default_factory=list)
    actual_texts: list[str] = field(default_factory=list)
    commands: int = 0
    curves: int = 0


@dataclass(slots=True)
class _State:
    """What q saves and Q brings back."""

    ctm: Matrix
    clip: Box
    font: Font | None = None
    size: float = 0.0
    char_space: float = 0.0
    word_space: float = 0.0
    stretch: float = 1.0
    leading: float = 0.0
    rise: float = 0.0
    mode: int = 0
    light: float | None = _INK
    plain_space: bool = True
    alpha: float = 1.0

    def copy(self) -> "_State":
        return _State(
            self.ctm, self.clip, self.font, self.size, self.char_space, self.word_space, self.stretch, self.leading,
            self.rise, self.mode, self.light, self.plain_space, self.alpha,
        )  # fmt: skip


class Budget:
    """What one file may cost in all; `spend` raises Exhausted."""

    def __init__(self) -> None:
        self.commands = 0
        self.forms = 0
        self.decoded = 0
        self.runs = 0

    def decode(self, size: int) -> None:
        self.decoded += size
        if size > MAXIMUM_STREAM or self.decoded > MAXIMUM_DECODED:
            raise Exhausted("the content streams unpack to more than 60 MB")


class Interpreter:
    """Draws the pages of one file; fonts and form contents are read once for all pages."""

    def __init__(self, hidden_layers: frozenset[int]) -> None:
        self.budget = Budget()
        self._hidden_layers = hidden_layers
        self._fonts: dict[int, Font] = {}
        self._font_dictionaries: list[Any] = []
        self._contents: dict[int, bytes] = {}
        self.used_fonts: dict[int, tuple[Font, set[int]]] = {}
        self.page_number = 0
        # A viewer draws text whose font is missing all the same.
        self._fallback = Font(DictionaryObject())
        self._fallback.embedded = True

    def draw(self, data: bytes, resources: Any, matrix: Matrix, box: Box) -> Drawing:
        """Follow one page. Raise Exhausted or Malformed."""
        drawing = Drawing()
        self._page_box = box
        before = self.budget.commands
        try:
            self._run(drawing, data, resources, _State(matrix, box), [], False, False)
        except PyPdfError as error:
            raise Malformed("what the page draws cannot be read") from error
        drawing.commands = self.budget.commands - before
        return drawing

    def _lookup(self, resources: Any, kind: str, name: bytes) -> tuple[Any, int]:
        """Return a resource and its object number (0 when it stands inline)."""
        with reading("what the page refers to cannot be read"):
            return self._found(resources, kind, name)

    @staticmethod
    def _found(resources: Any, kind: str, name: bytes) -> tuple[Any, int]:
        group = resources.get(kind) if isinstance(resources, DictionaryObject) else None
        group = group.get_object() if group is not None else None
        if not isinstance(group, DictionaryObject):
            return None, 0
        raw = group.raw_get("/" + _name(name)) if "/" + _name(name) in group else None
        if raw is None:
            return None, 0
        return raw.get_object(), int(getattr(raw, "idnum", 0) or 0)

    def _font(self, resources: Any, name: bytes) -> Font | None:
        dictionary, number = self._lookup(resources, "/Font", name)
        if not isinstance(dictionary, DictionaryObject):
            return None
        key = number or -id(dictionary)
        font = self._fonts.get(key)
        if font is None:
            self._font_dictionaries.append(dictionary)
            with reading("a font cannot be read"):
                font = self._fonts[key] = Font(dictionary)
        return font

    def _is_hidden(self, resources: Any, raw: bytes) -> bool:
        layer, number = self._lookup(resources, "/Properties", raw)
        return self.layer_hidden(layer, number)

    def layer_hidden(self, layer: Any, number: int) -> bool:
        """Whether an optional content group, or all groups of a membership, start switched off."""
        with reading("a layer cannot be read"):
            return self._layer_hidden(layer, number)

    def _layer_hidden(self, layer: Any, number: int) -> bool:
        if number in self._hidden_layers:
            return True
        if not isinstance(layer, DictionaryObject) or "/OCGs" not in layer:
            return False
        members = layer.raw_get("/OCGs")
        several = members.get_object()
        references = list.__iter__(several) if isinstance(several, ArrayObject) else [members]
        numbers = [getattr(one, "idnum", 0) for one in references]
        return bool(numbers) and all(one in self._hidden_layers for one in numbers)

    def _run(
        self,
        drawing: Drawing,
        data: bytes,
        resources: Any,
        state: _State,
        parents: list[int],
        in_form: bool,
        hidden: bool,
    ) -> None:
        stack: list[_State] = []
        operands: list[bytes] = []
        path: list[tuple[bytes, bytes]] = []
        clip_next = False
        marks: list[bool] = []
        text_matrix: Matrix = _IDENTITY
        line_matrix: Matrix = _IDENTITY
        resource_fonts: dict[bytes, Font | None] = {}
        budget = self.budget
        position, end = 0, len(data)
        match_at = _COMMAND.match
        search_from = _COMMAND.search

        while position < end:
            match = match_at(data, position)
            if match is None:
                match = search_from(data, position)
                if match is None:
                    break
            position = match.end()
            group = match.lastindex
            if group == 3:
                numbers, operator = match[2], match[3]
                budget.commands += 1
                if budget.commands > MAXIMUM_COMMANDS:
                    raise Exhausted("more than two million drawing commands")
                if operator == b"Td" or operator == b"TD":
                    values = _floats(numbers)
                    if len(values) >= 2:
                        x, y = values[-2:]
                        if operator == b"TD":
                            state.leading = -y
                        a, b, c, d, e, f = line_matrix
                        text_matrix = line_matrix = (a, b, c, d, x * a + y * c + e, x * b + y * d + f)
                elif operator in _PATH:
                    path.append((operator, numbers))
                    if len(path) > 200_000:
                        del path[1000:]
                    if operator == b"c":
                        drawing.curves += 1
                elif operator in _PAINT:
                    if operator in _FILL and path:
                        self._fill(drawing, path, state, hidden)
                    if clip_next and path:
                        box = _path_box(path)
                        if box is not None:
                            state.clip = _intersect(state.clip, _transform(box, state.ctm))
                    clip_next = False
                    path = []
                elif operator == b"Tf":
                    size = _floats(numbers)
                    if operands:
                        name = operands[-1]
                        if name not in resource_fonts:
                            resource_fonts[name] = self._font(resources, name)
                        state.font = resource_fonts[name]
                    if size:
                        state.size = size[-1]
                elif operator == b"Tj" or operator == b"'" or operator == b'"':
                    if operator != b"Tj":
                        if operator == b'"' and len(operands) >= 3:
                            state.word_space, state.char_space = map(_float, operands[-3:-1])
                        a, b, c, d, e, f = line_matrix
                        y = -state.leading
                        text_matrix = line_matrix = (a, b, c, d, y * c + e, y * d + f)
                    if operands:
                        text_matrix = self._show(drawing, [operands[-1]], state, text_matrix, in_form, hidden)
                elif operator == b"Tm":
                    values = _floats(numbers)
                    if len(values) >= 6:
                        a, b, c, d, e, f = values[-6:]
                        text_matrix = line_matrix = (a, b, c, d, e, f)
                elif operator == b"cm":
                    values = _floats(numbers)
                    if len(values) >= 6:
                        a, b, c, d, e, f = values[-6:]
                        state.ctm = multiply((a, b, c, d, e, f), state.ctm)
                elif operator == b"q":
                    stack.append(state.copy())
                    if len(stack) > 5_000:
                        raise Exhausted("graphics states nested more than 5000 deep")
                elif operator == b"Q":
                    if stack:
                        state = stack.pop()
                elif operator == b"BT":
                    text_matrix = line_matrix = _IDENTITY
                elif operator == b"T*":
                    a, b, c, d, e, f = line_matrix
                    y = -state.leading
                    text_matrix = line_matrix = (a, b, c, d, y * c + e, y * d + f)
                elif operator == b"W" or operator == b"W*":
                    clip_next = True
                elif operator in _COLOUR:
                    self._colour(operator, numbers, operands, state, resources)
                elif operator in _TEXT_STATE:
                    values = _floats(numbers)
                    if values:
                        _set_text_state(state, operator, values[-1])
                elif operator == b"Do":
                    if operands:
                        self._do(drawing, operands[-1], resources, state, parents, in_form, hidden)
                elif operator == b"gs":
                    if operands:
                        self._graphics_state(state, resources, operands[-1])
                elif operator == b"BDC":
                    marks.append(hidden)
                    if len(marks) > 5_000:
                        raise Exhausted("marked content nested more than 5000 deep")
                    if operands and operands[0] == b"OC" and self._is_hidden(resources, operands[-1]):
                        hidden = True
                    if operands and b"ActualText" in operands[-1] and len(drawing.actual_texts) < 1000:
                        drawing.actual_texts.append(_actual_text(operands[-1]))
                elif operator == b"BMC":
                    marks.append(hidden)
                    if len(marks) > 5_000:
                        raise Exhausted("marked content nested more than 5000 deep")
                elif operator == b"EMC":
                    if marks:
                        hidden = marks.pop()
                elif operator == b"BI":
                    position = _after_inline_image(data, position)
                    self._image(drawing, state, True, hidden)
                elif operator == b"sh":
                    self._paint(drawing, state.clip, None, False, False, hidden)
                operands.clear()
            elif group == 1:
                budget.commands += 1
                text_matrix = self._show(drawing, _ITEM.findall(match[1]), state, text_matrix, in_form, hidden)
                operands.clear()
            elif group == 4:
                operands.append(match[4])
            elif group == 5:
                operands.append(unescape(match[5]))
            elif group == 8:
                operands.append(_unhex(match[8]))
            elif group == 6:
                operands.append(match[6])
            elif group == 7:
                operands.append(match[7])
            elif group == 9:
                # Text may still stand here, e.g. with a comment inside.
                tail = data[position : position + 4].lstrip()
                if tail.startswith(b"TJ"):
                    text_matrix = self._show(drawing, _ITEM.findall(match[9]), state, text_matrix, in_form, hidden)
            if len(operands) > 1_000:
                budget.commands += 1_000
                if budget.commands > MAXIMUM_COMMANDS:
                    raise Exhausted("more than two million operands without a command")
                operands.clear()

    def _show(self, drawing: Drawing, items: Any, state: _State, matrix: Matrix, in_form: bool, hidden: bool) -> Matrix:
        """Add the runs of one string or array; return the text matrix moved to its end."""
        font = state.font or self._fallback
        size, stretch = state.size, state.stretch
        char_space, word_space = state.char_space, state.word_space
        measure = font.measure
        kern_scale = size * stretch / 1000.0
        letter_scale = size * stretch
        split_kern = _SPLIT_PT / (
            abs(kern_scale) * math.hypot(matrix[0], matrix[1]) * math.hypot(*state.ctm[:2]) or 1.0
        )
        pen = start = stop = 0.0
        parts: list[str] = []
        raws: list[bytes] = []
        for item in items:
            if item.__class__ is tuple:
                plain, digits, number = item
                if number:
                    kern = _float(number)
                    pen -= kern * kern_scale
                    if kern < -_SPACE_KERN:
                        if -kern > split_kern and parts:
                            self._emit(drawing, state, font, matrix, start, stop, parts, raws, in_form, hidden)
                            parts, raws = [], []
                        elif parts:
                            parts.append(" ")
                    continue
                raw = unescape(plain) if plain else _unhex(digits)
            else:
                raw = item
            if not raw:
                continue
            advance, text, count, spaces = measure(raw)
            if not parts:
                start = pen
            pen += advance * letter_scale + (count * char_space + spaces * word_space) * stretch
            parts.append(text)
            raws.append(raw)
            stop = pen
            if text[-1:].isspace():
                # What ends a line in a word processor is a space that nobody sees: the run ends before it.
                bare = raw.rstrip(b" ") if not font.wide else raw
                if bare:
                    trailing = len(raw) - len(bare)
                    if trailing:
                        width = measure(raw[len(bare) :])[0] * letter_scale
                        stop -= width + trailing * (char_space + word_space) * stretch
                    else:
                        tail = len(text) - len(text.rstrip())
                        if tail < len(text):
                            stop -= measure(raw[-2 * tail :])[0] * letter_scale + tail * char_space * stretch
                else:
                    stop -= advance * letter_scale + (count * char_space + spaces * word_space) * stretch
        if parts:
            self._emit(drawing, state, font, matrix, start, stop, parts, raws, in_form, hidden)
        return (
            matrix[0], matrix[1], matrix[2], matrix[3],
            pen * matrix[0] + matrix[4], pen * matrix[1] + matrix[5],
        )  # fmt: skip

    def _emit(
        self, drawing: Drawing, state: _State, font: Font, matrix: Matrix,
        start: float, stop: float, parts: list[str], raws: list[bytes], in_form: bool, hidden: bool,
    ) -> None:  # fmt: skip
        text = "".join(parts)
        if not text or text.isspace():
            return
        a, b, c, d, e, f = multiply(matrix, state.ctm)
        rise = state.rise
        x0, y0 = start * a + rise * c + e, start * b + rise * d + f
        x1, y1 = stop * a + rise * c + e, stop * b + rise * d + f
        size = abs(state.size) * math.hypot(c, d) * font.em
        if not (abs(x0) < _FAR and abs(y0) < _FAR and abs(x1) < _FAR and abs(y1) < _FAR and size < _FAR):
            return
        clip = state.clip
        middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2 + (size * 0.25 if abs(b) < abs(a) else 0.0)
        clipped = not (clip[0] - 1 <= middle_x <= clip[2] + 1 and clip[1] - 1 <= middle_y <= clip[3] + 1)
        self.budget.runs += 1
        if self.budget.runs > MAXIMUM_RUNS:
            raise Exhausted("more than two hundred thousand pieces of text")
        drawing.runs.append(
            Run(
                x0,
                y0,
                x1,
                y1,
                size,
                text,
                font.name,
                len(drawing.runs) + len(drawing.paints),
                state.mode,
                state.light,
                state.alpha,
                clipped,
                hidden,
                in_form,
                b"".join(raws),
            )
        )
        used = self.used_fonts.get(id(font))
        if used is None:
            used = self.used_fonts[id(font)] = (font, set())
        used[1].add(self.page_number)

    def _colour(self, operator: bytes, numbers: bytes, operands: list[bytes], state: _State, resources: Any) -> None:
        if operator == b"cs":
            state.light = _INK
            state.plain_space = bool(operands) and self._is_plain_space(resources, operands[-1])
            return
        values = _floats(numbers)
        if operator in (b"sc", b"scn"):
            if operands or not state.plain_space:
                state.light = None
                return
        else:
            state.plain_space = True
        if len(values) == 1:
            state.light = values[0]
        elif len(values) == 3:
            state.light = 0.3 * values[0] + 0.59 * values[1] + 0.11 * values[2]
        elif len(values) == 4:
            key = values[3]
            state.light = sum(
                w * max(0.0, 1 - min(1.0, v + key)) for w, v in zip((0.3, 0.59, 0.11), values, strict=False)
            )

    def _is_plain_space(self, resources: Any, name: bytes) -> bool:
        if name in (b"DeviceGray", b"DeviceRGB", b"DeviceCMYK"):
            return True
        space, _ = self._lookup(resources, "/ColorSpace", name)
        if isinstance(space, ArrayObject) and space:
            return str(space[0].get_object()) in ("/ICCBased", "/CalGray", "/CalRGB")
        return str(space) in ("/DeviceGray", "/DeviceRGB", "/DeviceCMYK")

    def _graphics_state(self, state: _State, resources: Any, name: bytes) -> None:
        dictionary, _ = self._lookup(resources, "/ExtGState", name)
        if isinstance(dictionary, DictionaryObject):
            with reading("a graphics state cannot be read"):
                self._apply_graphics_state(state, dictionary)

    def _apply_graphics_state(self, state: _State, dictionary: DictionaryObject) -> None:
        alpha = dictionary.get("/ca")
        if alpha is not None:
            value = alpha.get_object()
            if isinstance(value, int | float):
                state.alpha = float(value)
        pair = dictionary.get("/Font")
        pair = pair.get_object() if pair is not None else None
        if isinstance(pair, ArrayObject) and len(pair) == 2 and isinstance(pair[0].get_object(), DictionaryObject):
            key = int(getattr(pair[0], "idnum", 0) or 0) or -id(pair[0])
            if key not in self._fonts:
                self._fonts[key] = Font(pair[0].get_object())
            state.font = self._fonts[key]
            state.size = float(pair[1].get_object())

    def _paint(self, drawing: Drawing, box: Box, light: float | None, image: bool, covers: bool, hidden: bool) -> None:
        if hidden or box[2] - box[0] < 1.0 or box[3] - box[1] < 1.0 or len(drawing.paints) >= MAXIMUM_PAINTS:
            return
        drawing.paints.append(Paint(box, len(drawing.runs) + len(drawing.paints), light, image, covers))

    def _fill(self, drawing: Drawing, path: list[tuple[bytes, bytes]], state: _State, hidden: bool) -> None:
        box = _path_box(path[:64])
        if box is None or state.alpha < 0.05:
            return
        rectangle = all(operator in (b"re", b"h") for operator, _ in path) or (
            len(path) <= 6 and all(operator != b"c" for operator, _ in path) and _is_rectangle(path)
        )
        visible = _intersect(state.clip, _transform(box, state.ctm))
        single = sum(operator == b"re" for operator, _ in path) <= 1
        self._paint(drawing, visible, state.light, False, rectangle and single and state.alpha > 0.95, hidden)

    def _image(self, drawing: Drawing, state: _State, covers: bool, hidden: bool) -> None:
        box = _intersect(state.clip, _transform((0.0, 0.0, 1.0, 1.0), state.ctm))
        self._paint(drawing, box, None, True, covers and state.alpha > 0.95, hidden)

    def _do(
        self,
        drawing: Drawing,
        name: bytes,
        resources: Any,
        state: _State,
        parents: list[int],
        in_form: bool,
        hidden: bool,
    ) -> None:
        thing, number = self._lookup(resources, "/XObject", name)
        if not isinstance(thing, StreamObject):
            return
        raw_layer = thing.raw_get("/OC") if "/OC" in thing else None
        if raw_layer is not None:
            layer = raw_layer.get_object()
            hidden = hidden or self.layer_hidden(layer, int(getattr(raw_layer, "idnum", 0) or 0))
        subtype = thing.get("/Subtype")
        if subtype == "/Image":
            covers = not any(key in thing for key in ("/SMask", "/Mask")) and not thing.get("/ImageMask")
            self._image(drawing, state, covers, hidden)
            return
        if subtype != "/Form":
            return
        key = number or -id(thing)
        if key in parents:
            raise Malformed("a drawing on the page contains itself")
        self.budget.forms += 1
        if self.budget.forms > MAXIMUM_FORMS:
            raise Exhausted("more than five thousand drawings inside drawings")
        if len(parents) >= MAXIMUM_DEPTH:
            raise Exhausted("drawings nested more than fourteen deep")
        data = self._contents.get(key)
        if data is None:
            with reading("a drawing on the page cannot be read"):
                data = thing.get_data()
            self.budget.decode(len(data))
            self._contents[key] = data
        inner = state.copy()
        matrix = _values(thing.get("/Matrix"), 6)
        if matrix is not None:
            a, b, c, d, e, f = matrix
            inner.ctm = multiply((a, b, c, d, e, f), inner.ctm)
        bounds = _values(thing.get("/BBox"), 4)
        page_like = False
        if bounds is not None:
            x0, y0, x1, y1 = bounds
            box = _transform((min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)), inner.ctm)
            inner.clip = _intersect(inner.clip, box)
            page = self._page_box
            area = max(0.0, inner.clip[2] - inner.clip[0]) * max(0.0, inner.clip[3] - inner.clip[1])
            page_like = area >= 0.4 * (page[2] - page[0]) * (page[3] - page[1])
        own = thing.get("/Resources")
        own = own.get_object() if own is not None else None
        self._run(
            drawing, data, own if isinstance(own, DictionaryObject) else resources, inner,
            [*parents, key], in_form or not page_like, hidden,
        )  # fmt: skip


_PATH = frozenset({b"m", b"l", b"c", b"v", b"y", b"h", b"re"})
_PAINT = frozenset({b"S", b"s", b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*", b"n"})
_FILL = frozenset({b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*"})
_COLOUR = frozenset({b"g", b"rg", b"k", b"sc", b"scn", b"cs"})
_TEXT_STATE = frozenset({b"Tc", b"Tw", b"Tz", b"TL", b"Ts", b"Tr"})


def _set_text_state(state: _State, operator: bytes, value: float) -> None:
    if operator == b"Tc":
        state.char_space = value
    elif operator == b"Tw":
        state.word_space = value
    elif operator == b"Tz":
        state.stretch = value / 100.0
    elif operator == b"TL":
        state.leading = value
    elif operator == b"Ts":
        state.rise = value
    else:
        state.mode = int(value)


def _name(raw: bytes) -> str:
    text = raw.decode("latin-1")
    return re.sub(r"#([0-9A-Fa-f]{2})", lambda match: chr(int(match[1], 16)), text) if "#" in text else text


def _values(array: Any, count: int) -> list[float] | None:
    array = array.get_object() if array is not None else None
    if not isinstance(array, ArrayObject) or len(array) != count:
        return None
    values = [one.get_object() for one in array]
    if any(isinstance(one, NullObject) or not isinstance(one, int | float) for one in values):
        return None
    return [float(one) for one in values]


def _path_box(path: list[tuple[bytes, bytes]]) -> Box | None:
    xs: list[float] = []
    ys: list[float] = []
    for operator, numbers in path:
        values = _floats(numbers)
        if operator == b"re":
            if len(values) >= 4:
                x, y, width, height = values[-4:]
                xs += (x, x + width)
                ys += (y, y + height)
        else:
            xs += values[0::2]
            ys += values[1::2]
    if not xs or not ys:
        return None
    return (min(xs), min(ys), max(xs), max(ys))


def _is_rectangle(path: list[tuple[bytes, bytes]]) -> bool:
    points = [tuple(_floats(numbers)[-2:]) for operator, numbers in path if operator in (b"m", b"l")]
    if len(points) not in (4, 5):
        return False
    return len({round(p[0], 2) for p in points if p}) == 2 and len({round(p[1], 2) for p in points if len(p) > 1}) == 2


def _after_inline_image(data: bytes, position: int) -> int:
    start = _IMAGE_DATA.search(data, position)
    if start is None:
        return len(data)
    end = _IMAGE_END.search(data, start.end())
    return end.end() if end is not None else len(data)


def _actual_text(raw: bytes) -> str:
    match = re.search(rb"/ActualText\s*(?:" + _STRING + rb"|<([0-9A-Fa-f\s]*+)>)", raw, re.DOTALL)
    if match is None:
        return ""
    value = unescape(match[1]) if match[1] is not None else _unhex(match[2])
    return value[2:].decode("utf-16-be", "ignore") if value.startswith(b"\xfe\xff") else value.decode("latin-1")
