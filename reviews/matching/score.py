"""The score of a pair from text, topics and bid, with its parts kept for the explanation.

base  = (text weight x text + topic weight x topic) / (the weights of what is known)
score = base x 1.5^bid                  "factor", as at NIPS 2014; bid from -2 to 2
      = base + bid weight x bid / 2     "additive", as in OpenReview

What is missing is neutral: a missing part leaves the other its whole weight, a pair without any part has the mean
of the known bases (0.5 if none is known), and no bid is a bid of 0. Scores are never rounded.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from reviews.matching.problem import Floats, Ints

LEAST_BID, MOST_BID = -2, 2
# HotCRP's values of interest -2..2; two of "low" weigh as one "none at all", "some" less than twice "high".
INTEREST = np.array([-np.sqrt(0.5), -0.5, 0.0, np.sqrt(0.5), 1.0])
PRUNE_ABOVE = 200_000


@dataclass(frozen=True)
class Weights:
    """Settings of an edition. bid_base: the factor of one step of bid; bid_weight: what a bid of 2 adds."""

    text: float = 0.5
    topic: float = 0.5
    bid_rule: Literal["factor", "additive"] = "factor"
    bid_base: float = 1.5
    bid_weight: float = 1.0

    def __post_init__(self) -> None:
        if min(self.text, self.topic, self.bid_weight) < 0 or self.bid_base <= 0:
            raise ValueError("Weights are 0 or more, the factor of a bid is above 0.")


@dataclass(frozen=True)
class Parts:
    """The parts of one pair's score; None where nothing is known."""

    text: float | None
    topic: float | None
    bid: float | None
    base: float
    score: float

    def sentence(self) -> str:
        """The parts in words."""
        known = [
            f"{name} {value:.3f}" for name, value in (("text", self.text), ("topics", self.topic)) if value is not None
        ]
        base = " and ".join(known) if known else "nothing known, so the mean"
        bid = "no bid" if self.bid is None else f"bid {self.bid:+g}"
        return f"Score {self.score:.3f} from {base} (base {self.base:.3f}) and {bid}."


@dataclass(frozen=True, eq=False)
class Scored:
    """Scores of all pairs, float[P, R]; text, topic and bid as given, NaN for unknown."""

    score: Floats
    base: Floats
    text: Floats
    topic: Floats
    bid: Floats

    def parts(self, paper: int, reviewer: int) -> Parts:
        def known(values: Floats) -> float | None:
            value = float(values[paper, reviewer])
            return None if np.isnan(value) else value

        return Parts(
            known(self.text),
            known(self.topic),
            known(self.bid),
            float(self.base[paper, reviewer]),
            float(self.score[paper, reviewer]),
        )


def combine(text: Floats, topic: Floats, bid: Floats, weights: Weights = Weights()) -> Scored:
    """Scores from text and topic (0..1) and bid (-2..2), float[P, R] each, NaN where unknown."""
    parts = np.stack((text, topic))
    share = np.array([weights.text, weights.topic])[:, None, None] * np.isfinite(parts)
    weight = share.sum(axis=0)
    total = (np.nan_to_num(parts) * share).sum(axis=0)
    base = np.divide(total, weight, out=np.full(text.shape, np.nan), where=weight > 0)
    known = base[np.isfinite(base)]
    base = np.where(np.isfinite(base), base, known.mean() if len(known) else 0.5)
    step = np.clip(np.nan_to_num(bid), LEAST_BID, MOST_BID)
    score = (
        base * weights.bid_base**step if weights.bid_rule == "factor" else base + weights.bid_weight * step / MOST_BID
    )
    return Scored(score, base, text, topic, bid)


def topic_scores(has: np.ndarray, interest: Floats) -> Floats:
    """Topic part, float[P, R] in 0..1: HotCRP's sum of interests over the square root of the number of topics.

    has: bool[P, T], the paper's topics; interest: float[R, T] of -2..2, NaN where not said (then 0).
    NaN for papers without topics and reviewers who said nothing. 0 and 1 are what the paper with most topics
    would have with a reviewer wholly averse or wholly keen.
    """
    topics = has.sum(axis=1)
    said = np.isfinite(interest).any(axis=1)
    level = np.clip(np.rint(np.nan_to_num(interest)), LEAST_BID, MOST_BID).astype(np.int64) - LEAST_BID
    raw = has.astype(np.float64) @ INTEREST[level].T / np.sqrt(np.maximum(topics, 1))[:, None]
    reach = np.sqrt(max(int(topics.max(initial=1)), 1))
    scaled: Floats = (raw / reach - INTEREST[0]) / (INTEREST[-1] - INTEREST[0])
    scaled[topics == 0] = np.nan
    scaled[:, ~said] = np.nan
    return scaled


def candidates(score: Floats, *, per_paper: int = 60, per_reviewer: int = 15) -> tuple[Ints, Ints, Floats]:
    """Pairs to assign from: all of them, or above 200,000 the best of each paper and of each reviewer.

    Gives pair_paper, pair_reviewer and score for a Problem.
    """
    papers, reviewers = score.shape
    keep = np.ones(score.shape, dtype=bool)
    if score.size > PRUNE_ABOVE:
        keep = np.zeros(score.shape, dtype=bool)
        best = np.argpartition(-score, min(per_paper, reviewers) - 1, axis=1)[:, :per_paper]
        keep[np.arange(papers)[:, None], best] = True
        best = np.argpartition(-score, min(per_reviewer, papers) - 1, axis=0)[:per_reviewer]
        keep[best, np.arange(reviewers)[None, :]] = True
    paper, reviewer = np.nonzero(keep)
    return paper.astype(np.int64), reviewer.astype(np.int64), score[keep]
