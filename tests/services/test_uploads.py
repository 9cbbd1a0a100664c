"""A paper through the real proxy: kept, checked by the worker, dated to its first byte, given only to its people."""

import hashlib
import json
import threading
import time
from random import Random

import pytest

from reviews.demo.papers import manuscript
from tests.services.visitor import Answer, Place, Visitor, eventually

PASSWORD = "a-long-enough-passphrase"
DRAFT = """
from datetime import timedelta
from django.utils import timezone
from dlonsc.editions.calendar import Phase
from submissions.states import State
from tests import factories
edition = factories.make_edition("{slug}", name="{slug}")
edition.deadlines.filter(phase=Phase.SUBMISSION).update(cutoff_at=timezone.now() + timedelta(days=30))
author = factories.make_user("author@{slug}.example", "Author of {slug}")
factories.make_user("stranger@{slug}.example", "Stranger to {slug}")
print(factories.make_submission(edition, author, state=State.DRAFT, complete=False).number)
"""
CUTOFF = """
from datetime import timedelta
from django.utils import timezone
from dlonsc.editions.models import Deadline
cutoff = timezone.now() + timedelta(seconds={seconds})
Deadline.objects.filter(edition__slug="{slug}", phase="submission").update(cutoff_at=cutoff)
print(cutoff.timestamp())
"""
VERSIONS = """
from submissions.models import Manuscript
rows = Manuscript.objects.filter(submission__edition__slug="{slug}").order_by("number")
print([(row.number, row.is_current, row.is_late) for row in rows])
"""
CHECKED = """
from submissions.models import Manuscript
row = Manuscript.objects.get(submission__edition__slug="{slug}", number=1)
print(row.pages, row.checked_at is not None and row.report != {{}})
"""


def paper(pages: int) -> bytes:
    return manuscript(
        title="Scaling Out of the Proxy",
        authors=[("Ada Author", "Example University")],
        abstract="A paper that is only here to be carried.",
        pages=pages,
        random=Random(7),
    )


@pytest.fixture(scope="session")
def eight_pages() -> bytes:
    return paper(8)


class Desk:
    """One author with one draft in an edition of its own."""

    def __init__(self, place: Place, slug: str) -> None:
        self.place, self.slug = place, slug
        self.base = f"/{slug}/submissions/{place.python(DRAFT.format(slug=slug))}/"
        self.author = self.person("author")

    def person(self, name: str) -> Visitor:
        visitor = Visitor(self.place)
        visitor.sign_in(f"{name}@{self.slug}.example", PASSWORD)
        return visitor

    def ask(self, code: str, **words: object) -> str:
        return self.place.python(code.format(slug=self.slug, **words))

    def upload(self, data: bytes, **more: object) -> Answer:
        """Ask for the token before the clock matters, then send."""
        token = str(more.pop("token", "")) or self.author.token()
        file = ("paper.pdf", data, "application/pdf")
        return self.author.upload(f"{self.base}upload/", "file", file, token=token, **more)  # type: ignore[arg-type]


def test_a_paper_is_stored_checked_by_the_worker_and_given_back_by_the_proxy(place: Place, eight_pages: bytes) -> None:
    desk = Desk(place, "carried")
    answer = desk.upload(eight_pages)
    assert (answer.status, list(json.loads(answer.text))) == (200, ["location"])
    checked = "8 True"
    assert eventually(lambda: desk.ask(CHECKED) == checked, seconds=120), desk.ask(CHECKED)
    file = desk.author.get(f"{desk.base}pdf/1/")
    assert hashlib.sha256(file.body).hexdigest() == hashlib.sha256(eight_pages).hexdigest()
    assert {name: file.headers[name] for name in ("Content-Type", "X-Content-Type-Options", "Cache-Control")} == {
        "Content-Type": "application/pdf",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    assert file.headers["X-Accel-Redirect"] is None
    # Django never answers in parts: nginx sent the bytes.
    assert desk.author.get(f"{desk.base}pdf/1/", Range="bytes=0-4").body == b"%PDF-"


def test_nobody_else_gets_the_paper(place: Place, eight_pages: bytes) -> None:
    desk = Desk(place, "guarded")
    assert desk.upload(eight_pages).status == 200
    assert desk.author.get(f"{desk.base}pdf/1/").status == 200
    assert desk.person("stranger").get(f"{desk.base}pdf/1/").status == 404
    visitor = Visitor(place).get(f"{desk.base}pdf/1/")
    assert "/accounts/login/" in visitor.url
    assert b"%PDF" not in visitor.body


def test_an_upload_begun_before_the_deadline_counts_and_one_begun_after_does_not(
    place: Place, eight_pages: bytes
) -> None:
    desk = Desk(place, "punctual")
    token = desk.author.token()
    cutoff = float(desk.ask(CUTOFF, seconds=6))
    in_time = desk.upload(
        eight_pages, token=token, halfway=lambda: threading.Event().wait(max(0.0, cutoff + 0.5 - time.time()))
    )
    assert in_time.status == 200
    after = desk.upload(eight_pages + b"\n", token=token)
    assert (after.status, desk.ask(VERSIONS)) == (200, "[(1, True, False), (2, False, True)]")


def test_a_file_just_over_the_limit_is_answered_in_the_sites_own_words(place: Place) -> None:
    desk = Desk(place, "heavy")
    answer = desk.upload(b"%PDF-1.7\n" + bytes(20 * 1024 * 1024 + 1))
    assert answer.status == 422
    assert "20" in json.loads(answer.text)["errors"]["file"][0]
    assert desk.ask(VERSIONS) == "[]"
