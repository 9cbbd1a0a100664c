"""What a proposal's pages answer to bad numbers, stale versions and files that cannot be taken."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dlonsc.editions.models import Edition, Membership
from dlonsc.mail.models import Message
from reviews import assignment
from reviews.models import Assignment, Proposal
from reviews.views.chair.files import LARGEST_FILE
from submissions.models import Submission
from tests import factories
from tests.factories import AT
from tests.reviews.chair.test_proposals import FORM, OPTIONS, pairs, propose

GONE = "This submission or reviewer is not in the proposal any more."
As = Callable[[Membership | None], Client]


def told(response: Any) -> list[str]:
    """The words that one press leaves for the next page."""
    return [str(message) for message in get_messages(response.wsgi_request)]


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


def split(proposal: Proposal, papers: list[Submission], reviewers: list[Membership]) -> tuple[Membership, Membership]:
    """Of the first submission: a reviewer who has it and one who does not."""
    taken = pairs(proposal)
    has = next(row for row in reviewers if (papers[0].pk, row.pk) in taken)
    free = next(row for row in reviewers if (papers[0].pk, row.pk) not in taken)
    return has, free


def test_an_edit_that_cannot_be_is_refused_in_words_and_changes_nothing(
    browser: Client, address: str, proposal: Proposal, papers: list[Submission], reviewers: list[Membership]
) -> None:
    has, free = split(proposal, papers, reviewers)
    before = proposal.pairs
    for act, words in (
        ("put:1:x", GONE),
        (f"put:²:{has.pk}", GONE),
        (f"put:77:{free.pk}", GONE),
        (f"swap:1:{has.pk}", GONE),
        ("nonsense", GONE),
        ("lock:1", GONE),
        (f"put:1:{has.pk}", f"{has.name} has submission 1 already."),
        (f"take:1:{free.pk}", f"{free.name} does not have submission 1."),
        (f"lock:1:{free.pk}", f"{free.name} does not have submission 1."),
        ("undo", "There is nothing to undo."),
    ):
        assert told(browser.post(f"{address}edit/", {"version": proposal.version, "act": act}))[-1] == words
    proposal.refresh_from_db()
    assert proposal.pairs == before
    assert browser.get(f"{address}edit/")["Location"] == f"{address}grid/?#grid"


def test_an_edit_over_the_limit_is_done_and_says_by_how_much(
    browser: Client, chair: Membership, edition: Edition, papers: list[Submission], reviewers: list[Membership]
) -> None:
    Membership.objects.filter(pk__in=[row.pk for row in reviewers]).update(max_load=2)
    row = propose(chair)
    _, free = split(row, papers, reviewers)
    answer = browser.post(
        f"/{edition.slug}/chair/assign/proposals/{row.number}/edit/",
        {"act": f"put:1:{free.pk}", "version": row.version},
    )
    assert f"{free.name} then has 3 submissions, over the limit of 2." in told(answer)[0]
    row.refresh_from_db()
    assert (papers[0].pk, free.pk) in pairs(row)


def test_who_is_assigned_already_is_not_taken_out_of_a_proposal(
    browser: Client, chair: Membership, edition: Edition, papers: list[Submission], reviewers: list[Membership]
) -> None:
    factories.make_assignment(papers[0], reviewers[0])
    row = propose(chair)
    base = f"/{edition.slug}/chair/assign/proposals/{row.number}/"
    for act, words in (
        ("take", "is assigned already. Take the task back on the page of assignments."),
        ("lock", "is assigned already; that stays."),
    ):
        given = {"act": f"{act}:1:{reviewers[0].pk}", "version": row.version}
        assert told(browser.post(f"{base}edit/", given))[-1] == f"{reviewers[0].name} {words}"
    file = SimpleUploadedFile("a.csv", b"paper_id,reviewer_id\n2," + reviewers[0].email.encode() + b"\n")
    page = browser.post(f"{base}import/", {"file": file})
    assert f"{reviewers[0].name} is assigned submission 1 already; that stays." in page.context["reading"].problems
    assert (papers[0].pk, reviewers[0].pk) in pairs(row)


def test_a_file_names_the_pairs_that_it_cannot_bring(
    browser: Client, address: str, proposal: Proposal, papers: list[Submission], reviewers: list[Membership]
) -> None:
    _, free = split(proposal, papers, reviewers)
    factories.make_conflict(papers[0], free, reason="Joint grant")
    lines = f"paper_id,reviewer_id\n1,{free.email}\n77,{free.email}\n"
    reading = browser.post(f"{address}import/", {"file": SimpleUploadedFile("a.csv", lines.encode())}).context[
        "reading"
    ]
    assert reading.problems[0] == "Line 3: submission 77 is not in this proposal."
    assert reading.problems[1].startswith(f"Line 2: {free.name} cannot take submission 1: ")


def test_a_file_too_large_is_refused_beside_its_field(browser: Client, address: str) -> None:
    file = SimpleUploadedFile("a.csv", b"x" * (LARGEST_FILE + 1))
    answer = browser.post(f"{address}import/", {"file": file})
    assert answer.status_code == 422
    assert answer.context["form"].errors["file"] == ["The file has 5,242,881 bytes; at most 5,242,880 are read."]


@pytest.mark.parametrize("payload", ["", "{", "5", "[[1]]", '[["a", 1]]', "[[Infinity, 1]]"])
def test_differences_that_did_not_arrive_whole_change_nothing(
    browser: Client, address: str, proposal: Proposal, payload: str
) -> None:
    answer = browser.post(f"{address}import/", {"apply": "1", "payload": payload, "version": proposal.version})
    assert told(answer) == ["The differences did not arrive whole. Upload the file again."]
    before = proposal.pairs
    proposal.refresh_from_db()
    assert proposal.pairs == before


def test_a_stale_import_or_commit_is_refused_and_by_get_nothing_is_committed(
    browser: Client, address: str, proposal: Proposal
) -> None:
    payload = json.dumps(sorted(pairs(proposal)))
    stale = browser.post(f"{address}import/", {"apply": "1", "payload": payload, "version": "99"})
    assert told(stale)[-1] == "This proposal was changed in another window, or is committed. Look at it again."
    late = browser.post(f"{address}commit/", {"version": "x"})
    assert told(late)[-1] == "This proposal was changed in another window, or is committed already."
    assert browser.get(f"{address}commit/")["Location"] == address
    assert Assignment.objects.count() == 0


def test_committing_on_the_page_counts_assignments_and_letters(
    edition: Edition, browser: Client, address: str, proposal: Proposal
) -> None:
    done = browser.post(f"{address}commit/", {"version": proposal.version})
    assert done["Location"] == f"/{edition.slug}/chair/assign/"
    concerned = {pair["membership"] for pair in proposal.pairs}
    assert told(done) == [f"Assignments made: 6. Letters written: {len(concerned)}."]
    assert Message.objects.filter(kind="assigned").count() == len(concerned)
    assert Assignment.objects.count() == 6


def test_a_waiting_run_can_be_cancelled_once_or_done_here(
    edition: Edition, browser: Client, chair: Membership, papers: list[Submission], reviewers: list[Membership]
) -> None:
    assert chair.user is not None
    first, second = (assignment.new_proposal(chair, OPTIONS, by=chair.user, at=AT) for _ in range(2))
    base = f"/{edition.slug}/chair/assign/proposals"
    waiting = browser.get(f"{base}/{first.number}/")
    assert (waiting.context["slow"], waiting.status_code) == (True, 200)
    cancelled = browser.post(f"{base}/{first.number}/cancel/")
    assert told(cancelled) == [f"Proposal {first.number} is cancelled."]
    browser.post(f"{base}/{second.number}/cancel/", {"here": "1"})
    for row in (first, second):
        row.refresh_from_db()
    assert (first.status, second.status) == (Proposal.Status.CANCELLED, Proposal.Status.READY)
    again = browser.post(f"{base}/{second.number}/cancel/")
    assert again["Location"] == f"{base}/{second.number}/"
    second.refresh_from_db()
    assert second.status == Proposal.Status.READY


def test_an_opened_row_shows_who_else_could_take_it(
    browser: Client, address: str, proposal: Proposal, papers: list[Submission], reviewers: list[Membership]
) -> None:
    _, free = split(proposal, papers, reviewers)
    rows = browser.get(f"{address}grid/", {"open": "1", "all": "1"}).context["rows"]
    assert [[one.member for one in row.candidates] for row in rows if row.key == "1"] == [[free]]
    assert [row.key for row in browser.get(f"{address}grid/", {"open": "99"}).context["rows"] if row.candidates] == []


def test_why_of_somebody_outside_the_proposal_leads_back_with_words(
    browser: Client, address: str, chair: Membership
) -> None:
    answer = browser.get(f"{address}why/1/{chair.pk}/")
    assert answer["Location"] == address
    assert told(answer) == ["This submission or reviewer is not in the proposal."]
    assert browser.get(f"{address}why/99/{chair.pk}/").status_code == 404


def test_hotcrps_file_has_one_line_per_pair(browser: Client, address: str, proposal: Proposal) -> None:
    answer = browser.get(f"{address}export.csv", {"format": "hotcrp"})
    assert answer["Content-Disposition"].endswith(f'proposal-{proposal.number}-hotcrp.csv"')
    assert len(answer.content.decode("utf-8-sig").strip().splitlines()) == 1 + len(proposal.pairs)


def test_a_run_from_an_earlier_one_keeps_its_settings_and_locks(
    edition: Edition, browser: Client, proposal: Proposal, papers: list[Submission], reviewers: list[Membership]
) -> None:
    proposal.pairs[0]["locked"] = True
    proposal.save()
    kept = (proposal.pairs[0]["submission"], proposal.pairs[0]["membership"])
    base = f"/{edition.slug}/chair/assign/run/"
    form = browser.get(base, {"from": proposal.number, "partial": "1"}).context["form"]
    assert (form["demand"].value(), form["partial"].value()) == (2, True)
    browser.post(base, FORM | {"from": str(proposal.number)})
    newest = Proposal.objects.get(number=proposal.number + 1)
    assert {(row["submission"], row["membership"]) for row in newest.pairs if row["locked"]} == {kept}
    assert browser.get(base, {"from": "999"}).status_code == 404
