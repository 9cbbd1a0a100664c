"""Why an assignment cannot be done, named from a minimum cut, and the fairest one that can."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array  # type: ignore[import-untyped]
from scipy.sparse.csgraph import breadth_first_order  # type: ignore[import-untyped]

from reviews.matching import flow, program
from reviews.matching.problem import Bools, Ints
from reviews.matching.residual import Residual
from reviews.matching.result import Unmet

# Advice is checked by solving again; above this size it would cost more than it is worth.
CHECKED_PAIRS = 300_000
MOST_GROUPS = 200
NAMES_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Partial:
    """The fairest partial assignment. missing: int[P]; underload: int[R]; short_cells: per column of quotas int[C]."""

    taken: Bools
    missing: Ints
    underload: Ints
    short_cells: tuple[Ints, ...]


@dataclass(frozen=True, eq=False)
class Shortage:
    """unmet: one entry per paper, rule or reviewer; causes: the sentences once each; papers, reviewers: the cut."""

    partial: Partial
    unmet: tuple[Unmet, ...]
    causes: tuple[str, ...]
    papers: tuple[int, ...]
    reviewers: tuple[int, ...]


def explain(residual: Residual) -> Shortage:
    """Everything `residual` cannot deliver, with reasons."""
    partial, network, carried = _fairest(residual)
    unmet: list[Unmet] = []
    causes: list[str] = list(residual.broken)
    cut_papers: set[int] = set()
    cut_reviewers: set[int] = set()
    for group in _groups(residual, partial, network, carried):
        cause = _group_cause(residual, partial, group)
        causes.extend([cause] if cause else [])
        cut_papers.update(group.papers)
        cut_reviewers.update(group.reviewers)
        for paper in group.short:
            own = _own_cause(residual, paper)
            if own:
                start, end = residual.paper_start[paper : paper + 2]
                cut_reviewers.update(residual.reviewer[start:end].tolist())
            causes.extend([own] if own else [])
            why = " ".join(s for s in (own, cause) if s) or _rule_cause(residual, paper)
            causes.extend([why] if not own and not cause else [])
            unmet.append(Unmet(paper, None, int(partial.missing[paper]), why))
    for paper, missing, why in _short_rules(residual, partial):
        unmet.append(Unmet(paper, None, missing, why))
        causes.append(why)
        cut_papers.add(paper)
    for reviewer in np.flatnonzero(partial.underload).tolist():
        why = _underload_cause(residual, partial, reviewer)
        unmet.append(Unmet(None, reviewer, int(partial.underload[reviewer]), why))
        cut_reviewers.add(reviewer)
    causes.extend(_load_causes(residual, partial, [u.why for u in unmet if u.reviewer is not None]))
    return Shortage(
        partial, tuple(unmet), tuple(dict.fromkeys(causes)), tuple(sorted(cut_papers)), tuple(sorted(cut_reviewers))
    )


def _fairest(residual: Residual) -> tuple[Partial, flow.Network | None, Ints | None]:
    if not residual.is_flow:
        return Partial(*program.fairest(residual)), None, None
    network = flow.build(residual, slack=True)
    carried = flow.run(network)
    if carried is None:
        raise flow.FlowFailed("A network with slack must have an answer.")
    papers, reviewers = residual.problem.n_papers, residual.problem.n_reviewers
    missing = np.bincount(network.tail[network.missing], weights=carried[network.missing], minlength=papers).astype(
        np.int64
    )[:papers]
    underload = np.zeros(reviewers, dtype=np.int64)
    underload[network.head[network.underload] - papers] = carried[network.underload]
    ends = np.cumsum([0] + [len(c.paper) for c in residual.cells]).tolist()
    short = carried[network.short_cell]
    cells = tuple(short[a:b] for a, b in pairwise(ends))
    return Partial(carried[: network.pairs] > 0, missing, underload, cells), network, carried


@dataclass(frozen=True)
class Group:
    """Short papers with one cause: from them the residual network reaches these papers and (full) reviewers."""

    short: tuple[int, ...]
    papers: frozenset[int]
    reviewers: frozenset[int]


def _groups(residual: Residual, partial: Partial, network: flow.Network | None, carried: Ints | None) -> list[Group]:
    short = np.flatnonzero(partial.missing).tolist()
    if not short:
        return []
    graph = _open_pairs(residual, partial.taken) if network is None or carried is None else _open_arcs(network, carried)
    papers = residual.problem.n_papers
    reviewers = residual.problem.n_reviewers
    groups: list[Group] = []
    covered: set[int] = set()
    for paper in short:
        if paper in covered and len(groups) >= 1:
            continue
        if len(groups) >= MOST_GROUPS:
            groups.append(Group((paper,), frozenset({paper}), frozenset()))
            continue
        reached = breadth_first_order(graph, paper, return_predecessors=False)
        found = frozenset(reached[reached < papers].tolist())
        people = frozenset((reached[(reached >= papers) & (reached < papers + reviewers)] - papers).tolist())
        mine = {p for p in short if p in found and p not in covered} | {paper}
        covered |= mine
        groups = _merged(groups, Group(tuple(sorted(mine)), found, people))
    return groups


def _merged(groups: list[Group], new: Group) -> list[Group]:
    kept: list[Group] = []
    for group in groups:
        if group.reviewers & new.reviewers:
            short = tuple(sorted({*group.short, *new.short}))
            new = Group(short, group.papers | new.papers, group.reviewers | new.reviewers)
        else:
            kept.append(group)
    return [*kept, new]


def _open_arcs(network: flow.Network, carried: Ints) -> csr_array:
    real = ~network.slack
    ahead = real & (carried < network.capacity)
    back = real & (carried > 0)
    rows = np.concatenate((network.tail[ahead], network.head[back]))
    columns = np.concatenate((network.head[ahead], network.tail[back]))
    size = len(network.supply)
    return csr_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(size, size))


def _open_pairs(residual: Residual, taken: Bools) -> csr_array:
    papers = residual.problem.n_papers
    rows = np.where(taken, residual.reviewer + papers, residual.paper)
    columns = np.where(taken, residual.paper, residual.reviewer + papers)
    size = papers + residual.problem.n_reviewers
    return csr_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(size, size))


def _own_cause(residual: Residual, paper: int) -> str | None:
    """The paper's own lack of eligible reviewers, or None if it has enough."""
    eligible = int(residual.paper_start[paper + 1] - residual.paper_start[paper])
    wanted = int(residual.demand[paper])
    if eligible >= wanted:
        return None
    problem = residual.problem
    conflicts = len(set(problem.conflicts[problem.conflicts[:, 0] == paper, 1].tolist()))
    locked = int((residual.locked[:, 0] == paper).sum())
    others = problem.n_reviewers - eligible - conflicts - locked
    reasons = [f"{conflicts} of {problem.n_reviewers} conflict"]
    if others > 0:
        reasons.append(f"{others} are no candidates or take no more papers")
    noun = "reviewer" if eligible == 1 else "reviewers"
    return f"Paper {problem.paper_name(paper)} has {eligible} eligible {noun} of {wanted}: {', '.join(reasons)}."


