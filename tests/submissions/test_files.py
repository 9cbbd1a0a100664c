"""Bytes by their hash: flushed before anything names them, never served as anything but what we say."""

import gzip
import hashlib
import io
import os
import random
import stat
import struct
import tarfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import Http404
from django.test import Client

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition
from submissions import archives
from submissions.archives import faults_of, faults_of_supplement
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


def told_by_words(value: object) -> str:
    """Packed bytes hold the time: no name for a test that two processes must call the same."""
    return value if isinstance(value, str) else "bytes"


def tar(*members: tuple[str, bytes] | tarfile.TarInfo, packed: str = "gz", format: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=f"w:{packed}", format=format) as archive:
        for member in members:
            info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member[0])
            data = b"" if isinstance(member, tarfile.TarInfo) else member[1]
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def of_kind(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def long_header(size: int) -> bytes:
    """A tar archive whose first header says that a name of so many bytes follows, and those bytes."""
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, size
    return gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + b"a" * size + bytes(1024))


def link_after_link(count: int) -> bytes:
    """A tar archive whose long names name long names, without end."""
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 512
    return (info.tobuf(tarfile.GNU_FORMAT) + b"a" * 512) * count


def sparse_without_end(blocks: int) -> bytes:
    """A tar archive with a sparse file whose map always says that it goes on."""
    info = tarfile.TarInfo("holes.dat")
    info.type = tarfile.GNUTYPE_SPARSE
    head = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    head[482] = 1
    head[148:156] = b"%06o\0 " % (sum(head[:148]) + 8 * 32 + sum(head[156:]))
    more = bytearray(512)
    more[504] = 1
    return bytes(head) + bytes(more) * blocks


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (archive("../evil.py").getvalue(), "code.zip", "outside the folder"),
        (archive("../evil.py").getvalue(), "looks-like.txt", "outside the folder"),
        (archive("a.py", link="b.py").getvalue(), "code.zip", "is a link"),
        (b"no archive", "code.zip", "not a zip archive"),
        (tar(("../evil.py", b"x")), "code.tar.gz", "outside the folder"),
        (tar(("../evil.py", b"x")), "looks-like.txt", "outside the folder"),
        (tar(("/etc/evil", b"x"), packed=""), "code.tar", "outside the folder"),
        (tar(("/etc/evil", b"x"), packed=""), "looks-like.txt", "outside the folder"),
        (tar(of_kind("link.py", tarfile.SYMTYPE, "/etc/passwd")), "code.tgz", "is a link"),
        (tar(("one.py", b"x"), of_kind("two.py", tarfile.LNKTYPE, "one.py")), "code.tgz", "is a link"),
        (tar(of_kind("pipe", tarfile.FIFOTYPE)), "code.tgz", "no file but a device"),
        (tar(("C:/evil.py", b"x")), "code.tgz", "outside the folder"),
        (gzip.compress(link_after_link(3000)), "code.tgz", "damaged"),
        (link_after_link(3000), "code.tar", "damaged"),
        (gzip.compress(sparse_without_end(20_000)), "code.tgz", "damaged"),
        (tar(*((f"{number}.py", b"") for number in range(2001))), "code.tgz", "more than 2000 files"),
        (tar(), "code.tgz", "empty"),
        (long_header(2_000_000), "code.tgz", "damaged"),
        (tar(("one.py", b"x" * 9000))[:60], "code.tgz", "damaged"),
        (tar(("one.py", b"x" * 9000), packed="")[:700], "code.tar", "damaged"),
        (gzip.compress(b"x" * 9000)[:20], "data.csv.gz", "damaged"),
        (gzip.compress(b"a") * 2001, "data.csv.gz", "strung together"),
        (gzip.compress(b"") * 2001, "data.csv.gz", "strung together"),
        (gzip.compress(b"") * 2001 + tar(("one.py", b"x")), "code.tgz", "strung together"),
        (gzip.compress(b"x") + gzip.compress(b"x" * 9000)[:20], "data.csv.gz", "damaged"),
        (gzip.compress(b"x") + b"no gzip", "data.csv.gz", "damaged"),
        (b"no archive", "data.csv.gz", "damaged"),
        (b"no archive", "code.tar", "damaged"),
        (tar(("one.py", b"x"), packed="xz"), "code.tar.xz", "cannot be looked into"),
        (tar(("one.py", b"x"), packed="bz2"), "looks-like.txt", "cannot be looked into"),
        (b"Rar!\x1a\x07\x00", "code.rar", "cannot be looked into"),
        (b"anything", "code.7z", "cannot be looked into"),
    ],
    ids=told_by_words,
)
def test_a_dangerous_supplement_is_told_by_its_bytes_and_its_name(data: bytes, name: str, words: str) -> None:
    assert words in " ".join(faults_of_supplement(io.BytesIO(data), name))


