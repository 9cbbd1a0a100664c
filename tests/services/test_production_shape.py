"""The production shape as people meet it: through nginx and TLS, with a worker, a beat and a real mail server."""

import json
import os
import re
import signal
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from redis import AuthenticationError, Redis

from tests.services.visitor import Answer, Place, Visitor, eventually, links

PASSWORD = "a-long-enough-passphrase-4711"


@pytest.fixture
def visitor(place: Place) -> Visitor:
    return Visitor(place)


def raw(place: Place, words: bytes, *, address: str = "") -> bytes:
    """Say exactly these bytes to the site, over TLS unless `address` is plain http; the beginning of the answer."""
    parts = urlsplit(address or place.url)
    with socket.create_connection(("127.0.0.1", parts.port or 0), timeout=20) as line:
        if parts.scheme == "http":
            line.sendall(words)
            return line.recv(65536)
        context = ssl.create_default_context(cafile=place.certificate)
        with context.wrap_socket(line, server_hostname="localhost") as tls:
            tls.sendall(words)
            return tls.recv(65536)


def first_line(answer: bytes) -> str:
    return answer.partition(b"\r\n")[0].decode()


def test_everything_the_site_stands_on_answers(visitor: Visitor) -> None:
    answer = visitor.get("/readyz")
    assert (answer.status, re.findall(r'"(\w+)": "(\w+)', answer.text)) == (
        200,
        [("state", "ok"), ("database", "ok"), ("broker", "ok"), ("disk", "ok"), ("letters", "ok")],
    )


def test_plain_http_is_sent_to_https(place: Place) -> None:
    answer = Visitor(place, follow=False).get(f"{place.http}/accounts/login/")
    assert (answer.status, urlsplit(answer.headers["Location"]).scheme) == (301, "https")


def test_health_answers_over_plain_http_too(place: Place) -> None:
    assert Visitor(place, follow=False).get(f"{place.http}/healthz").body == b"ok\n"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", ""])
def test_a_forged_host_is_refused(place: Place, host: str) -> None:
    words = f"GET /accounts/login/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    assert first_line(raw(place, words.encode())) == "HTTP/1.1 400 Bad Request"


def test_a_forged_forwarded_host_changes_nothing(visitor: Visitor) -> None:
    forged = visitor.get("/accounts/password/reset/", X_Forwarded_Host="evil.example", Forwarded="host=evil.example")
    assert forged.status == 200
    assert "evil.example" not in forged.text


def test_a_forged_forwarded_proto_does_not_pass_for_https(place: Place) -> None:
    """Overwritten by nginx: over plain HTTP nobody gets a page by claiming to have come by TLS."""
    answer = Visitor(place, follow=False).get(f"{place.http}/accounts/login/", X_Forwarded_Proto="https")
    assert answer.status == 301


def test_a_page_carries_the_headers_that_protect_it(visitor: Visitor) -> None:
    headers = visitor.get("/accounts/login/").headers
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert (headers["Referrer-Policy"], headers["Cross-Origin-Opener-Policy"]) == ("same-origin", "same-origin")
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Server"] == "nginx"


def test_cookies_are_bound_to_the_host_and_to_tls(visitor: Visitor) -> None:
    # Who asks for a code has a session before she is signed in.
    visitor.fill(visitor.get("/accounts/login/code/"), email="nobody@nowhere.example")
    seen = {
        cookie.name: (
            cookie.secure,
            cookie.path,
            cookie.domain_specified,
            cookie.has_nonstandard_attr("HttpOnly"),
            cookie.get_nonstandard_attr("SameSite"),
        )
        for cookie in visitor.jar
    }
    assert seen == dict.fromkeys(("__Host-csrf", "__Host-session"), (True, "/", False, True, "Lax"))


def test_static_files_are_hashed_compressed_and_kept_for_ever(visitor: Visitor) -> None:
    sheet = re.findall(r'href="(/static/[^"]+\.css)"', visitor.get("/accounts/login/").text)[0]
    answer = visitor.get(sheet, Accept_Encoding="gzip")
    assert answer.status == 200
    assert re.search(r"\.[0-9a-f]{12}\.css$", sheet) is not None
    assert answer.headers["Content-Type"].startswith("text/css")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"


@pytest.mark.parametrize(
    "path", ["/private/", "/private/ab/abcdef", "/static/../manage.py", "/static/%2e%2e/manage.py"]
)
def test_nothing_private_has_an_address(place: Place, path: str) -> None:
    words = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert first_line(raw(place, words.encode())).split()[1] in {"400", "404"}


