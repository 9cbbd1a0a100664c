"""The whole site in a real browser: no page breaks the policy or asks another site, and nothing that was typed runs.

Each run looks at a page of every fourth template, with a text that tries all at once in every field of every model;
--long looks at every page of everybody, and at every template with each text by itself.
"""

import pytest
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csp import csp_override
from playwright.sync_api import Browser

from dlonsc.accounts.middleware import PrivatePages
from tests.chromium import listen
from tests.journeys.conftest import Open
from tests.journeys.crawl import PLACE, WORD, account_addresses, one_of_each, pages_of, signed_in, visit
from tests.journeys.test_phone_and_keyboard import begin_now
from tests.test_payloads import poison
from tests.test_two_worlds import OBSERVERS
from tests.worlds import World, addresses, build

pytestmark = pytest.mark.django_db(transaction=True)

ALL_AT_ONCE = (
    f"</textarea></title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    f"<b hx-get={PLACE} data-poll={PLACE}>[{WORD}](javascript:alert(1))"
)
PAYLOADS = {
    "script": f"{WORD}<script>alert(1)</script>",
    "end of an attribute": f"\"'><img src=x onerror=alert(1)>{WORD}",
    "handler in an attribute": f"{WORD}\" autofocus onfocus=alert(1) x=\"' autofocus onfocus=alert(1) x='",
    "svg": f"{WORD}<svg onload=alert(1)><animate onbegin=alert(1) attributeName=x>",
    "links": f"[{WORD}](javascript:alert(1)) [{WORD}](JaVaScRiPt&#58;alert(1)) <javascript:alert(1)>",
    "link with a title": f'[{WORD}]({PLACE}" onmouseover="alert(1)) [x](/ "\' onmouseover=alert(1)")',
    "formula": f"{WORD} $\\href{{javascript:alert(1)}}{{x}}$ $$\\text{{<img src=x onerror=alert(1)>}}$$",
    "htmx": f"{WORD}<b hx-get={PLACE} hx-trigger=load hx-on:click=alert(1) data-hx-get={PLACE}></b>",
    "our own scripts": f"{WORD}\"'><i data-poll={PLACE} data-autosave={PLACE} data-opens=x data-rows=x data-board>",
    "template": f"{{{{7*7}}}}{WORD} ${{7*7}}{WORD} {{% debug %}} {{0.__class__}} <%= 7*7 %>{WORD}",
    "end of an element": f"</textarea></title></script></style></template>--><img src=x onerror=alert(1)>{WORD}",
    "another site": f"![{WORD}](http://other.example/a.png) <img src=//other.example/b.png><base href=//other.example>",
    "frame": f"{WORD}<iframe srcdoc='<script>alert(1)</script>'></iframe><object data={PLACE}></object>",
}


@pytest.fixture
def world() -> World:
    """A paper that holds everything, while its reviews are written; today, as a browser keeps nothing of last April."""
    world = build()
    begin_now(world.edition, day=35)
    return world


@pytest.mark.parametrize(
    ("payload", "step"),
    [
        pytest.param(ALL_AT_ONCE, 4, id="all at once, some pages"),
        pytest.param(ALL_AT_ONCE, 1, id="all at once", marks=pytest.mark.long),
        *(pytest.param(text, 1, id=name, marks=pytest.mark.long) for name, text in PAYLOADS.items()),
    ],
)
def test_nothing_typed_runs_on_a_page_of_any_template(open_page: Open, world: World, payload: str, step: int) -> None:
    fields = poison(payload)
    assert {"submissions.Submission.title", "submissions.Author.name", "reviews.Review.summary"} <= fields
    alive, read, showing = {}, 0, 0
    for name, pages in one_of_each(world, step).items():
        # A small window: nobody looks, and painting costs most.
        page = open_page(world.people.get(name), width=360)
        for address in pages:
            shows, found = visit(page, address)
            read, showing = read + 1, showing + shows
            if found:
                alive[address] = found
    assert alive == {}
    # It would prove nothing if few pages were read, or if few showed what was typed.
    assert (read > 80 // step, showing > 60 // step) == (True, True), (read, showing)


@pytest.mark.long
@pytest.mark.parametrize("name", OBSERVERS)
def test_no_page_of_anybody_breaks_the_policy_or_asks_another_site(open_page: Open, world: World, name: str) -> None:
    person = world.people.get(name)
    page = open_page(person)
    everywhere = [*addresses(world), *account_addresses()]
    found = {address: visit(page, address)[1] for address, _ in pages_of(signed_in(person), everywhere)}
    assert len(found) > 10
    assert {address: alive for address, alive in found.items() if alive} == {}


# How a page is spoiled, whether under a policy, and what is told of it.
SLIPS: dict[str, tuple[str, bool, str]] = {
    "inline script": ("<script>document.title</script>", True, "script-src"),
    "inline handler": ("<b onclick='alert(1)'>x</b>", True, "script-src"),
    "inline style": ("<b style='color:red'>x</b>", True, "style-src"),
    "image that the policy stops": ("<img alt='' src='http://127.0.0.1:9/x.png'>", True, "img-src"),
    "image of another site": ("<img alt='' src='http://127.0.0.1:9/x.png'>", False, "request to http://127.0.0.1:9/"),
    "dialog": ("<script>alert(1)</script>", False, "dialog: 1"),
    "script error": ("<script>nobody.knows</script>", False, "nobody is not defined"),
    "a policy that only reports": ("", True, "only reports"),
}


def test_each_slip_on_a_page_is_told(
    browser: Browser, live_server: object, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One page, spoiled in one way after the other: what the crawl listens to tells each of them."""
    plain = PrivatePages.__call__
    spoil: list[tuple[str, bool]] = []

    def call(self: PrivatePages, request: HttpRequest) -> HttpResponse:
        response = plain(self, request)
        for markup, has_policy in spoil:
            response.content = response.content.replace(b"</main>", f"{markup}</main>".encode())
            if not markup:
                response.headers["Content-Security-Policy-Report-Only"] = "img-src 'none'"
            if not has_policy:
                csp_override({})(lambda request: response)(request)
        return response

    monkeypatch.setattr(PrivatePages, "__call__", call)
    base = str(live_server)
    context = browser.new_context(base_url=base)
    page = context.new_page()
    complaints: list[str] = []
    listen(page, base, complaints)
    visit(page, "/privacy/")
    assert complaints == [], "the page is at fault by itself"
    told = {}
    for name, (markup, has_policy, words) in SLIPS.items():
        spoil[:] = [(markup, has_policy)]
        page.goto("/privacy/")
        told[name] = any(words in line for line in complaints)
        complaints.clear()
    context.close()
    assert told == dict.fromkeys(SLIPS, True)
