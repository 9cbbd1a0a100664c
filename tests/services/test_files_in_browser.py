"""A PDF beside the review form, and every kind of file, as a browser gets them through the real proxy.

Chromium draws the PDF in the frame of the review form: its ink is looked for on a screenshot. A file that would act
does nothing there: no dialog, no request, no other page. And each kind of file leaves with the type, the name and the
headers that guard it.
"""

import base64
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Response
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject
from reportlab.pdfgen.canvas import Canvas

from tests.chromium import listen
from tests.services.visitor import Answer, Place, Visitor, eventually

PASSWORD = "a-long-enough-passphrase"
SLUG = "shown-2026"
INK = (0, 160, 60)  # a green that no page of ours has


def page_of_ink(*, link: str = "") -> bytes:
    """A PDF of one page, all of it in INK; with `link` the whole page leads there when it is pressed."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(420, 595), invariant=True)
    canvas.setFillColorRGB(*(part / 255 for part in INK))
    canvas.rect(0, 0, 420, 595, stroke=0, fill=1)
    if link:
        canvas.linkURL(link, (0, 0, 420, 595))
    canvas.save()
    return out.getvalue()


def on_opening(**action: str) -> bytes:
    """The page of ink with an action that a reader program is asked to do when it opens the file."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(page_of_ink())))
    words = {
        NameObject(f"/{name}"): NameObject(f"/{value}") if name == "S" else TextStringObject(value)
        for name, value in action.items()
    }
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(words)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


MARKUP = b"<!doctype html><title>planted</title><script>alert(1);fetch('/planted');top.location='/planted'</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>fetch('/planted')</script></svg>"
# Chromium runs the scripts of a PDF: this one opens a dialog.
SCRIPT = on_opening(S="JavaScript", JS="app.alert('planted'); app.launchURL('/planted');")
# What the check overlooked or was never asked about; the last two are no PDF at all.
ACTING = {
    "address on opening": on_opening(S="URI", URI="/planted"),
    "program on opening": on_opening(S="Launch", F="/bin/true"),
    "form sent on opening": on_opening(S="SubmitForm", F="/planted"),
    "link": page_of_ink(link="https://other.example/planted"),
    "page and PDF in one": page_of_ink()[:9] + MARKUP + b"\n" + page_of_ink()[9:],
    "page": MARKUP,
    "picture": SVG,
}
# Chromium's viewer draws nothing of these.
WITHOUT_INK = {"form sent on opening", "page", "picture"}
# An edition with a paper for each, all of them to review by one person.
MAKE = """
import base64, json
from datetime import timedelta
from django.utils import timezone
from dlonsc.codes import code
from dlonsc.editions.models import Deadline
from submissions.checks import as_json, rules_for
from submissions.files import path_of
from submissions.lncs.sandbox import check_safely
from allauth.mfa.models import Authenticator
from submissions.models import CameraReadyItem, Supplement
from tests import factories
from tests.chromium import session
edition = factories.make_edition("{slug}", name="{slug}")
ahead = timezone.now() - factories.AFTER_DEADLINE
for row in Deadline.objects.filter(edition=edition):
    row.cutoff_at += ahead
    row.save()
author = factories.make_user("author@{slug}.example", "Ada Author")
reviewer = factories.make_member(edition, email="rita@{slug}.example")
chair = factories.make_member(edition, email="chair@{slug}.example", chair=True)
printer = factories.make_member(edition, email="print@{slug}.example", proceedings=True)
papers = {{}}
for name, data in json.load(open("{file}")).items():
    paper = factories.make_submission(edition, author, title=name)
    row = factories.make_manuscript(paper, base64.b64decode(data))
    if name == "script":
        # Checked, refused, and let through by a chair.
        row.report = as_json(check_safely(path_of(row.sha256), rules_for(row)))
        row.save()
    factories.make_assignment(paper, reviewer)
    papers[name] = paper.number
shown = edition.submissions.get(number=papers["shown"])
archive = factories.store_bytes(b"PK\\x05\\x06" + bytes(18))
papers["archive"] = archive[:8]
fields = {{"submission": shown, "sha256": archive, "size": 22, "uploaded_by": author, "uploaded_at": factories.AT}}
papers["supplement"] = code("supplement", Supplement.objects.create(original_name="Ada's data.zip", **fields).pk)
papers["markup"] = code("supplement", Supplement.objects.create(original_name="data.html", **fields).pk)
factories.make_decision(shown, chair.user, "accept")
factories.announce(shown, "accepted")
for kind, ending in (("pdf", "pdf"), ("sources", "zip"), ("licence", "pdf")):
    item = CameraReadyItem(kind=kind, number=1, original_name=f"final.{{ending}}", verdict="accept", **fields)
    if kind == "pdf":
        item.sha256, item.size = shown.manuscripts.first().sha256, shown.manuscripts.first().size
    item.save()
    papers[kind] = code("item", item.pk)
# Chairs need a second factor; each of them is signed in already.
for name, user in (("author", author), ("rita", reviewer.user), ("chair", chair.user), ("print", printer.user)):
    if name in ("chair", "print"):
        Authenticator.objects.create(user=user, type="totp", data={{}})
    papers[name] = session(user)
print(json.dumps(papers))
"""