def test_what_unpacks_to_too_much_is_read_no_further_than_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_UNPACKED", 3_000_000)
    for data, name in (
        (archive("zeros.dat", data=bytes(4_000_000)).getvalue(), "code.zip"),
        (tar(("zeros.dat", bytes(4_000_000)), ("end.txt", b"x")), "code.tgz"),
        (tar(("zeros.dat", bytes(4_000_000)), ("end.txt", b"x"), packed=""), "code.tar"),
        (gzip.compress(bytes(5_000_000)), "zeros.dat.gz"),
    ):
        assert faults_of_supplement(io.BytesIO(data), name) == [archives.TOO_MUCH]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"%PDF-1.7", "appendix.pdf"),
        (b"a,b\n1,2\n", "results.csv"),
        (b"x", "x"),
        (b"0123abcd  code.zip", "code.zip.sha256"),
        (b"-----BEGIN PGP SIGNATURE-----", "code.tar.gz.asc"),
        (b"notes", "notes.tar.txt"),
        (archive("repeated.csv", data=b"1,2,3\n" * 2_000_000).getvalue(), "data.zip"),
        (archive("run 12:30:00.log", "readme", "README").getvalue(), "logs.zip"),
        (tar(("run 12:30:00.log", b"x"), ("README", b"x"), ("readme", b"x"), ("README", b"y")), "logs.tgz"),
        (gzip.compress(b"a,b\n1,2\n" * 1000), "results.csv.gz"),
        (gzip.compress(b"a,b\n1,2\n") * 2000, "results.csv.gz"),
        (gzip.compress(b"a,b\n1,2\n") + bytes(70_000), "results.csv.gz"),
        (gzip.compress(random.Random(1).randbytes(200_000), 1), "noise.dat.gz"),
        (archive("code/train.py", "code/data.tar.gz").getvalue(), "code.zip"),
        (tar(("code/train.py", b"x" * 5000), ("code/data.zip", b"x")), "code.tar.gz"),
        (tar(("code/" + "n" * 150 + ".py", b"x"), format=tarfile.GNU_FORMAT), "code.tgz"),
        (tar(("code/Übersicht.py", b"x"), packed=""), "code.tar"),
        (tar(("code/train.py", b"x"), of_kind("code/empty", tarfile.DIRTYPE), format=tarfile.USTAR_FORMAT), "c.tgz"),
    ],
    ids=told_by_words,
)
def test_an_ordinary_supplement_has_no_fault(data: bytes, name: str) -> None:
    assert faults_of_supplement(io.BytesIO(data), name) == []


def test_a_dangerous_supplement_is_refused_beside_its_field_and_an_ordinary_one_kept_whole(
    edition: Edition, author: User, as_user: Callable[[User], Client]
) -> None:
    paper = factories.make_submission(edition, author)
    address, good = f"/{edition.slug}/submissions/{paper.number}/supplements/", tar(("code/train.py", b"x" * 5000))
    with time_machine.travel(factories.AT, tick=False):
        refused = as_user(author).post(address, {"file": io.BytesIO(tar(("../evil.py", b"x")))})
        upload = SimpleUploadedFile("code.tar.gz", good)
        kept = as_user(author).post(address, {"file": upload, "description": "Code"})
    assert (refused.status_code, kept.status_code) == (422, 302)
    assert "outside the folder" in refused.content.decode()
    assert path_of(paper.supplements.get().sha256).read_bytes() == good


def test_hostile_bytes_of_a_tar_archive_always_give_an_answer() -> None:
    good = tar(("code/train.py", b"x" * 300), ("code/" + "n" * 150, b"y"), packed="")
    for place in range(0, len(good), 7):
        for sign in (0, 0x39, 0xFF):
            changed = good[:place] + bytes([sign]) + good[place + 1 :]
            assert isinstance(faults_of_supplement(io.BytesIO(changed), "code.tar"), list)
            assert isinstance(faults_of_supplement(io.BytesIO(gzip.compress(changed, 1)), "code.tar.gz"), list)


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
