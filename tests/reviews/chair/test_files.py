"""A proposal goes out as a file, is edited elsewhere, and comes back: the differences first, then all or nothing."""

import csv
import io
import json
from collections.abc import Callable

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dlonsc.editions.models import Edition, Membership
from reviews.models import Proposal
from submissions.models import Submission
from tests import factories
from tests.reviews.chair.test_proposals import pairs, propose

As = Callable[[Membership | None], Client]


@pytest.fixture
def papers(edition: Edition) -> list[Submission]:
    return [factories.make_submission(edition) for _ in range(3)]


@pytest.fixture
def browser(chair: Membership, as_user: As) -> Client:
    return as_user(chair)


@pytest.fixture
def proposal(chair: Membership, papers: list[Submission], reviewers: list[Membership]) -> Proposal:
    return propose(chair)


@pytest.fixture
def address(edition: Edition, proposal: Proposal) -> str:
    return f"/{edition.slug}/chair/assign/proposals/{proposal.number}/"


def uploaded(text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("back.csv", text.encode())


@pytest.mark.parametrize("format", ["", "hotcrp"])
def test_an_address_like_a_formula_is_text_in_a_spreadsheet_and_comes_back_as_it_is(
    browser: Client, address: str, proposal: Proposal, reviewers: list[Membership], format: str
) -> None:
    hostile = {}
    taken = {membership for _, membership in pairs(proposal)}
    for member, email in zip(reviewers, ("=c@evil.example", "+1@evil.example", "-1@evil.example"), strict=True):
        Membership.objects.filter(pk=member.pk).update(email=email)
        hostile |= {email: member.pk} if member.pk in taken else {}
    text = browser.get(f"{address}export.csv", {"format": format}).content.decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@")) and "@" in cell] == []
    assert {cell.strip() for cell in cells if "@" in cell} == hostile.keys()
    reading = browser.post(f"{address}import/", {"file": uploaded(text)}).context["reading"]
    assert (reading.kept, reading.added, reading.removed, reading.problems) == (6, [], [], [])


@pytest.mark.parametrize("format", ["", "hotcrp", "openreview"])
def test_each_format_comes_back_with_the_one_change_that_was_made(
    browser: Client,
    address: str,
    proposal: Proposal,
    papers: list[Submission],
    reviewers: list[Membership],
    format: str,
) -> None:
    before = pairs(proposal)
    given, taker = next(
        (has, free)
        for has in reviewers
        for free in reviewers
        if (papers[0].pk, has.pk) in before and (papers[0].pk, free.pk) not in before
    )
    text = browser.get(f"{address}export.csv", {"format": format}).content.decode("utf-8-sig")
    if format == "openreview":
        data = json.loads(text)
        next(row for row in data["1"] if row["user"] == given.email)["user"] = taker.email
        text = json.dumps(data)
    else:
        lines = text.splitlines(keepends=True)
        place = next(n for n, line in enumerate(lines) if line.startswith("1,") and given.email in line)
        lines[place] = lines[place].replace(given.email, taker.email)
        text = "".join(lines)
    page = browser.post(f"{address}import/", {"file": uploaded(text)})
    reading = page.context["reading"]
    assert ([slot.member for slot in reading.added], [slot.member for slot in reading.removed]) == ([taker], [given])
    assert (reading.kept, reading.problems, page.status_code) == (5, [], 200)
    proposal.refresh_from_db()
    assert pairs(proposal) == before
    browser.post(f"{address}import/", {"apply": "1", "payload": page.context["payload"], "version": proposal.version})
    proposal.refresh_from_db()
    assert pairs(proposal) == before - {(papers[0].pk, given.pk)} | {(papers[0].pk, taker.pk)}


def test_one_wrong_line_and_nothing_can_be_applied(
    browser: Client, address: str, proposal: Proposal, reviewers: list[Membership]
) -> None:
    one, two = reviewers[0], reviewers[1]
    text = (
        f"paper_id,reviewer_id\n1,{one.email}\n2,nobody@nowhere.example\n99,{two.email}\n"
        f"3,{two.email}\n3.0,{two.name}\n"
    )
    page = browser.post(f"{address}import/", {"file": uploaded(text)})
    assert page.context["reading"].problems == [
        "Line 3: nobody in the committee is nobody@nowhere.example.",
        "Line 4: submission 99 is not in this proposal.",
        f"Line 6: {two.name} has submission 3.0 in an earlier line.",
    ]
    assert (page.status_code, 'name="apply"' in page.content.decode()) == (422, False)


def test_a_locked_pair_is_not_taken_out_by_a_file(browser: Client, address: str, proposal: Proposal) -> None:
    proposal.pairs[0]["locked"] = True
    proposal.save()
    page = browser.post(f"{address}import/", {"file": uploaded("paper_id,reviewer_id\n")})
    assert len(page.context["reading"].problems) == 1
    assert page.context["reading"].problems[0].endswith("are locked together.")
    given = {"apply": "1", "payload": "[]", "version": proposal.version}
    told = browser.post(f"{address}import/", given)
    assert [str(row).startswith("Nothing was changed.") for row in get_messages(told.wsgi_request)] == [True]


def test_what_left_the_proposal_since_the_differences_were_shown_applies_nothing(
    browser: Client, address: str, proposal: Proposal
) -> None:
    given = {"apply": "1", "payload": "[[999999, 999999]]", "version": proposal.version}
    told = browser.post(f"{address}import/", given)
    assert [str(row) for row in get_messages(told.wsgi_request)] == [
        "A submission or reviewer is not in this proposal any more. Upload the file again."
    ]


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    "data", [{"payload": DEEP}, {"payload": "[[NaN, 1]]"}, {"payload": "1"}, {"payload": '{"ab": 1}'}, {}]
)
def test_differences_that_are_none_change_nothing(
    data: dict[str, str], browser: Client, address: str, proposal: Proposal
) -> None:
    before = pairs(proposal)
    told = browser.post(f"{address}import/", {"apply": "1", "version": proposal.version} | data)
    assert [str(row) for row in get_messages(told.wsgi_request)] == [
        "The differences did not arrive whole. Upload the file again."
    ]
    proposal.refresh_from_db()
    assert pairs(proposal) == before


