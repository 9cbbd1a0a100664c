"""Open the file: what it is, how it is built, its pages in order, and what in it would act by itself."""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pypdf
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

from submissions.lncs.errors import Exhausted, Malformed, reading
from submissions.lncs.interpreter import Box

MAXIMUM_PAGES = 200_000
MAXIMUM_TREE_DEPTH = 60
_INHERITED = ("/MediaBox", "/CropBox", "/Rotate", "/Resources")
_HEADER = re.compile(rb"%PDF-\d")
_STARTXREF = re.compile(rb"startxref\s+(\d+)")
_XREF_HERE = re.compile(rb"\s*(?:xref\b|\d+\s+\d+\s+obj\b)")
_LENGTH = re.compile(rb"/Length\s+(\d{1,20})(?!\s+\d+\s+R)")
_REPAIRS = ("startxref", "xref", "wrong pointing", "eof marker", "invalid parent", "object id", "trailer")
_EXECUTABLE = (
    ".exe", ".bat", ".cmd", ".com", ".js", ".vbs", ".ps1", ".sh", ".jar", ".scr", ".msi", ".lnk", ".hta", ".app",
    ".dll", ".wsf", ".py", ".docm", ".xlsm", ".pptm", ".iso", ".apk",
)  # fmt: skip
_EXECUTABLE_BYTES = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")


@dataclass
class Anatomy:
    """What the bytes say before any page is drawn."""

    header_at: int = 0
    trailing: int = 0
    polyglot: str = ""
    repaired: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


@dataclass
class PageNode:
    """One leaf of the page tree with what it inherits."""

    leaf: DictionaryObject
    inherited: dict[str, Any]

    def get(self, key: str) -> Any:
        value = self.leaf.get(key)
        if value is None:
            value = self.inherited.get(key)
        return value.get_object() if value is not None else None


def anatomy(data: bytes) -> Anatomy | None:
    """Look at the bytes alone; None when this is no PDF at all."""
    header = _HEADER.search(data, 0, 1_000_000)
    if header is None:
        return None
    found = Anatomy(header_at=header.start())
    end = data.rfind(b"%%EOF")
    tail = data[end + 5 :].strip(b"\x00\t\n\x0c\r \x1a") if end >= 0 else b""
    found.trailing = len(tail)
    found.polyglot = _second_kind(data, header.start(), end)
    if end < 0:
        found.repaired.append("the end mark is missing")
    starts = _STARTXREF.findall(data[-4096 - len(tail) :] if end < 0 else data[max(0, end - 4096) : end])
    if not starts:
        found.repaired.append("the pointer to the table of objects is missing")
    else:
        at = int(starts[-1]) if len(starts[-1]) < 15 else len(data)
        if not _XREF_HERE.match(data, at) and not _XREF_HERE.match(data, at + header.start()):
            found.repaired.append("the pointer to the table of objects is wrong")
    if any(int(length) > len(data) for length in _LENGTH.findall(data)):
        found.broken.append("a part says that it is longer than the whole file")
    return found


def _second_kind(data: bytes, header: int, end: int) -> str:
    head = data[:1024].lstrip()
    if header > 0:
        for magic, kind in ((b"PK\x03\x04", "a ZIP archive"), (b"MZ", "a program"), (b"\x7fELF", "a program"),
                            (b"<html", "a web page"), (b"<!DOCTYPE", "a web page"), (b"GIF8", "an image"),
                            (b"\x89PNG", "an image"), (b"\xff\xd8\xff", "an image"), (b"#!", "a script")):  # fmt: skip
            if head[:9].lower().startswith(magic.lower()):
                return kind
        if b"<html" in head.lower() or b"<script" in head.lower():
            return "a web page"
    tail = data[end + 5 :] if end >= 0 else b""
    if b"PK\x05\x06" in tail[-70_000:]:
        return "a ZIP archive"
    if b"<html" in tail[:5000].lower() or b"<script" in tail[:5000].lower():
        return "a web page"
    return ""


class _Notes(logging.Handler):
    """Collects what pypdf says while it mends a file."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if len(self.said) < 50:
            self.said.append(record.getMessage())


def tighten() -> None:
    """Set pypdf's limits for this process: called in the server and in each child that reads a file."""
    pypdf.overwrite_configuration(
        maximum_declared_stream_length=30_000_000,
        array_based_stream_maximum_output_length=20_000_000,
        zlib_maximum_output_length=20_000_000,
        zlib_maximum_recovery_input_length=1_000_000,
        lzw_maximum_output_length=20_000_000,
        run_length_maximum_output_length=20_000_000,
        brotli_maximum_output_length=20_000_000,
        stream_filters_maximum_length=4,
        stream_decoding_work_maximum_length=60_000_000,
        image_maximum_buffer_size=20_000_000,
        jbig2_maximum_output_length=20_000_000,
        jbig2dec_binary=None,
    )


