"""What our own scripts put into a page: a text restored from the browser, the preview, a part that asks for itself, the
grid. A payload in any of them stays a text."""

import pytest
from playwright.sync_api import Page, expect

from dlonsc.editions.models import Edition, Membership
from submissions.models import Manuscript
from tests import factories
from tests.journeys.conftest import Open
from tests.journeys.crawl import LOOK, PLACE, WORD
from tests.journeys.test_crawl import ALL_AT_ONCE, PAYLOADS
from tests.journeys.test_phone_and_keyboard import begin_now
from tests.reviews.chair.test_proposals import propose

pytestmark = pytest.mark.django_db(transaction=True)
EVERYTHING = "\n\n".join([ALL_AT_ONCE, *PAYLOADS.values()])


def alive(page: Page) -> tuple[bool, list[str]]:
    """Whether the payload is shown, and what of it came alive."""
    shown, found = page.evaluate(LOOK, [WORD, PLACE])
    return shown, found


def test_a_restored_text_and_its_preview_stay_text(open_page: Open, edition: Edition, reviewer: Membership) -> None:
    begin_now(edition)
    paper = factories.make_submission(edition)
    paper.manuscripts.all().delete()
    factories.make_assignment(paper, reviewer)
    form = f"/{edition.slug}/reviews/{paper.number}/"
    page = open_page(reviewer)
    page.goto(form)
    page.route("**/autosave/", lambda route: route.abort())
    for name in ("summary", "strengths", "weaknesses", "reproducibility", "for_chairs"):
        page.fill(f"textarea[name={name}]", EVERYTHING)
    page.reload()
    expect(page.locator("textarea[name=for_chairs]")).to_have_value(EVERYTHING)
    assert alive(page)[1] == []
    page.unroute("**/autosave/")
    page.get_by_role("button", name="Preview").click()
    page.wait_for_url(f"**{form}preview/")
    assert alive(page) == (True, [])


def test_a_part_that_asks_for_itself_stays_text(open_page: Open, edition: Edition) -> None:
    begin_now(edition)
    paper = factories.make_submission(edition, title=ALL_AT_ONCE)
    Manuscript.objects.filter(submission=paper).update(verdict="unchecked", checked_at=None, pages=None)
    page = open_page(paper.created_by)
    page.goto(f"/{edition.slug}/submissions/{paper.number}/")
    finding = {"code": "FONT", "severity": "warn", "page": None, "message": ALL_AT_ONCE, "hint": ALL_AT_ONCE}
    Manuscript.objects.filter(submission=paper).update(
        verdict="warn", checked_at=factories.AT, pages=8, report={"findings": [finding]}, override_note=ALL_AT_ONCE
    )
    with page.expect_response("**/check/") as asked:
        pass
    assert asked.value.status == 200
    page.wait_for_selector("#check:not([data-poll])")
    assert page.locator("#check").inner_text().count(WORD) >= 1
    assert alive(page) == (True, [])


def test_a_conflict_told_over_the_grid_stays_text(open_page: Open, edition: Edition, chair: Membership) -> None:
    papers = [factories.make_submission(edition, title=ALL_AT_ONCE) for _ in range(2)]
    members = [factories.make_member(edition, email=f"r{n}@institute{n}.example") for n in range(2)]
    factories.make_conflict(papers[0], members[1], reason=ALL_AT_ONCE)
    row = propose(chair, demand=1, partial=True)
    row.pairs = [
        {"submission": paper.pk, "membership": member.pk, "score": 0.5, "locked": False, "by_hand": False}
        for paper, member in zip(papers, members, strict=True)
    ]
    row.save()
    page = open_page(chair)
    page.goto(f"/{edition.slug}/chair/assign/proposals/{row.number}/grid/")
    page.locator("#row-1 .chip").hover()
    page.mouse.down()
    page.locator("#row-2 .chip").hover()
    page.locator("#row-2 .chip").hover(position={"x": 12, "y": 8})
    expect(page.locator("[data-board-note]")).to_contain_text(WORD)
    page.mouse.up()
    assert alive(page) == (True, [])
