"""`manage match --edition` and every proposal start from the database as it is today."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from dlonsc.editions.models import Edition, Interest, Membership, MembershipAffiliation
from reviews.actions import proposing
from reviews.assignment import problem_for_edition
from reviews.models import Assignment, Proposal
from submissions.models import Conflict, ConflictSource, Submission
from tests import factories
from tests.factories import AT

OPTIONS: dict[str, Any] = {
    "demand": 2,
    "reserve": 0,
    "load_price": 0.0,
    "one_per_institution": True,
    "one_senior": False,
    "objective": "total",
    "partial": False,
    "prob_cap": None,
    "seed": 1,
}


@pytest.fixture
def people(edition: Edition) -> list[Membership]:
    rows = [factories.make_member(edition, email=f"r{n}@institute{n}.example") for n in range(4)]
    for value, member in enumerate(rows):
        for topic in edition.topics.all():
            Interest.objects.create(membership=member, topic=topic, value=value - 1)
    return rows


@pytest.fixture
def papers(edition: Edition) -> list[Submission]:
    rows = [
        factories.make_submission(edition, factories.make_user(f"author{n}@uni{n}.example", f"Author {n}"))
        for n in range(3)
    ]
    for row in rows:
        row.topics.set(edition.topics.all())
    return rows


def match(out: Path, *arguments: str) -> list[tuple[str, str]]:
    call_command("match", "--edition", "dlonsc-2026", "--out", str(out), *arguments)
    with out.open(newline="") as file:
        return [(row["paper_id"], row["reviewer_id"]) for row in csv.DictReader(file)]


def test_the_command_assigns_an_edition_and_tells_nobody(
    tmp_path: Path, papers: list[Submission], people: list[Membership]
) -> None:
    out = tmp_path / "assignment.csv"
    found = match(out, "--demand", "2", "--objective", "maxmin")
    numbers = [str(row.number) for row in papers]
    assert sorted({paper for paper, _ in found}) == sorted(numbers)
    assert {who for _, who in found} == {"r2@institute2.example", "r3@institute3.example"}
    assert not Assignment.objects.exists()
    assert not Proposal.objects.exists()
    told = json.loads((tmp_path / "explanation.json").read_text())
    assert (told["status"], told["objective"]) == ("solved", "maxmin")
    with out.open(newline="") as file:
        assert {row["topic"] for row in csv.DictReader(file)} != {""}


def test_what_stands_is_locked_and_the_editions_own_number_of_reviews_counts(
    tmp_path: Path, edition: Edition, papers: list[Submission], people: list[Membership]
) -> None:
    factories.make_assignment(papers[0], people[0])
    found = match(tmp_path / "a.csv")
    assert (str(papers[0].number), people[0].email) in found
    assert len(found) == 3 * edition.reviews_per_submission


def test_a_shortage_ends_with_3_and_an_unknown_edition_or_reserve_with_2(
    tmp_path: Path, papers: list[Submission], people: list[Membership]
) -> None:
    for arguments, code in ((("--demand", "5"), 3), (("--demand", "2", "--one-senior"), 3)):
        with pytest.raises(SystemExit) as ended:
            match(tmp_path / "a.csv", *arguments)
        assert ended.value.code == code
    with pytest.raises(CommandError, match=r"no edition nowhere \(known: dlonsc-2026\)") as refused:
        call_command("match", "--edition", "nowhere", "--out", str(tmp_path / "a.csv"))
    assert refused.value.returncode == 2
    with pytest.raises(CommandError, match="reserve is -1") as refused:
        match(tmp_path / "a.csv", "--reserve", "-1")
    assert refused.value.returncode == 2


def test_a_files_folder_or_an_edition_is_needed_and_not_both(tmp_path: Path) -> None:
    for arguments in ((), ("--edition", "a", "--in", "b")):
        with pytest.raises(CommandError, match=r"required|not allowed"):
            call_command("match", *arguments)


def test_two_of_one_institution_only_if_the_rule_is_dropped(
    tmp_path: Path, papers: list[Submission], people: list[Membership]
) -> None:
    for member in people[1:]:
        MembershipAffiliation.objects.create(membership=member, institution="Institute Z")
    kept = match(tmp_path / "a.csv", "--demand", "2")
    assert {who for _, who in kept} >= {people[0].email}
    dropped = match(tmp_path / "b.csv", "--demand", "2", "--no-one-per-institution")
    assert people[0].email not in {who for _, who in dropped}


def test_an_edition_without_submissions_is_solved_with_nothing(tmp_path: Path, people: list[Membership]) -> None:
    assert match(tmp_path / "a.csv") == []


def test_conflicts_of_late_submissions_count_in_the_command(
    edition: Edition, papers: list[Submission], people: list[Membership]
) -> None:
    people[3].declared_conflicts = [{"who": "AUTHOR 1", "kind": "coauthor"}]
    people[3].save()
    MembershipAffiliation.objects.create(membership=people[2], institution="Late Home", domain="uni0.example")
    problem, _ = problem_for_edition(edition, OPTIONS, AT)
    found = {(problem.paper_ids[p], problem.reviewer_ids[r]) for p, r in problem.conflicts.tolist()}
    assert {(str(papers[1].number), people[3].email), (str(papers[0].number), people[2].email)} <= found
    row = Conflict.objects.get(membership=people[3])
    assert (row.source, row.kind, row.declared_by) == (ConflictSource.MEMBER, "coauthor", people[3].user)


def test_conflicts_of_late_submissions_count_in_a_run(
    edition: Edition, chair: Membership, papers: list[Submission], people: list[Membership]
) -> None:
    people[3].declared_conflicts = [{"who": "author1@uni1.example", "kind": "family"}]
    people[3].save()
    proposal = proposing.propose(chair, options=OPTIONS, by=chair.user, at=AT)  # type: ignore[arg-type]
    pairs = {(pair["submission"], pair["membership"]) for pair in proposal.pairs}
    assert (papers[1].pk, people[3].pk) not in pairs
    assert (papers[0].pk, people[3].pk) in pairs


def test_a_lifted_conflict_of_a_named_person_stays_lifted(
    edition: Edition, chair: Membership, papers: list[Submission], people: list[Membership]
) -> None:
    people[3].declared_conflicts = [{"who": "Author 1", "kind": "coauthor"}, {"who": " ", "kind": "coauthor"}]
    people[3].save()
    problem_for_edition(edition, OPTIONS, AT)
    Conflict.objects.filter(membership=people[3]).update(lifted_at=AT, lifted_by=chair.user)
    problem, _ = problem_for_edition(edition, OPTIONS, AT)
    assert 3 not in problem.conflicts[:, 1]