def test_a_body_over_the_limit_is_refused_with_the_limit_in_words(visitor: Visitor) -> None:
    page = visitor.get("/accounts/login/")
    answer = visitor.fill(page, {"login": ("big.pdf", bytes(24 * 1024 * 1024), "application/pdf")})
    assert (answer.status, "files of up to 20 MB" in answer.text) == (413, True)


def sign_up(visitor: Visitor, email: str, name: str) -> Answer:
    return visitor.fill(visitor.get("/accounts/signup/"), email=email, password1=PASSWORD, name=name)


def test_a_sign_up_is_confirmed_by_a_letter_that_really_arrives_and_private_pages_stay_private(place: Place) -> None:
    visitor, email = Visitor(place), "nora@newcomers.example"
    assert sign_up(visitor, email, "Nora Newcomer").status == 200
    letters = eventually(lambda: place.letters_to(email))
    assert [(letter["To"].addresses[0].addr_spec, letter["X-MailFrom"] != "") for letter in letters] == [(email, True)]
    address = next(link for link in links(letters[0]) if "confirm" in link)
    assert address.startswith(f"{place.url}/")
    confirmation = visitor.get(address)
    visitor.fill(
        confirmation,
        csrfmiddlewaretoken=visitor.form(confirmation, "csrfmiddlewaretoken").fields["csrfmiddlewaretoken"],
    )
    assert visitor.sign_in(email, PASSWORD).status == 200
    page = visitor.get("/me/")
    assert (page.status, page.url) == (200, f"{place.url}/me/")
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "Cookie" in page.headers["Vary"]
    assert "__Host-session" in {cookie.name for cookie in visitor.jar}


def test_redis_answers_only_with_its_password(place: Place) -> None:
    url = json.loads(Path(place.environment).read_text())["REDIS_URL"]
    parts = urlsplit(url)
    with Redis.from_url(url) as redis:
        assert redis.ping() is True
        assert redis.info("memory")["maxmemory_policy"] == "noeviction"
        process = int(redis.info("server")["process_id"])
    for password in (None, "wrong"):
        stranger = Redis(host=parts.hostname or "", port=parts.port or 0, password=password)
        with stranger, pytest.raises(AuthenticationError):
            stranger.ping()
    assert parts.password is not None
    assert parts.password.encode() not in Path(f"/proc/{process}/cmdline").read_bytes()


FORBIDDEN = (
    "CREATE TABLE planted (id int)",
    "ALTER TABLE accounts_user ADD COLUMN planted int",
    "DROP TABLE reviews_review",
    "TRUNCATE reviews_review CASCADE",
    "DROP TRIGGER history_entry_locked ON history_entry",
    "UPDATE history_entry SET verb = 'planted'",
    "DELETE FROM history_entry",
    "DELETE FROM django_migrations",
    "CREATE ROLE planted",
    "COPY accounts_user TO PROGRAM 'true'",
)


@pytest.mark.parametrize("words", FORBIDDEN)
def test_the_sites_role_changes_no_table_and_no_history(place: Place, words: str) -> None:
    url = json.loads(Path(place.environment).read_text())["DATABASE_URL"]
    with psycopg.connect(url) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute(words)


@contextmanager
def frozen_broker(place: Place) -> Iterator[None]:
    """Redis hangs: it takes connections and answers nobody. The worst way of being down."""
    url = json.loads(Path(place.environment).read_text())["REDIS_URL"]
    with Redis.from_url(url) as redis:
        process = int(redis.info("server")["process_id"])
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def test_while_the_broker_hangs_people_can_sign_up_and_their_letter_arrives_once_afterwards(place: Place) -> None:
    email = "bea@brokerless.example"
    with frozen_broker(place):
        begun = time.monotonic()
        assert sign_up(Visitor(place), email, "Bea Brokerless").status == 200
        assert time.monotonic() - begun < 15
        assert Visitor(place).get("/readyz").text.count('"broker": "care') == 1
        assert place.letters_to(email) == []
    assert len(eventually(lambda: place.letters_to(email), seconds=60)) == 1


def test_two_people_alternating_through_the_proxy_never_see_each_other(place: Place) -> None:
    people = {"olga@first.example": "Olga Oneperson", "omar@second.example": "Omar Another"}
    place.python(
        "from tests.factories import make_user\n"
        + "\n".join(f"make_user({email!r}, {name!r})" for email, name in people.items())
    )
    visitors = {name: Visitor(place) for name in people.values()}
    for email, name in people.items():
        visitors[name].sign_in(email, "a-long-enough-passphrase")
    for _ in range(20):
        for name, visitor in visitors.items():
            text = visitor.get("/account/").text
            assert [other for other in people.values() if other in text] == [name]
