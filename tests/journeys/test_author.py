"""Journey 1: an author goes from the call to a receipt."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership
from dlonsc.mail.models import Message
from reviews.demo.papers import manuscript
from submissions.actions import drafting
from submissions.models import ReproducibilityRecord, Submission
from submissions.states import State
from tests import factories
from tests.journeys.conftest import Open
from tests.journeys.test_phone_and_keyboard import begin_now

TITLE = "Elastic Reductions for Lattice Field Theory"


def pdf(folder: Path, pages: int) -> Path:
    data = manuscript(
        title=TITLE,
        authors=[("Ada Author", "Example University")],
        abstract="Short.",
        pages=pages,
        random=Random(pages),
    )
    path = folder / f"paper-{pages}.pdf"
    path.write_bytes(data)
    return path


def upload(page: Page, path: Path) -> None:
    page.set_input_files("#pdf input[type=file]", path)
    page.locator("#pdf form[data-upload] button").first.click()


@pytest.mark.django_db(transaction=True)
def test_from_the_call_to_the_receipt(tmp_path: Path, open_page: Open) -> None:
    edition: Edition = factories.make_edition()
    begin_now(edition)
    author: User = factories.make_user("ada@uni.example", "Ada Author")
    member: Membership = factories.make_member(edition, email="rita@institute.example")
    page = open_page(author)
    page.goto(f"/{edition.slug}/")
    page.get_by_role("link", name="Submit a paper").first.click()
    page.get_by_role("link", name="Start a submission").click()
    page.get_by_label("Title").fill(TITLE)
    page.get_by_role("button", name="Start the draft").click()
    expect(page.get_by_text("Draft: will not be reviewed").first).to_be_visible()

    upload(page, pdf(tmp_path, 13))
    expect(page.get_by_text("The paper has 13 pages; at most 12 are allowed").first).to_be_visible()
    right = pdf(tmp_path, 8)
    upload(page, right)
    expect(page.get_by_text("The format is right.").first).to_be_visible()

    page.locator("#id_abstract").fill("What was done and what came out.")
    page.locator("#details input[name=topics]").first.check()
    page.get_by_label("We declare that this work").check()
    page.get_by_role("button", name="Save details").click()
    expect(page.get_by_text("Details saved.")).to_be_visible()

    page.get_by_role("link", name="Go through the committee").click()
    expect(page.get_by_text(member.name).first).to_be_visible()
    page.get_by_role("button", name="Save conflicts").click()
    page.get_by_role("link", name="Describe what was run").click()
    page.locator("textarea[name=algorithms]").fill("Stochastic gradient descent.")
    for section in ("software", "datasets", "hardware", "benchmarks"):
        page.locator(f"input[name=not_{section}]").fill("The paper is a proof.")
    page.get_by_role("button", name="Save record").click()

    page.get_by_role("link", name="Review and submit").click()
    page.get_by_role("button", name="Submit paper 1").click()
    expect(page.get_by_role("heading", name="Receipt, paper 1")).to_be_visible()
    expect(page.get_by_text("Submitted: will be reviewed").first).to_be_visible()
    expect(page.get_by_text(hashlib.sha256(right.read_bytes()).hexdigest())).to_be_visible()
    page.get_by_role("link", name="Anybody with this link").click()
    expect(page.get_by_role("heading", name="This receipt is valid")).to_be_visible()

    submission = Submission.objects.get(edition=edition)
    assert submission.state == State.SUBMITTED
    assert [row.number for row in submission.manuscripts.order_by("number")] == [1, 2]
    receipts = Message.objects.filter(kind="receipt")
    assert [letter.to_email for letter in receipts] == ["ada@uni.example"]


@pytest.mark.django_db(transaction=True)
def test_saving_while_a_save_is_on_its_way_waits_for_it_and_tells_of_no_other_window(open_page: Open) -> None:
    edition = factories.make_edition()
    begin_now(edition)
    author = factories.make_user("ada@uni.example", "Ada Author")
    draft = factories.make_submission(edition, author, state=State.DRAFT)
    page = open_page(author)
    on_its_way: list[str] = []

    def hold(route: Route) -> None:
        if "x-autosave" in route.request.headers and not on_its_way:
            on_its_way.append(route.request.url)
            # Long enough for the press to come in between, as on a slow line.
            page.wait_for_timeout(700)
        route.continue_()

    page.route("**/details/", hold)
    page.goto(f"/{edition.slug}/submissions/{draft.number}/")
    page.locator("#id_abstract").fill("Typed in a hurry.")
    page.locator("#id_keywords").focus()
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Save details").click()
    expect(page.get_by_text("Details saved.")).to_be_visible()
    draft.refresh_from_db()
    assert (len(on_its_way), draft.abstract, draft.typed) == (1, "Typed in a hurry.", {})
    assert page.get_by_text("Typed in another window").count() == 0


@pytest.mark.django_db(transaction=True)
def test_an_upload_right_after_typing_saves_the_text_first_and_loses_none_beside_it(
    tmp_path: Path, open_page: Open
) -> None:
    edition = factories.make_edition()
    begin_now(edition)
    author = factories.make_user("ada@uni.example", "Ada Author")
    draft = factories.make_submission(edition, author, state=State.DRAFT)
    page = open_page(author)
    page.goto(f"/{edition.slug}/submissions/{draft.number}/")
    page.locator("textarea[name=text]").fill("May the paper have an appendix?")
    page.locator("#id_abstract").fill("Typed in a hurry.")
    upload(page, pdf(tmp_path, 8))
    # The page of before says that the format is right, too: of the PDF that the draft had.
    page.wait_for_url("**/?v=2*")
    expect(page.get_by_text("The format is right.").first).to_be_visible()
    expect(page.locator("#id_abstract")).to_have_value("Typed in a hurry.")
    expect(page.locator("textarea[name=text]")).to_have_value("May the paper have an appendix?")
    expect(page.get_by_text("another window")).to_have_count(0)
    # The server has it: a browser that has kept nothing shows it too.
    page.evaluate("localStorage.clear()")
    page.goto(f"/{edition.slug}/submissions/{draft.number}/")
    expect(page.locator("#id_abstract")).to_have_value("Typed in a hurry.")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("typed", ["Typed as the line broke.", "断线时写的摘要。", "zenodo.org/1"])
def test_a_text_that_did_not_arrive_before_the_form_closed_is_shown_until_its_writer_drops_it(
    open_page: Open, typed: str
) -> None:
    edition = factories.make_edition()
    begin_now(edition)
    author = factories.make_user("ada@uni.example", "Ada Author")
    draft = factories.make_submission(edition, author, state=State.DRAFT)
    page = open_page(author)
    page.route("**/details/", lambda route: route.abort())
    address = f"/{edition.slug}/submissions/{draft.number}/"
    page.goto(address)
    page.locator("#id_abstract").fill(typed)
    expect(page.locator("[data-save-mark]").first).to_contain_text("kept in this browser")
    edition.deadlines.filter(phase="submission").update(cutoff_at=timezone.now() - timedelta(hours=1))
    page.goto(address)
    kept = page.locator("[data-leftovers]")
    expect(kept.get_by_label("abstract")).to_have_value(typed)
    kept.get_by_role("button", name="Drop this text").click()
    expect(kept.locator("textarea")).to_have_count(0)
    page.goto(address)
    expect(kept.locator("textarea")).to_have_count(0)


@pytest.mark.django_db(transaction=True)
def test_an_added_row_that_waited_in_the_browser_is_saved_and_after_the_form_closed_shown(open_page: Open) -> None:
    edition = factories.make_edition()
    begin_now(edition)
    author = factories.make_user("ada@uni.example", "Ada Author")
    draft = factories.make_submission(edition, author, state=State.DRAFT)
    page = open_page(author)
    of_paper = f"/{edition.slug}/submissions/{draft.number}/"
    record, mark = f"{of_paper}reproducibility/", page.locator("[data-save-mark]")

    def cut(route: Route) -> None:
        if route.request.method == "POST":
            route.abort()
        else:
            route.continue_()

    page.route("**/reproducibility/", cut)
    page.goto(record)
    page.locator("[data-rows=software] [data-row-add]").click()
    page.locator("[name=software-1-name]").fill("A library of ours")
    expect(mark).to_contain_text("kept in this browser")
    page.goto("about:blank")
    page.unroute("**/reproducibility/")
    page.goto(record)
    expect(page.locator("[name=software-1-name]")).to_have_value("A library of ours")
    expect(mark).to_contain_text("Saved")
    assert ReproducibilityRecord.objects.get().software[0]["name"] == "A library of ours"
    page.route("**/reproducibility/", cut)
    page.locator("[name=software-0-name]").fill("Another of ours")
    expect(mark).to_contain_text("kept in this browser")
    edition.deadlines.filter(phase="submission").update(cutoff_at=timezone.now() - timedelta(hours=1))
    page.goto(of_paper)
    expect(page.locator("[data-leftovers]").get_by_label("software-0-name")).to_have_value("Another of ours")


@pytest.mark.django_db(transaction=True)
def test_an_added_row_of_a_form_that_grew_old_is_put_back_with_its_words_and_place(open_page: Open) -> None:
    edition = factories.make_edition()
    author = factories.make_user("ada@uni.example", "Ada Author")
    paper = factories.make_submission(edition, author)
    page = open_page(author)
    page.goto(f"/{edition.slug}/submissions/{paper.number}/authors/change/")
    page.locator("[data-row-add]").click()
    page.locator("[name=authors-1-name]").fill("Bo Berg")
    page.locator("[name=authors-1-email]").fill("bo@co.example")
    page.locator("[data-row-up]").last.click()
    page.get_by_label("Reason").fill("He helped.")
    # As after signing in anew in another tab.
    page.eval_on_selector("main [name=csrfmiddlewaretoken]", "token => { token.value = 'x' }")
    page.get_by_role("button", name="Ask the chairs and tell all authors").click()
    page.get_by_role("link", name="Open the page again").click()
    expect(page.get_by_label("Reason")).to_have_value("He helped.")
    expect(page.locator("[name=authors-1-name]")).to_have_value("Bo Berg")
    page.get_by_role("button", name="Ask the chairs and tell all authors").click()
    expect(page.get_by_text("The request is with the chairs")).to_be_visible()
    assert [one["name"] for one in paper.author_requests.get().new_list] == ["Bo Berg", "Ada Author"]


@pytest.mark.django_db(transaction=True)
def test_an_author_who_was_taken_out_and_the_order_of_the_others_stay_so_on_the_page_that_is_opened_again(
    open_page: Open,
) -> None:
    edition = factories.make_edition()
    begin_now(edition)
    author = factories.make_user("ada@uni.example", "Ada Author")
    draft = factories.make_submission(edition, author, state=State.DRAFT)
    for name in ("Bo", "Cy"):
        factories.make_author(draft, f"{name.lower()}@co.example", name)
    page = open_page(author)
    address = f"/{edition.slug}/submissions/{draft.number}/"
    page.goto(address)
    mark, shown = page.locator("#authors [data-save-mark]"), page.locator("[data-row]:visible [name$=-email]")

    def addresses() -> list[str]:
        return [field.input_value().partition("@")[0] for field in shown.all()]

    # Ada's row is not complete, so the site keeps the list as it was typed.
    page.locator("[name=authors-0-name]").fill("")
    page.locator("[data-row-remove]").nth(1).click()
    page.locator("[data-row-up]").nth(2).click()
    expect(mark).to_contain_text("as typed")
    page.goto(address)
    assert addresses() == ["cy", "ada"]
    # And so does the browser, while the site cannot be reached.
    page.context.set_offline(True)
    page.locator("[data-row-up]").last.click()
    expect(mark).to_contain_text("kept in this browser")
    page.goto("about:blank")
    page.context.set_offline(False)
    page.goto(address)
    assert addresses() == ["ada", "cy"]
    # The site gets it too, with her leaving or from the page that is open again; before that a Save would come second.
    version = page.locator("#authors [name=version]")
    for _ in range(80):
        draft.refresh_from_db()
        is_kept = draft.typed["authors"]["authors-0-ORDER"] == "1"
        if is_kept and version.input_value() == drafting.version_of_authors(draft):
            break
        page.wait_for_timeout(250)
    page.locator("[name=authors-0-name]").fill("Ada Author")
    page.get_by_role("button", name="Save authors").click()
    expect(page.get_by_text("Authors saved.")).to_be_visible()
    assert [row.name for row in draft.authors.all()] == ["Ada Author", "Cy"]


@pytest.mark.django_db(transaction=True)
def test_a_tick_that_was_taken_away_while_the_site_could_not_be_reached_stays_away(open_page: Open) -> None:
    edition = factories.make_edition()
    begin_now(edition)
    author = factories.make_user("ada@uni.example", "Ada Author")
    draft = factories.make_submission(edition, author, state=State.DRAFT, is_original=True)
    page = open_page(author)
    address = f"/{edition.slug}/submissions/{draft.number}/"
    page.goto(address)
    mark, tick = page.locator("#details [data-save-mark]"), page.locator("[name=is_original]")
    page.context.set_offline(True)
    tick.uncheck()
    expect(mark).to_contain_text("kept in this browser")
    page.goto("about:blank")
    page.context.set_offline(False)
    page.goto(address)
    expect(tick).not_to_be_checked()
    page.get_by_role("button", name="Save details").click()
    expect(page.get_by_text("Details saved.")).to_be_visible()
    draft.refresh_from_db()
    assert not draft.is_original


@pytest.mark.django_db(transaction=True)
def test_a_text_that_waited_in_the_browser_is_kept_beside_a_co_authors_newer_one(open_page: Open) -> None:
    edition = factories.make_edition()
    begin_now(edition)
    ada, bo = factories.make_user("ada@uni.example", "Ada Author"), factories.make_user("bo@co.example", "Bo")
    draft = factories.make_submission(edition, ada, state=State.DRAFT)
    factories.make_author(draft, bo.email, "Bo")
    page = open_page(ada)
    page.goto(f"/{edition.slug}/submissions/{draft.number}/")
    page.context.set_offline(True)
    page.locator("#id_abstract").fill("ADA: two words typed in the train.")
    mark = page.locator("[data-save-mark]").first
    expect(mark).to_contain_text("kept in this browser")
    address = page.url
    row = Submission.objects.get(pk=draft.pk)
    words = {"title": row.title, "keywords": "", "topics": [], "is_original": True}
    drafting.update_details(
        submission=row, version=row.version, abstract="BO: written all day.", by=bo, at=timezone.now(), **words
    )
    # Only now does she leave: what her browser still sends on leaving comes after his words, too.
    page.goto("about:blank")
    page.context.set_offline(False)
    page.goto(address)
    # It comes with her leaving or, when the page is open again, from what the browser kept: by either way it is kept.
    for _ in range(80):
        draft.refresh_from_db()
        if draft.typed:
            break
        page.wait_for_timeout(250)
    expect(mark).not_to_contain_text("browser")
    assert (draft.abstract, "ADA: two words typed in the train." in json.dumps(draft.typed)) == (
        "BO: written all day.",
        True,
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("section", "field"), [("details", "abstract"), ("authors", "authors-0-email")])
def test_what_is_typed_after_a_save_whose_answer_was_lost_is_saved_and_not_taken_for_another_windows(
    open_page: Open, section: str, field: str
) -> None:
    edition = factories.make_edition()
    begin_now(edition)
    author = factories.make_user("ada@uni.example", "Ada Author")
    draft = factories.make_submission(edition, author, state=State.DRAFT)
    page = open_page(author)
    lost: list[int] = []

    def lose(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().status)
        route.abort()

    page.route(f"**/{section}/", lose)
    page.goto(f"/{edition.slug}/submissions/{draft.number}/")
    mark, typed = page.locator(f"#{section} [data-save-mark]"), page.locator(f"[name={field}]")
    typed.fill("Half of it")
    expect(mark).to_contain_text("kept in this browser")
    typed.fill("Half of it and the rest")
    if section == "authors":
        # Another tab comes before this one.
        page.evaluate("Object.defineProperty(document, 'hidden', { value: true })")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(mark).to_contain_text("Saved")
    page.get_by_role("link", name="My work").click()
    page.go_back()
    expect(typed).to_have_value("Half of it and the rest")
    draft.refresh_from_db()
    told = (draft.typed.get("authors", {}).get(field), draft.abstract)[section == "details"]
    assert (told, draft.typed.get("aside", [])) == ("Half of it and the rest", [])


@pytest.mark.django_db(transaction=True)
def test_a_text_that_was_refused_is_there_again_after_leaving_the_page_that_said_so(open_page: Open) -> None:
    edition = factories.make_edition()
    begin_now(edition)
    author = factories.make_user("ada@uni.example", "Ada Author")
    draft = factories.make_submission(edition, author, state=State.DRAFT)
    page = open_page(author)
    address = f"/{edition.slug}/submissions/{draft.number}/"
    page.goto(address)
    abstract, words = page.locator("#id_abstract"), "Too long. " * 1100
    abstract.fill(words)
    # Another form was sent just before, and this page is the first to say what came of it.
    token = page.locator("main [name=csrfmiddlewaretoken]").first.input_value()
    form = {"csrfmiddlewaretoken": token, "email": author.email}
    page.request.post(f"{page.url}authors/confirm/", form=form, max_redirects=0)
    page.get_by_role("button", name="Save details").click()
    expect(page.locator("#details .error-summary")).to_be_visible()
    expect(page.get_by_text("your authorship is confirmed")).to_be_visible()
    page.goto("/me/")
    page.goto(address)
    expect(abstract).to_have_value(words)
    expect(page.locator("#details [data-save-mark]")).to_contain_text("at most 10000 characters")
    abstract.fill("Short.")
    page.get_by_role("button", name="Save details").click()
    expect(page.get_by_text("Details saved.")).to_be_visible()
    page.wait_for_load_state("domcontentloaded")
    assert page.evaluate("Object.keys(localStorage)") == []
