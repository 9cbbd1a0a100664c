"""Two worlds: a chair's proposals are the same whether a submission she may not see exists, has reviewers, or not."""

import re
from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from dlonsc.editions.models import Edition, Membership
from reviews.actions import assigning, proposing
from reviews.models import Assignment, Proposal
from reviews.views.chair.shown import CHANGED
from submissions.models import Submission
from tests import factories
from tests.factories import AT
from tests.reviews.chair.test_proposals import pairs, propose

As = Callable[[Membership | None], Client]
TOKEN = re.compile(rb'(name="csrfmiddlewaretoken" value=)"[^"]*"')
PAGES = (
    "",
    "grid/",
    "grid/?by=reviewers",
    "grid/?open=1&all=1",
    "grid/?q=Zebrafish",
    "grid/?carry=4-0",
    "export.csv",
    "export.csv?format=hotcrp",
    "export.csv?format=openreview",
    "compare/{other}/",
    "why/1/{member}/",
)


@pytest.fixture(autouse=True)
def stopped_clock() -> Iterator[None]:
    """Pages tell the time."""
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def papers(edition: Edition) -> list[Submission]:
    return [factories.make_submission(edition) for _ in range(3)]


def seen(browser: Client, edition: Edition, proposals: list[Proposal], member: Membership) -> list[bytes]:
    """Everything that a chair can read of two proposals and of the pages of assignment, without one-time tokens."""
    base = f"/{edition.slug}/chair/assign/"
    words = {"other": proposals[1].number, "member": member.pk}
    addresses = [f"{base}proposals/{proposals[0].number}/{page.format(**words)}" for page in PAGES]
    addresses += [base, f"{base}run/", f"{base}submissions/1/", f"{base}reviewers/{member.pk}/"]
    return [TOKEN.sub(rb"\1", browser.get(address).content) for address in addresses]


def test_nothing_of_a_hidden_submission_shows_in_any_page_of_assignment(
    edition: Edition,
    chair: Membership,
    other_chair: Membership,
    papers: list[Submission],
    secret: Submission,
    reviewers: list[Membership],
    as_user: As,
) -> None:
    proposals = [propose(chair), propose(chair, demand=1)]
    browser = as_user(chair)
    before = seen(browser, edition, proposals, reviewers[0])
    for member in reviewers:
        factories.make_assignment(secret, member)
    Submission.objects.filter(pk=secret.pk).update(title="Quagga", handling_chair=other_chair)
    assert seen(browser, edition, proposals, reviewers[0]) == before
    for page in before:
        assert (b"Zebrafish" in page, b"zebra" in page) == (False, False) or b"q=Zebrafish" in page


def test_a_submission_that_became_hidden_since_the_run_leaves_every_figure(
    edition: Edition, chair: Membership, papers: list[Submission], reviewers: list[Membership], as_user: As
) -> None:
    proposal = propose(chair)
    factories.make_conflict(papers[1], chair)
    browser = as_user(chair)
    base = f"/{edition.slug}/chair/assign/proposals/{proposal.number}/"
    page = browser.get(base)
    assert (page.context["figures"]["pairs"], page.context["figures"]["wanted"]) == (4, 4)
    assert [row.key for row in browser.get(f"{base}grid/").context["rows"]] == ["1", "3"]
    assert "2," not in {line[:2] for line in browser.get(f"{base}export.csv").content.decode().splitlines()}
    assert list(browser.get(f"{base}export.csv", {"format": "openreview"}).json()) == ["1", "3"]
    free = next(row for row in reviewers if (papers[0].pk, row.pk) not in pairs(proposal))
    why = browser.get(reverse("reviews:why", args=[edition.slug, proposal.number, 1, free.pk]))
    assert (why.status_code, why.context["reasons"]) == (200, None), "they weigh against all papers of the run"
    browser.post(f"{base}edit/", {"act": f"put:1:{free.pk}", "version": proposal.version})
    proposal.refresh_from_db()
    assert sum(pair["submission"] == papers[1].pk for pair in proposal.pairs) == 2
    for act in (f"put:2:{free.pk}", f"put:77:{free.pk}"):
        answer = browser.post(f"{base}edit/", {"act": act, "version": proposal.version}, follow=True)
        assert "This submission or reviewer is not in the proposal any more." in answer.content.decode()


def test_the_reasons_of_a_run_name_no_submission_that_became_hidden_since(
    edition: Edition, chair: Membership, papers: list[Submission], reviewers: list[Membership], as_user: As
) -> None:
    Membership.objects.filter(pk__in=[row.pk for row in reviewers[:2]]).update(max_load=1)
    for paper in papers[:2]:
        for member in reviewers[2:]:
            factories.make_conflict(paper, member)
    proposal = propose(chair, partial=True)
    address = f"/{edition.slug}/chair/assign/proposals/{proposal.number}/"
    browser = as_user(chair)
    assert "Papers 1, 2 and 3 depend on" in browser.get(address).text
    factories.make_conflict(papers[1], chair)
    page = browser.get(address)
    assert [(row["submission"].number, row["why"]) for row in page.context["causes"]] == [(1, ""), (3, "")]
    assert "depend on" not in page.text


