"""Time and quality of the reviewer assignment: `python bench/matching.py [FOLDER] [--large]`.

FOLDER holds sets of real conferences (one folder each, as CSV); without it only synthetic sets are measured.
Times are CPU seconds of `solve()` after parsing; memory is the process' greatest resident size so far.
"""

import argparse
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from reviews.matching import Problem, Quota, explain_pair, solve
from reviews.matching.csvio import read_folder

HEADER = (
    f"{'set':<16}{'candidates':>11}{'mode':>13}{'total':>12}{'of bound':>10}"
    f"{'worst':>9}{'its bound':>10}{'CPU s':>8}{'MB':>7}"
)


def synthetic(papers: int, reviewers: int, per_paper: int, *, seed: int = 1, **rules: Any) -> Problem:
    """A conference with 20 subjects: scores grow with shared subjects, candidates are each paper's best and
    enough random others that every reviewer has some."""
    draw = np.random.default_rng(seed)
    subject_p = draw.dirichlet(np.full(20, 0.15), papers)
    subject_r = draw.dirichlet(np.full(20, 0.15), reviewers)
    parts = []
    for start in range(0, papers, 1000):
        block = subject_p[start : start + 1000] @ subject_r.T
        near = np.minimum(block * (0.6 + 0.8 * draw.random(block.shape)), 1.0)
        best = np.argpartition(-near, min(per_paper, reviewers - 1), axis=1)[:, :per_paper]
        rows = np.repeat(np.arange(len(block)), per_paper)
        parts.append((rows + start, best.ravel(), near[rows, best.ravel()]))
    paper, reviewer, score = (np.concatenate([p[i] for p in parts]) for i in range(3))
    extra_reviewer = np.repeat(np.arange(reviewers), 15)
    extra_paper = draw.integers(0, papers, len(extra_reviewer))
    extra = np.setdiff1d(extra_paper * reviewers + extra_reviewer, paper * reviewers + reviewer)
    extra_score = (subject_p[extra // reviewers] * subject_r[extra % reviewers]).sum(axis=1)
    load = max(6, -(-papers * 3 * 3 // (2 * reviewers)))
    return Problem(
        n_papers=papers,
        n_reviewers=reviewers,
        pair_paper=np.concatenate((paper, extra // reviewers)),
        pair_reviewer=np.concatenate((reviewer, extra % reviewers)),
        score=np.concatenate((score, extra_score)),
        demand=np.full(papers, 3),
        min_load=np.zeros(reviewers, dtype=np.int64),
        max_load=np.full(reviewers, load),
        **rules,
    )


def grouped(papers: int, reviewers: int, per_paper: int) -> Problem:
    draw = np.random.default_rng(5)
    groups = {
        "institution": [f"i{k}" for k in draw.integers(0, reviewers // 3, reviewers)],
        "seniority": ["senior" if s else "junior" for s in draw.random(reviewers) < 0.4],
    }
    quotas = (Quota("institution", "*", "<=", 1), Quota("seniority", "senior", ">=", 1))
    return synthetic(papers, reviewers, per_paper, groups=groups, quotas=quotas)


def cases(folder: Path | None, large: bool) -> Iterator[tuple[str, Problem, list[dict[str, Any]]]]:
    total, worst = {"objective": "total"}, {"objective": "maxmin"}
    for path in sorted(folder.iterdir()) if folder else []:
        if path.is_dir():
            yield path.name, read_folder(path), [total, worst, {"objective": "leximin"}, {"prob_cap": 0.9}]
    yield "40x30", synthetic(40, 30, 28), [total, worst, {"objective": "leximin"}, {"prob_cap": 0.9}]
    yield "118x177 groups", grouped(118, 177, 60), [total, worst]
    yield "2000x400", synthetic(2000, 400, 120), [total, worst]
    yield "10000x10000", synthetic(10_000, 10_000, 60), [total, worst, {"prob_cap": 0.9}]
    if large:
        yield "25000x20000", synthetic(25_000, 20_000, 60), [total, worst]


def measure(name: str, problem: Problem, options: dict[str, Any]) -> str:
    started = time.process_time()
    result = solve(problem, **options)
    seconds = time.process_time() - started
    most = result.bounds.get("total_at_floor", result.bounds.get("total", float("nan")))
    share = result.metrics["total"] / most if most else float("nan")
    mode = options.get("objective", f"cap {options.get('prob_cap')}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"{name:<16}{len(problem.score):>11,}{mode:>13}{result.metrics['total']:>12.3f}{share:>10.5f}"
        f"{result.metrics['min_paper']:>9.4f}{result.bounds.get('min_paper', float('nan')):>10.4f}"
        f"{seconds:>8.3f}{memory:>7.0f}"
    )


def explanation_time(problem: Problem) -> float:
    """CPU seconds of solving and explaining every pair."""
    started = time.process_time()
    result = solve(problem)
    for paper, reviewer in result.pairs.tolist():
        explain_pair(problem, result, paper, reviewer)
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--large", action="store_true", help="also 25,000 x 20,000 (about 3 GB while it is made)")
    arguments = parser.parse_args()
    print(HEADER)
    small = synthetic(40, 30, 28)
    solve(small)
    for name, problem, modes in cases(arguments.folder, arguments.large):
        for options in modes:
            print(measure(name, problem, options), flush=True)
    print(f"40x30, solved and every one of its 120 pairs explained: {explanation_time(small):.3f} CPU s")


if __name__ == "__main__":
    main()
