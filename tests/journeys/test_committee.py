"""Journey 2: a chair invites and assigns, three reviewers review, the chair decides and announces, the author reads."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership
from dlonsc.mail.models import Message
from reviews.models import Review
from tests import factories
from tests.journeys.conftest import Open
from tests.journeys.test_phone_and_keyboard import begin_now

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "The reduction overlaps with the halo exchange, and the logs show it."


def invite(page: Page, slug: str, line: str) -> str:
    """Invite one person by a pasted line; returns the path of the link in her letter."""
    page.goto(f"/{slug}/chair/invite/")
    page.locator("textarea[name=people]").fill(line)
    page.get_by_role("button", name="Read the list and show the letter").click()
    page.locator("button[name=send]").click()
    expect(page.locator("[data-message=success]")).to_be_visible()
    letter = Message.objects.get(kind__startswith="invitation")
    found = re.search(r"/invitation/[^\s/]+/", letter.text)
    assert found is not None
    return found.group()


def review(page: Page, slug: str, number: int, score: int) -> None:
    page.goto(f"/{slug}/reviews/{number}/")
    for field in ("summary", "strengths", "weaknesses", "reproducibility"):
        page.locator(f"textarea[name={field}]").fill(WORDS)
    page.locator("textarea[name=for_chairs]").fill("Between us: a solid paper.")
    page.locator(f"input[name=score][value='{score}']").check()
    page.locator("input[name=confidence][value='3']").check()
    page.locator("button[name=then][value=submit]").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.locator("main form button.primary").click()
    expect(page.locator("[data-message=success]")).to_be_visible()


def test_from_the_invitation_to_the_decision(
    open_page: Open, edition: Edition, chair: Membership, author: User
) -> None:
    begin_now(edition)
    edition.hold_minutes = 0
    edition.save()
    slug = edition.slug
    paper = factories.make_submission(edition, author, title="Elastic Reductions")
    reviewers = [factories.make_member(edition, email=f"r{number}@home{number}.example") for number in (1, 2)]
    desk = open_page(chair)

    link = invite(desk, slug, "Nadia Newcomer <nadia@new.example>, New Institute")
    newcomer = factories.make_user("nadia@new.example", "Nadia Newcomer")
    page = open_page(newcomer)
    page.goto(link)
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    third = Membership.objects.get(edition=edition, email="nadia@new.example")
    assert (third.user, third.is_active) == (newcomer, True)

    for member in [*reviewers, third]:
        desk.goto(f"/{slug}/chair/assign/submissions/{paper.number}/")
        desk.get_by_role("button", name=f"Assign {member.name}", exact=True).click()
        expect(desk.locator("[data-message=success]")).to_contain_text(member.name)
    # Who comes new is asked for the rules in the place of her first paper.
    page.goto(f"/{slug}/reviews/{paper.number}/")
    page.get_by_role("button", name="I keep to these rules").click()
    page.wait_for_url(f"**/{slug}/reviews/{paper.number}/")
    for member, score in zip([*reviewers, third], (2, 1, 3), strict=True):
        review(open_page(member), slug, paper.number, score)
    assert Review.objects.submitted().filter(assignment__submission=paper).count() == 3

    desk.goto(f"/{slug}/chair/decisions/{paper.number}/")
    desk.locator("[name=verdict][value=accept]").check()
    desk.locator("textarea[name=to_authors]").fill("Heed the remarks on the halo.")
    desk.locator("form.card button.primary").first.click()
    expect(desk.locator("[data-message=success]")).to_be_visible()
    reader = open_page(author)
    answer = reader.goto(f"/{slug}/submissions/{paper.number}/decision/")
    assert answer is not None
    assert answer.status == 404

    # Nothing is announced while authors may still change by themselves what it ends.
    edition.deadlines.filter(phase="submission").update(cutoff_at=timezone.now() - timedelta(hours=1))
    desk.goto(f"/{slug}/chair/announce/")
    desk.locator("input[name=accepts]").fill("1")
    desk.locator("input[name=rejects]").fill("0")
    desk.locator("form.stack button.primary").last.click()
    desk.wait_for_url("**/chair/announce/*/")

    reader.goto(f"/{slug}/submissions/{paper.number}/decision/")
    expect(reader.get_by_text("Heed the remarks on the halo.").first).to_be_visible()
    letter = Message.objects.get(kind="decision")
    assert (letter.to_email, letter.subject) == (author.email, f"[{edition.name}] Paper {paper.number}: accepted")
    told = reader.locator("main").inner_text()
    for text in (WORDS, "Heed the remarks on the halo."):
        assert (text in told, text in letter.text) == (True, True)
    assert ("Between us" in told, "Between us" in letter.text) == (False, False)
    assert not any(member.name in told or member.name in letter.text for member in [*reviewers, third])
