"""The proxy alone, with the file of production, in front of a server that repeats what it was told."""

import importlib.util
import json
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.client import HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.services.visitor import ROOT, eventually

HANG_UP = "hang-up"
POLICY = "default-src 'none'; object-src 'self'; frame-ancestors 'self'"


class Echo(BaseHTTPRequestHandler):
    """Repeats headers and the time of arrival as JSON, or hangs up; /file/... answers as Django for a private file."""

    def do_GET(self) -> None:
        if self.path.startswith("/file/"):
            self.send_response(200)
            self.send_header("X-Accel-Redirect", "/private/ab/" + self.path.removeprefix("/file/"))
            self.send_header("Content-Type", "application/pdf")
            self.send_header("Content-Disposition", "attachment; filename*=utf-8''r%C3%A9sum%C3%A9.pdf")
            self.send_header("Cache-Control", "private, no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("X-Frame-Options", "SAMEORIGIN")
            self.send_header("Content-Security-Policy", POLICY)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path.endswith(HANG_UP):
            self.close_connection = True
        else:
            self.repeat()

    def do_POST(self) -> None:
        self.repeat()

    def repeat(self) -> None:
        at = time.time()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.dumps({"at": at, "headers": dict(self.headers)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Nothing on the screen."""


def production_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("production_script", ROOT / "deploy" / "production.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["production_script"] = module  # a dataclass looks its module up by name
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def shape(servers: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """nginx with deploy/nginx.conf in front of Echo."""
    script = production_script()
    echo = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=echo.serve_forever, daemon=True).start()
    folder = tmp_path_factory.mktemp("nginx")
    https, http, *_ = script.free_ports(2)
    shape = script.Shape(folder, "", https=https, http=http, web=echo.server_port, redis=0, smtp=0)
    (folder / "tls").mkdir()
    (folder / "files" / "ab").mkdir(parents=True)
    (folder / "files" / "ab" / "paper").write_bytes(b"%PDF-1.7 private")
    script.make_certificate(shape)
    (folder / "nginx.conf").write_text(script.nginx_file(shape))
    command = next(program.command for program in shape.programs() if program.name == "nginx")
    with (folder / "nginx.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        assert eventually(lambda: listens(https), seconds=20), (folder / "nginx.log").read_text()
        yield shape
    finally:
        process.terminate()
        process.wait(20)
        echo.shutdown()


def listens(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def line_to(shape: Any) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(shape.certificate))
    return context.wrap_socket(socket.create_connection(("127.0.0.1", shape.https), 20), server_hostname="localhost")


def ask(shape: Any, path: str, headers: str = "") -> tuple[int, dict[str, str], bytes]:
    with line_to(shape) as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Connection: close\r\n\r\n".encode())
        return read(line)


def read(line: ssl.SSLSocket) -> tuple[int, dict[str, str], bytes]:
    answer = HTTPResponse(line)
    answer.begin()
    return answer.status, dict(answer.getheaders()), answer.read()


def told(answer: tuple[int, dict[str, str], bytes]) -> dict[str, str]:
    """The headers that the server behind nginx was given, by lower-case name."""
    return {name.lower(): value for name, value in json.loads(answer[2])["headers"].items()}


def test_a_slow_upload_is_dated_to_its_first_byte_and_reaches_the_server_only_when_whole(shape: Any) -> None:
    with line_to(shape) as line:
        begun = time.time()
        line.sendall(b"POST /up HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\nConnection: close\r\n\r\n")
        line.sendall(bytes(100_000))
        threading.Event().wait(1.2)  # a slow line: the test is about time passing
        rest = time.time()
        line.sendall(bytes(100_000))
        answer = read(line)
    now, seconds = told(answer)["x-request-start"].removeprefix("t=").split()
    assert abs(float(now) - float(seconds) - begun) < 0.3
    assert float(now) >= rest - 0.1
    assert json.loads(answer[2])["at"] >= rest


@pytest.mark.parametrize("name", ["X-Request-Start", "X-Forwarded-For", "X-Forwarded-Proto"])
def test_what_a_visitor_claims_is_overwritten(shape: Any, name: str) -> None:
    assert "1234567890" not in told(ask(shape, "/", f"{name}: 1234567890\r\n"))[name.lower()]


@pytest.mark.parametrize("name", ["X-Forwarded-Host", "Forwarded"])
def test_what_a_visitor_claims_of_the_host_is_dropped(shape: Any, name: str) -> None:
    assert name.lower() not in told(ask(shape, "/", f"{name}: evil.example\r\n"))


def test_the_server_learns_address_scheme_and_host_from_the_proxy(shape: Any) -> None:
    headers = told(ask(shape, "/"))
    assert [headers[name] for name in ("x-forwarded-for", "x-forwarded-proto", "host")] == [
        "127.0.0.1",
        "https",
        "localhost",
    ]


def test_a_private_file_keeps_every_header_that_guards_it(shape: Any) -> None:
    status, headers, body = ask(shape, "/file/paper")
    assert (status, body) == (200, b"%PDF-1.7 private")
    assert {name: headers.get(name) for name in GUARDS} == GUARDS
    assert [name for name in headers if name in {"X-Accel-Redirect", "ETag", "Last-Modified"}] == ["Last-Modified"]


GUARDS = {
    "Content-Type": "application/pdf",
    "Content-Disposition": "attachment; filename*=utf-8''r%C3%A9sum%C3%A9.pdf",
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Content-Security-Policy": POLICY,
}


def test_a_part_of_a_private_file_can_be_asked_for(shape: Any) -> None:
    status, headers, body = ask(shape, "/file/paper", "Range: bytes=0-3\r\n")
    assert (status, body, headers["Content-Security-Policy"]) == (206, b"%PDF", POLICY)


def test_a_private_file_has_no_address_of_its_own(shape: Any) -> None:
    assert [ask(shape, path)[0] for path in ("/private/ab/paper", "/private/", "/%70rivate/ab/paper")] == [404] * 3


def test_a_file_that_is_gone_is_404(shape: Any) -> None:
    assert ask(shape, "/file/nothing")[0] == 404


def test_no_file_outside_the_folder_can_be_named(shape: Any) -> None:
    assert ask(shape, "/file/../../../nginx.conf")[0] in {400, 404, 500}


def test_the_log_holds_no_secret_address_and_no_query(shape: Any) -> None:
    for path in ("/invitation/s3cret-t0ken/", "/me/dates/s3cret-t0ken.ics", "/verify/s3cret-t0ken/?q=s3cret-t0ken"):
        ask(shape, path)
    log = Path(shape.folder / "nginx.log").read_text()
    assert ("/invitation/..." in log, "s3cret-t0ken" in log) == (True, False)


def test_no_line_about_an_error_holds_a_secret_address(shape: Any) -> None:
    """nginx writes the whole request beside a body that is too large and beside a server that hangs up."""
    for start in ("/dlonsc-2026/", "/invitation/s3cret-t0ken/", "/me/dates/s3cret-t0ken.ics"):
        assert ask(shape, start, "Content-Length: 99999999\r\n")[0] == 413
        assert ask(shape, f"{start}?{HANG_UP}")[0] == 502
    log = Path(shape.folder / "nginx.log").read_text()
    assert (len(re.findall(r"\[error\].* /dlonsc-2026/", log)), "s3cret-t0ken" in log) == (2, False)
