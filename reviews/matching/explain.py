"""Answers to a chair: why this reviewer for this paper, what it would cost to change, and who else could do it."""

from dataclasses import dataclass

import numpy as np

from reviews.matching.exchange import Chain, State
from reviews.matching.problem import Bools, Ints, Problem, ProblemError, pair_keys
from reviews.matching.residual import Residual, reduce, scores_of
from reviews.matching.result import Result


@dataclass(frozen=True)
class Swap:
    """One paper gives a reviewer up for another (indexes into papers and reviewers)."""

    paper: int
    out: int
    into: int


@dataclass(frozen=True)
class PairReasons:
    """Why a pair stands.

    rank_for_paper: place among the paper's eligible candidates by score, 1 is best, of `candidates`
    rank_for_reviewer: place of the paper among those the reviewer could have, of `papers`
    cost: how much the total falls when the pair is given up (0 if another is as good, negative if the total
    would rise), None if nobody can replace it; swaps: the exchanges that then keep every rule
    sentences: the same in words
    """

    paper: int
    reviewer: int
    score: float
    assigned: bool
    locked: bool
    rank_for_paper: int
    candidates: int
    rank_for_reviewer: int
    papers: int
    cost: float | None
    swaps: tuple[Swap, ...]
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Substitute:
    """Someone who could review `paper` instead. `loss`: how much less the pair scores than the one it replaces."""

    reviewer: int
    score: float
    rank: int
    load: int
    max_load: int
    has_room: bool
    loss: float
    why: str


def explain_pair(problem: Problem, result: Result, paper: int, reviewer: int) -> PairReasons:
    """Reasons for (or against) a pair in the light of `result`. Raises ProblemError for a conflict or no candidate."""
    residual = reduce(problem)
    taken = taken_in(residual, result.pairs)
    assigned = bool(((result.pairs[:, 0] == paper) & (result.pairs[:, 1] == reviewer)).any())
    locked = bool(((problem.locked[:, 0] == paper) & (problem.locked[:, 1] == reviewer)).any())
    _refuse_impossible(problem, paper, reviewer, locked)
    score = float(scores_of(problem, np.array([[paper, reviewer]]))[0])
    rivals, mine = _eligible(problem)
    rank_p, of_p = _rank(problem.score[rivals & (problem.pair_paper == paper)], score, locked)
    rank_r, of_r = _rank(problem.score[mine & (problem.pair_reviewer == reviewer)], score, locked)
    chain = _out_chain(residual, taken, paper, reviewer) if assigned and not locked else None
    if not assigned:
        chain = _in_chain(residual, taken, paper, reviewer)
    swaps = _swaps(residual, chain)
    cost = None if chain is None else chain.loss
    if cost is not None and abs(cost) < 1e-9:
        cost = 0.0
    sentences = _sentences(
        problem, (paper, reviewer), score, (rank_p, of_p, rank_r, of_r), assigned, locked, cost, swaps
    )
    below = _new_worst(residual, result, swaps)
    sentences += (below,) if below else ()
    return PairReasons(paper, reviewer, score, assigned, locked, rank_p, of_p, rank_r, of_r, cost, swaps, sentences)


