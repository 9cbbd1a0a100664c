"""The copies of files that reviewers get: named by number, without metadata where reviewing is double-blind."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import Any

from django.core.cache import cache
from django.utils.text import slugify
from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.filters import decode_stream_data
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NullObject, StreamObject

from submissions.archives import ARCHIVES
from submissions.files import path_of, store_chunks
from submissions.models import Manuscript, StoredFile, Submission, Supplement

CHUNK = 256 * 1024
REMEMBERED = 30 * 24 * 3600
# Where PDF keeps who made it and when, beside the document information dictionary; TeX keeps that of each figure too,
# with the path from which it came. And the list of the files that are attached to it.
TELLTALE = ("/Metadata", "/PieceInfo", "/LastModified", "/PTEX.", "/EmbeddedFiles")
# What an attached file may be held as; nothing else that a page calls /EF has no more than these.
HELD_AS = frozenset({"/F", "/UF", "/DOS", "/Mac", "/Unix"})
# Segments of a JPEG for Exif and XMP, for what image programs write, and for comments.
TELLTALE_SEGMENTS = (0xE1, 0xED, 0xFE)
# The filter of a JPEG in a PDF, and those by which it may be packed once more.
JPEG = "/DCTDecode"
PACKED = frozenset({"/FlateDecode", "/LZWDecode", "/RunLengthDecode", "/ASCII85Decode", "/ASCIIHexDecode"})
# A JPEG hardly gets smaller by packing: what unfolds to more than so many times its size would only fill the memory.
MOST_PACKED = 20
# Ends of file names that say what a file is and name nobody.
ENDINGS = ARCHIVES | {
    ".pdf", ".ps", ".eps", ".txt", ".md", ".rst", ".tex", ".bib", ".html", ".doc", ".docx", ".odt", ".ppt", ".pptx",
    ".odp", ".xls", ".xlsx", ".ods", ".csv", ".tsv", ".json", ".jsonl", ".yaml", ".yml", ".toml", ".xml", ".log",
    ".png", ".jpg", ".jpeg", ".gif", ".svg", ".tif", ".tiff", ".webp", ".mp4", ".mov", ".avi", ".mkv", ".webm", ".mp3",
    ".wav", ".py", ".ipynb", ".sh", ".c", ".h", ".cc", ".cpp", ".hpp", ".cu", ".f90", ".java", ".js", ".ts", ".go",
    ".rs", ".r", ".jl", ".m", ".sql", ".patch", ".diff", ".dat", ".bin", ".npy", ".npz", ".h5", ".hdf5", ".nc",
    ".parquet", ".pkl", ".pt", ".pth", ".onnx", ".safetensors",
}  # fmt: skip
# Copies that were made before all of this was taken out are made again.
COPIES = "blind-copy:4"


class CannotBlind(Exception):
    """A PDF whose metadata cannot be taken out; it must not reach a reviewer as it is."""


def file_name(submission: Submission, ending: str = ".pdf") -> str:
    """017_short-title.pdf: sorts by number, says what it is, names nobody."""
    short = slugify(submission.title)[:40].strip("-") or "submission"
    return f"{submission.number:03d}_{short}{ending}"


def known_ending(name: str) -> str:
    """What kind of file a supplement says that it is; "Poster A.Lovelace" says none and names who wrote it."""
    ending = PurePath(name).suffix.lower()
    return ending if ending in ENDINGS else ""


def without_metadata(data: bytes) -> bytes:
    """The same pages without document information, XMP packets and traces of programs. Raises CannotBlind."""
    try:
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
        writer.metadata = None
        for thing in writer._objects:
            _take_out(thing)
        # What nothing names any more would still be written.
        writer.compress_identical_objects(remove_duplicates=False, remove_unreferenced=True)
        out = io.BytesIO()
        writer.write(out)
    except (PyPdfError, ValueError, LookupError, ArithmeticError, TypeError, AttributeError, RuntimeError) as error:
        raise CannotBlind(str(error)) from error
    return out.getvalue()


def _take_out(thing: object) -> None:
    """What tells of its maker, in an object and all that is written inside it."""
    if isinstance(thing, ArrayObject):
        for one in thing:
            _take_out(one)
    if not isinstance(thing, DictionaryObject):
        return
    # Its keys by name: what an outline goes through are its children.
    names = list(thing.keys())
    for name in names:
        if name.startswith(TELLTALE):
            del thing[name]
    # Of a note on the page the name of who wrote it; of a field of a form it is what the field is called.
    if "/Rect" in thing and thing.get("/Subtype") != "/Widget":
        thing.pop("/T", None)
    if "/ByteRange" in thing or _is_attached(thing):
        # Who signed it; of a copy no signature holds. Or a file with its name, which may be attached to a note alone.
        thing.clear()
    if thing.get("/Type") == "/Page":
        # A small picture of it, perhaps as it was before.
        thing.pop("/Thumb", None)
    if isinstance(thing, StreamObject) and "/Filter" in thing:
        _take_out_of_image(thing)
    for one in thing.values():
        _take_out(one)


def _is_attached(thing: DictionaryObject) -> bool:
    held = thing.get("/EF", NullObject()).get_object()
    return isinstance(held, DictionaryObject) and bool(held) and HELD_AS.issuperset(held)


def _take_out_of_image(stream: StreamObject) -> None:
    """What its camera or program wrote beside a JPEG, also where that is packed once more."""
    filters: Any = stream["/Filter"]
    if isinstance(filters, ArrayObject) and filters[-1:] == [JPEG] and PACKED.issuperset(filters[:-1]):
        options = stream.get("/DecodeParms", NullObject()).get_object()
        has_own = isinstance(options, ArrayObject) and len(options) == len(filters)
        if not has_own and len(filters) > 1:
            stream.pop("/DecodeParms", None)
        unpacked = decode_stream_data(stream)
        if len(unpacked) > MOST_PACKED * len(stream._data) + CHUNK:
            raise CannotBlind("an image unfolds to far more than an image does")
        stream._data = unpacked
        stream[NameObject("/Filter")] = filters = filters[-1]
        if has_own:
            stream[NameObject("/DecodeParms")] = options[-1]
    if filters == JPEG:
        stream._data = _plain_jpeg(stream._data)


def _plain_jpeg(data: bytes) -> bytes:
    """The same image without what its camera or program wrote beside it."""
    kept, at = bytearray(data[:2]), 2
    # Segments that say their length stand before the image itself (0xDA).
    while data[at : at + 1] == b"\xff" and at + 4 <= len(data) and data[at + 1] not in (0xDA, 0xFF):
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if data[at + 1] not in TELLTALE_SEGMENTS:
            kept += data[at:end]
        at = end
    return bytes(kept + data[at:])


def reviewers_copy(file: Manuscript | Supplement, *, blind: bool) -> StoredFile:
    """What a reviewer may read: the file, or when `blind` of a PDF its copy without metadata (made once, then kept)."""
    if not blind or not (isinstance(file, Manuscript) or _is_a_pdf(file)):
        return file
    key = f"{COPIES}:{file.sha256}"
    known = cache.get(key)
    copy = Manuscript(sha256=known[0], size=known[1]) if known else None
    if copy is None or not path_of(copy.sha256).exists():
        stored = store_chunks([without_metadata(path_of(file.sha256).read_bytes())])
        cache.set(key, (stored.sha256, stored.size), REMEMBERED)
        copy = Manuscript(sha256=stored.sha256, size=stored.size)
    copy.original_name = "paper.pdf"
    if isinstance(file, Manuscript):
        # What was found in the manuscript is still in it.
        copy.verdict, copy.report = file.verdict, file.report
    return copy


def _is_a_pdf(supplement: Supplement) -> bool:
    """By its first bytes; with others before them only what is called one: an archive too begins with its first file,
    and a program may name them.
    """
    path = path_of(supplement.sha256)
    if not path.exists():
        return False
    with path.open("rb") as stream:
        head = stream.read(1024)
    is_called_one = supplement.original_name.lower().endswith(".pdf")
    return head.lstrip().startswith(b"%PDF-") or (is_called_one and b"%PDF-" in head)


class Pipe(io.RawIOBase):
    """A file that hands on what was written to it, so that an archive is never held whole."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.waiting.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        data, self.waiting = b"".join(self.waiting), []
        return data


def chunks(source: Path | bytes) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file:
        while data := file.read(CHUNK):
            yield data


MISSING = "MISSING-FILES.txt"
NOT_THERE = "These files could not be read. The others are whole. Write to the chairs:\n"


def with_missing_named(files: Iterable[tuple[str, Path | bytes | None]]) -> Iterator[tuple[str, Path | bytes]]:
    """What there is, and then a text that names the files that are not (None): half an archive would help nobody."""
    missing = []
    for name, source in files:
        if source is None or (isinstance(source, Path) and not source.exists()):
            missing.append(name)
        else:
            yield name, source
    if missing:
        yield MISSING, (NOT_THERE + "".join(f"{name}\n" for name in missing)).encode()


def zipped(files: Iterable[tuple[str, Path | bytes | None]]) -> Iterator[bytes]:
    """A zip archive of (name, file or bytes; None: it is missing), in pieces.

    PDFs are stored as they are: they hardly get smaller.
    """
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for name, source in with_missing_named(files):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            with archive.open(entry, "w") as target:
                for data in chunks(source):
                    target.write(data)
                    yield pipe.take()
    yield pipe.take()
