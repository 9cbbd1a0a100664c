"""The private file store: bytes under their SHA-256, flushed to disk before any row names them, never changed."""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile


@dataclass(frozen=True)
class Stored:
    sha256: str
    size: int


def path_of(sha256: str) -> Path:
    """Where the bytes of a hash are; the file need not exist."""
    return Path(settings.MEDIA_ROOT) / sha256[:2] / sha256


def flush_folder(folder: Path) -> None:
    """A renamed file survives a crash only when its folder is flushed too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def store_chunks(chunks: Iterable[bytes]) -> Stored:
    """Write bytes to a temporary file, flush it, name it by its hash, flush the folder. Raises OSError."""
    root = Path(settings.MEDIA_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    descriptor, name = tempfile.mkstemp(dir=root, prefix="arriving-")
    try:
        with os.fdopen(descriptor, "wb") as out:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        target = path_of(digest.hexdigest())
        target.parent.mkdir(exist_ok=True)
        Path(name).replace(target)
        flush_folder(target.parent)
        flush_folder(root)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
    return Stored(digest.hexdigest(), size)


def store(upload: "UploadedFile[bytes]") -> Stored:
    """Store an uploaded file; the same bytes twice are one file."""
    return store_chunks(upload.chunks())


def read(sha256: str) -> bytes:
    """All bytes of a stored file. Raises FileNotFoundError."""
    return path_of(sha256).read_bytes()
