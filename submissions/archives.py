"""Archives from authors: judged by what they say they hold, never unpacked into files."""

import gzip
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import IO

from dlonsc.accounts.printed import NOT_PRINTED

MAX_FILES = 2000
MAX_UNPACKED = 400 * 1024 * 1024
MAX_RATIO = 200
MAX_DEPTH = 12
MAX_NAME = 240
# Read into memory before anything is judged; 2,000 files with the longest names need about half of it.
MAX_DIRECTORY = 1024 * 1024
# All headers of a tar archive together: 2,000 files with long names need less.
MAX_HEADERS = 8 * 1024 * 1024
MAX_FAULTS = 5
# gzip files can be strung together, and each costs as much as a thousand bytes; who packs data in pieces has hundreds.
MAX_GZIP_MEMBERS = 2000
CHUNK = 64 * 1024
# Deflate makes data that it cannot pack at most a little larger than it was.
PACKED_SLACK = 1024
ARCHIVES = frozenset(
    {
        ".zip", ".jar", ".tar", ".tgz", ".gz", ".bz2", ".tbz", ".xz", ".txz", ".7z", ".rar", ".zst", ".lz", ".lzma",
        ".z", ".cab", ".iso", ".dmg",
    }
)  # fmt: skip
# First bytes of archives, whatever their names say: gzip, bzip2, xz, zstandard, 7z, RAR.
GZIP = b"\x1f\x8b"
FOREIGN = (b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07")
ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
TAR_MAGIC = slice(257, 262)
# Windows takes these for devices, with any ending (learn.microsoft.com, Naming Files, Paths, and Namespaces).
DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{digit}" for port in ("com", "lpt") for digit in "123456789¹²³")}
)
END, END_64, LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
CANNOT_BE_OPENED = "This is not a zip archive that can be opened. Pack your files again as .zip."
TOO_MUCH = f"The archive unpacks to more than {MAX_UNPACKED // 1024 // 1024} MB. Leave out what can be had elsewhere."
BROKEN = "The archive breaks off or is damaged. Pack your files again."


def faults_of(stream: IO[bytes], *, nested: bool = False) -> list[str]:
    """What is wrong with a zip archive, in words; empty when nothing is. `nested`: archives in the archive may be."""
    try:
        if directory_size(stream) > MAX_DIRECTORY:
            return [f"The archive lists more than {MAX_FILES} files or very long names."]
        with zipfile.ZipFile(stream) as archive:
            return faults_of_members(archive.infolist(), nested=nested)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error, OverflowError):
        return [CANNOT_BE_OPENED]


def faults_of_supplement(stream: IO[bytes], name: str) -> list[str]:
    """What is wrong with a supplementary file of any kind, in words; what is no archive has no fault.

    Told by its first bytes and by its name. Data packed by itself, as in `results.csv.gz`, may be there; kinds of
    archives that nothing here can look into may not.
    """
    *_, before, last = ["", "", *(suffix.lower() for suffix in PurePosixPath(name).suffixes)]
    stream.seek(0)
    head = stream.read(512)
    stream.seek(0)
    if head.startswith(ZIP) or last in {".zip", ".jar"}:
        return faults_of(stream, nested=True)
    if head.startswith(GZIP) or last in {".gz", ".tgz"}:
        return faults_of_packed(stream, is_tar=last == ".tgz" or before == ".tar")
    if head[TAR_MAGIC] == b"ustar" or last == ".tar":
        return faults_of_tar(stream)
    if head.startswith(FOREIGN) or last in ARCHIVES:
        return ["Archives of this kind cannot be looked into. Pack your files as .zip or .tar.gz."]
    return []


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


class Bounded:
    """A tar archive as tarfile may read it: headers only, a little at a time, and never behind MAX_UNPACKED bytes.

    tarfile reads a header as long as the archive says that it is, a sparse file's for as long as it goes on, and skips
    what a file holds by seeking behind it.
    """

    def __init__(self, stream: IO[bytes] | gzip.GzipFile) -> None:
        self.stream = stream
        self.taken = 0

    def read(self, size: int) -> bytes:
        self.taken += size
        if size > MAX_DIRECTORY or self.taken > MAX_HEADERS:
            raise tarfile.ReadError("headers longer than any that are needed")
        return self.stream.read(size)

    def seek(self, place: int) -> int:
        if place > MAX_UNPACKED:
            raise OverflowError(TOO_MUCH)
        return self.stream.seek(place)

    def tell(self) -> int:
        return self.stream.tell()


def faults_of_packed(stream: IO[bytes], *, is_tar: bool) -> list[str]:
    """What is wrong with what gzip packed: a tar archive, or one file."""
    try:
        if faults := faults_of_gzip(stream):
            return faults
        stream.seek(0)
        with gzip.GzipFile(fileobj=stream) as unpacked:
            if is_tar or unpacked.read(512)[TAR_MAGIC] == b"ustar":
                unpacked.seek(0)
                return faults_of_tar(unpacked)
        return []
    except (OSError, EOFError, zlib.error):
        return [BROKEN]


def faults_of_gzip(stream: IO[bytes]) -> list[str]:
    """Whether it unpacks to too much or is strung together from very many pieces; what it unpacks to is thrown away.

    Raises EOFError or zlib.error when it is damaged. gzip.GzipFile would pass over pieces without end in one read.
    """
    unpacked = members = 0
    packed = stream.read(CHUNK)
    while packed:
        member = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        members += 1
        if members > MAX_GZIP_MEMBERS:
            return [f"The file is strung together from more than {MAX_GZIP_MEMBERS} gzip files. Pack it again as one."]
        while not member.eof:
            unpacked += len(member.decompress(packed, MAX_DIRECTORY))
            if unpacked > MAX_UNPACKED:
                return [TOO_MUCH]
            packed = member.unconsumed_tail or (b"" if member.eof else stream.read(CHUNK))
            if not packed and not member.eof:
                raise EOFError
        packed = (member.unused_data or stream.read(CHUNK)).lstrip(b"\0")  # zeros may fill up the end
        while not packed and (more := stream.read(CHUNK)):
            packed = more.lstrip(b"\0")
    return []


