"""The grid: every place says what it costs before anything is done, by submission and by reviewer."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from dlonsc.editions.models import Edition, Membership
from reviews.actions import assigning
from reviews.models import Proposal
from reviews.views.chair.grid import Row
from submissions.models import Submission
from tests import factories
from tests.factories import AT
from tests.reviews.chair.test_proposals import pairs, propose

As = Callable[[Membership | None], Client]
Queries = Callable[[int], Any]


@pytest.fixture
def papers(edition: Edition) -> list[Submission]:
    return [factories.make_submission(edition) for _ in range(3)]


@pytest.fixture
def browser(chair: Membership, as_user: As) -> Client:
    return as_user(chair)


@pytest.fixture
def proposal(chair: Membership, papers: list[Submission], reviewers: list[Membership]) -> Proposal:
    """Three submissions with one reviewer each, changed so that submission n has reviewer n."""
    row = propose(chair, demand=1, reserve=0)
    row.pairs = [
        {"submission": paper.pk, "membership": member.pk, "score": 0.5, "locked": False, "by_hand": False}
        for paper, member in zip(papers, reviewers, strict=True)
    ]
    row.save()
    return row


@pytest.fixture
def address(edition: Edition, proposal: Proposal) -> str:
    return f"/{edition.slug}/chair/assign/proposals/{proposal.number}/"


def rows(browser: Client, address: str, **query: Any) -> dict[str, Row]:
    return {row.key: row for row in browser.get(f"{address}grid/", query).context["rows"]}


def acts(found: dict[str, Row]) -> dict[str, list[str]]:
    """What each row and its pairs offer, as the values of their buttons."""
    return {
        key: [row.offer.act if row.offer else "", *(cell.exchange.act if cell.exchange else "" for cell in row.cells)]
        for key, row in found.items()
    }


def test_a_held_pair_can_be_moved_exchanged_or_passed_on(
    browser: Client, address: str, reviewers: list[Membership]
) -> None:
    a, b, c = (row.pk for row in reviewers)
    assert acts(rows(browser, address, carry=f"1-{a}")) == {
        "1": ["", ""],
        "2": [f"move:1:{a}:2", f"swap:1:{a}:2:{b}"],
        "3": [f"move:1:{a}:3", f"swap:1:{a}:3:{c}"],
    }
    assert acts(rows(browser, address, carry=f"1-{a}", by="reviewers")) == {
        str(a): ["", ""],
        str(b): [f"pass:1:{a}:{b}", f"swap:1:{a}:2:{b}"],
        str(c): [f"pass:1:{a}:{c}", f"swap:1:{a}:3:{c}"],
    }


def test_a_reviewer_without_submission_and_an_empty_place_can_be_held_too(
    browser: Client, address: str, proposal: Proposal, reviewers: list[Membership]
) -> None:
    a, b, c = (row.pk for row in reviewers)
    assert acts(rows(browser, address, carry=f"0-{a}")) == {
        "1": [f"put:1:{a}", ""],
        "2": [f"put:2:{a}", f"pass:2:{b}:{a}"],
        "3": [f"put:3:{a}", f"pass:3:{c}:{a}"],
    }
    proposal.pairs = proposal.pairs[1:]
    proposal.save()
    assert acts(rows(browser, address, carry="1-0", by="reviewers")) == {
        str(a): [f"put:1:{a}"],
        str(b): [f"put:1:{b}", f"move:2:{b}:1"],
        str(c): [f"put:1:{c}", f"move:3:{c}:1"],
    }
    assert rows(browser, address)["1"].empty == 1
    assert acts(rows(browser, address, carry="2-0"))["2"] == ["", ""]


@pytest.mark.parametrize("mark", ["", "x", "99-0", "0-0", "1-2-3"])
def test_nonsense_holds_nothing(browser: Client, address: str, mark: str) -> None:
    assert browser.get(f"{address}grid/", {"carry": mark}).context["board"].held is None


def test_a_pair_that_is_not_there_is_not_held(browser: Client, address: str, reviewers: list[Membership]) -> None:
    page = browser.get(f"{address}grid/", {"carry": f"1-{reviewers[1].pk}"})
    assert page.context["board"].held is None


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        ("move:1:{a}:2", {(2, "a"), (2, "b"), (3, "c")}),
        ("swap:1:{a}:2:{b}", {(1, "b"), (2, "a"), (3, "c")}),
        ("pass:1:{a}:{c}", {(1, "c"), (2, "b"), (3, "c")}),
        ("put:1:{b}", {(1, "a"), (1, "b"), (2, "b"), (3, "c")}),
        ("take:1:{a}", {(2, "b"), (3, "c")}),
    ],
)
def test_every_verb_changes_the_pairs_and_undo_brings_them_back(
    browser: Client,
    address: str,
    proposal: Proposal,
    papers: list[Submission],
    reviewers: list[Membership],
    act: str,
    expected: set[tuple[int, str]],
) -> None:
    before = pairs(proposal)
    by_letter = dict(zip("abc", (row.pk for row in reviewers), strict=True))
    browser.post(f"{address}edit/", {"act": act.format(**by_letter), "version": proposal.version})
    proposal.refresh_from_db()
    assert pairs(proposal) == {(papers[number - 1].pk, by_letter[letter]) for number, letter in expected}
    browser.post(f"{address}edit/", {"act": "undo", "version": proposal.version})
    proposal.refresh_from_db()
    assert pairs(proposal) == before


def test_the_drag_hears_the_same_costs_and_refusals_as_the_buttons_show(
    browser: Client, address: str, papers: list[Submission], reviewers: list[Membership]
) -> None:
    a, b, _ = reviewers
    factories.make_conflict(papers[1], a, reason="Joint grant")
    answer = browser.get(f"{address}grid/", {"carry": f"1-{a.pk}", "costs": "1"}).json()
    refused = f"{a.name} cannot take submission 2: declared by the authors: Joint grant."
    assert (answer["held"], answer["targets"]["row:2"]["refusal"]) == (f"{a.name} of submission 1", refused)
    assert answer["targets"][f"slot:2-{b.pk}"]["refusal"] == refused
    page = browser.get(f"{address}grid/", {"carry": f"1-{a.pk}"})
    assert refused in page.content.decode()
    offer = rows(browser, address, carry=f"1-{a.pk}")["3"].offer
    assert offer is not None
    assert answer["targets"]["row:3"] == {
        "act": offer.act,
        "refusal": "",
        "cost": offer.judged.cost,
        "notes": offer.judged.notes,
    }


def test_the_page_comes_back_to_the_row_that_was_changed(
    browser: Client, address: str, proposal: Proposal, reviewers: list[Membership]
) -> None:
    a = reviewers[0].pk
    given = {"act": f"lock:1:{a}", "version": proposal.version, "back": "by=papers&q=a&evil=1", "open": "1"}
    assert browser.post(f"{address}edit/", given)["Location"] == f"{address}grid/?by=papers&q=a&open=1#row-1"
    given = {"act": f"lock:1:{a}", "version": "x", "back": "by=reviewers"}
    assert browser.post(f"{address}edit/", given)["Location"] == f"{address}grid/?by=reviewers#row-{a}"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "2"}, {"2"}),
        ({"q": "reviewer two"}, set()),
        ({"only": "hand"}, {"3"}),
        ({"only": "conflict"}, {"1"}),
        ({"only": "short"}, {"2"}),
        ({"only": "over"}, set()),
        ({"only": "nonsense", "by": "nonsense"}, {"1", "2", "3"}),
    ],
)
def test_the_grid_is_filtered(
    browser: Client,
    address: str,
    proposal: Proposal,
    papers: list[Submission],
    reviewers: list[Membership],
    query: dict[str, str],
    found: set[str],
) -> None:
    factories.make_conflict(papers[0], reviewers[0])
    proposal.pairs = [proposal.pairs[0], proposal.pairs[2] | {"by_hand": True}]
    proposal.save()
    assert set(rows(browser, address, **query)) == found


def test_reviewers_are_found_by_name_and_by_being_over_their_limit(
    browser: Client, address: str, proposal: Proposal, papers: list[Submission], reviewers: list[Membership]
) -> None:
    proposal.pairs.append(proposal.pairs[0] | {"submission": papers[1].pk})
    limits = proposal.inputs["max_load"]
    limits[proposal.inputs["people"].index(reviewers[0].pk)] = 1
    proposal.save()
    assert set(rows(browser, address, by="reviewers", only="over")) == {str(reviewers[0].pk)}
    assert set(rows(browser, address, by="reviewers", q=reviewers[2].email)) == {str(reviewers[2].pk)}
    opened = rows(browser, address, by="reviewers", open=reviewers[0].pk)[str(reviewers[0].pk)]
    assert [one.submission.number for one in opened.candidates] == [3]


def test_a_committed_proposal_is_shown_without_anything_to_press(
    browser: Client, address: str, proposal: Proposal
) -> None:
    Proposal.objects.filter(pk=proposal.pk).update(status=Proposal.Status.COMMITTED)
    page = browser.get(f"{address}grid/").content.decode()
    assert ('name="act"' in page, "Committed" in page) == (False, True)
    Proposal.objects.filter(pk=proposal.pk).update(status=Proposal.Status.FAILED)
    assert browser.get(f"{address}grid/")["Location"] == address


@pytest.mark.parametrize("page", ["grid/", "grid/?by=reviewers", "grid/?open=1", ""])
def test_the_number_of_queries_does_not_grow(
    browser: Client,
    chair: Membership,
    edition: Edition,
    reviewers: list[Membership],
    django_assert_max_num_queries: Queries,
    page: str,
) -> None:
    def count(n: int) -> int:
        for _ in range(n):
            factories.make_submission(edition)
        number = propose(chair, demand=1).number
        with django_assert_max_num_queries(60) as captured:
            assert browser.get(f"/{edition.slug}/chair/assign/proposals/{number}/{page}").status_code == 200
        return len(captured)

    count(1)
    assert count(3) == count(27)


def test_a_pair_that_the_run_did_not_look_at_gets_its_score_of_today(
    browser: Client, address: str, proposal: Proposal, papers: list[Submission], reviewers: list[Membership]
) -> None:
    proposal.inputs |= {name: [] for name in ("pair_paper", "pair_reviewer", "score", "text", "topic", "bid")}
    proposal.save()
    browser.post(f"{address}edit/", {"act": f"put:1:{reviewers[1].pk}", "version": proposal.version})
    proposal.refresh_from_db()
    assert proposal.pairs[-1]["by_hand"]
    assert proposal.pairs[-1]["score"] == 0.5


def test_a_pair_whose_conflict_was_lifted_since_the_run_is_put_in_locked_and_explained(
    browser: Client, chair: Membership, edition: Edition, papers: list[Submission], reviewers: list[Membership]
) -> None:
    conflict = factories.make_conflict(papers[0], reviewers[1])
    row = propose(chair, demand=1)
    assert chair.user is not None
    assigning.lift_conflict(conflict, reason="Another person", by=chair.user, at=AT)
    address = f"/{edition.slug}/chair/assign/proposals/{row.number}/"
    for version, act in enumerate(("put", "lock"), start=row.version):
        browser.post(f"{address}edit/", {"act": f"{act}:1:{reviewers[1].pk}", "version": version})
        page = browser.get(f"{address}why/1/{reviewers[1].pk}/")
        assert (page.status_code, page.context["refusal"], page.context["assigned"]) == (200, "", True)