@pytest.mark.parametrize(
    "text", ['{"1": ' + DEEP, f'{{"1": [{{"user": "a", "aggregate_score": 1{"0" * 400}}}]}}', '{"1": [1]}', "{"]
)
def test_json_that_is_no_assignment_is_refused_in_words(text: str, browser: Client, address: str) -> None:
    file = SimpleUploadedFile("back.json", text.encode())
    page = browser.post(f"{address}import/", {"file": file})
    assert (page.status_code, page.context["form"].errors["file"]) == (
        422,
        ["back.json: this is not openreview-matcher's assignments.json."],
    )


def test_a_committed_proposal_takes_no_file(browser: Client, address: str, proposal: Proposal) -> None:
    Proposal.objects.filter(pk=proposal.pk).update(status=Proposal.Status.COMMITTED)
    assert browser.get(f"{address}import/")["Location"] == address


def test_a_file_with_many_errors_shows_the_first_and_counts_the_rest(browser: Client, address: str) -> None:
    lines = "".join(f"{number},x@y.example\n" for number in range(100, 160))
    reading = browser.post(f"{address}import/", {"file": uploaded(f"paper_id,reviewer_id\n{lines}")}).context["reading"]
    assert (len(reading.shown_problems), reading.more_problems) == (50, 10)


@pytest.mark.parametrize("format", ["", "hotcrp"])
def test_a_proposal_with_two_reviewers_who_were_erased_goes_out_and_comes_back(
    browser: Client, address: str, reviewers: list[Membership], format: str
) -> None:
    Membership.objects.filter(pk__in=[one.pk for one in reviewers[:2]]).update(email="")
    text = browser.get(f"{address}export.csv", {"format": format}).content.decode("utf-8-sig")
    reading = browser.post(f"{address}import/", {"file": uploaded(text)}).context["reading"]
    assert (reading.kept, reading.added, reading.removed, reading.problems) == (6, [], [], [])
