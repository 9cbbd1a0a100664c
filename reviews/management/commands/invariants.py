"""invariants: what must be true of the whole database; exit status 1 and one line each when something is not."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from reviews.invariants import CHECKS, breaches


class Command(BaseCommand):
    help = "Check what must be true of the whole database."

    def handle(self, *args: Any, **options: Any) -> None:
        found = breaches(timezone.now())
        for sentence in found:
            self.stdout.write(sentence)
        if found:
            raise SystemExit(1)
        self.stdout.write(f"All {len(CHECKS)} invariants hold.")
