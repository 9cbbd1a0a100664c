"""The same text in two submissions: found exactly, told to chairs who may see both, to nobody else."""

import csv
import io
from collections.abc import Callable

import pytest
from django.test import Client

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership
from submissions.lncs import same_texts
from submissions.models import Manuscript, Submission
from submissions.states import State
from tests import factories

Browser = Callable[[User | Membership | None], Client]
SAME, OTHER = tuple(range(1, 257)), tuple(range(1001, 1257))


def test_pairs_are_found_whatever_stands_between_them() -> None:
    nearly = tuple(range(52, 308))
    prints = {7: SAME, 3: OTHER, 9: nearly, 4: (), 5: tuple(range(2001, 2257))}
    assert [(one, other) for one, other, _ in same_texts(prints)] == [(7, 9)]
    assert same_texts({1: SAME, 2: SAME}) == [(1, 2, 1.0)]


def test_a_phrase_that_everybody_uses_makes_no_pair() -> None:
    prints = {number: (1, *range(1000 * number, 1000 * number + 255)) for number in range(1, 31)}
    assert same_texts(prints) == []


@pytest.fixture
def pair(edition: Edition, author: User) -> list[Submission]:
    """Papers 1 and 2 with one text, paper 3 with another."""
    rows = [factories.make_submission(edition, author), *(factories.make_submission(edition) for _ in range(2))]
    for row, print_ in zip(rows, (SAME, SAME, OTHER), strict=True):
        row.manuscripts.update(report={"findings": [], "fingerprint": list(print_)})
    return rows


def overview(browser: Client) -> tuple[str, dict[str, str]]:
    """What the page of formats says of equal texts, and the column of the table to export."""
    page = " ".join(browser.get("/dlonsc-2026/chair/format/").text.split())
    said = page.partition("The same text as another submission</h2>")[2].partition("</section>")[0]
    rows = csv.reader(io.StringIO(browser.get("/dlonsc-2026/chair/format/export.csv").content.decode("utf-8-sig")))
    return said, {row[0]: row[-1] for row in list(rows)[1:]}


def test_a_chair_reads_of_it_in_the_list_in_the_table_and_at_each_paper(
    pair: list[Submission], chair: Membership, as_user: Browser
) -> None:
    browser = as_user(chair)
    said, column = overview(browser)
    assert (said.count("about 100 % as in"), column) == (2, {"1": "2", "2": "1", "3": ""})
    pages = [" ".join(browser.get(f"/dlonsc-2026/chair/format/{number}/").text.split()) for number in (1, 2, 3)]
    assert ["About 100 % of the text is that of" in page for page in pages] == [True, True, False]


def test_a_chair_in_conflict_with_one_of_them_learns_nothing_from_the_other(
    pair: list[Submission], chair: Membership, as_user: Browser
) -> None:
    factories.make_conflict(pair[1], chair)
    browser = as_user(chair)
    assert overview(browser) == ("", {"1": "", "3": ""})
    assert "of the text is that of" not in browser.get("/dlonsc-2026/chair/format/1/").text


def test_the_authors_report_and_verdict_stay_as_they_are(
    pair: list[Submission], author: User, as_user: Browser
) -> None:
    assert set(Manuscript.objects.values_list("verdict", flat=True)) == {"accept"}
    page = as_user(author).get("/dlonsc-2026/submissions/1/").text
    assert ("same text" in page, "paper 2" in page.lower()) == (False, False)


def test_a_withdrawn_paper_is_nobodys_twin(pair: list[Submission], chair: Membership, as_user: Browser) -> None:
    Submission.objects.filter(pk=pair[1].pk).update(state=State.WITHDRAWN)
    browser = as_user(chair)
    assert overview(browser)[0] == ""
    assert "of the text is that of" not in browser.get("/dlonsc-2026/chair/format/1/").text
    assert "of the text is that of" not in browser.get("/dlonsc-2026/chair/format/2/").text