def substitutes(problem: Problem, result: Result, paper: int, without_reviewer: int) -> list[Substitute]:
    """Everyone eligible to review `paper` in place of a reviewer, the others staying: with room first, then by score.

    Reviewers who conflict, already review the paper, or break a rule on groups there are left out.
    """
    freed = np.array([[paper, without_reviewer]])
    others = result.pairs[~((result.pairs[:, 0] == paper) & (result.pairs[:, 1] == without_reviewer))]
    eligible = _eligible(problem)[0] & (problem.pair_paper == paper)
    people = problem.pair_reviewer[eligible]
    scores = problem.score[eligible]
    on_paper = others[others[:, 0] == paper, 1]
    keep = ~np.isin(people, on_paper) & (people != without_reviewer)
    people, scores = people[keep], scores[keep]
    loads = np.bincount(others[:, 1], minlength=problem.n_reviewers)
    old = float(scores_of(problem, freed)[0])
    ranks = [int((problem.score[eligible] > s).sum()) + 1 for s in scores]
    found = []
    for who, score, rank in zip(people.tolist(), scores.tolist(), ranks, strict=True):
        if _rule_against(problem, on_paper, who) is not None:
            continue
        load, most = int(loads[who]), int(problem.max_load[who])
        room = load < most
        why = (
            f"Score {score:.3f}, number {rank} of {int(eligible.sum())} candidates; has {load} of {most} papers"
            f"{'' if room else ', so one more is over the maximum'}; {_difference(score - old)}."
        )
        found.append(Substitute(who, score, rank, load, most, room, old - score, why))
    return sorted(found, key=lambda s: (not s.has_room, -s.score, s.load, s.reviewer))


def why_not(problem: Problem, result: Result, paper: int, reviewer: int) -> str | None:
    """The rule that forbids adding this pair to `result`, or None: conflict, full, group or kept apart."""
    name, title = problem.reviewer_name(reviewer), problem.paper_name(paper)
    if ((problem.conflicts[:, 0] == paper) & (problem.conflicts[:, 1] == reviewer)).any():
        return f"Reviewer {name} has a conflict of interest with paper {title}."
    on_paper = result.pairs[result.pairs[:, 0] == paper, 1]
    if reviewer in on_paper:
        return f"Reviewer {name} already has paper {title}."
    load = int((result.pairs[:, 1] == reviewer).sum())
    if load >= problem.max_load[reviewer]:
        return f"Reviewer {name} is full: {load} of {problem.max_load[reviewer]} papers."
    return _rule_against(problem, on_paper, reviewer)


def taken_in(residual: Residual, pairs: Ints) -> Bools:
    """Which candidate pairs of `residual` are among `pairs`: bool[K]."""
    size = residual.problem.n_reviewers
    keys = pair_keys(residual.paper, residual.reviewer, size)
    return np.isin(keys, pair_keys(pairs[:, 0], pairs[:, 1], size))


def _refuse_impossible(problem: Problem, paper: int, reviewer: int, locked: bool) -> None:
    if not (0 <= paper < problem.n_papers and 0 <= reviewer < problem.n_reviewers):
        raise ProblemError(f"There is no paper {paper} or no reviewer {reviewer}.", what="pair")
    name, title = problem.reviewer_name(reviewer), problem.paper_name(paper)
    if ((problem.conflicts[:, 0] == paper) & (problem.conflicts[:, 1] == reviewer)).any():
        raise ProblemError(f"Reviewer {name} has a conflict of interest with paper {title}.", what="conflicts")
    if not locked and not ((problem.pair_paper == paper) & (problem.pair_reviewer == reviewer)).any():
        raise ProblemError(f"Reviewer {name} is not a candidate for paper {title}.", what="score")


def _eligible(problem: Problem) -> tuple[Bools, Bools]:
    keys = pair_keys(problem.pair_paper, problem.pair_reviewer, problem.n_reviewers)
    struck = pair_keys(problem.conflicts[:, 0], problem.conflicts[:, 1], problem.n_reviewers)
    free = ~np.isin(keys, struck)
    return free & (problem.max_load[problem.pair_reviewer] > 0), free & (problem.demand[problem.pair_paper] > 0)


def _rank(scores: object, score: float, outside: bool) -> tuple[int, int]:
    values = np.asarray(scores)
    among = len(values) if score in values or not outside else len(values) + 1
    return int((values > score).sum()) + 1, among


def _out_chain(residual: Residual, taken: Bools, paper: int, reviewer: int) -> Chain | None:
    pair = _pair_number(residual, paper, reviewer)
    return None if pair is None else State(residual, taken).cheapest(pair, layers=40)