class Document:
    """An opened file. Opening raises Exhausted or Malformed; so does every method."""

    def __init__(self, data: bytes) -> None:
        self._notes = _Notes()
        logger = logging.getLogger("pypdf")
        logger.handlers = [self._notes]
        logger.propagate = False
        logger.setLevel(logging.WARNING)
        self.encrypted = False
        self.locked = False
        try:
            with reading("the file cannot be opened"):
                self.reader = pypdf.PdfReader(BytesIO(data), strict=False)
        except Malformed:
            # Without its last lines a file can often still be read: point to the last table, or have the parts counted.
            table = max(data.rfind(b"\nxref"), data.rfind(b"\rxref"), 0) + 1
            with reading("the file cannot be opened; it may be cut off"):
                self.reader = pypdf.PdfReader(BytesIO(data + b"\nstartxref\n%d\n%%%%EOF\n" % table), strict=False)
        with reading("the file cannot be opened"):
            self.encrypted = self.reader.is_encrypted
            if self.encrypted:
                self.locked = self.reader.decrypt("") == 0
        if not self.locked:
            with reading("the file has no catalogue"):
                catalogue = self.reader.trailer["/Root"].get_object()
            if not isinstance(catalogue, DictionaryObject):
                raise Malformed("the file has no catalogue")
            self.catalogue: DictionaryObject = catalogue

    def repairs(self) -> list[str]:
        """What had to be mended to read the file, as pypdf tells it."""
        return [said for said in self._notes.said if any(word in said.lower() for word in _REPAIRS)]

    def pages(self) -> tuple[list[PageNode], list[str]]:
        """Walk the tree; return the leaves in order and what is wrong with the tree. Raise Malformed on a loop."""
        with reading("the page tree cannot be read"):
            return self._walk()

    def _walk(self) -> tuple[list[PageNode], list[str]]:
        root = self.catalogue.get("/Pages")
        root = root.get_object() if root is not None else None
        if not isinstance(root, DictionaryObject):
            raise Malformed("the page tree is missing")
        leaves: list[PageNode] = []
        faults: list[str] = []
        deepest = 0
        first = self.catalogue.raw_get("/Pages")
        stack: list[tuple[Any, dict[str, Any], int]] = [(first, {}, 0)]
        open_nodes: set[int] = set()
        path: list[int] = []
        while stack:
            raw, inherited, depth = stack.pop()
            while len(path) > depth:
                open_nodes.discard(path.pop())
            number = raw.idnum if isinstance(raw, IndirectObject) else 0
            node = raw.get_object()
            if not isinstance(node, DictionaryObject):
                faults.append("a page is missing")
                continue
            kids = node.get("/Kids")
            kids = kids.get_object() if kids is not None else None
            if isinstance(kids, ArrayObject) and node.get("/Type") != "/Page":
                if number and number in open_nodes:
                    raise Malformed("the page tree runs in a circle")
                if number:
                    open_nodes.add(number)
                path.append(number)
                deepest = max(deepest, depth)
                handed = inherited | {key: node[key] for key in _INHERITED if key in node}
                stack += [(kid, handed, depth + 1) for kid in reversed(list(list.__iter__(kids)))]
                if len(stack) > MAXIMUM_PAGES:
                    raise Exhausted("more than two hundred thousand pages")
            else:
                leaves.append(PageNode(node, inherited))
                if len(leaves) > MAXIMUM_PAGES:
                    raise Exhausted("more than two hundred thousand pages")
        if deepest > MAXIMUM_TREE_DEPTH:
            faults.append(f"the page tree is {deepest} levels deep")
        count = root.get("/Count")
        count = count.get_object() if count is not None else None
        if count != len(leaves):
            faults.append(f"the file says that it has {count if isinstance(count, int) else 'no number of'} pages, "
                          f"but {len(leaves)} are there")  # fmt: skip
        return leaves, faults

    def contents(self, page: PageNode) -> bytes:
        """The page's drawing commands, decoded."""
        with reading("the drawing of the page cannot be read"):
            raw = page.get("/Contents")
            if raw is None:
                return b""
            parts = [one.get_object() for one in raw] if isinstance(raw, ArrayObject) else [raw]
            if any(not isinstance(part, StreamObject) for part in parts):
                raise Malformed("the drawing of the page is not where the file says")
            return b"\n".join(part.get_data() for part in parts)

    def hidden_layers(self) -> frozenset[int]:
        """Object numbers of the optional content groups that start switched off."""
        with reading("the layers cannot be read"):
            properties = _dictionary(self.catalogue.get("/OCProperties"))
            default = _dictionary(properties.get("/D"))
            hidden = {one.idnum for one in _array(default.get("/OFF")) if isinstance(one, IndirectObject)}
            if default.get("/BaseState") == "/OFF":
                shown = {one.idnum for one in _array(default.get("/ON")) if isinstance(one, IndirectObject)}
                every = {one.idnum for one in _array(properties.get("/OCGs")) if isinstance(one, IndirectObject)}
                hidden |= every - shown
            return frozenset(hidden)

    def metadata(self) -> dict[str, str]:
        """Information dictionary and XMP as texts by name: Title, Author, Subject, Keywords, xmp."""
        texts: dict[str, str] = {}
        with reading("the metadata cannot be read"):
            info = self.reader.trailer.get("/Info")
            info = info.get_object() if info is not None else None
            if isinstance(info, DictionaryObject):
                for key in list(info)[:50]:
                    value = info[key]
                    if isinstance(value, str):
                        texts[key.lstrip("/")] = str(value)[:20_000]
            xmp = self.catalogue.get("/Metadata")
            xmp = xmp.get_object() if xmp is not None else None
            if isinstance(xmp, StreamObject):
                texts["xmp"] = xmp.get_data()[:500_000].decode("utf-8", "ignore")
        return texts


