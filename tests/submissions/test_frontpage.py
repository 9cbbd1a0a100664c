"""What the first page of a PDF says is compared with the record, without crying wolf."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dlonsc.accounts.models import User
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition, Membership
from submissions.frontpage import ALL, common, differences, plain
from submissions.models import Submission
from tests import factories

Browser = Callable[[User | Membership | None], Client]
pytestmark = pytest.mark.django_db
ABSTRACT = "We train a network on eight thousand nodes and say what it costs in joules and in days of waiting"


@pytest.fixture
def paper(edition: Edition, author: User) -> Submission:
    paper = factories.make_submission(edition, author, title="Élastic Reductions: A Study")
    Submission.objects.filter(pk=paper.pk).update(abstract=ABSTRACT, keywords="deep learning; HPC")
    paper.refresh_from_db()
    return paper


def test_accents_case_and_punctuation_are_no_difference(paper: Submission) -> None:
    front = {
        "title": "Elastic reductions — a study",
        "authors": [row.name.upper() for row in paper.authors.all()],
        "abstract": ABSTRACT.replace("waiting", "wait-ing") + ".",
        "keywords": ["HPC", "Deep Learning"],
    }
    assert differences(front, paper, ALL) == []


def test_each_difference_is_told_with_both_sides(paper: Submission) -> None:
    front = {"title": "Another", "authors": ["Somebody Else"], "abstract": "No word alike", "keywords": ["GPU"]}
    found = differences(front, paper, ALL)
    assert [(one["what"], one["pdf"]) for one in found] == [
        ("Title", "Another"),
        ("Authors", "Somebody Else"),
        ("Abstract", "3 words: No word alike"),
        ("Keywords", "GPU"),
    ]
    assert found[0]["record"] == paper.title


def test_what_was_not_read_is_no_difference(paper: Submission) -> None:
    assert [differences(front, paper, ALL) for front in (None, {}, {"title": "", "authors": []})] == [[], [], []]


def test_print_asks_for_title_and_authors_only(paper: Submission) -> None:
    assert differences({"abstract": "No word alike", "keywords": ["GPU"]}, paper) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "share"),
    [("a b c", "c b a", 1.0), ("a a a", "a b c", 1 / 3), ("a a b", "a a c", 2 / 3), ("a", "b", 0.0), ("", "", 0.0)],
)
def test_each_word_is_common_as_often_as_both_have_it(ours: str, theirs: str, share: float) -> None:
    assert common(ours.split(), theirs.split()) == pytest.approx(share)


def test_words_of_other_scripts_are_kept() -> None:
    assert (plain("Łódź-Straße 東京_X"), plain("İ")) == ("łodz strasse 東京 x", "i")


@pytest.mark.parametrize(("blind", "shown"), [(False, ["Title", "Authors"]), (True, ["Title"])])
def test_authors_see_it_before_they_submit(
    edition: Edition, paper: Submission, author: User, as_user: Browser, blind: bool, shown: list[str]
) -> None:
    edition.deadlines.filter(phase=Phase.SUBMISSION).update(cutoff_at=timezone.now() + timedelta(days=7))
    Edition.objects.filter(pk=edition.pk).update(blind=blind)
    manuscript = paper.manuscripts.get(is_current=True)
    manuscript.report = {**(manuscript.report or {}), "front": {"title": "Another", "authors": ["Somebody Else"]}}
    manuscript.save()
    client = as_user(author)
    for page in ("", "submit/"):
        answer = client.get(f"/{edition.slug}/submissions/{paper.number}/{page}")
        assert [one["what"] for one in answer.context["differences"]] == shown
        assert "says something else than the fields" in answer.text
