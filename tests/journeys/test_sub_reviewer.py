"""Journey: a reviewer names somebody, a chair agrees, she accepts and writes, the reviewer submits."""

import re

import pytest
from playwright.sync_api import expect

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership
from dlonsc.mail.models import Message
from reviews.models import Review, SubReviewer
from tests import factories
from tests.journeys.conftest import Open, axe_findings, sideways_scroll
from tests.journeys.test_phone_and_keyboard import begin_now

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "The reduction overlaps with the halo exchange, and the logs show it."


def test_a_review_is_written_by_a_sub_reviewer_and_submitted_by_its_reviewer(
    open_page: Open, edition: Edition, chair: Membership, author: User, reviewer: Membership
) -> None:
    begin_now(edition)
    Edition.objects.update(sub_reviewers=True)
    slug = edition.slug
    paper = factories.make_submission(edition, author, title="Elastic Reductions")
    factories.make_assignment(paper, reviewer)
    sue = factories.make_user("sue@suburb.example", "Sue Sub")

    desk = open_page(reviewer, 360)
    desk.goto(f"/{slug}/reviews/{paper.number}/")
    desk.get_by_role("link", name="Write it with a sub-reviewer").click()
    desk.get_by_label("Name", exact=True).fill("Sue Sub")
    desk.get_by_label("E-mail address").fill("sue@suburb.example")
    desk.get_by_label("Institution").fill("Suburb College")
    assert (axe_findings(desk), sideways_scroll(desk)) == ([], 0)
    desk.get_by_role("button", name="Ask the chairs").click()
    expect(desk.get_by_text("Waits for a chair")).to_be_visible()

    room = open_page(chair)
    room.goto(f"/{slug}/chair/")
    expect(room.get_by_text("1 sub-reviewer waits for your answer")).to_be_visible()
    room.goto(f"/{slug}/chair/sub-reviewers/")
    assert axe_findings(room) == []
    room.get_by_role("link", name="Sue Sub").click()
    expect(room.get_by_text("by none of her addresses")).to_be_visible()
    assert axe_findings(room) == []
    room.get_by_role("button", name="Agree and invite Sue Sub").click()
    room.wait_for_load_state()

    letter = Message.objects.get(kind="sub_reviewer_invitation")
    found = re.search(r"/invitation/sub-review/[^\s/]+/", letter.text)
    assert found is not None
    page = open_page(sue, 360)
    page.goto(found.group())
    assert (axe_findings(page), sideways_scroll(page)) == ([], 0)
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("link", name="Open the submission and the form").click()
    for field in ("summary", "strengths", "weaknesses", "reproducibility"):
        page.locator(f"textarea[name={field}]").fill(WORDS)
    page.locator("input[name=score][value='2']").check()
    page.locator("input[name=confidence][value='3']").check()
    expect(page.locator("[data-save-mark]")).to_contain_text(re.compile("^Saved"))
    assert (axe_findings(page), sideways_scroll(page)) == ([], 0)
    page.get_by_role("button", name="Read it through, and hand over").click()
    page.get_by_role("button", name="The text is ready: tell Rita Reviewer").click()
    expect(page.get_by_text("Handed over", exact=True).first).to_be_visible()

    desk.goto(f"/{slug}/reviews/{paper.number}/")
    expect(desk.get_by_text("Sue Sub has handed the text over")).to_be_visible()
    assert (axe_findings(desk), sideways_scroll(desk)) == ([], 0)
    desk.locator("button[name=then][value=submit]").click()
    desk.locator("main form button.primary").click()
    desk.wait_for_load_state()
    review = Review.objects.submitted().get()
    assert (review.assignment.membership, review.summary) == (reviewer, WORDS)
    assert SubReviewer.objects.get().ending == "submitted"
    answer = page.goto(f"/{slug}/sub-review/{paper.number}/")
    assert answer is not None
    assert answer.status == 404
    page.goto("/me/")
    page.get_by_role("link", name="What you wrote as a sub-reviewer").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("What you wrote as a sub-reviewer")
    room.goto(f"/{slug}/chair/submissions/{paper.number}/")
    expect(room.get_by_text("Written with Sue Sub, Suburb College")).to_be_visible()
