"""Bytes by their hash: flushed before anything names them, never served as anything but what we say."""

import hashlib
import io
import os
import stat
import struct
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.http import Http404

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition
from submissions.archives import faults_of
from submissions.downloads import serve
from submissions.files import path_of, read, store, store_chunks
from tests import factories
from tests.submissions.desk import pdf


def test_the_same_bytes_are_one_file_under_their_hash(settings: object) -> None:
    first, second = store(pdf(b"the bytes")), store(pdf(b"the bytes", "other.pdf"))
    assert first == second
    assert first.sha256 == hashlib.sha256(b"the bytes").hexdigest()
    assert read(first.sha256) == b"the bytes"
    root = Path(settings.MEDIA_ROOT)  # type: ignore[attr-defined]
    assert [path.name for path in root.rglob("*") if path.is_file()] == [first.sha256]


def test_file_and_folder_are_flushed_before_the_name_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[str] = []
    real = os.fsync

    def watch(descriptor: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        flushed.append(kind)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    store(pdf(b"flushed"))
    assert flushed == ["file", "folder", "folder"]


def test_an_upload_that_breaks_off_leaves_nothing(settings: object) -> None:
    def breaking_off() -> Iterator[bytes]:
        yield b"one"
        assert len(list(Path(settings.MEDIA_ROOT).rglob("arriving-*"))) == 1  # type: ignore[attr-defined]
        raise OSError("broke off")

    with pytest.raises(OSError, match="broke off"):
        store_chunks(breaking_off())
    assert [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()] == []  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_a_file_leaves_with_a_forced_type_and_our_name(edition: Edition, author: User, settings: object) -> None:
    manuscript = factories.make_submission(edition, author).manuscripts.get()
    saved, shown = serve(manuscript, "paper-1.pdf"), serve(manuscript, "paper-1.pdf", inline=True)
    assert b"".join(saved.streaming_content) == b"%PDF-1.7 made for a test"  # type: ignore[attr-defined]
    assert saved["Content-Disposition"] == 'attachment; filename="paper-1.pdf"'
    assert shown["Content-Disposition"] == 'inline; filename="paper-1.pdf"'
    for response in (saved, shown):
        assert (response["Content-Type"], response["X-Content-Type-Options"]) == ("application/pdf", "nosniff")
        assert response["Cache-Control"] == "private, no-store"
    assert (shown["X-Frame-Options"], saved["X-Frame-Options"]) == ("SAMEORIGIN", "DENY")
    page = serve(manuscript, "evil.html", inline=True)
    assert page["Content-Type"] == "application/octet-stream"
    assert page["Content-Disposition"].startswith("attachment")
    settings.X_ACCEL_PREFIX = "/private/"  # type: ignore[attr-defined]
    proxied = serve(manuscript, "paper-1.pdf")
    sha = manuscript.sha256
    assert (proxied["X-Accel-Redirect"], proxied.content) == (f"/private/{sha[:2]}/{sha}", b"")  # type: ignore[attr-defined]


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["JAVASCRIPT", "LAUNCH", "AUTO_ACTION"])
def test_a_pdf_in_which_something_runs_is_saved_and_not_shown(edition: Edition, author: User, code: str) -> None:
    manuscript = factories.make_submission(edition, author).manuscripts.get()
    manuscript.report = {"findings": [{"code": code}]}
    shown = serve(manuscript, "paper-1.pdf", inline=True)
    assert (shown["Content-Disposition"], shown["X-Frame-Options"]) == ('attachment; filename="paper-1.pdf"', "DENY")
    manuscript.report = {"findings": [{"code": "FORM"}]}
    assert serve(manuscript, "paper-1.pdf", inline=True)["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.django_db
def test_a_pdf_that_was_not_checked_is_saved_and_not_shown(edition: Edition, author: User) -> None:
    manuscript = factories.make_submission(edition, author).manuscripts.get()
    manuscript.verdict = "unchecked"
    assert serve(manuscript, "paper-1.pdf", inline=True)["X-Frame-Options"] == "DENY"


@pytest.mark.django_db
def test_a_file_that_is_gone_is_not_found(edition: Edition, author: User) -> None:
    manuscript = factories.make_submission(edition, author).manuscripts.get()
    path_of(manuscript.sha256).unlink()
    with pytest.raises(Http404):
        serve(manuscript, "paper.pdf")


def archive(*names: str, link: str = "", special: int = 0, data: bytes = b"\\documentclass{llncs}") -> io.BytesIO:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        warnings.simplefilter("ignore")  # names that are there twice
        for name in names:
            packed.writestr(name, data)
        if link:
            info = zipfile.ZipInfo(link)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            packed.writestr(info, "/etc/passwd")
        if special:
            info = zipfile.ZipInfo("special")
            info.external_attr = (special | 0o666) << 16
            packed.writestr(info, b"")
    out.seek(0)
    return out


def named(name: bytes) -> io.BytesIO:
    """An archive of one file with a name that no packer would write."""
    good = archive("n" * len(name)).getvalue()
    return io.BytesIO(good.replace(b"n" * len(name), name))


def lying(*, unpacked: int | None = None, packed: int | None = None, offset: int | None = None) -> io.BytesIO:
    """An archive of two files whose table of contents says something else of the second than is true (zip64)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as written:
        written.writestr("one.tex", b"x" * 100)
        written.writestr("two.tex", b"y" * 50_000)
        row = written.infolist()[1]
        row.file_size = row.file_size if unpacked is None else unpacked
        row.compress_size = row.compress_size if packed is None else packed
        row.header_offset = row.header_offset if offset is None else offset
    out.seek(0)
    return out


def zip64_end(*, directory: int, place: int | None = None) -> io.BytesIO:
    """An archive with the end of a zip64 one that says a size of its table of contents, and where the end is."""
    good = archive("paper.tex").getvalue()
    begin = good.rindex(b"PK\x05\x06")
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, directory, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, begin if place is None else place, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return io.BytesIO(good[:begin] + record + locator + end)


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (io.BytesIO(b"not a zip"), "not a zip archive"),
        (archive(), "empty"),
        (archive("../../evil.tex"), "outside the folder"),
        (archive("/etc/evil.tex"), "outside the folder"),
        (archive("C:\\evil.tex"), "outside the folder"),
        (archive("paper.tex", link="style.sty"), "is a link"),
        (archive("zeros.dat", data=b"\0" * 50_000_000), "more than sources need"),
        (archive("/".join("abcdefghijklmnop")), "too deep"),
        (archive(*(f"{number}.tex" for number in range(2001)), data=b""), "2001 files"),
        (archive(*(f"{number:0200}.tex" for number in range(6000)), data=b""), "lists more than 2000 files"),
        (archive("..\\..\\evil.tex"), "outside the folder"),
        (archive("\\\\server\\share\\evil.tex"), "outside the folder"),
        (archive("paper.tex:stream"), "outside the folder"),
        (named(b"safe.tex\x00/../evil.tex"), "outside the folder"),
        (archive("paper.tex", "code.zip"), "archive in the archive"),
        (archive("data/figures.TAR.GZ"), "archive in the archive"),
        (archive("CON"), "a device on Windows"),
        (archive("figures/nul.tex"), "a device on Windows"),
        (archive("Lpt1.txt"), "a device on Windows"),
        (archive("f" * 300 + ".tex"), "a name of 304 characters"),
        (archive("paper\u202excod.tex"), "control characters"),
        (archive("two\nlines.tex"), "control characters"),
        (archive("bell\x07.tex"), "control characters"),
        (archive("paper.tex", "paper.tex"), "there twice"),
        (archive("Paper.tex", "paper.TEX"), "only in capitals"),
        (archive("caf\u00e9.tex", "cafe\u0301.tex"), "there twice"),
        (archive("paper.tex."), "dot or a space"),
        (archive("figures /one.pdf"), "dot or a space"),
        (archive("paper.tex", special=stat.S_IFIFO), "no file but a device"),
        (archive("paper.tex", special=stat.S_IFBLK), "no file but a device"),
        (lying(unpacked=5_000_000_000_000), "more than sources need"),
        (lying(unpacked=10, packed=40_000), "larger packed"),
        (lying(offset=0), "shares its bytes"),
        (zip64_end(directory=2**40), "lists more than 2000 files"),
        (zip64_end(directory=100, place=2**63), "not a zip archive"),
    ],
)
def test_a_dangerous_archive_is_told_from_its_table_of_contents(stream: io.BytesIO, words: str) -> None:
    assert words in " ".join(faults_of(stream))


def test_an_ordinary_archive_has_no_fault() -> None:
    names = ("paper/", "paper/paper.tex", "./paper/figures/one.pdf", "Makefile", "paper/Übersicht 2.tex", "console.tex")
    assert faults_of(archive(*names)) == []


def test_no_archive_makes_the_page_fail_and_a_few_faults_are_enough(tmp_path: Path) -> None:
    good = archive("paper.tex", "figures/one.pdf").getvalue()
    for place in range(0, len(good), 3):
        for sign in (0, 0xFF):
            changed = good[:place] + bytes([sign]) + good[place + 1 :]
            assert isinstance(faults_of(io.BytesIO(changed)), list)
    assert len(faults_of(archive(*(f"../{number}.tex" for number in range(50))))) == 5
    assert max(map(len, faults_of(archive("x" * 5000)))) < 200
