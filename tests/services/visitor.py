"""A visitor without a browser: cookies, forms and files over HTTPS, nothing of Django inside."""

import json
import mailbox
import re
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message as Letter
from email.policy import default as modern
from html.parser import HTMLParser
from http.client import HTTPSConnection
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit
from uuid import uuid4

ROOT = Path(__file__).resolve().parents[2]
Upload = tuple[str, bytes, str]  # name, bytes, content type


@dataclass(frozen=True)
class Installation:
    """The environment of one installation; runs code and commands in it."""

    environment: dict[str, str]

    def run(self, *words: str) -> str:
        """Run Python with these words in the repository's folder; gives what it prints."""
        environment = self.environment | {"DJANGO_SETTINGS_MODULE": "dlonsc.settings"}
        command = [sys.executable, *words]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def manage(self, *words: str) -> str:
        return self.run("manage.py", *words)

    def python(self, code: str) -> str:
        """Run code with Django set up."""
        return self.run("-c", f"import django; django.setup()\n{code}")


@dataclass(frozen=True)
class Place:
    """Where the production shape is; what deploy/production.py prints."""

    url: str
    http: str
    web: str
    certificate: str
    letters: str
    files: str
    logs: str
    environment: str

    def python(self, code: str) -> str:
        """Run code with Django set up, inside the site's own environment; gives what it prints."""
        return Installation(json.loads(Path(self.environment).read_text())).python(code)

    def letters_to(self, address: str) -> list[Letter]:
        """The letters that really arrived at this address."""
        folder = mailbox.Maildir(self.letters, factory=None, create=False)
        parsed = [message_from_bytes(folder.get_bytes(key), policy=modern) for key in folder.iterkeys()]
        return [letter for letter in parsed if address in str(letter["To"])]


def eventually[T](question: Callable[[], T], seconds: float = 40.0) -> T:
    """The first answer that is true, asked five times a second; other processes do the work meanwhile."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not (answer := question()) and time.monotonic() < deadline:
        pause.wait(0.2)
    return answer


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Letter
    body: bytes
    url: str

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Form:
    """One form of a page with what it would send."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


class FormReader(HTMLParser):
    """Reads the forms of a page; one select or textarea is enough detail for a visitor."""

    def __init__(self, page: Answer) -> None:
        super().__init__()
        self.page, self.forms = page, []  # type: tuple[Answer, list[Form]]
        self.textarea = ""
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(urljoin(self.page.url, has.get("action") or self.page.url)))
        if not self.forms or not has.get("name"):
            return
        form, name, kind = self.forms[-1], has["name"], has.get("type", "text")
        if tag == "textarea":
            self.textarea = name
            form.fields[name] = ""
        elif tag == "input" and kind == "file":
            form.files.append(name)
        elif tag == "input" and (kind not in {"checkbox", "radio", "submit"} or "checked" in has):
            form.fields[name] = has.get("value", "on" if kind == "checkbox" else "")

    def handle_data(self, data: str) -> None:
        if self.textarea:
            self.forms[-1].fields[self.textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.textarea = ""


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: object) -> None:  # type: ignore[override]
        return None


class Visitor:
    """One person's browser."""

    def __init__(self, place: Place, *, follow: bool = True) -> None:
        self.place = place
        self.jar = CookieJar()
        handlers: list[urllib.request.BaseHandler] = [
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=place.certificate)),
            urllib.request.HTTPCookieProcessor(self.jar),
        ]
        self.opener = urllib.request.build_opener(*handlers, *([] if follow else [NoRedirect()]))

    def get(self, address: str, **headers: str) -> Answer:
        return self.send(urllib.request.Request(urljoin(self.place.url, address), headers=named(headers)))

    def send(self, request: urllib.request.Request) -> Answer:
        try:
            with self.opener.open(request, timeout=60) as answer:
                return Answer(answer.status, answer.headers, answer.read(), answer.url)
        except urllib.error.HTTPError as answer:
            return Answer(answer.code, answer.headers, answer.read(), request.full_url)

    def form(self, page: Answer, holding: str) -> Form:
        """The form of a page that has a field (or file) of this name."""
        found = [form for form in FormReader(page).forms if holding in form.fields or holding in form.files]
        assert found, f"no form with {holding} on {page.url}:\n{page.text[:2000]}"
        return found[0]

    def fill(self, page: Answer, uploads: dict[str, Upload] | None = None, **values: str) -> Answer:
        """Send the form that holds the named fields, with everything else as the page has it."""
        form = self.form(page, next(iter(uploads or values)))
        headers = {"Referer": page.url}
        if uploads:
            body, kind = multipart(form.fields | values, uploads)
        else:
            body, kind = urlencode(form.fields | values).encode(), "application/x-www-form-urlencoded"
        return self.send(urllib.request.Request(form.action, body, headers | {"Content-Type": kind}))

    def token(self, address: str = "/account/") -> str:
        """The form token of a page."""
        return self.form(self.get(address), "csrfmiddlewaretoken").fields["csrfmiddlewaretoken"]

    def upload(
        self, address: str, name: str, upload: Upload, *, token: str, halfway: Callable[[], object] | None = None
    ) -> Answer:
        """Send one file as the upload script does; `halfway` is called when half of the bytes are on the line."""
        body, kind = multipart({"csrfmiddlewaretoken": token}, {name: upload})
        parts = urlsplit(urljoin(self.place.url, address))
        context = ssl.create_default_context(cafile=self.place.certificate)
        line = HTTPSConnection("localhost", parts.port, timeout=60, context=context)
        line.putrequest("POST", parts.path)
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.jar)
        headers = {"Cookie": cookies, "Referer": self.place.url + "/", "X-Upload": "1", "Content-Type": kind}
        for header, value in (headers | {"Content-Length": str(len(body))}).items():
            line.putheader(header, value)
        line.endheaders()
        line.send(body[: len(body) // 2])
        if halfway:
            halfway()
        line.send(body[len(body) // 2 :])
        answer = line.getresponse()
        return Answer(answer.status, answer.headers, answer.read(), urljoin(self.place.url, address))

    def sign_in(self, email: str, password: str) -> Answer:
        return self.fill(self.get("/accounts/login/"), login=email, password=password)


def named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def multipart(fields: dict[str, str], uploads: dict[str, Upload]) -> tuple[bytes, str]:
    """The body of a form with files, and its content type."""
    edge = uuid4().hex
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    body = "".join(parts).encode()
    for name, (filename, data, kind) in uploads.items():
        about = f'form-data; name="{name}"; filename="{filename}"\r\nContent-Type: {kind}'
        body += f"--{edge}\r\nContent-Disposition: {about}\r\n\r\n".encode() + data + b"\r\n"
    return body + f"--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"


def links(letter: Letter) -> list[str]:
    """The addresses in a letter's plain text."""
    part = letter.get_body(("plain",))  # type: ignore[attr-defined]
    return re.findall(r"https?://[^\s<>\"]+", part.get_content())