def faults_of_tar(stream: IO[bytes] | gzip.GzipFile) -> list[str]:
    """What is wrong with a tar archive; its files are skipped and not read."""
    faults: list[str] = []
    members: list[tarfile.TarInfo] = []
    try:
        with tarfile.open(fileobj=Bounded(stream), mode="r:") as archive:  # type: ignore[call-overload]
            while (member := archive.next()) is not None:
                archive.members = []  # it would keep them all
                members.append(member)
                if len(members) > MAX_FILES:
                    return [f"The archive lists more than {MAX_FILES} files or very long names."]
                if archive.offset > MAX_UNPACKED:
                    return [TOO_MUCH]
    except OverflowError:
        return [TOO_MUCH]
    except (tarfile.TarError, OSError, EOFError, ValueError, IndexError, RecursionError, zlib.error):
        return [BROKEN]
    if not members:
        return ["The archive is empty."]
    # A name that is there twice is how tar replaces a file.
    for fault in (fault for one in members for fault in fault_of_tar_member(one)):
        if len(faults) >= MAX_FAULTS:
            break
        faults.append(fault)
    return faults


def fault_of_tar_member(member: tarfile.TarInfo) -> Iterator[str]:
    """At most one thing that is wrong with a file of a tar archive."""
    if fault := fault_of_name(member.name, strict=False):
        yield fault
    elif member.issym() or member.islnk():
        yield f"{shown(member.name)} is a link; pack the file itself."
    elif not (member.isreg() or member.isdir()):
        yield f"{shown(member.name)} is no file but a device or the like."


def faults_of_members(members: list[zipfile.ZipInfo], *, nested: bool) -> list[str]:
    if not members:
        return ["The archive is empty."]
    faults = []
    if len(members) > MAX_FILES:
        faults.append(f"The archive has {len(members)} files; at most {MAX_FILES} are accepted.")
    unpacked, packed = sum(m.file_size for m in members), max(1, sum(m.compress_size for m in members))
    if nested and unpacked > MAX_UNPACKED:
        faults.append(TOO_MUCH)
    if not nested and (unpacked > MAX_UNPACKED or unpacked / packed > MAX_RATIO):
        faults.append(f"The archive unpacks to {unpacked / 1024 / 1024:.0f} MB, which is more than sources need.")
    names = (member.orig_filename for member in members)
    each = (fault for member in members for fault in fault_of_member(member, nested=nested))
    for fault in (*overlaps(members), *(() if nested else twice(names)), *each):
        if len(faults) >= MAX_FAULTS:
            break
        faults.append(fault)
    return faults


def shown(name: str) -> str:
    """A name for a message: one line, no sign that turns it round."""
    return repr(name if len(name) <= 80 else f"{name[:60]}...{name[-15:]}")


def fault_of_name(name: str, *, strict: bool) -> str:
    """What is wrong with the name of a file in an archive; '' when nothing is.

    `strict`: no colon at all, which Windows takes for a stream of another file; else only none that names a drive.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    is_elsewhere = ":" in name if strict else name[1:2] == ":" and name[:1].isalpha()
    if path.is_absolute() or ".." in path.parts or is_elsewhere or "\x00" in name:
        return f"{shown(name)} would be written outside the folder. Pack with relative paths."
    if len(name) > MAX_NAME:
        return f"{shown(name)} has a name of {len(name)} characters; at most {MAX_NAME} are accepted."
    if any(unicodedata.category(sign) in NOT_PRINTED for sign in name):
        return f"{shown(name)} has control characters in its name. Rename it."
    if any(is_device(part) for part in path.parts):
        return f"{shown(name)} is the name of a device on Windows. Rename it."
    if any(part != part.rstrip(". ") for part in path.parts if part != "."):
        return f"{shown(name)} ends in a dot or a space, which not every system keeps. Rename it."
    if len(path.parts) > MAX_DEPTH:
        return f"{shown(name)} lies too deep."
    return ""


def fault_of_member(member: zipfile.ZipInfo, *, nested: bool) -> Iterator[str]:
    """At most one thing that is wrong with a file of a zip archive."""
    # What the archive really says: zipfile cuts a name at its first NUL.
    name = member.orig_filename
    kind = stat.S_IFMT(member.external_attr >> 16)
    if fault := fault_of_name(name, strict=not nested):
        yield fault
    elif kind == stat.S_IFLNK:
        yield f"{shown(name)} is a link; pack the file itself."
    elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        yield f"{shown(name)} is no file but a device or the like."
    elif member.flag_bits & 1:
        yield f"{shown(name)} is encrypted."
    elif not nested and PurePosixPath(name).suffix.lower() in ARCHIVES and not member.is_dir():
        yield f"{shown(name)} is an archive in the archive; pack its files themselves."
    elif member.compress_size > member.file_size + member.file_size // 100 + PACKED_SLACK:
        yield f"{shown(name)} is larger packed than it says to be unpacked."


def is_device(part: str) -> bool:
    return part.partition(".")[0].strip().lower() in DEVICES


def twice(names: Iterable[str]) -> Iterator[str]:
    """Names that are one name somewhere: on Windows and macOS capitals and the way an accent is stored do not count."""
    seen: dict[str, str] = {}
    for name in names:
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
