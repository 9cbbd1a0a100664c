"""Bytes by their hash: flushed before anything names them, never served as anything but what we say."""

import hashlib
import io
import os
import stat
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


def archive(*names: str, link: str = "", data: bytes = b"\\documentclass{llncs}") -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in names:
            packed.writestr(name, data)
        if link:
            info = zipfile.ZipInfo(link)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            packed.writestr(info, "/etc/passwd")
    out.seek(0)
    return out


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
    ],
)
def test_a_dangerous_archive_is_told_from_its_table_of_contents(stream: io.BytesIO, words: str) -> None:
    assert words in " ".join(faults_of(stream))


def test_an_ordinary_archive_has_no_fault() -> None:
    assert faults_of(archive("paper/paper.tex", "paper/figures/one.pdf")) == []