def _dictionary(value: Any) -> DictionaryObject:
    value = value.get_object() if value is not None else None
    return value if isinstance(value, DictionaryObject) else DictionaryObject()


def _array(value: Any) -> list[Any]:
    value = value.get_object() if value is not None else None
    # The list's own iterator keeps references as they are; pypdf's would follow them.
    return list(list.__iter__(value))[:100_000] if isinstance(value, ArrayObject) else []


def rectangle(value: Any) -> Box | None:
    """A /MediaBox or /CropBox with its corners in order; None when it is no rectangle."""
    numbers = []
    for one in _array(value):
        one = one.get_object() if one is not None else None
        if not isinstance(one, int | float):
            return None
        numbers.append(float(one))
    if len(numbers) != 4:
        return None
    x0, y0, x1, y1 = numbers
    return (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


@dataclass
class Active:
    """What in the file would act by itself: (code, pages, what it is)."""

    found: list[tuple[str, int | None, str]] = field(default_factory=list)

    def add(self, code: str, page: int | None, what: str) -> None:
        if len(self.found) < 200:
            self.found.append((code, page, what))


@dataclass
class Note:
    """An annotation with text that is not shown, or shown only on a click."""

    page: int
    text: str
    hidden: bool
    box: Box | None


def active_content(document: Document, pages: list[PageNode]) -> tuple[Active, list[Note]]:
    """Look where a PDF keeps actions: catalogue, name trees, form fields, pages, annotations, outline."""
    active = Active()
    notes: list[Note] = []
    with reading("the actions of the file cannot be read"):
        catalogue = document.catalogue
        _action(active, catalogue.get("/OpenAction"), None, automatic=True)
        if _dictionary(catalogue.get("/AA")):
            _additional(active, catalogue.get("/AA"), None)
        names = _dictionary(catalogue.get("/Names"))
        for _ in _leaves(names.get("/JavaScript")):
            active.add("JAVASCRIPT", None, "a script that runs when the file is opened")
        for file in _leaves(names.get("/EmbeddedFiles")):
            _attachment(active, file, None)
        for one in _array(catalogue.get("/AF")):
            _attachment(active, one, None)
        form = _dictionary(catalogue.get("/AcroForm"))
        fields = _array(form.get("/Fields"))
        if fields or form.get("/XFA") is not None:
            active.add("FORM", None, "form fields")
            _fields(active, fields)
        _outline(active, catalogue)
        for number, page in enumerate(pages, 1):
            if "/AA" in page.leaf:
                _additional(active, page.leaf.get("/AA"), number)
            if "/Annots" in page.leaf:
                _annotations(active, notes, page, number)
    return active, notes


def _action(active: Active, value: Any, page: int | None, *, automatic: bool, depth: int = 0) -> None:
    value = value.get_object() if value is not None else None
    if not isinstance(value, DictionaryObject) or depth > 8:
        return
    kind = str(value.get("/S"))
    if kind == "/JavaScript" or "/JS" in value:
        active.add("JAVASCRIPT", page, "a script")
    elif kind == "/Launch":
        active.add("LAUNCH", page, "a command that starts a program or opens another file")
    elif kind in ("/SubmitForm", "/ImportData", "/GoToE", "/RichMediaExecute", "/Rendition"):
        active.add("AUTO_ACTION", page, f"an action of the kind {kind[1:]}")
    elif automatic and kind not in ("/GoTo", "None"):
        active.add("AUTO_ACTION", page, f"an action of the kind {kind[1:]} that runs by itself")
    following = value.get("/Next")
    following = following.get_object() if following is not None else None
    for one in list(following)[:50] if isinstance(following, ArrayObject) else [following]:
        _action(active, one, page, automatic=automatic, depth=depth + 1)


def _additional(active: Active, value: Any, page: int | None) -> None:
    actions = _dictionary(value)
    before = len(active.found)
    for key in list(actions)[:50]:
        _action(active, actions[key], page, automatic=True)
    if actions and len(active.found) == before:
        active.add("AUTO_ACTION", page, "an action that runs by itself")


def _leaves(tree: Any) -> Iterator[Any]:
    """Values of a name tree, at most a thousand nodes."""
    stack, seen = [tree], 0
    while stack and seen < 1_000:
        node = _dictionary(stack.pop())
        seen += 1
        yield from _array(node.get("/Names"))[1::2]
        stack += _array(node.get("/Kids"))


def _attachment(active: Active, value: Any, page: int | None) -> None:
    file = _dictionary(value)
    name = str(file.get("/UF") or file.get("/F") or "a file")[:120]
    streams = _dictionary(file.get("/EF"))
    data = b""
    for key in streams:
        stream = streams[key]
        if isinstance(stream, StreamObject):
            data = stream.get_data()[:16]
    if name.lower().rstrip(" .").endswith(_EXECUTABLE) or data.startswith(_EXECUTABLE_BYTES):
        active.add("LAUNCH", page, f"an attached program, {name}")
    else:
        active.add("ATTACHMENT", page, f"an attached file, {name}")


def _fields(active: Active, fields: list[Any]) -> None:
    stack, seen = list(fields), 0
    while stack and seen < 5_000:
        one = _dictionary(stack.pop())
        seen += 1
        if "/AA" in one:
            _additional(active, one.get("/AA"), None)
        if "/A" in one:
            _action(active, one.get("/A"), None, automatic=False)
        stack += _array(one.get("/Kids"))


def _outline(active: Active, catalogue: DictionaryObject) -> None:
    stack: list[Any] = [_dictionary(catalogue.get("/Outlines")).get("/First")]
    seen: set[int] = set()
    while stack and len(seen) < 2_000:
        one = _dictionary(stack.pop())
        if id(one) in seen or not one:
            continue
        seen.add(id(one))
        if "/A" in one:
            _action(active, one.get("/A"), None, automatic=False)
        stack += [one.get("/Next"), one.get("/First")]


def _annotations(active: Active, notes: list[Note], page: PageNode, number: int) -> None:
    for raw in _array(page.leaf.get("/Annots"))[:2_000]:
        note = _dictionary(raw)
        kind = note.get("/Subtype")
        if "/AA" in note:
            _additional(active, note.get("/AA"), number)
        if "/A" in note:
            _action(active, note.get("/A"), number, automatic=False)
        if kind == "/FileAttachment":
            _attachment(active, note.get("/FS"), number)
        elif kind in ("/Screen", "/RichMedia", "/Movie", "/Sound", "/3D"):
            active.add("ATTACHMENT", number, "sound, film or a model")
        if kind in ("/Link", "/Popup"):
            continue
        text = note.get("/Contents")
        flags = note.get("/F")
        flags = flags if isinstance(flags, int) else 0
        if isinstance(text, str) and text.strip() and len(notes) < 500:
            # Flag bits: 2 hidden, 6 not viewed on screen.
            notes.append(Note(number, str(text)[:20_000], bool(flags & 0b100010), rectangle(note.get("/Rect"))))
