"""What is typed into one form is not lost by sending another, and no other window is blamed for one's own last save."""

import pytest
from playwright.sync_api import Page, Route, expect

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership
from submissions.models import Question, Submission
from submissions.states import State
from tests import factories
from tests.journeys.conftest import Open
from tests.journeys.test_phone_and_keyboard import begin_now

pytestmark = pytest.mark.django_db(transaction=True)
ASKED = "May the paper have an appendix?"


@pytest.fixture
def draft(edition: Edition, author: User) -> Submission:
    begin_now(edition)
    return factories.make_submission(edition, author, state=State.DRAFT)


def opened(page: Page, draft: Submission) -> Page:
    page.goto(f"/{draft.edition.slug}/submissions/{draft.number}/")
    return page


def test_another_form_a_reload_and_coming_back_leave_a_half_typed_question_and_sending_it_takes_it_away(
    open_page: Open, author: User, draft: Submission
) -> None:
    page = opened(open_page(author), draft)
    question = page.locator("textarea[name=text]")
    question.fill(ASKED)
    page.get_by_role("button", name="Save authors").click()
    expect(page.get_by_text("Authors saved.")).to_be_visible()
    expect(question).to_have_value(ASKED)
    page.reload()
    expect(question).to_have_value(ASKED)
    page.goto("/me/")
    opened(page, draft)
    expect(question).to_have_value(ASKED)
    question.locator("xpath=ancestor::form").locator("button").click()
    expect(page.locator("[data-message=success]")).to_be_visible()
    expect(question).to_have_value("")
    page.reload()
    expect(question).to_have_value("")
    assert [row.text for row in Question.objects.all()] == [ASKED]


def test_an_answer_half_typed_is_there_after_another_was_sent(
    open_page: Open, chair: Membership, draft: Submission
) -> None:
    second = factories.make_submission(draft.edition, factories.make_user("eve@uni.example"))
    for paper in (draft, second):
        Question.objects.create(submission=paper, text="When?", written_by=paper.created_by, written_at=factories.AT)
    page = open_page(chair)
    page.goto(f"/{draft.edition.slug}/chair/questions/")
    one, other = (page.locator(f"form:has([name=number][value='{paper.number}'])") for paper in (draft, second))
    one.locator("textarea").fill("In a week, as")
    other.locator("textarea").fill("Tomorrow.")
    other.locator("button").click()
    expect(page.locator("[data-message=success]")).to_be_visible()
    expect(one.locator("textarea")).to_have_value("In a week, as")


def test_signing_out_drops_what_was_typed_beside(open_page: Open, author: User, draft: Submission) -> None:
    page = opened(open_page(author), draft)
    page.locator("textarea[name=text]").fill(ASKED)
    page.goto("/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url(lambda address: not address.endswith("/logout/"))
    assert page.evaluate("sessionStorage.getItem('typed-beside')") is None


def test_who_types_and_at_once_saves_another_part_is_told_of_no_other_window(
    open_page: Open, author: User, draft: Submission
) -> None:
    page = opened(open_page(author), draft)
    page.locator("#id_abstract").fill("Typed in a hurry.")
    page.get_by_role("button", name="Save authors").click()
    expect(page.get_by_text("Authors saved.")).to_be_visible()
    expect(page.locator("#id_abstract")).to_have_value("Typed in a hurry.")
    page.locator("#id_abstract").fill("Typed in a hurry, and mended.")
    # The words of the first save are still on the page.
    with page.expect_navigation():
        page.get_by_role("button", name="Save authors").click()
    expect(page.get_by_text("Authors saved.")).to_be_visible()
    page.reload()
    expect(page.locator("#id_abstract")).to_have_value("Typed in a hurry, and mended.")
    draft.refresh_from_db()
    assert (draft.abstract, draft.typed) == ("Typed in a hurry, and mended.", {})


def test_turning_to_another_tab_while_a_save_is_on_its_way_keeps_nothing_beside(
    open_page: Open, author: User, draft: Submission
) -> None:
    page = opened(open_page(author), draft)
    on_its_way: list[Route] = []
    page.route("**/details/", lambda route: route.continue_() if on_its_way else on_its_way.append(route))
    page.locator("#id_abstract").fill("First.")
    with page.expect_request("**/details/"):
        page.locator("#id_keywords").focus()
    page.locator("#id_keywords").fill("meshes, halos, nets")
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true })")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    with page.expect_response("**/details/"):
        on_its_way[0].continue_()
    page.get_by_role("button", name="Save details").click()
    expect(page.get_by_text("Details saved.")).to_be_visible()
    draft.refresh_from_db()
    assert (draft.abstract, draft.keywords, draft.typed) == ("First.", "meshes, halos, nets", {})


def test_the_page_of_signing_out_holds_an_unsaved_text_up_too(open_page: Open, author: User, draft: Submission) -> None:
    page = opened(open_page(author), draft)
    page.route("**/details/", lambda route: route.abort())
    page.locator("#id_abstract").fill("Only here.")
    page.goto("/accounts/logout/")
    button = page.get_by_role("main").get_by_role("button", name="Sign out")
    button.click()
    expect(page.get_by_role("alert")).to_contain_text("only in this browser")
    button.click()
    page.wait_for_url(lambda address: not address.endswith("/logout/"))
    drafts = "Object.keys(localStorage).filter((key) => key.startsWith('draft:')).length"
    assert page.evaluate(drafts) == 0


def test_two_forms_of_one_page_keep_each_its_own_text(open_page: Open, chair: Membership, author: User) -> None:
    paper = factories.make_submission(chair.edition, author)
    page = open_page(chair)
    page.goto(f"/{chair.edition.slug}/chair/format/{paper.number}/")
    texts = [page.locator(f"form:has(button[value={act}]) textarea") for act in ("correct", "reject")]
    texts[0].fill("Embed the fonts.")
    texts[1].fill("Out of scope.")
    page.reload()
    for text, words in zip(texts, ("Embed the fonts.", "Out of scope."), strict=True):
        expect(text).to_have_value(words)


def test_every_part_that_saves_itself_is_saved_before_another_form_is_sent(
    open_page: Open, author: User, draft: Submission
) -> None:
    page = opened(open_page(author), draft)
    page.locator("#id_abstract").fill("New words.")
    page.locator("#id_authors-0-institution").fill("Another Institute")
    question = page.locator("textarea[name=text]")
    question.fill(ASKED)
    question.locator("xpath=ancestor::form").locator("button").click()
    expect(page.locator("[data-message=success]")).to_be_visible()
    expect(page.locator("#id_authors-0-institution")).to_have_value("Another Institute")
    expect(page.get_by_text("co-author saved")).to_have_count(0)
    draft.refresh_from_db()
    assert (draft.abstract, draft.authors.get().institution) == ("New words.", "Another Institute")


def test_a_save_that_was_stopped_is_not_taken_for_done_by_the_answer_to_another_form(
    open_page: Open, author: User, draft: Submission
) -> None:
    page = opened(open_page(author), draft)
    page.route("**/details/", lambda route: route.abort("aborted"))
    page.locator("#id_abstract").fill("Only here.")
    with page.expect_request("**/details/"):
        page.get_by_role("button", name="Save details").click(no_wait_after=True)
    question = page.locator("textarea[name=text]")
    question.fill(ASKED)
    question.locator("xpath=ancestor::form").locator("button").click()
    expect(page.locator("[data-message=success]")).to_be_visible()
    expect(page.locator("#id_abstract")).to_have_value("Only here.")