def make(place: Place, folder: Path) -> dict[str, Any]:
    """The edition with one paper per file; gives their numbers, the keys of other files, and one session per person."""
    file = folder / "papers.json"
    files = {"shown": page_of_ink(), "script": SCRIPT, "overlooked": SCRIPT} | ACTING
    file.write_text(json.dumps({name: base64.b64encode(data).decode() for name, data in files.items()}))
    return dict(json.loads(place.python(MAKE.format(slug=SLUG, file=file))))


def ink_in(page: Page) -> float:
    """How much of the window is in the colour of the PDF, 0 to 1."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    colours = picture.getcolors(picture.width * picture.height) or []
    near = sum(count for count, colour in colours if max(abs(a - b) for a, b in zip(colour, INK, strict=True)) < 12)
    return near / (picture.width * picture.height)


@pytest.fixture(scope="module")
def papers(shape: tuple[object, Place], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return make(shape[1], tmp_path_factory.mktemp("papers"))


@dataclass
class Desk:
    """A reviewer's browser, and what it did that no page may do."""

    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def open(self, number: int) -> Response:
        """Go to the review form of a paper, as far as its frame; gives the answer that brought the page."""
        answer = self.page.goto(f"/{SLUG}/reviews/{number}/")
        assert answer is not None
        return answer


@pytest.fixture
def desk(whole_browser: Browser, place: Place, papers: dict[str, Any]) -> Iterator[Desk]:
    context = whole_browser.new_context(
        base_url=place.url, ignore_https_errors=True, viewport={"width": 1440, "height": 900}
    )
    cookie = {"name": "__Host-session", "value": papers["rita"], "url": place.url, "secure": True}
    context.add_cookies([cookie])  # type: ignore[list-item]
    page = context.new_page()
    page.set_default_timeout(30_000)
    desk = Desk(context, page)
    listen(page, place.url, desk.complaints)
    context.on("page", lambda other: desk.complaints.append(f"another window: {other.url}"))
    page.on("download", lambda download: desk.complaints.append(f"download of {download.url}"))
    yield desk
    context.close()


def brought_by_frame(desk: Desk, number: int) -> Response:
    """The answer that brought the file into the frame beside the form."""
    address = f"/{SLUG}/reviews/{number}/paper.pdf"
    with desk.page.expect_response(lambda answer: answer.url.endswith(address)) as waiting:
        desk.open(number)
        desk.page.locator("iframe.pdf").scroll_into_view_if_needed()
    return waiting.value


