"""Scores follow the formula of the chair's page, and what is missing is neutral."""

import numpy as np
import pytest

from reviews.matching.affinity import affinity, read_publications, terms, tfidf
from reviews.matching.score import Weights, candidates, combine, topic_scores

NAN = np.nan


def test_base_is_half_text_half_topic_and_a_bid_multiplies() -> None:
    scored = combine(np.array([[0.4, 0.4]]), np.array([[0.8, 0.8]]), np.array([[2.0, -1.0]]))
    assert scored.score.tolist() == [[pytest.approx(0.6 * 2.25), pytest.approx(0.6 / 1.5)]]
    assert scored.parts(0, 0).sentence() == "Score 1.350 from text 0.400 and topics 0.800 (base 0.600) and bid +2."


def test_what_is_missing_is_neutral() -> None:
    scored = combine(np.array([[0.4, NAN, 0.2]]), np.array([[NAN, NAN, 0.8]]), np.array([[NAN, NAN, NAN]]))
    assert scored.base.tolist() == [[0.4, pytest.approx(0.45), 0.5]]
    assert scored.score.tolist() == scored.base.tolist()
    assert (scored.parts(0, 1).text, scored.parts(0, 1).bid) == (None, None)
    nothing = combine(np.array([[NAN]]), np.array([[NAN]]), np.array([[NAN]]))
    assert nothing.score.tolist() == [[0.5]]


def test_weights_and_the_additive_rule_are_settings() -> None:
    weights = Weights(text=1.0, topic=0.0, bid_rule="additive", bid_weight=0.5)
    scored = combine(np.array([[0.4]]), np.array([[0.8]]), np.array([[-2.0]]), weights)
    assert scored.score.tolist() == [[pytest.approx(-0.1)]]
    with pytest.raises(ValueError, match="0 or more"):
        Weights(text=-1.0)


def test_topics_use_the_scale_of_interest() -> None:
    has = np.array([[True, False], [True, True], [False, False]])
    interest = np.array([[2.0, 2.0], [-2.0, -2.0], [0.0, 0.0], [NAN, NAN]])
    found = topic_scores(has, interest)
    assert found[1, :2].tolist() == [pytest.approx(1.0), pytest.approx(0.0)]
    assert found[0, 0] == pytest.approx((1 / np.sqrt(2) + np.sqrt(0.5)) / (1 + np.sqrt(0.5)))
    assert found[0, 2] == pytest.approx(np.sqrt(0.5) / (1 + np.sqrt(0.5)))
    assert np.isnan(found[2]).all()
    assert np.isnan(found[:, 3]).all()


def test_the_nearer_reviewer_has_the_greater_affinity_and_the_nearest_text_is_named() -> None:
    papers = ["Scaling deep learning training on supercomputers", ""]
    profiles = [
        ["Deep learning training at scale on supercomputers", "Sparse solvers"],
        ["Protein folding", "Sparse solvers"],
        [],
    ]
    found = affinity(papers, profiles)
    assert found.mean[0, 0] > 0.2
    assert found.mean[0, 1] == 0.0
    assert np.isnan(found.mean[:, 2]).all()
    assert np.isnan(found.mean[1]).all()
    near = found.nearest(0, 0)
    assert [n.text for n in near] == [0, 1]
    assert found.mean[0, 0] == pytest.approx((near[0].similarity + near[1].similarity) / 2)
    assert np.nanmax(found.scaled()) == 1.0


def test_affinity_is_the_mean_of_the_best_three_texts() -> None:
    text = "graph neural networks"
    found = affinity([text], [[text, text, text, "unrelated cooking"], [text, "unrelated cooking"]])
    assert found.mean[0].tolist() == [pytest.approx(1.0), pytest.approx(0.5)]


def test_tfidf_is_the_formula_and_of_unit_length() -> None:
    vectors = tfidf(["gpu gpu node", "node"]).toarray()
    assert list(terms("gpu gpu node")) == ["gpu", "gpu", "node", "gpu gpu", "gpu node"]
    rare = np.log(3 / 2) + 1
    raw = np.array([(1 + np.log(2)) * rare, 1.0, rare, rare])
    assert np.sort(vectors[0]).tolist() == pytest.approx(np.sort(raw / np.linalg.norm(raw)).tolist())
    assert np.linalg.norm(vectors, axis=1).tolist() == pytest.approx([1.0, 1.0])


def test_publications_are_read_from_bibtex_paragraphs_and_lines() -> None:
    bib = """@article{a, title = {Deep {GPU} "Nets"}, year = 2020, abstract={We train \\emph{large} models}}
    @string{x = "y"}
    @inproceedings{b, booktitle={Proc.}, title = "Other Work", author={A}}"""
    assert read_publications(bib) == ['Deep GPU "Nets". We train large models', "Other Work"]
    assert read_publications("One title\nand its abstract\n\nAnother") == ["One title and its abstract", "Another"]
    assert read_publications("First title\nSecond title\n") == ["First title", "Second title"]
    assert read_publications("  \n") == []


def test_large_tables_are_pruned_to_the_best_of_both_sides() -> None:
    score = np.random.default_rng(1).random((600, 500))
    paper, reviewer, value = candidates(score)
    assert len(paper) < 600 * 75
    assert np.bincount(paper, minlength=600).min() >= 60
    assert np.bincount(reviewer, minlength=500).min() >= 15
    assert value.tolist() == score[paper, reviewer].tolist()
    assert len(candidates(score[:10, :10])[0]) == 100


def test_texts_of_common_words_alone_are_no_knowledge() -> None:
    found = affinity(["deep learning"], [["the", "of and"], ["deep learning"]])
    assert np.isnan(found.mean[0, 0])
    assert found.mean[0, 1] == pytest.approx(0.5 if len(found.nearest(0, 1)) > 1 else 1.0)


def test_torn_bibtex_gives_what_is_there() -> None:
    assert read_publications("@article{a, title = {Deep nets") == ["Deep nets"]
    assert read_publications("@article{a, title = bare, year = 2020}") == ["bare"]
