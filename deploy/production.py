"""The production shape without a container engine: the same processes, the same environment, the same nginx file.

    python deploy/production.py FOLDER --database-url postgresql://user:password@127.0.0.1:5432/postgres

starts gunicorn behind nginx (TLS with a certificate of its own making), two Celery workers, one beat, a Redis with the
options of docker-compose.yml, and an SMTP server that keeps every letter in FOLDER/letters (Maildir). PostgreSQL is the
server of the given URL; a new database is made there and dropped at the end. One line of JSON on standard output says
where everything is once it answers; SIGINT or SIGTERM stops all. For trials and tests: it serves only this machine.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from dlonsc.processes import ProcessFailed, Program, run_together  # noqa: E402 - this file is run, not imported

HOST = "localhost"
ROLE_PASSWORD = "onlyforatrial"  # noqa: S105 - of a role that ends with the trial
REDIS_PASSWORD = "onlyforatrial"  # noqa: S105 - of a Redis that listens to this machine and ends with the trial


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on now, all different."""
    listeners = [socket.socket() for _ in range(count)]
    try:
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return [listener.getsockname()[1] for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()


@dataclass(frozen=True)
class Shape:
    """Folders, ports and addresses of one start."""

    folder: Path
    database_url: str
    https: int
    http: int
    web: int
    redis: int
    smtp: int

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.https}"

    @property
    def certificate(self) -> Path:
        return self.folder / "tls" / "fullchain.pem"

    def environment(self) -> dict[str, str]:
        """What docker-compose.yml gives web, worker and beat, with this machine's addresses."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return kept | {
            "PYTHONUNBUFFERED": "1",
            "DLONSC_MODE": "production",
            "SECRET_KEY": "only-for-a-trial-on-this-machine-0123456789-abcdefghijklmnopqrstuvwxyz",
            "DATABASE_URL": self.site_database_url,
            "REDIS_URL": f"redis://:{REDIS_PASSWORD}@127.0.0.1:{self.redis}/0",
            "MAIL_URL": f"smtp://127.0.0.1:{self.smtp}",
            "MAIL_FROM": "DLonSC <dlonsc@workshop.example>",
            "MAIL_PER_SECOND": "0",
            "ALLOWED_HOSTS": HOST,
            "SITE_URL": self.url,
            "MEDIA_ROOT": str(self.folder / "files"),
            "STATIC_ROOT": str(self.folder / "static"),
            "BEAT_SCHEDULE_FILE": str(self.folder / "beat" / "schedule"),
            "X_ACCEL_PREFIX": "/private/",
            "TRUST_START_HEADER": "1",
            "WEB_BIND": f"127.0.0.1:{self.web}",
            "WEB_PROCESSES": "1",
            "LOG_LEVEL": "INFO",
        }

    @property
    def site_database_url(self) -> str:
        """The same database for the role of web, worker and beat; the name of a role is known to the whole server."""
        parts = urlsplit(self.database_url)
        place = parts.netloc.rpartition("@")[2]
        role = f"{parts.path.strip('/')}_site"
        return urlunsplit(parts._replace(netloc=f"{role}:{ROLE_PASSWORD}@{place}"))

    def owners_environment(self) -> dict[str, str]:
        """What Compose gives the service migrate."""
        database = {"DATABASE_URL": self.database_url, "SITE_DATABASE_URL": self.site_database_url}
        return self.environment() | database

    def programs(self) -> list[Program]:
        python = sys.executable
        celery = (python, "-m", "celery", "-A", "dlonsc")
        pool = ("--pool", "prefork", "--concurrency", "2", "--loglevel", "INFO")
        mailbox = ("-c", "aiosmtpd.handlers.Mailbox", str(self.folder / "letters"))
        redis = ("--bind", "127.0.0.1", "--port", str(self.redis), "--dir", str(self.folder / "redis"))
        # By a file, as in Compose: a command line is read by every process of the machine.
        settings = str(self.folder / "redis.conf")
        durable = ("--appendonly", "yes", "--maxmemory-policy", "noeviction")
        config = ("--config", "deploy/gunicorn.conf.py")
        user = " user root;" if os.geteuid() == 0 else ""
        return [
            Program("redis", ("redis-server", settings, *redis, *durable)),
            Program("smtp", (python, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{self.smtp}", *mailbox)),
            Program("web", (python, "-m", "gunicorn", "dlonsc.wsgi", *config)),
            Program("worker", (*celery, "worker", "-Q", "celery", *pool)),
            Program("letters", (*celery, "worker", "-Q", "letters", "-n", "letters", *pool)),
            Program("beat", (*celery, "beat", "--loglevel", "INFO", "--pidfile=")),
            Program("nginx", (nginx(), "-c", str(self.folder / "nginx.conf"), "-g", f"daemon off;{user}")),
        ]

    def place(self) -> dict[str, str]:
        """Where a caller finds everything."""
        return {
            "url": self.url,
            "http": f"http://{HOST}:{self.http}",
            "web": f"http://127.0.0.1:{self.web}",
            "certificate": str(self.certificate),
            "letters": str(self.folder / "letters"),
            "files": str(self.folder / "files"),
            "logs": str(self.folder / "logs"),
        }


def nginx() -> str:
    """Debian keeps nginx in a folder that is not on everyone's path."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin") or "nginx"


