"""Reviewer assignment: provably best, fair to the worst-off paper, explained. No Django in here.

`solve(problem)` gives a `Result`; `explain_pair` and `substitutes` answer a chair's questions about it.
"""

from reviews.matching.engine import Cancelled, solve
from reviews.matching.explain import PairReasons, Substitute, Swap, explain_pair, substitutes, why_not
from reviews.matching.problem import Problem, ProblemError, Quota
from reviews.matching.result import Result, Unmet

__all__ = [
    "Cancelled",
    "PairReasons",
    "Problem",
    "ProblemError",
    "Quota",
    "Result",
    "Substitute",
    "Swap",
    "Unmet",
    "explain_pair",
    "solve",
    "substitutes",
    "why_not",
]
