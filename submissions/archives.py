"""Source archives from authors: judged by their table of contents, never unpacked."""

import stat
import struct
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import IO

MAX_FILES = 2000
MAX_UNPACKED = 400 * 1024 * 1024
MAX_RATIO = 200
MAX_DEPTH = 12
MAX_NAME = 240
# Read into memory before anything is judged; 2,000 files with the longest names need about half of it.
MAX_DIRECTORY = 1024 * 1024
MAX_FAULTS = 5
# Deflate makes data that it cannot pack at most a little larger than it was.
PACKED_SLACK = 1024
ARCHIVES = frozenset(
    {
        ".zip", ".jar", ".tar", ".tgz", ".gz", ".bz2", ".tbz", ".xz", ".txz", ".7z", ".rar", ".zst", ".lz", ".lzma",
        ".z", ".cab", ".iso", ".dmg",
    }
)  # fmt: skip
# Windows takes these for devices, with any ending (learn.microsoft.com, Naming Files, Paths, and Namespaces).
DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{digit}" for port in ("com", "lpt") for digit in "123456789¹²³")}
)
# Control signs, and those that turn the direction of writing: a name must be what it looks like.
NOT_PRINTED = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
END, END_64, LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
CANNOT_BE_OPENED = "This is not a zip archive that can be opened. Pack your sources again as .zip."


def faults_of(stream: IO[bytes]) -> list[str]:
    """What is wrong with a zip archive, in words; empty when nothing is."""
    try:
        if directory_size(stream) > MAX_DIRECTORY:
            return [f"The archive lists more than {MAX_FILES} files or very long names."]
        with zipfile.ZipFile(stream) as archive:
            return faults_of_members(archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error, OverflowError):
        return [CANNOT_BE_OPENED]


def directory_size(stream: IO[bytes]) -> int:
    """How many bytes the archive says that its table of contents has; 0 where no end of an archive is found."""
    end = stream.seek(0, 2)
    begin = max(0, end - 65_557)
    stream.seek(begin)
    tail = stream.read()
    stream.seek(0)
    place = tail.rfind(END)
    if place < 0 or len(tail) < place + 22:
        return 0
    size = int(struct.unpack_from("<L", tail, place + 12)[0])
    if place >= 20 and tail[place - 20 : place - 16] == LOCATOR_64:
        stream.seek(min(end, struct.unpack_from("<Q", tail, place - 12)[0]))
        record = stream.read(56)
        stream.seek(0)
        if len(record) == 56 and record[:4] == END_64:
            size = max(size if size != 0xFFFFFFFF else 0, struct.unpack_from("<Q", record, 40)[0])
        elif size == 0xFFFFFFFF:
            raise zipfile.BadZipFile("the size stands in a record that is not there")
    return size


def faults_of_members(members: list[zipfile.ZipInfo]) -> list[str]:
    if not members:
        return ["The archive is empty."]
    faults = []
    if len(members) > MAX_FILES:
        faults.append(f"The archive has {len(members)} files; at most {MAX_FILES} are accepted.")
    unpacked, packed = sum(m.file_size for m in members), max(1, sum(m.compress_size for m in members))
    if unpacked > MAX_UNPACKED or unpacked / packed > MAX_RATIO:
        faults.append(f"The archive unpacks to {unpacked / 1024 / 1024:.0f} MB, which is more than sources need.")
    for fault in (*overlaps(members), *twice(members), *(f for m in members for f in faults_of_member(m))):
        if len(faults) >= MAX_FAULTS:
            break
        faults.append(fault)
    return faults


def shown(name: str) -> str:
    """A name for a message: one line, no sign that turns it round."""
    return repr(name if len(name) <= 80 else f"{name[:60]}...{name[-15:]}")


def faults_of_member(member: zipfile.ZipInfo) -> Iterator[str]:
    """At most one thing that is wrong with a file of an archive."""
    # What the archive really says: zipfile cuts a name at its first NUL.
    name = member.orig_filename
    path = PurePosixPath(name.replace("\\", "/"))
    kind = stat.S_IFMT(member.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or ":" in name or "\x00" in name:
        yield f"{shown(name)} would be written outside the folder. Pack with relative paths."
    elif len(name) > MAX_NAME:
        yield f"{shown(name)} has a name of {len(name)} characters; at most {MAX_NAME} are accepted."
    elif any(unicodedata.category(sign) in NOT_PRINTED for sign in name):
        yield f"{shown(name)} has control characters in its name. Rename it."
    elif any(is_device(part) for part in path.parts):
        yield f"{shown(name)} is the name of a device on Windows. Rename it."
    elif any(part != part.rstrip(". ") for part in path.parts if part != "."):
        yield f"{shown(name)} ends in a dot or a space, which not every system keeps. Rename it."
    elif len(path.parts) > MAX_DEPTH:
        yield f"{shown(name)} lies too deep."
    elif kind == stat.S_IFLNK:
        yield f"{shown(name)} is a link; pack the file itself."
    elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        yield f"{shown(name)} is no file but a device or the like."
    elif member.flag_bits & 1:
        yield f"{shown(name)} is encrypted."
    elif path.suffix.lower() in ARCHIVES and not member.is_dir():
        yield f"{shown(name)} is an archive in the archive; pack its files themselves."
    elif member.compress_size > member.file_size + member.file_size // 100 + PACKED_SLACK:
        yield f"{shown(name)} is larger packed than it says to be unpacked."


def is_device(part: str) -> bool:
    return part.partition(".")[0].strip().lower() in DEVICES


def twice(members: Iterable[zipfile.ZipInfo]) -> Iterator[str]:
    """Names that are one name somewhere: on Windows and macOS capitals and the way an accent is stored do not count."""
    seen: dict[str, str] = {}
    for member in members:
        name = member.orig_filename
        one = unicodedata.normalize("NFC", name.replace("\\", "/")).casefold().rstrip("/")
        if one in seen:
            yield f"{shown(name)} is there twice, or differs from {shown(seen[one])} only in capitals."
        seen[one] = name


def overlaps(members: Iterable[zipfile.ZipInfo]) -> Iterator[str]:
    """Files that share bytes of the archive, as bombs do that unpack one part many times."""
    end = 0
    for member in sorted(members, key=lambda one: one.header_offset):
        if member.header_offset < end:
            yield f"{shown(member.orig_filename)} shares its bytes with another file of the archive."
            return
        # The shortest header of a file has 30 bytes and its name.
        end = member.header_offset + 30 + len(member.orig_filename) + member.compress_size