def nginx_file(shape: Shape) -> str:
    """deploy/nginx.conf with the names of Compose replaced by this machine's; a name that is gone is an error."""
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    for old, new in {
        "server web:8000;": f"server 127.0.0.1:{shape.web};",
        "listen 8080;": f"listen 127.0.0.1:{shape.http};",
        "listen 8443 ssl http2;": f"listen 127.0.0.1:{shape.https} ssl http2;",
        "/etc/nginx/tls/": f"{shape.folder}/tls/",
        "/var/lib/dlonsc/files/": f"{shape.folder}/files/",
        "/tmp/nginx": f"{shape.folder}/nginx",
    }.items():
        if old not in text:
            raise SystemExit(f"deploy/nginx.conf no longer says {old!r}; deploy/production.py must follow.")
        text = text.replace(old, new)
    return text


def prepare(shape: Shape) -> None:
    """Folders, a certificate, nginx's file; then migrations, the cache table and the static files."""
    for name in ("files", "redis", "beat", "tls"):
        (shape.folder / name).mkdir(parents=True, exist_ok=True)
    make_certificate(shape)
    (shape.folder / "nginx.conf").write_text(nginx_file(shape))
    (shape.folder / "redis.conf").write_text(f"requirepass {REDIS_PASSWORD}\n")
    for command in ("migrate --noinput", "createcachetable", "grant_site_role", "collectstatic --noinput"):
        words = [sys.executable, "manage.py", *command.split(), "--verbosity", "0"]
        subprocess.run(words, cwd=ROOT, env=shape.owners_environment(), check=True)


def make_certificate(shape: Shape) -> None:
    folder = shape.certificate.parent
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-nodes", "-days", "30"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST},IP:127.0.0.1"),
            *("-keyout", str(folder / "privkey.pem"), "-out", str(shape.certificate)),
        ],
        check=True,
        capture_output=True,
    )


@contextmanager
def new_database(server_url: str, name: str) -> Iterator[str]:
    """A database of this name on the server of the URL while the context lasts, with the role `<name>_site` when one
    is made; gives its URL."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'DROP ROLE IF EXISTS "{name}_site"')


def ready(shape: Shape) -> bool:
    """Whether /readyz says yes through nginx and TLS."""
    context = ssl.create_default_context(cafile=str(shape.certificate))
    try:
        with urllib.request.urlopen(f"{shape.url}/readyz", timeout=5, context=context) as answer:  # noqa: S310 - https
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def start(folder: Path, server_url: str, environment_more: Mapping[str, str]) -> None:
    """Run the shape until asked to stop. Raises ProcessFailed."""
    with new_database(server_url, f"dlonsc_shape_{os.getpid()}") as database_url:
        shape = Shape(folder, database_url, *free_ports(5))
        prepare(shape)
        place = shape.place() | {"environment": str(folder / "environment.json")}
        (folder / "environment.json").write_text(json.dumps(shape.environment()))
        run_together(
            shape.programs(),
            logs=folder / "logs",
            answers=lambda: ready(shape),
            announce=lambda: print(json.dumps(place), flush=True),
            environment=shape.environment() | environment_more,
        )


def stop_when_stdin_closes() -> None:
    """A tester that was killed leaves no site behind: its end of the pipe closes with it."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> int:
    parser = argparse.ArgumentParser(description="Start the production shape on this machine.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--database-url", default=os.environ.get("DATABASE_URL", ""))
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="one more variable")
    parser.add_argument(
        "--until-stdin-closes", action="store_true", help="stop, too, when whoever started this is gone"
    )
    options = parser.parse_args()
    if options.until_stdin_closes:
        threading.Thread(target=stop_when_stdin_closes, daemon=True).start()
    if not options.database_url:
        parser.error("--database-url (or DATABASE_URL) must name a PostgreSQL server where a database may be made")
    os.chdir(ROOT)
    try:
        more = dict(word.split("=", 1) for word in options.set)
        start(options.folder.resolve(), options.database_url, more)
    except ProcessFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
