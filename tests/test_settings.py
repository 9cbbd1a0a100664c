"""Production fails loudly; every setting is written down; the proxy's limits fit the site's."""

import ast
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from dlonsc.celery import app
from dlonsc.mail.tasks import deliver
from reviews.tasks_matching import run_proposal
from submissions.tasks import check

ROOT = Path(__file__).resolve().parent.parent
COMPLETE = {
    "DLONSC_MODE": "production",
    "SECRET_KEY": "k" * 60,
    "DATABASE_URL": "postgresql://dlonsc:pass%40word@database.example:6543/papers",
    "REDIS_URL": "redis://redis.example:6379/0",
    "MAIL_URL": "smtp://mail.example:25",
    "MAIL_FROM": "DLonSC <dlonsc@workshop.example>",
    "ALLOWED_HOSTS": "workshop.example, www.workshop.example",
    "SITE_URL": "https://workshop.example/",
    "MEDIA_ROOT": "/var/lib/dlonsc/files",
}
PROVIDERS = ("GITHUB", "GOOGLE", "ORCID")


def load(environment: dict[str, str]) -> dict[str, Any]:
    """What the settings file says when it is run anew with this environment only."""
    with patch.dict(os.environ, {"PATH": os.environ["PATH"], **environment}, clear=True):
        return runpy.run_path(str(ROOT / "dlonsc" / "settings.py"))


def refusal(environment: dict[str, str]) -> str:
    """The words with which the settings file stops."""
    with pytest.raises(ImproperlyConfigured) as stopped:
        load(environment)
    return str(stopped.value)


def test_production_without_variables_stops_and_names_every_missing_one() -> None:
    assert refusal({"DLONSC_MODE": "production"}) == (
        "DLONSC_MODE=production needs these environment variables: "
        "SECRET_KEY, DATABASE_URL, REDIS_URL, MAIL_URL, MAIL_FROM, ALLOWED_HOSTS, SITE_URL, MEDIA_ROOT."
    )


@pytest.mark.parametrize("name", sorted(set(COMPLETE) - {"DLONSC_MODE"}))
def test_production_without_one_variable_names_just_that(name: str) -> None:
    words = refusal({key: value for key, value in COMPLETE.items() if key != name})
    assert words == f"DLONSC_MODE=production needs these environment variables: {name}."


def test_a_process_without_its_variables_does_not_start() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DLONSC_MODE": "production"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "needs these environment variables: SECRET_KEY" in done.stderr) == (1, True)


def test_production_with_all_variables_starts_with_them() -> None:
    said = load(COMPLETE)
    database = said["DATABASES"]["default"]
    assert (database["PASSWORD"], database["PORT"], database["OPTIONS"]["pool"]) == (
        "pass@word",
        "6543",
        {"min_size": 1, "max_size": 8},
    )
    assert said["ALLOWED_HOSTS"] == ["workshop.example", "www.workshop.example"]
    assert (said["SITE_URL"], said["CSRF_TRUSTED_ORIGINS"]) == (
        "https://workshop.example",
        ["https://workshop.example"],
    )
    assert (said["SESSION_COOKIE_SECURE"], said["SESSION_COOKIE_NAME"]) == (True, "__Host-session")
    assert said["CELERY_BROKER_URL"] == "redis://redis.example:6379/0"


def test_the_broker_carries_nothing_but_json() -> None:
    said = load(COMPLETE)
    assert (said["CELERY_TASK_SERIALIZER"], said["CELERY_ACCEPT_CONTENT"]) == ("json", ["json"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"DLONSC_DEMO": "1"}, "DLONSC_DEMO lets anybody be anybody; it cannot be on with DLONSC_MODE=production."),
        ({"SECRET_KEY": "short"}, "SECRET_KEY has fewer than 50 characters."),
        ({"DATABASE_URL": "mysql://x/y"}, "DATABASE_URL begins with 'mysql'; use postgresql:// or sqlite:///path."),
        ({"DLONSC_MODE": "prod"}, "DLONSC_MODE is 'prod'; it may be 'embedded' or 'production'."),
        ({"MAIL_PROVIDER": "pigeon"}, "MAIL_PROVIDER is 'pigeon'; docs/deployment.md lists those that are known."),
        (
            {"MAIL_PROVIDER": "postmark", "MAIL_EVENTS_SECRET": "user:short"},
            "MAIL_PROVIDER needs MAIL_EVENTS_SECRET, user:password of at least 24 characters.",
        ),
        (
            {"MAIL_PROVIDER": "mailgun", "MAIL_EVENTS_SECRET": "mailgun:a-secret-that-is-long"},
            "MAIL_PROVIDER=mailgun needs MAIL_EVENTS_KEY, its webhook signing key.",
        ),
    ],
)
def test_production_refuses(change: dict[str, str], words: str) -> None:
    assert refusal(COMPLETE | change) == words


def test_debug_is_never_on_in_production() -> None:
    assert load(COMPLETE | {"DEBUG": "1"})["DEBUG"] is False


def test_without_variables_everything_lives_in_one_folder(tmp_path: Path) -> None:
    said = load({"DLONSC_STATE": str(tmp_path / "state")})
    folders = [said["DATABASES"]["default"]["NAME"], said["MEDIA_ROOT"], said["BROKER_DIR"]]
    assert [Path(folder).is_relative_to(tmp_path / "state") for folder in folders] == [True] * 3
    assert (said["CELERY_BROKER_URL"], said["CELERY_BROKER_TRANSPORT"]) == ("filesystem://", "dlonsc.bells:Transport")


