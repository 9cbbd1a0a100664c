"""The PDF beside the review form: its viewer takes nothing from who writes, and lets in who clicks."""

from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition
from tests import factories
from tests.journeys.conftest import Open
from tests.journeys.test_phone_and_keyboard import begin_now
from tests.worlds import secret_pdf

# Says on the page when the focus left it, and a moment later where it is.
TELL = """addEventListener("blur", () => {
    const taken = (words) => { document.documentElement.dataset.taken = words; };
    taken("for a moment");
    setTimeout(() => taken(document.activeElement.matches(".pdf") ? "for good" : "given back"), 200);
});"""
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser(whole_browser: Browser) -> Browser:
    return whole_browser


@pytest.fixture
def desk(open_page: Open, edition: Edition, author: User) -> Page:
    """The review form of a paper, not opened yet."""
    begin_now(edition)
    paper = factories.make_submission(edition, author)
    member = factories.make_member(edition)
    factories.make_assignment(paper, member)
    page = open_page(member)
    page.add_init_script(TELL)
    return page


def test_a_viewer_that_cannot_draw_the_file_takes_no_focus_from_who_types(desk: Page, edition: Edition) -> None:
    desk.goto(f"/{edition.slug}/reviews/1/", wait_until="commit")
    field = desk.locator("textarea[name=summary]")
    field.focus()
    expect(desk.locator("html[data-taken='given back']")).to_be_attached()
    expect(field).to_be_focused()
    desk.keyboard.type("Not a letter lost.")
    expect(field).to_have_value("Not a letter lost.")


def test_who_clicks_into_the_viewer_stays_there(desk: Page, edition: Edition) -> None:
    factories.make_manuscript(edition.submissions.get(), secret_pdf())
    desk.goto(f"/{edition.slug}/reviews/1/", wait_until="networkidle")
    desk.locator("textarea[name=summary]").click()
    # On a busy machine the viewer is there some time after the page has loaded; a click before that goes nowhere.
    stays = desk.locator("html[data-taken='for good']")
    for _ in range(20):
        desk.locator("iframe.pdf").click()
        with suppress(PlaywrightTimeout):
            stays.wait_for(state="attached", timeout=1000)
            break
    expect(stays).to_be_attached()
