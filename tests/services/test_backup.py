"""A backup is only one when it was restored: the same rows, the same bytes, and no letter that leaves twice."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.services.visitor import ROOT, Installation

FILL = """
from datetime import timedelta
from django.utils import timezone
from dlonsc.mail.models import Message
from tests import factories
edition = factories.make_edition()
for number in range(3):
    submission = factories.make_submission(edition, complete=False)
    factories.make_manuscript(submission, data=b"%PDF-1.7 number " + str(number).encode())
Message.objects.create(key="waits", kind="test", to_email="ada@uni.example", subject="s", text="t",
                       not_before=timezone.now() - timedelta(hours=1))
"""
LOOK = """
import hashlib
from pathlib import Path
from django.apps import apps
from django.conf import settings
from submissions.models import Manuscript
print({model._meta.label: model._default_manager.count() for model in apps.get_models() if model._meta.managed
       and model._meta.label != "mail.Pause"})
for row in Manuscript.objects.order_by("sha256"):
    data = (Path(settings.MEDIA_ROOT) / row.sha256[:2] / row.sha256).read_bytes()
    print(row.sha256 == hashlib.sha256(data).hexdigest())
"""


@pytest.fixture
def databases(servers: str) -> Iterator[list[str]]:
    """The URLs of two new databases."""
    names = [f"dlonsc_backup_{os.getpid()}_{number}" for number in range(2)]
    with psycopg.connect(servers, autocommit=True) as connection:
        for name in names:
            connection.execute(f'CREATE DATABASE "{name}"')
        yield [f"{servers.rpartition('/')[0]}/{name}" for name in names]
        for name in names:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def installations(databases: list[str], tmp_path: Path) -> list[Installation]:
    made = []
    for number, url in enumerate(databases):
        folder = tmp_path / str(number)
        folder.mkdir()
        names = {"DATABASE_URL": url, "MEDIA_ROOT": str(folder / "files"), "DLONSC_STATE": str(folder / "state")}
        made.append(Installation({"PATH": os.environ["PATH"], "PYTHON": sys.executable} | names))
    return made


def script(installation: Installation, name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "deploy" / name), str(folder)]
    return subprocess.run(command, env=installation.environment, capture_output=True, text=True, check=False)


def backed_up(installation: Installation, folder: Path) -> Path:
    done = script(installation, "backup.sh", folder)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def test_a_restored_backup_has_the_same_rows_and_bytes_and_sends_nothing(
    installations: list[Installation], tmp_path: Path
) -> None:
    source, target = installations
    source.manage("migrate", "--verbosity", "0")
    source.python(FILL)
    before = source.python(LOOK)
    assert before.splitlines()[1:] == ["True"] * 3
    backup = backed_up(source, tmp_path / "backups")
    done = script(target, "restore.sh", backup)
    assert (done.returncode, done.stderr) == (
        0,
        "Restored. The outbox is paused; look at the letters, then: python manage.py outbox resume\n",
    )
    assert target.python(LOOK) == before
    assert target.manage("outbox", "drain") == "0 letters tried"
    target.manage("outbox", "resume")
    assert target.manage("outbox", "drain") == "1 letters tried"


@pytest.fixture
def backup(installations: list[Installation], tmp_path: Path) -> Path:
    """A small one: a database with one table, and one file."""
    source = installations[0]
    with psycopg.connect(source.environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE TABLE one (id int)")
    files = Path(source.environment["MEDIA_ROOT"])
    files.mkdir()
    (files / "file").write_text("bytes")
    return backed_up(source, tmp_path / "backups")


def test_a_restore_never_overwrites_a_database(installations: list[Installation], backup: Path) -> None:
    target = installations[1]
    with psycopg.connect(target.environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE TABLE precious (id int)")
    done = script(target, "restore.sh", backup)
    assert (done.returncode, done.stderr) == (1, "The database holds 1 tables already; nothing was changed.\n")


def test_a_restore_never_overwrites_files(installations: list[Installation], backup: Path) -> None:
    files = Path(installations[1].environment["MEDIA_ROOT"])
    files.mkdir()
    (files / "precious").write_text("bytes")
    done = script(installations[1], "restore.sh", backup)
    assert (done.returncode, done.stderr) == (1, f"{files} is not empty; nothing was changed.\n")


def test_a_damaged_backup_is_refused_before_anything_is_touched(
    installations: list[Installation], backup: Path
) -> None:
    with (backup / "files.tar").open("r+b") as archive:
        archive.write(b"x")
    done = script(installations[1], "restore.sh", backup)
    assert done.returncode == 1
    assert done.stderr.endswith("The backup is damaged: its checksums differ.\n")
    assert not Path(installations[1].environment["MEDIA_ROOT"]).exists()


def test_a_backup_cut_short_has_no_name(installations: list[Installation], tmp_path: Path) -> None:
    """The files' folder is missing: the dump is there, the backup is not."""
    done = script(installations[0], "backup.sh", tmp_path / "backups")
    assert done.returncode != 0
    assert [folder.suffix for folder in (tmp_path / "backups").iterdir()] == [".part"]
