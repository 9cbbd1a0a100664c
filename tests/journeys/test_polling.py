"""A part of a page that asks for itself: whoever stands on a button in it stays there, and silence is told."""

import pytest
from django.urls import reverse
from playwright.sync_api import Route, expect

from dlonsc.editions.models import Edition, Membership
from dlonsc.mail.models import Campaign, Message
from reviews.actions import mailing
from tests import factories
from tests.journeys.conftest import Open
from tests.journeys.test_phone_and_keyboard import begin_now

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def address(edition: Edition, chair: Membership) -> str:
    """The page of a mailing whose letters are on their way."""
    begin_now(edition)
    for number in range(3):
        factories.make_member(edition, email=f"m{number}@x.example")
    assert chair.user is not None
    at = edition.deadlines.earliest("pk").cutoff_at
    row = mailing.begin(chair, "members", by=chair.user, at=at)
    mailing.write(row, subject="Hello", text="Dear {name}", version=1, at=at)
    row.refresh_from_db()
    row.edition = chair.edition
    run = mailing.dry_run(chair, row, at)
    mailing.release(chair, row, count=len(run.people), fingerprint=run.fingerprint, by=chair.user, at=at)
    Message.objects.update(state="queued")
    return reverse("letters:mailing", args=(edition.slug, row.pk))


def test_the_focus_stays_on_its_button_while_the_numbers_change(
    open_page: Open, chair: Membership, address: str
) -> None:
    page = open_page(chair)
    page.goto(address)
    stop = page.locator("[data-poll] button").first
    stop.focus()
    words = stop.inner_text()
    for _ in range(2):
        Message.objects.filter(pk=Message.objects.filter(state="queued").earliest("pk").pk).update(state="sent")
        with page.expect_response(lambda answer: "x-fragment" in answer.request.headers):
            pass
        expect(page.locator("[data-poll] button", has_text=words).first).to_be_focused()
    assert Campaign.objects.count() == 1


def test_a_site_that_does_not_answer_is_told(open_page: Open, chair: Membership, address: str) -> None:
    page = open_page(chair)
    page.goto(address)

    def fail(route: Route) -> None:
        route.abort() if "x-fragment" in route.request.headers else route.continue_()

    page.route("**/*", fail)
    expect(page.get_by_text("The site does not answer.")).to_be_visible()
    page.unroute("**/*", fail)
    expect(page.get_by_text("The site does not answer.")).to_have_count(0)
