"""How well reviewers fit submissions: topics, text and bids from the database, by the edition's weights."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dlonsc.editions.models import Edition, Interest, Membership
from reviews.likeness import text_of, vectors_of
from reviews.matching.affinity import Affinity, affinity, read_publications
from reviews.matching.problem import Floats
from reviews.matching.score import Scored, Weights, combine, topic_scores
from reviews.models import Bid
from submissions.models import Submission

NUMBERS = ("text", "topic", "bid_base", "bid_weight")


@dataclass(frozen=True)
class PairScore:
    """One pair's score and its parts. text and topic: 0 to 1, bid: -2 to 2, None when nothing is known."""

    total: float
    text: float | None
    topic: float | None
    bid: float | None

    @property
    def words(self) -> str:
        parts = [
            "topics unknown" if self.topic is None else f"topics {self.topic:.2f}",
            "no publications to compare" if self.text is None else f"text {self.text:.2f}",
        ]
        if self.bid is not None:
            parts.append(f"bid {self.bid:+.0f}")
        return ", ".join(parts)


@dataclass(frozen=True, eq=False)
class Fit:
    """Scores of all pairs of some submissions (P, in `papers`) and members (R, in `people`), primary keys in order."""

    papers: tuple[int, ...]
    people: tuple[int, ...]
    scored: Scored
    likeness: Affinity
    texts: tuple[tuple[str, ...], ...]

    def place(self, submission: int, member: int) -> tuple[int, int]:
        return self.papers.index(submission), self.people.index(member)

    def score(self, submission: int, member: int) -> PairScore | None:
        """The pair's score, or None when one of the two is not in here."""
        if submission not in self.papers or member not in self.people:
            return None
        parts = self.scored.parts(*self.place(submission, member))
        return PairScore(parts.score, parts.text, parts.topic, parts.bid)

    def nearest(self, submission: int, member: int) -> list[tuple[str, float]]:
        """The member's own texts closest to the submission, with their likeness (cosine, 0 to 1), best first."""
        paper, person = self.place(submission, member)
        found = self.likeness.nearest(paper, person)
        return [(self.texts[person][near.text], near.similarity) for near in found if near.similarity > 0]


def weights_of(edition: Edition) -> Weights:
    """The edition's weights over the defaults; what is not a number of 0 or more is ignored."""
    own = {
        name: float(value)
        for name, value in edition.matching.items()
        if name in NUMBERS and isinstance(value, int | float) and math.isfinite(value) and value >= 0
    }
    if own.get("bid_base") == 0:
        del own["bid_base"]
    rule = edition.matching.get("bid_rule")
    return Weights(**own, bid_rule="additive" if rule == "additive" else "factor")


def fit_of(edition: Edition, submissions: Sequence[Submission], members: Sequence[Membership]) -> Fit:
    """Scores of every pair. Likeness is relative to all texts given: hand over all that the chair may see."""
    papers = tuple(row.pk for row in submissions)
    people = tuple(row.pk for row in members)
    texts = tuple(tuple(read_publications(row.publications)) for row in members)
    titles = [text_of(row) for row in submissions]
    likeness = affinity(titles, texts, vectors_of(edition, [*titles, *(text for own in texts for text in own)]))
    scored = combine(likeness.scaled(), _topics(edition, papers, people), _bids(papers, people), weights_of(edition))
    return Fit(papers, people, scored, likeness, texts)


def _topics(edition: Edition, papers: Sequence[int], people: Sequence[int]) -> Floats:
    topics = list(edition.topics.values_list("pk", flat=True))
    column = {pk: place for place, pk in enumerate(topics)}
    row = {pk: place for place, pk in enumerate(papers)}
    person = {pk: place for place, pk in enumerate(people)}
    has = np.zeros((len(papers), len(topics)), dtype=bool)
    interest = np.full((len(people), len(topics)), np.nan)
    through = Submission.topics.through.objects.filter(submission__in=papers)
    for submission, topic in through.values_list("submission_id", "topic_id"):
        if topic in column:
            has[row[submission], column[topic]] = True
    said = Interest.objects.filter(membership__in=people, topic__in=topics)
    for member, topic, value in said.values_list("membership_id", "topic_id", "value"):
        interest[person[member], column[topic]] = value
    return topic_scores(has, interest)


def _bids(papers: Sequence[int], people: Sequence[int]) -> Floats:
    row = {pk: place for place, pk in enumerate(papers)}
    person = {pk: place for place, pk in enumerate(people)}
    bids = np.full((len(papers), len(people)), np.nan)
    found = Bid.objects.filter(submission__in=papers, membership__in=people)
    for submission, member, value in found.values_list("submission_id", "membership_id", "value"):
        bids[row[submission], person[member]] = value
    return bids
