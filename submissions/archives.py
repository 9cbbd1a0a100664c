"""Source archives from authors: judged by their table of contents, never unpacked."""

import stat
import zipfile
from pathlib import PurePosixPath
from typing import IO

MAX_FILES = 2000
MAX_UNPACKED = 400 * 1024 * 1024
MAX_RATIO = 200
MAX_DEPTH = 12


def faults_of(stream: IO[bytes]) -> list[str]:
    """What is wrong with a zip archive, in words; empty when nothing is."""
    try:
        with zipfile.ZipFile(stream) as archive:
            return faults_of_members(archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return ["This is not a zip archive that can be opened. Pack your sources again as .zip."]


def faults_of_members(members: list[zipfile.ZipInfo]) -> list[str]:
    if not members:
        return ["The archive is empty."]
    faults = []
    if len(members) > MAX_FILES:
        faults.append(f"The archive has {len(members)} files; at most {MAX_FILES} are accepted.")
    unpacked, packed = sum(m.file_size for m in members), max(1, sum(m.compress_size for m in members))
    if unpacked > MAX_UNPACKED or unpacked / packed > MAX_RATIO:
        faults.append(f"The archive unpacks to {unpacked / 1024 / 1024:.0f} MB, which is more than sources need.")
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in member.filename or "\x00" in member.filename:
            faults.append(f"{member.filename!r} would be written outside the folder. Pack with relative paths.")
        elif len(path.parts) > MAX_DEPTH:
            faults.append(f"{member.filename!r} lies too deep.")
        elif stat.S_ISLNK(member.external_attr >> 16):
            faults.append(f"{member.filename!r} is a link; pack the file itself.")
        elif member.flag_bits & 1:
            faults.append(f"{member.filename!r} is encrypted.")
        if len(faults) >= 5:
            break
    return faults