def _in_chain(residual: Residual, taken: Bools, paper: int, reviewer: int) -> Chain | None:
    """The cheapest way to bring a pair in, over all reviewers it could replace."""
    pair = _pair_number(residual, paper, reviewer)
    if pair is None:
        return None
    state = State(residual, taken)
    chains = [state.cheapest(int(drop), only=pair, layers=40) for drop in state.of_paper(paper)]
    return min((c for c in chains if c is not None), key=lambda c: c.loss, default=None)


def _pair_number(residual: Residual, paper: int, reviewer: int) -> int | None:
    start, end = residual.paper_start[paper : paper + 2]
    found = np.flatnonzero(residual.reviewer[start:end] == reviewer)
    return int(found[0] + start) if len(found) else None


def _swaps(residual: Residual, chain: Chain | None) -> tuple[Swap, ...]:
    if chain is None:
        return ()
    return tuple(
        Swap(int(residual.paper[m.drop]), int(residual.reviewer[m.drop]), int(residual.reviewer[m.take]))
        for m in chain.moves
    )


def _new_worst(residual: Residual, result: Result, swaps: tuple[Swap, ...]) -> str | None:
    """What the swaps do to the worst-off paper, if they make it worse."""
    problem = residual.problem
    if not swaps or not len(result.pairs):
        return None
    totals = np.bincount(result.pairs[:, 0], weights=result.scores, minlength=problem.n_papers)
    wanted = problem.demand > 0
    before = float(totals[wanted].min())
    papers = np.array([s.paper for s in swaps])
    for people, sign in (([s.out for s in swaps], -1), ([s.into for s in swaps], 1)):
        np.add.at(totals, papers, sign * scores_of(problem, np.column_stack((papers, people))))
    worst = int(papers[np.argmin(totals[papers])])
    if totals[worst] >= before - 1e-9:
        return None
    return (
        f"Paper {problem.paper_name(worst)} would then be the worst off, with {totals[worst]:.3f} below {before:.3f}."
    )


def _rule_against(problem: Problem, on_paper: Ints, reviewer: int) -> str | None:
    name = problem.reviewer_name(reviewer)
    present = set(on_paper.tolist())
    for a, b in problem.apart.tolist():
        other = b if a == reviewer else a if b == reviewer else None
        if other in present and other is not None:
            return f"Reviewers {name} and {problem.reviewer_name(other)} are kept apart."
    for quota in problem.quotas:
        labels = problem.groups[quota.column]
        label = labels[reviewer]
        if quota.comparator == ">=" or not label or quota.value not in ("*", label):
            continue
        if sum(labels[r] == label for r in present) >= quota.bound:
            return f"The paper has {quota.bound} of {quota.column} {label} already, which is the most allowed."
    return None


def _difference(gain: float) -> str:
    if abs(gain) < 5e-4:
        return "as good as before"
    return f"{abs(gain):.3f} {'better' if gain > 0 else 'worse'} than before"


def _sentences(
    problem: Problem,
    pair: tuple[int, int],
    score: float,
    ranks: tuple[int, int, int, int],
    assigned: bool,
    locked: bool,
    cost: float | None,
    swaps: tuple[Swap, ...],
) -> tuple[str, ...]:
    title, name = problem.paper_name(pair[0]), problem.reviewer_name(pair[1])
    first = (
        f"Score {score:.3f}: {name} is number {ranks[0]} of the {ranks[1]} candidates of paper {title}; "
        f"the paper is number {ranks[2]} of the {ranks[3]} {name} could review."
    )
    if locked:
        return (first, "The pair is locked.")
    verb = "Giving it up" if assigned else "Bringing it in"
    if cost is None:
        return (first, f"{verb} is not possible without breaking a rule.")
    steps = ", ".join(
        f"paper {problem.paper_name(s.paper)} goes from {problem.reviewer_name(s.out)} to "
        f"{problem.reviewer_name(s.into)}"
        for s in swaps
    )
    effect = (
        "leaves the total as it is"
        if cost == 0
        else f"{'lowers' if cost > 0 else 'raises'} the total by {abs(cost):.3f}"
    )
    return (first, f"{verb} {effect}: {steps}.")
