"""A chair changes a proposal by pointer and by keyboard, and reads the cost before each change."""

import pytest
from playwright.sync_api import expect

from dlonsc.editions.models import Edition, Membership
from reviews.models import Proposal
from tests import factories
from tests.journeys.conftest import Open, axe_findings, sideways_scroll
from tests.reviews.chair.test_proposals import pairs, propose

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def proposal(edition: Edition, chair: Membership) -> Proposal:
    """Submission n has reviewer n; the third reviewer is in conflict with the first submission."""
    papers = [factories.make_submission(edition) for _ in range(3)]
    members = [factories.make_member(edition, email=f"r{n}@institute{n}.example") for n in range(3)]
    factories.make_conflict(papers[0], members[2], reason="Joint grant")
    row = propose(chair, demand=1, partial=True)
    row.pairs = [
        {"submission": paper.pk, "membership": member.pk, "score": 0.5, "locked": False, "by_hand": False}
        for paper, member in zip(papers, members, strict=True)
    ]
    row.save()
    return row


def test_a_pair_is_dragged_onto_another_and_undone(
    open_page: Open, edition: Edition, chair: Membership, proposal: Proposal
) -> None:
    before = pairs(proposal)
    page = open_page(chair)
    page.goto(f"/{edition.slug}/chair/assign/proposals/{proposal.number}/grid/")
    note = page.locator("[data-board-note]")
    one, two, three = (page.locator(f"#row-{number} .chip") for number in (1, 2, 3))

    def hold_over(source: object, target: object) -> None:
        source.hover()  # type: ignore[attr-defined]
        page.mouse.down()
        target.hover()  # type: ignore[attr-defined]
        target.hover(position={"x": 12, "y": 8})  # type: ignore[attr-defined]

    hold_over(one, three)
    expect(note).to_contain_text("Joint grant")
    page.mouse.up()
    expect(note).to_contain_text("Not done.")
    hold_over(one, two)
    expect(note).to_contain_text("Total ±0.")
    with page.expect_navigation():
        page.mouse.up()
    proposal.refresh_from_db()
    (a, x), (b, y) = sorted(before)[:2]
    assert pairs(proposal) == before - {(a, x), (b, y)} | {(a, y), (b, x)}
    page.get_by_role("button", name="Undo (1 step)").click()
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    proposal.refresh_from_db()
    assert pairs(proposal) == before


@pytest.mark.parametrize("width", [360, 1440])
def test_without_a_pointer_a_pair_is_taken_up_and_put_down(
    open_page: Open, edition: Edition, chair: Membership, proposal: Proposal, width: int
) -> None:
    page = open_page(chair, width=width)
    page.goto(f"/{edition.slug}/chair/assign/proposals/{proposal.number}/grid/")
    page.locator("#row-1 .chip summary").focus()
    page.keyboard.press("Enter")
    for _ in range(2):
        page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("#held")).to_contain_text("is taken up")
    assert (axe_findings(page), sideways_scroll(page)) == ([], 0)
    page.locator("#row-2 .board-head button").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    proposal.refresh_from_db()
    counts = sorted(sum(row["membership"] == pair["membership"] for row in proposal.pairs) for pair in proposal.pairs)
    assert counts == [1, 1, 1]
    numbers = dict(edition.submissions.values_list("pk", "number"))
    assert sorted(numbers[row["submission"]] for row in proposal.pairs) == [2, 2, 3]