def viewer_is_there(page: Page) -> bool:
    """Whether the browser's own PDF viewer runs in the frame."""
    page.evaluate("0")  # what happened meanwhile arrives with an answer
    return any(frame.url.startswith("chrome-extension:") for frame in page.frames)


def test_the_pdf_is_drawn_beside_the_review_form(desk: Desk, papers: dict[str, Any]) -> None:
    page = desk.page
    desk.context.clear_cookies()
    page.goto(f"/{SLUG}/reviews/")
    page.fill("[name=login]", f"rita@{SLUG}.example")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"**/{SLUG}/reviews/")
    answer = brought_by_frame(desk, papers["shown"])
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    # Both are in the window: the page of the PDF, and the form.
    assert eventually(lambda: ink_in(page) > 0.05)
    assert page.locator("textarea[name=summary]").is_visible()
    assert (viewer_is_there(page), desk.complaints) == (True, [])


def test_on_a_phone_a_link_to_the_pdf_stands_in_place_of_the_frame(desk: Desk, papers: dict[str, Any]) -> None:
    desk.page.set_viewport_size({"width": 360, "height": 740})
    desk.open(papers["shown"])
    assert desk.page.locator("iframe.pdf").is_visible() is False
    link = desk.page.get_by_role("link", name="Open the PDF in its own tab")
    assert (link.is_visible(), link.get_attribute("href")) == (True, f"/{SLUG}/reviews/{papers['shown']}/paper.pdf")


def test_a_file_that_would_act_does_nothing_in_the_frame(desk: Desk, place: Place, papers: dict[str, Any]) -> None:
    page, seen = desk.page, {}
    page.on("request", lambda request: desk.complaints.append(request.url) if "planted" in request.url else None)
    for name in ACTING:
        answer = brought_by_frame(desk, papers[name])
        assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
        # The viewer has read it: it shows the page, or is there and says that there is none.
        is_drawn = name not in WITHOUT_INK
        assert eventually(lambda: ink_in(page) > 0.05 if is_drawn else viewer_is_there(page)), name  # noqa: B023
        seen[name] = (page.url, page.title().split(" of ")[0], [*desk.complaints])
    assert seen == {name: (f"{place.url}/{SLUG}/reviews/{papers[name]}/", "Review", []) for name in ACTING}


def test_the_script_of_a_pdf_does_run_where_the_check_overlooked_it_and_is_told(
    desk: Desk, papers: dict[str, Any]
) -> None:
    """Why such a PDF is not shown; and the watch of the test above does see what a file does."""
    brought_by_frame(desk, papers["overlooked"])
    assert eventually(lambda: ink_in(desk.page) > 0.05 and "dialog: planted" in desk.complaints)


def test_a_pdf_with_a_script_is_not_shown_but_saved(desk: Desk, papers: dict[str, Any]) -> None:
    desk.open(papers["script"])
    assert desk.page.locator("iframe.pdf").count() == 0
    assert "holds a script or an action" in desk.page.inner_text("main")
    answer = desk.context.request.get(f"/{SLUG}/reviews/{papers['script']}/paper.pdf")
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert desk.complaints == []


# --- Each kind of file, as it leaves the proxy -----------------------------------------------------------------------