def _group_cause(residual: Residual, partial: Partial, group: Group) -> str | None:
    """Full reviewers as the cause: who, how many reviews short, what would help."""
    own = [max(0, _lacking(residual, p)) for p in group.short]
    short = int(sum(max(0, int(partial.missing[p]) - o) for p, o in zip(group.short, own, strict=True)))
    people = sorted(group.reviewers)
    if not short or not people:
        return None
    load = residual.loads(partial.taken)
    if any(load[r] < residual.high[r] for r in people):
        return None
    advice = _advice(residual, partial, people, short, max(int(partial.missing[p]) for p in group.short))
    working = int((residual.problem.max_load > 0).sum())
    noun = "review" if short == 1 else "reviews"
    names = [residual.problem.reviewer_name(r) for r in people]
    if len(people) == working:
        who = f"All {working} reviewers are full" if working > 1 else f"The only reviewer, {names[0]}, is full"
        return f"{who}: {short} {noun} short; {advice}."
    papers = sorted(group.papers)
    titles = [residual.problem.paper_name(p) for p in papers]
    subject = f"Paper {titles[0]} depends" if len(papers) == 1 else f"Papers {listed(titles)} depend"
    owners = f"reviewer {names[0]}, who is full" if len(people) == 1 else f"reviewers {listed(names)}, who are all full"
    return f"{subject} on {owners}: {short} {noun} short; {advice}."


