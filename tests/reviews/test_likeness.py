"""Sentence vectors: computed once in the background, used when all are there, words until then."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlonsc.editions.models import Edition, Membership
from reviews import likeness
from reviews.models import TextVector
from reviews.scores import fit_of
from submissions.models import Submission
from tests import factories
from tests.factories import AT
from tests.reviews.matching.test_vectors import make_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(tmp_path: Path, settings: Any) -> Path:
    folder = make_model(tmp_path / "model", value=0.5)
    settings.SENTENCE_MODEL = str(folder)
    return folder


@pytest.fixture
def scene(edition: Edition) -> tuple[list[Submission], list[Membership]]:
    papers = [factories.make_submission(edition, title=title) for title in ("Neural graphs", "Elastic network")]
    member = factories.make_member(edition, email="r@home.example", publications="Neural network\nElastic graphs")
    return papers, [member]


def choose(edition: Edition) -> None:
    edition.matching = {"text_by": "meaning"}
    edition.save()


def test_nothing_is_computed_unless_an_edition_wishes_it(
    edition: Edition, model: Path, scene: tuple[list[Submission], list[Membership]]
) -> None:
    assert likeness.embed_missing(seconds=60, at=AT) == 0
    choose(edition)
    assert (likeness.embed_missing(seconds=60, at=AT), likeness.embed_missing(seconds=60, at=AT)) == (4, 0)
    assert likeness.progress_of(*scene) == (4, 4)


def test_words_are_compared_until_every_vector_is_there(
    edition: Edition, model: Path, scene: tuple[list[Submission], list[Membership]]
) -> None:
    by_words = fit_of(edition, *scene).scored.text
    choose(edition)
    assert np.array_equal(fit_of(edition, *scene).scored.text, by_words)
    likeness.embed_missing(seconds=60, at=AT)
    by_meaning = fit_of(edition, *scene).scored.text
    assert by_meaning.shape == by_words.shape
    assert not np.array_equal(by_meaning, by_words)
    papers, members = scene
    Submission.objects.filter(pk=papers[0].pk).update(title="Another title")
    papers[0].refresh_from_db()
    assert likeness.progress_of(papers, members) == (3, 4)
    assert likeness.vectors_of(edition, [likeness.text_of(papers[0])]) is None


def test_no_time_computes_nothing_and_loses_nothing(
    edition: Edition, model: Path, scene: tuple[list[Submission], list[Membership]]
) -> None:
    choose(edition)
    assert (likeness.embed_missing(seconds=-1, at=AT), TextVector.objects.count()) == (0, 0)


def test_a_vector_of_another_model_is_not_used(
    edition: Edition, model: Path, scene: tuple[list[Submission], list[Membership]], tmp_path: Path, settings: Any
) -> None:
    choose(edition)
    likeness.embed_missing(seconds=60, at=AT)
    settings.SENTENCE_MODEL = str(make_model(tmp_path / "other", value=0.1))
    assert likeness.progress_of(*scene) == (0, 4)


def test_without_a_model_the_wish_changes_nothing(
    edition: Edition, scene: tuple[list[Submission], list[Membership]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(likeness, "find_spec", lambda name: None)
    choose(edition)
    assert likeness.model_folder() is None
    assert (likeness.embed_missing(seconds=60, at=AT), likeness.vectors_of(edition, ["a"])) == (0, None)
    assert likeness.progress_of(*scene) == (0, 4)