def test_the_words_of_a_failed_run_are_not_shown_once_one_of_its_submissions_is_hidden(
    edition: Edition, chair: Membership, papers: list[Submission], reviewers: list[Membership], as_user: As
) -> None:
    proposal = propose(chair)
    Proposal.objects.filter(pk=proposal.pk).update(status="failed", result={"error": "Paper 2 has no candidate."})
    browser, address = as_user(chair), f"/{edition.slug}/chair/assign/proposals/{proposal.number}/"
    assert browser.get(address).context["error"] == "Paper 2 has no candidate."
    factories.make_conflict(papers[1], chair)
    assert browser.get(address).context["error"] == CHANGED


def test_a_reviewer_who_left_does_not_stop_a_commit_for_a_submission_that_became_hidden(
    chair: Membership, papers: list[Submission], reviewers: list[Membership]
) -> None:
    proposal = propose(chair, demand=1)
    factories.make_conflict(papers[1], chair)
    hers = next(pair["membership"] for pair in proposal.pairs if pair["submission"] == papers[1].pk)
    pairs = [pair for pair in proposal.pairs if pair["submission"] == papers[1].pk or pair["membership"] != hers]
    proposing.edit(proposal, pairs, version=proposal.version)
    Membership.objects.filter(pk=hers).update(removed_at=AT)
    proposal.refresh_from_db()
    changes = proposing.commit_proposal(chair, proposal, version=proposal.version, by=chair.user, at=AT)
    assert len(changes.added) == len(pairs) - 1


def test_the_numbers_of_her_runs_tell_a_chair_of_no_run_of_another(
    chair: Membership, other_chair: Membership, papers: list[Submission], reviewers: list[Membership]
) -> None:
    hers, others = [], []
    for _ in range(2):
        others.append(propose(other_chair).number)
        hers.append(propose(chair).number)
    assert (hers, others) == ([1, 2], [1, 2])
    again = proposing.repeat(chair, Proposal.objects.get(created_by=chair.user, number=1), by=chair.user, at=AT)
    assert again.number == 3


@pytest.mark.parametrize("kind", ["never in it", "hidden since"])
def test_an_import_line_about_a_hidden_submission_looks_like_an_unknown_one(
    edition: Edition,
    chair: Membership,
    papers: list[Submission],
    secret: Submission,
    reviewers: list[Membership],
    as_user: As,
    kind: str,
) -> None:
    proposal = propose(chair)
    hidden = secret.number
    if kind == "hidden since":
        factories.make_conflict(papers[1], chair)
        hidden = papers[1].number
    base = f"/{edition.slug}/chair/assign/proposals/{proposal.number}/import/"

    def answer(number: int) -> bytes:
        lines = f"paper_id,reviewer_id\n{number},{reviewers[0].email}\n"
        page = as_user(chair).post(base, {"file": SimpleUploadedFile("a.csv", lines.encode())})
        assert page.status_code == 422
        return (
            TOKEN.sub(rb"\1", page.content)
            .replace(f"submission {number} ".encode(), b"submission N ")
            .replace(f"[{number}".encode(), b"[N")
        )

    assert answer(hidden) == answer(77)


def test_the_handling_chair_assigns_what_the_other_may_not_see_with_the_places_kept_for_it(
    edition: Edition,
    chair: Membership,
    other_chair: Membership,
    papers: list[Submission],
    secret: Submission,
    reviewers: list[Membership],
) -> None:
    Membership.objects.filter(pk__in=[row.pk for row in reviewers]).update(max_load=3)
    Submission.objects.filter(pk=secret.pk).update(handling_chair=other_chair)
    first = propose(chair, demand=2, reserve=1)
    proposing.commit_proposal(chair, first, version=first.version, by=chair.user, at=AT)
    second = propose(other_chair, demand=3, handled=True)
    assert {pair["submission"] for pair in second.pairs} == {secret.pk}
    proposing.commit_proposal(other_chair, second, version=second.version, by=other_chair.user, at=AT)
    assert Assignment.objects.filter(submission=secret).count() == 3
    loads = [Assignment.objects.filter(membership=row).count() for row in reviewers]
    assert max(loads) <= 3


def test_a_handling_chair_who_is_in_conflict_herself_is_refused(
    chair: Membership, other_chair: Membership, secret: Submission
) -> None:
    with pytest.raises(assigning.Refused, match="cannot handle it"):
        assigning.set_handling_chair(secret, chair, by=other_chair.user, at=AT)
