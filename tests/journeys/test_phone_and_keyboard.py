"""The key pages on a phone of 360 pixels, and the way to a draft without a mouse."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from dlonsc.accounts.models import User
from dlonsc.editions.models import Deadline, Edition, Membership
from submissions.models import Submission
from tests import factories
from tests.journeys.conftest import Open, axe_findings, sideways_scroll

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = 360


def begin_now(edition: Edition, day: int = 20) -> None:
    """Move all dates of the edition so that today is this day after factories.AT: on the 20th its submission ends in
    about ten days, on the 35th reviews are written."""
    ahead = timedelta(days=(timezone.now() - factories.AT).days - day)
    for row in Deadline.objects.filter(edition=edition):
        row.announced = (row.announced_at + ahead).strftime("%Y-%m-%dT%H:%M")
        row.cutoff_at += ahead
        row.first_cutoff_at += ahead
        row.save()


def test_key_pages_fit_a_phone_and_axe_finds_nothing(
    open_page: Open, edition: Edition, chair: Membership, reviewer: Membership, author: User
) -> None:
    begin_now(edition)
    paper = factories.make_submission(edition, author, title="A rather long title of a paper about input and output")
    assignment = factories.make_assignment(paper, reviewer)
    factories.make_review(assignment, submitted=False)
    slug = edition.slug
    visits = [
        (None, "/"),
        (None, f"/{slug}/"),
        (author, f"/{slug}/submissions/{paper.number}/"),
        (reviewer, f"/{slug}/reviews/{paper.number}/"),
        (chair, f"/{slug}/chair/submissions/"),
        (chair, f"/{slug}/chair/"),
    ]
    faults: dict[str, object] = {}
    for person, address in visits:
        page = open_page(person, PHONE)
        answer = page.goto(address)
        assert answer is not None
        assert (address, answer.status) == (address, 200)
        found = (sideways_scroll(page), axe_findings(page))
        if found != (0, []):
            faults[address] = found
    assert faults == {}


def test_sign_in_and_start_a_draft_by_keyboard_alone(open_page: Open, edition: Edition, author: User) -> None:
    begin_now(edition)
    page = open_page()
    page.goto(f"/{edition.slug}/submissions/new/")

    def tab_to(selector: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"the Tab key never reaches {selector}")

    tab_to("input[name=login]")
    page.keyboard.type(author.email)
    tab_to("input[name=password]")
    page.keyboard.type(factories.PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="New submission").wait_for()
    tab_to("input[name=title]")
    page.keyboard.type("Typed without a mouse")
    tab_to("main form button.primary")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Typed without a mouse").wait_for()
    assert list(Submission.objects.values_list("title", "created_by__email", "state")) == [
        ("Typed without a mouse", author.email, "draft")
    ]


def test_what_a_new_date_would_do_is_in_sight_and_has_the_focus(
    open_page: Open, edition: Edition, chair: Membership
) -> None:
    begin_now(edition)
    page = open_page(chair, PHONE)
    page.goto(f"/{edition.slug}/chair/dates/submission/")
    page.locator("#id_zone").fill("UTC")
    page.locator("#id_zone").press("Enter")
    heading = page.get_by_role("heading", name="What this will do")
    for _ in range(2):
        heading.wait_for()
        expect(heading).to_be_in_viewport()
        assert page.evaluate("document.activeElement.id") == "effects"
        # Enter shows it again and confirms nothing.
        page.locator("#id_zone").press("Enter")
        page.wait_for_load_state()
    assert edition.deadlines.get(phase="submission").version == 1


def test_the_matrix_of_conflicts_keeps_its_submissions_in_sight_and_its_members_on_a_phone(
    open_page: Open, edition: Edition, chair: Membership, author: User
) -> None:
    factories.make_submission(edition, author, title="A rather long title of a paper about input and output")
    for number in range(6):
        factories.make_member(edition, email=f"member{number}@uni.example")
    page = open_page(chair, PHONE)
    page.goto(f"/{edition.slug}/chair/conflicts/")
    frame, first, last = (page.locator(where) for where in (".table-wrap", ".matrix th[scope=row]", ".matrix td a"))
    frame.evaluate("frame => { frame.scrollLeft = frame.scrollWidth }")
    boxes = [where.bounding_box() for where in (frame, first.first, last.last)]
    assert None not in boxes
    outer, title, cell = (box for box in boxes if box is not None)
    assert title["width"] <= 0.5 * outer["width"]
    assert abs(title["x"] - outer["x"]) <= 1
    assert min(cell["width"], cell["height"]) >= 24
    assert cell["x"] >= title["x"] + title["width"]


def test_a_text_that_is_clicked_into_is_not_under_the_bar_that_saves_it(
    open_page: Open, edition: Edition, author: User, reviewer: Membership
) -> None:
    begin_now(edition, day=35)
    paper = factories.make_submission(edition, author)
    factories.make_manuscript(paper)
    factories.make_assignment(paper, reviewer)
    page = open_page(reviewer)
    page.goto(f"/{edition.slug}/reviews/{paper.number}/")
    for place in range(4):
        field = page.locator("form:has(.sticky-bar) textarea").nth(place)
        # Its upper edge may be all that shows above the bar.
        field.evaluate("field => scrollTo(0, scrollY + field.getBoundingClientRect().top - innerHeight + 130)")
        field.click(position={"x": 20, "y": 6})
        page.wait_for_function(
            "field => field.getBoundingClientRect().bottom"
            " <= field.form.querySelector('.sticky-bar').getBoundingClientRect().top",
            arg=field.element_handle(),
        )