@pytest.mark.parametrize(
    ("given", "there"), [({"ADMIN_SITE": "1"}, True), ({"ADMIN_SITE": "no"}, False), ({}, False)], ids=str
)
def test_the_administrators_site_is_off_unless_it_is_turned_on(
    given: dict[str, str], there: bool, tmp_path: Path
) -> None:
    said = load({"DLONSC_STATE": str(tmp_path)} | given)
    assert ("django.contrib.admin" in said["INSTALLED_APPS"]) is there


@pytest.mark.parametrize("name", ["github", "google", "orcid"])
def test_a_provider_appears_with_its_keys(name: str, tmp_path: Path) -> None:
    keys = {f"{name.upper()}_CLIENT_ID": "id", f"{name.upper()}_SECRET": "secret", "DLONSC_STATE": str(tmp_path)}
    offered = load(keys)["SOCIALACCOUNT_PROVIDERS"]
    assert [key for key, value in offered.items() if value.get("APPS")] == [name]


def names_read(path: Path) -> set[str]:
    """The environment variables that a file reads through env(), flag(), words() or os.environ.get()."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if not (isinstance(node, ast.Call) and node.args):
            continue
        door = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
        if door not in {"env", "flag", "words", "os.environ.get"}:
            continue
        name = node.args[0]
        if isinstance(name, ast.Constant):
            found.add(str(name.value))
        elif isinstance(name, ast.JoinedStr):  # f"{name.upper()}_SECRET", once per sign-in provider
            ending = str(name.values[-1].value) if isinstance(name.values[-1], ast.Constant) else ""
            found |= {provider + ending for provider in PROVIDERS}
    return found


def names_written_down() -> list[str]:
    text = (ROOT / "docs" / "deployment.md").read_text()
    table = text.partition("## Every setting")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([A-Z_]+)` \|", table, re.M)


def test_every_setting_is_written_down_once_and_nothing_else() -> None:
    read = names_read(ROOT / "dlonsc" / "settings.py") | names_read(ROOT / "deploy" / "gunicorn.conf.py")
    assert sorted(names_written_down()) == sorted(read)


def test_what_production_needs_is_marked_as_needed() -> None:
    text = (ROOT / "docs" / "deployment.md").read_text()
    marked = re.findall(r"^\| `([A-Z_]+)` \| \*needed\* \|", text, re.M)
    assert set(marked) == set(settings.REQUIRED_IN_PRODUCTION)


def test_the_proxy_takes_a_little_more_than_the_largest_file() -> None:
    """So that Django's own words reach whoever is just above the limit; not so much that it would take a multiple."""
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    proxy_mb = int(re.findall(r"^\s*client_max_body_size (\d+)m;", text, re.M)[0])
    assert settings.UPLOAD_MAX_MB < proxy_mb <= settings.UPLOAD_MAX_MB + 5
    assert f"files of up to {settings.UPLOAD_MAX_MB} MB" in text


# For trials, tests and other ways to run than in containers.
NOT_IN_CONTAINERS = {"DATABASE_POOL", "DEBUG", "DLONSC_DEMO", "DLONSC_STATE", "RING_DOORBELLS", "WEB_BIND"}


def test_compose_hands_every_setting_to_the_house() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    house = text.partition("x-house:")[2].partition("\nservices:")[0]
    image = (ROOT / "Dockerfile").read_text()
    given = set(re.findall(r"^    ([A-Z_]+):", house, re.M)) | set(re.findall(r"^    ([A-Z_]+)=", image, re.M))
    assert set(names_written_down()) - given - NOT_IN_CONTAINERS == set()


def test_a_slow_mail_server_keeps_no_other_task_waiting_and_no_queue_is_without_a_worker() -> None:
    rung = {bell["task"] for bell in app.conf.beat_schedule.values()} | {deliver.name, check.name, run_proposal.name}
    queues = {name: app.amqp.router.route({}, name)["queue"].name for name in rung}
    letters = {"dlonsc.mail.tasks.deliver", "dlonsc.mail.tasks.poll_mailbox", "dlonsc.mail.tasks.sweep"}
    assert {name for name, queue in queues.items() if queue == "letters"} == letters
    assert sorted(app.amqp.queues.consume_from) == ["celery", "letters"] == sorted(set(queues.values()))
    for name in ("docker-compose.yml", "deploy/production.py", "docs/deployment.md"):
        served = re.findall(r"""worker[", ]+-Q[", ]+(\w+)""", (ROOT / name).read_text())
        assert sorted(served) == ["celery", "letters"], name


def test_the_production_lock_holds_the_same_versions_as_the_full_lock() -> None:
    def pins(name: str) -> dict[str, str]:
        return dict(re.findall(r"^([a-z0-9._-]+)==([^ \\;]+)", (ROOT / name).read_text(), re.M))

    full, production = pins("requirements.lock"), pins("requirements-production.lock")
    assert {name: version for name, version in production.items() if full.get(name) != version} == {}
    assert {"django", "gunicorn", "celery"} <= set(production)
    assert {"pytest", "playwright", "ruff"} & set(production) == set()


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-production.lock", "deploy/uv.lock"])
def test_a_lock_holds_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    assert re.findall(r"^.*://.*$|^--.*$", text, re.M) == []
    pinned = re.split(r"\n(?=[a-z0-9])", text)
    assert [part[:40] for part in pinned if "==" in part and "--hash=sha256:" not in part] == []
