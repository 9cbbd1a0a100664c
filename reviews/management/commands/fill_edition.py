"""fill_edition: an edition of any size full of invented data, for trials and benchmarks."""

from argparse import ArgumentParser
from random import Random
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dlonsc.editions.models import Edition
from reviews.demo.edition import make_demo_edition
from reviews.demo.fill import Cast, add_members, fill


class Command(BaseCommand):
    help = "Fill a new edition with invented people, papers and reviews; the same seed gives the same data."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--slug", default="", help="address of the new edition (default: filled-<seed>)")
        parser.add_argument("--submissions", type=int, default=500)
        parser.add_argument("--reviewers", type=int, default=60)
        parser.add_argument("--reviews-per-paper", type=int, default=3)
        parser.add_argument("--seed", type=int, default=7)

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["slug"] or f"filled-{options['seed']}"
        if Edition.objects.filter(slug=slug).exists():
            raise CommandError(f"There is an edition {slug} already; choose another --slug or --seed.")
        if min(options["submissions"], options["reviewers"], options["reviews_per_paper"]) < 1:
            raise CommandError("Submissions, reviewers and reviews per paper must each be at least 1.")
        at = timezone.now()
        edition = make_demo_edition(slug, f"Filled {options['seed']}", at=at)
        cast = Cast(random=Random(options["seed"]), at=at)
        add_members(cast, edition, cast.invite(2), is_chair=True, is_reviewer=False, title="co-chair")
        fill(
            edition,
            submissions=options["submissions"],
            reviewers=options["reviewers"],
            per_paper=options["reviews_per_paper"],
            seed=options["seed"],
            at=at,
        )
        chairs = ", ".join(row.email for row in edition.memberships.chairs())
        self.stdout.write(f"/{slug}/ holds {options['submissions']} submissions. Chairs: {chairs}")
