"""demo: fill an empty state folder with invented data and start web, worker and beat together."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dlonsc import editions
from dlonsc.editions.models import Edition
from dlonsc.processes import ProcessFailed, serve
from reviews.demo.fill import DEMO_PASSWORD
from reviews.demo.show import make_show

CALL = Path(editions.__file__).parent / "data" / "dlonsc-2020.json"
PEOPLE = (
    ("Chair", "chair@demo.example"),
    ("Second chair, author of submission 7", "second-chair@demo.example"),
    ("Proceedings chair", "proceedings@demo.example"),
    ("Reviewer", "reviewer@demo.example"),
    ("Late reviewer", "late-reviewer@demo.example"),
    ("Author", "author@demo.example"),
)


class Command(BaseCommand):
    help = "Start the demo: invented people and papers, web, worker and beat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--fill-only", action="store_true", help="make the data and start nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo lets anybody be anybody; it starts with DLONSC_DEMO=1 only (./run demo).")
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable")
        if not Edition.objects.exists():
            self.stdout.write("Making the demo: 40 papers, 30 reviewers. This takes about half a minute.")
            call_command("load_call", str(CALL), verbosity=0)
            make_show(timezone.now())
        if options["fill_only"]:
            return
        port = options["port"]
        try:
            serve(port, state=settings.STATE_DIR, announce=lambda: self.tell(port), environment=os.environ)
        except ProcessFailed as failure:
            raise CommandError(str(failure)) from failure

    def tell(self, port: int) -> None:
        """Print where the demo is and who may sign in; called when the address answers."""
        self.stdout.write(f"\n  http://localhost:{port}/\n")
        for role, email in PEOPLE:
            self.stdout.write(f"  {role:<40} {email}")
        self.stdout.write(f"  Password of all: {DEMO_PASSWORD}   (or use the bar at the top)")
        self.stdout.write(f"  State: {settings.STATE_DIR} (delete it to start afresh). Ctrl-C ends the demo.\n")
        self.stdout.flush()