def _lacking(residual: Residual, paper: int) -> int:
    eligible = int(residual.paper_start[paper + 1] - residual.paper_start[paper])
    return int(residual.demand[paper]) - eligible


def _advice(residual: Residual, partial: Partial, people: Sequence[int], short: int, deepest: int) -> str:
    typical = max(int(np.median(residual.problem.max_load[people])), 1)
    more = max(-(-short // typical), deepest)
    add = f"add {more} reviewer{'s' if more > 1 else ''}"
    if len(residual.paper) > CHECKED_PAIRS or not residual.is_flow:
        return f"raise the maximum by at least {-(-short // len(people))} or {add}"
    raised = _raise_that_helps(residual, partial, people, short)
    return f"raise the maximum by {raised} or {add}" if raised else add


def _raise_that_helps(residual: Residual, partial: Partial, people: Sequence[int], short: int) -> int | None:
    """The smallest raise of the maximum load of `people` that fills the shortage, tried by solving again."""
    first = -(-short // len(people))
    before = int(partial.missing.sum())
    for raised in range(first, first + 4):
        high = residual.high.copy()
        high[list(people)] += raised
        again = _fairest(replace(residual, high=high))[0]
        if before - int(again.missing.sum()) >= short:
            return raised
    return None


def _rule_cause(residual: Residual, paper: int) -> str:
    """A paper with enough eligible reviewers that a rule keeps short."""
    eligible = int(residual.paper_start[paper + 1] - residual.paper_start[paper])
    columns = [c.column for c in residual.cells if (c.paper == paper).any()]
    rules = f"the rules on {' and '.join(columns)}" if columns else "who is kept apart and how full the others are"
    return (
        f"Paper {residual.problem.paper_name(paper)} has {eligible} eligible reviewers for {residual.demand[paper]} "
        f"places, but {rules} leave some empty."
    )


def _short_rules(residual: Residual, partial: Partial) -> list[tuple[int, int, str]]:
    found = []
    for cells, short in zip(residual.cells, partial.short_cells, strict=True):
        for i in np.flatnonzero(short).tolist():
            paper = int(cells.paper[i])
            eligible = int((cells.of_pair == i).sum())
            who = f"{cells.column} {cells.words(i)}"
            if eligible < cells.low[i]:
                reason = f"it has {eligible or 'no'} eligible one{'s' if eligible > 1 else ''}"
            else:
                reason = f"its {eligible} eligible ones are full or needed by others"
            name = residual.problem.paper_name(paper)
            found.append((paper, int(short[i]), f"Paper {name} needs {cells.low[i]} more of {who}: {reason}."))
    return found


def _underload_cause(residual: Residual, partial: Partial, reviewer: int) -> str:
    problem = residual.problem
    eligible = int((residual.reviewer == reviewer).sum())
    least = int(problem.min_load[reviewer])
    got = int(least - partial.underload[reviewer])
    name = problem.reviewer_name(reviewer)
    conflicts = len(set(problem.conflicts[problem.conflicts[:, 1] == reviewer, 0].tolist()))
    if eligible < residual.low[reviewer]:
        noun = "paper" if eligible == 1 else "papers"
        return (
            f"Reviewer {name} must have at least {least} papers but is eligible for {eligible} more {noun}: "
            f"{conflicts} of {problem.n_papers} conflict."
        )
    return (
        f"Reviewer {name} must have at least {least} papers and can get {got}: "
        "the papers have all the reviews they want."
    )


def _load_causes(residual: Residual, partial: Partial, whys: list[str]) -> list[str]:
    """One sentence when the minimum loads ask for more than the papers want, else those of the reviewers."""
    asked, wanted = int(residual.low.sum()), int(residual.demand.sum())
    if asked > wanted and partial.underload.any():
        people = int((residual.low > 0).sum())
        return [
            f"The minimum loads ask for {asked} reviews and the papers want {wanted}: {asked - wanted} too many; "
            f"lower the minimum of {people} reviewers by {-(-(asked - wanted) // people)} or ask for more reviews."
        ]
    return whys


def listed(names: Sequence[str]) -> str:
    """The first few names and how many more."""
    shown = list(names[:NAMES_SHOWN])
    more = len(names) - len(shown)
    if more:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)
