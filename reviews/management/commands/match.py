"""Assign reviewers: `./run manage match --in DIR --out assignment.csv`, or `--edition SLUG` for the database's.

Ends with 0 when solved, 3 when it cannot be done (explanation.json says why) and 2 for input that cannot be used.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from dlonsc.editions.models import Edition
from reviews.assignment import problem_for_edition
from reviews.matching import Problem, ProblemError, solve
from reviews.matching.csvio import DEFAULT_DEMAND, folder_parts, read_folder, write_assignment

INFEASIBLE = 3
BAD_INPUT = 2
Parts = Mapping[tuple[str, str], Mapping[str, float | None]]


class Command(BaseCommand):
    help = "Assign reviewers to papers, from CSV files or from an edition in the database. Nobody is told."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument("--in", dest="folder", type=Path, help="folder with scores.csv and the rest")
        source.add_argument("--edition", metavar="SLUG", help="the submitted, undecided papers of this edition")
        parser.add_argument(
            "--out",
            type=Path,
            default=Path("assignment.csv"),
            help="the assignment to write; explanation.json beside it",
        )
        parser.add_argument("--objective", choices=("total", "maxmin", "leximin"), default="total")
        parser.add_argument("--fairness", type=_number, help="0 (greatest total) to 1 (best worst-off paper)")
        parser.add_argument("--floor", type=_number, help="a score every paper must reach")
        parser.add_argument("--prob-cap", type=_number, help="no pair has a greater probability than this")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument(
            "--partial", action="store_true", help="write the fairest partial assignment if none is full"
        )
        parser.add_argument(
            "--load-price", type=_number, default=0.0, help="score given up per further paper of a person"
        )
        parser.add_argument(
            "--demand", type=int, help=f"reviews per paper without papers.csv ({DEFAULT_DEMAND}), or the edition's own"
        )
        parser.add_argument(
            "--absent-zero", action="store_true", help="with --in: a pair without a score is a candidate of score 0"
        )
        parser.add_argument(
            "--one-per-institution",
            action=argparse.BooleanOptionalAction,
            default=True,
            help="with --edition: no two reviewers of one institution on a paper",
        )
        parser.add_argument(
            "--one-senior", action="store_true", help="with --edition: a senior reviewer on every paper"
        )
        parser.add_argument(
            "--reserve", type=int, default=0, help="with --edition: places kept free of each reviewer's maximum"
        )

    def handle(self, **options: Any) -> None:
        try:
            problem, parts = _of_folder(options) if options["edition"] is None else _of_edition(options)
            started = time.perf_counter()
            result = solve(
                problem,
                objective=options["objective"],
                fairness=options["fairness"],
                floor=options["floor"],
                seed=options["seed"],
                prob_cap=options["prob_cap"],
                partial=options["partial"],
            )
        except (ProblemError, OSError) as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from error
        seconds = round(time.perf_counter() - started, 4)
        told = {**result.explanation, "seconds": seconds}
        assignment = write_assignment(
            problem, result, lambda p, r: parts.get((problem.paper_ids[p], problem.reviewer_ids[r]), {})
        )
        self._write(options["out"], None if result.status == "infeasible" else assignment, told)
        for sentence in result.explanation["sentences"]:
            self.stdout.write(sentence)
        if result.status != "solved":
            sys.exit(INFEASIBLE)

    def _write(self, out: Path, assignment: str | None, told: dict[str, Any]) -> None:
        """The explanation always, the assignment unless there is none."""
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            out.with_name("explanation.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
            if assignment is None:
                out.unlink(missing_ok=True)
            else:
                out.write_text(assignment, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{out}: {error.strerror}.", returncode=BAD_INPUT) from error


def _of_folder(options: dict[str, Any]) -> tuple[Problem, Parts]:
    folder = options["folder"]
    problem = read_folder(
        folder,
        absent_zero=options["absent_zero"],
        demand=DEFAULT_DEMAND if options["demand"] is None else options["demand"],
        load_price=options["load_price"],
    )
    return problem, folder_parts(folder)


def _of_edition(options: dict[str, Any]) -> tuple[Problem, Parts]:
    slug = options["edition"]
    edition = Edition.objects.filter(slug=slug).first()
    if edition is None:
        known = ", ".join(Edition.objects.order_by("slug").values_list("slug", flat=True)) or "none"
        raise ProblemError(f"There is no edition {slug} (known: {known}).", what="edition")
    if options["reserve"] < 0:
        raise ProblemError(f"The reserve is {options['reserve']}; it must be 0 or more.", what="reserve")
    wanted = edition.reviews_per_submission if options["demand"] is None else options["demand"]
    return problem_for_edition(edition, options | {"demand": wanted}, timezone.now())


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a number") from None