PDF, ZIP, BYTES, CSV = "application/pdf", "application/zip", "application/octet-stream", "text/csv; charset=utf-8"
ONE, ITS_REVIEW = "/{slug}/submissions/{shown}/", "/{slug}/reviews/{shown}/"
# who, address, type, whether it opens in the browser, name
FILES: list[tuple[str, str, str, str, str]] = [
    ("rita", ITS_REVIEW + "paper.pdf", PDF, "inline", "001_shown.pdf"),
    ("rita", ITS_REVIEW + "paper.pdf?download=1", PDF, "attachment", "001_shown.pdf"),
    ("rita", ITS_REVIEW + "supplements/{supplement}/", ZIP, "attachment", "001_shown_supplement-{archive}.zip"),
    ("rita", ITS_REVIEW + "supplements/{markup}/", BYTES, "attachment", "001_shown_supplement-{archive}.html"),
    ("rita", ITS_REVIEW + "form.txt", "text/plain; charset=utf-8", "attachment", "001_shown_review.txt"),
    ("rita", "/{slug}/reviews/papers.zip", ZIP, "attachment", "{slug}_papers.zip"),
    ("author", ONE + "pdf/1/", PDF, "attachment", "paper-1-v1.pdf"),
    ("author", ONE + "pdf/1/?show", PDF, "inline", "paper-1-v1.pdf"),
    ("author", ONE + "supplements/{supplement}/", ZIP, "attachment", "Ada's data.zip"),
    ("author", ONE + "camera-ready/files/{sources}/", ZIP, "attachment", "paper-1-sources-v1.zip"),
    ("chair", "/{slug}/chair/submissions/{shown}/pdf/1/", PDF, "inline", "001-v1.pdf"),
    ("chair", "/{slug}/chair/submissions/export.csv", CSV, "attachment", "{slug}-submissions.csv"),
    ("chair", "/{slug}/chair/format/export.csv", CSV, "attachment", "{slug}-format.csv"),
    ("print", "/{slug}/proceedings/{shown}/files/{pdf}/", PDF, "attachment", "paper-1-pdf-v1.pdf"),
    ("print", "/{slug}/proceedings/{shown}/files/{pdf}/?show", PDF, "inline", "paper-1-pdf-v1.pdf"),
    ("print", "/{slug}/proceedings/{shown}/files/{sources}/", ZIP, "attachment", "paper-1-sources-v1.zip"),
]


def guards(answer: Answer) -> dict[str, object]:
    """What the headers say of a file; the policy by who may frame it."""
    policy = dict(
        part.strip().partition(" ")[::2] for part in str(answer.headers["Content-Security-Policy"]).split(";")
    )
    return {
        "status": answer.status,
        "type": answer.headers["Content-Type"],
        "name": answer.headers["Content-Disposition"],
        "kept": answer.headers["Cache-Control"],
        "sniffing": answer.headers["X-Content-Type-Options"],
        "framing": (answer.headers["X-Frame-Options"], policy["frame-ancestors"]),
        "policy": (policy["default-src"], "script-src" in policy and policy["script-src"]),
        "referrer": answer.headers["Referrer-Policy"],
    }


def test_each_kind_of_file_leaves_with_its_type_its_name_and_every_guard(place: Place, papers: dict[str, Any]) -> None:
    words = {"slug": SLUG} | papers
    found, wanted = {}, {}
    for who, address, kind, shown, name in FILES:
        path = address.format(**words)
        answer = Visitor(place, follow=False).get(path, Cookie=f"__Host-session={papers[who]}")
        found[who, path] = guards(answer)
        # Pages that Django makes by itself carry the policy of pages: own scripts, of which a file of text runs none.
        is_stored = kind in {PDF, BYTES} or (kind == ZIP and "papers.zip" not in path)
        wanted[who, path] = {
            "status": 200,
            "type": kind,
            "name": f'{shown}; filename="{name.format(**words)}"',
            "kept": "private, no-store",
            "sniffing": "nosniff",
            "framing": ("SAMEORIGIN", "'self'") if shown == "inline" else ("DENY", "'none'"),
            "policy": ("'none'", False if is_stored else "'self'"),
            "referrer": "same-origin",
        }
    assert found == wanted


def test_the_public_dates_are_a_calendar_that_no_browser_takes_for_a_page(place: Place, papers: dict[str, Any]) -> None:
    answer = Visitor(place).get(f"/{SLUG}/dates.ics")
    headers = [answer.headers[name] for name in ("Content-Type", "X-Content-Type-Options", "X-Frame-Options")]
    assert (answer.status, headers) == (200, ["text/calendar; charset=utf-8", "nosniff", "DENY"])
    assert papers["shown"] == 1
