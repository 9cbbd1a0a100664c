"""What stays in a browser when its person signs out: no page and no text of hers. And nothing typed is lost by it."""

import pytest
from playwright.sync_api import Page, Route, expect

from dlonsc.editions.models import Edition, Membership
from reviews.models import Review
from tests import factories
from tests.chromium import session
from tests.journeys.conftest import Open
from tests.journeys.test_phone_and_keyboard import begin_now

pytestmark = pytest.mark.django_db(transaction=True)
TYPED = "The halo exchange is overlapped."
DRAFTS = "Object.keys(localStorage).filter((key) => key.startsWith('draft:')).length"


@pytest.fixture
def form(edition: Edition, reviewer: Membership) -> str:
    """The address of a review that Rita may write, without a PDF to draw beside it."""
    begin_now(edition)
    paper = factories.make_submission(edition)
    paper.manuscripts.all().delete()
    factories.make_assignment(paper, reviewer)
    return f"/{edition.slug}/reviews/{paper.number}/"


def sign_out(page: Page) -> None:
    if not page.locator(".menu[open] form[data-forget-drafts]").count():
        page.locator(".menu summary").last.click()
    page.get_by_role("button", name="Sign out").click()


def test_the_back_button_shows_nothing_after_signing_out(open_page: Open, form: str, reviewer: Membership) -> None:
    page = open_page(reviewer)
    page.goto(form)
    with page.expect_response(lambda answer: answer.url.endswith("/accounts/logout/")) as leaving:
        sign_out(page)
    assert leaving.value.all_headers()["clear-site-data"] == '"cache"'
    page.wait_for_url(lambda address: not address.endswith(form))
    page.go_back()
    page.wait_for_url("**/accounts/login/**")
    assert page.locator("textarea").count() == 0


def test_signing_out_at_once_saves_what_was_typed_and_leaves_nothing_in_the_browser(
    open_page: Open, form: str, reviewer: Membership
) -> None:
    page = open_page(reviewer)
    page.goto(form)
    page.fill("textarea[name=summary]", TYPED)
    sign_out(page)
    page.wait_for_url(lambda address: not address.endswith(form))
    assert [row.summary for row in Review.objects.all()] == [TYPED]
    assert page.evaluate(DRAFTS) == 0


def test_a_text_that_cannot_be_saved_holds_up_signing_out_until_it_is_pressed_again(
    open_page: Open, form: str, reviewer: Membership
) -> None:
    page = open_page(reviewer)
    page.goto(form)
    page.route("**/autosave/", lambda route: route.abort())
    page.fill("textarea[name=summary]", TYPED)
    sign_out(page)
    expect(page.get_by_role("alert")).to_contain_text("only in this browser")
    assert (page.url.endswith(form), page.evaluate(DRAFTS)) == (True, 1)
    # She stays, and the line is mended: nothing was lost.
    page.unroute("**/autosave/")
    page.reload()
    expect(page.locator("textarea[name=summary]")).to_have_value(TYPED)
    expect(page.locator("[data-save-mark]")).to_contain_text("Saved")
    assert [row.summary for row in Review.objects.all()] == [TYPED]


def test_what_is_typed_while_a_text_is_being_kept_beside_a_newer_one_is_saved_before_signing_out(
    open_page: Open, form: str, reviewer: Membership
) -> None:
    page = open_page(reviewer)
    page.goto(form)
    on_its_way: list[Route] = []
    page.route("**/autosave/", lambda route: route.continue_() if on_its_way else on_its_way.append(route))
    page.fill("textarea[name=summary]", "First.")
    with page.expect_request("**/autosave/"):
        page.focus("textarea[name=strengths]")
    page.fill("textarea[name=strengths]", TYPED)
    page.locator(".menu summary").last.click()
    # As on a slow line: leaving the field asks for a save while the first is still on its way.
    page.wait_for_timeout(400)
    on_its_way[0].fulfill(status=409, json={"message": "Kept beside a newer text.", "kept": True})
    expect(page.locator("[data-save-mark]")).to_contain_text("Kept beside")
    sign_out(page)
    page.wait_for_url(lambda address: not address.endswith(form))
    assert ([row.strengths for row in Review.objects.all()], page.evaluate(DRAFTS)) == ([TYPED], 0)


def test_a_text_whose_save_failed_holds_up_signing_out_and_one_that_was_saved_does_not(
    open_page: Open, form: str, reviewer: Membership
) -> None:
    page = open_page(reviewer)
    page.goto(form)
    page.route("**/autosave/", lambda route: route.abort())
    fails = f"**{form}"
    page.route(
        fails,
        lambda route: route.fulfill(status=500, body="Down") if route.request.method == "POST" else route.continue_(),
    )
    page.fill("textarea[name=summary]", TYPED)
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_text("Down")).to_be_visible()
    page.goto("/me/")
    sign_out(page)
    expect(page.get_by_role("alert")).to_contain_text("only in this browser")
    assert (page.url.endswith("/me/"), page.evaluate(DRAFTS)) == (True, 1)
    page.unroute(fails)
    page.goto(form)
    expect(page.locator("textarea[name=summary]")).to_have_value(TYPED)
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.locator("[data-message=success]")).to_be_visible()
    # The message is in the page before its scripts have run, of which one empties the browser's store; they are
    # deferred, so they have once the document is complete.
    page.wait_for_load_state("domcontentloaded")
    assert ([row.summary for row in Review.objects.all()], page.evaluate(DRAFTS)) == ([TYPED], 0)
    page.goto("/me/")
    sign_out(page)
    page.wait_for_url(lambda address: not address.endswith("/me/"))
    assert page.locator("form[data-forget-drafts]").count() == 0


def test_pressed_again_it_drops_the_text_and_nothing_puts_it_back(
    open_page: Open, form: str, reviewer: Membership
) -> None:
    page = open_page(reviewer)
    page.goto(form)
    page.route("**/autosave/", lambda route: route.abort())
    page.fill("textarea[name=summary]", TYPED)
    sign_out(page)
    expect(page.get_by_role("alert")).to_be_visible()
    sign_out(page)
    page.wait_for_url(lambda address: not address.endswith(form))
    assert (page.evaluate(DRAFTS), Review.objects.count()) == (0, 0)


def test_a_second_person_at_the_same_browser_never_sees_the_firsts_text_and_leaves_it_to_her(
    open_page: Open, form: str, edition: Edition, reviewer: Membership
) -> None:
    """Rita's session ends while her text is unsaved; Nora signs in, writes, and signs out; then Rita comes back."""
    nora = factories.make_member(edition, email="nora@institute-n.example")
    factories.make_assignment(edition.submissions.get(), nora)
    page = open_page(reviewer)
    page.goto(form)
    page.route("**/autosave/", lambda route: route.abort())
    page.fill("textarea[name=summary]", TYPED)
    become(page, nora)
    page.goto(form)
    assert page.input_value("textarea[name=summary]") == ""
    assert TYPED not in page.content()
    sign_out(page)
    page.wait_for_url(lambda address: not address.endswith(form))
    become(page, reviewer)
    page.goto(form)
    assert page.input_value("textarea[name=summary]") == TYPED


def become(page: Page, member: Membership) -> None:
    """The same browser, with the session of another person."""
    page.context.clear_cookies(name="sessionid")
    base = page.evaluate("location.origin")
    page.context.add_cookies([{"name": "sessionid", "value": session(member.user), "url": base}])
