"""What a run gives back: pairs, figures, proven bounds, and why something is missing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from reviews.matching.problem import Bools, Floats, Ints
from reviews.matching.residual import Residual

Status = Literal["solved", "infeasible", "partial"]


@dataclass(frozen=True)
class Unmet:
    """Something demanded and not delivered. Exactly one of `paper` and `reviewer` is an index, the other None."""

    paper: int | None
    reviewer: int | None
    missing: int
    why: str


@dataclass(frozen=True, eq=False)
class Result:
    """One run.

    pairs: int[N, 2] of (paper, reviewer), ordered; scores: float[N]; locked: bool[N]
    metrics, bounds, explanation: plain numbers, strings and lists, ready for JSON
    unmet: empty when solved; marginals: float[K] probability of each candidate pair of a randomised run, else None
    """

    status: Status
    pairs: Ints
    scores: Floats
    locked: Bools
    metrics: Mapping[str, Any]
    bounds: Mapping[str, Any]
    explanation: Mapping[str, Any]
    unmet: tuple[Unmet, ...] = ()
    marginals: Floats | None = field(default=None, repr=False)


def joined_pairs(residual: Residual, taken: Bools) -> tuple[Ints, Floats, Bools]:
    """Chosen and locked pairs in one order, with scores and the mark of the locked ones."""
    chosen = np.column_stack((residual.paper[taken], residual.reviewer[taken]))
    pairs = np.concatenate((residual.locked, chosen)).reshape(-1, 2)
    scores = np.concatenate((residual.locked_score, residual.score[taken]))
    locked = np.arange(len(pairs)) < len(residual.locked)
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return pairs[order], scores[order], locked[order]


def measure(residual: Residual, taken: Bools) -> dict[str, Any]:
    """Figures of a choice of pairs. Papers that want no review are left out of mean and minimum."""
    problem = residual.problem
    totals = residual.totals(taken)
    loads = residual.loads(taken) + residual.base_load
    wanted = problem.demand > 0
    scores = totals[wanted]
    worst = int(np.flatnonzero(wanted)[np.argmin(scores)]) if len(scores) else None
    total = float(residual.score[taken].sum() + residual.locked_score.sum())
    return {
        "pairs": int(taken.sum() + len(residual.locked)),
        "total": total,
        "load_price_paid": residual.price(taken),
        "mean_paper": float(scores.mean()) if len(scores) else 0.0,
        "min_paper": float(scores.min()) if len(scores) else 0.0,
        "worst_paper": None if worst is None else problem.paper_name(worst),
        "load_min": int(loads.min(initial=0)) if not len(loads) else int(loads.min()),
        "load_max": int(loads.max(initial=0)),
        "load_mean": float(loads.mean()) if len(loads) else 0.0,
        "load_sd": float(loads.std()) if len(loads) else 0.0,
        "paper_scores": totals.tolist(),
        "loads": loads.tolist(),
    }
