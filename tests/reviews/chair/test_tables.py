"""The chair's tables: a constant number of queries, search, sort, filters, and a file that no spreadsheet executes."""

import csv
import io
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dlonsc.editions.models import Edition, Membership
from reviews.models import Announcement
from reviews.overview import Wish, rows_of, selected
from reviews.views.chair.history import _plain
from submissions.models import Submission
from submissions.states import State
from tests import factories

As = Callable[[Membership | None], Client]
LISTS = (
    "chair/",
    "chair/submissions/",
    "chair/submissions/export.csv",
    "chair/conflicts/",
    "chair/assign/",
    "chair/assign/run/",
    "chair/progress/?segment=open",
    "chair/decisions/",
    "chair/announce/",
    "chair/history/",
)


def fill(edition: Edition, count: int, reviewers: list[Membership], chair: Membership) -> None:
    assert chair.user is not None
    for place in range(count):
        row = factories.make_submission(edition)
        row.topics.set(edition.topics.all())
        factories.make_conflict(row, reviewers[0])
        for member in reviewers[1:]:
            factories.make_review(factories.make_assignment(row, member))
        announcement = None
        if place % 3 == 0:
            announcement = Announcement.objects.create(
                edition=edition, created_by=chair.user, created_at=factories.AT, release_at=factories.AT
            )
            factories.announce(row)
        factories.make_decision(row, chair.user, announcement=announcement)


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


@pytest.mark.parametrize("address", LISTS)
def test_lists_take_as_many_queries_for_thirty_rows_as_for_three(
    edition: Edition, chair: Membership, reviewers: list[Membership], as_user: As, address: str
) -> None:
    browser = as_user(chair)
    address = f"/{edition.slug}/{address}"
    browser.get(address)
    fill(edition, 3, reviewers, chair)
    few = queries(browser, address)
    fill(edition, 27, reviewers, chair)
    assert queries(browser, address) == few
    # The dashboard is no list: it asks a little of everything.
    assert few <= (34 if address.endswith("/chair/") else 30), few


def test_ones_own_page_takes_as_many_queries_for_thirty_rows_as_for_three(
    edition: Edition, chair: Membership, reviewers: list[Membership], as_user: As
) -> None:
    for person in (chair, reviewers[1]):
        browser = as_user(person)
        browser.get("/me/")
        fill(edition, 3, reviewers, chair)
        few = queries(browser, "/me/")
        fill(edition, 27, reviewers, chair)
        assert queries(browser, "/me/") == few


@pytest.fixture
def four(edition: Edition, reviewers: list[Membership]) -> list[Submission]:
    """1: two scores far apart; 2: one low score; 3: none; 4: a draft."""
    rows = [factories.make_submission(edition, title=title) for title in ("Beta flow", "Alpha tensors", "Gamma nets")]
    rows.append(factories.make_submission(edition, title="Delta draft", state=State.DRAFT))
    for member, score in zip(reviewers[:2], (3, -3), strict=True):
        factories.make_review(factories.make_assignment(rows[0], member), score=score)
    factories.make_review(factories.make_assignment(rows[1], reviewers[0]), score=-2)
    factories.make_review(factories.make_assignment(rows[2], reviewers[0]), submitted=False)
    return rows


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, [1, 2, 3, 4]),
        ({"q": "alpha"}, [2]),
        ({"q": "#3"}, [3]),
        ({"q": "score<0"}, [2]),
        ({"q": "spread>2"}, [1]),
        ({"q": "reviews=1"}, [2]),
        ({"q": "reviews>=2"}, [1]),
        ({"q": "pdf:yes", "state": "draft"}, [4]),
        ({"q": "pdf:no"}, []),
        ({"q": "reviews<1"}, [3, 4]),
        ({"q": "title:flow"}, [1]),
        ({"q": 'author:"Author 2"'}, [2]),
        ({"q": "nothing-like-it"}, []),
        ({"state": "draft"}, [4]),
        ({"missing": "2"}, [2, 3]),
        ({"missing": "1"}, [1, 2, 3]),
        ({"decision": "undecided"}, [1, 2, 3]),
        ({"sort": "title"}, [2, 1, 4, 3]),
        ({"sort": "-mean"}, [1, 2, 3, 4]),
        ({"sort": "mean"}, [2, 1, 3, 4]),
        ({"sort": "-spread"}, [1, 2, 3, 4]),
        ({"sort": "no such column"}, [1, 2, 3, 4]),
        ({"verdict": "accept", "state": "submitted"}, [1, 2, 3]),
    ],
)
def test_filters_and_sorts(
    chair: Membership, four: list[Submission], query: dict[str, str], numbers: list[int]
) -> None:
    found = selected(rows_of(chair), Wish.of(query))
    assert [row.submission.number for row in found] == numbers


def test_a_draft_of_a_review_is_counted_nowhere(chair: Membership, four: list[Submission]) -> None:
    row = rows_of(chair)[2]
    assert (len(row.assignments), row.done, row.scores, row.mean) == (1, 0, [], None)


def test_the_file_has_no_formulas_and_opens_in_a_spreadsheet(edition: Edition, chair: Membership, as_user: As) -> None:
    factories.make_submission(edition, title="=HYPERLINK(1)")
    factories.make_submission(edition, title="@sum", by=factories.make_user("x@x.example", "+Plus Person"))
    content = as_user(chair).get(f"/{edition.slug}/chair/submissions/export.csv").content
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert [row[1] for row in rows[1:]] == ["'=HYPERLINK(1)", "'@sum"]
    assert rows[2][2] == "'+Plus Person"
    assert not [cell for row in rows for cell in row if cell[:1] in "=+-@\t\r" and cell]


def test_everybody_has_a_page_of_her_own_and_a_stranger_an_empty_one(
    edition: Edition, paper: Submission, reviewers: list[Membership], as_user: As
) -> None:
    factories.make_assignment(paper, reviewers[0])
    assert "Ordinary paper" in as_user(reviewers[0]).get("/me/").content.decode()
    author = as_user(paper.created_by).get("/me/").content.decode()  # type: ignore[arg-type]
    assert "Ordinary paper" in author
    stranger = as_user(factories.make_user("s@s.example")).get("/me/").content.decode()  # type: ignore[arg-type]
    assert "Ordinary paper" not in stranger
    assert "will be listed here" in stranger


def test_a_draft_that_was_uploaded_and_not_submitted_is_named_to_the_chair(
    edition: Edition, four: list[Submission], chair: Membership, as_user: As
) -> None:
    page = as_user(chair).get(f"/{edition.slug}/chair/").content.decode()
    assert "Drafts with a PDF, not submitted" in page


def test_history_tells_an_instant_in_words_of_people() -> None:
    values = ["2026-11-22T11:49:35.357692+00:00", "2026-11-22T23:49:35-12:00", "2026-11-22", {"a": ["b", 1]}]
    assert [_plain(value) for value in values] == [
        "22 Nov 2026, 11:49 UTC",
        "23 Nov 2026, 11:49 UTC",
        "2026-11-22",
        "a b, 1",
    ]
