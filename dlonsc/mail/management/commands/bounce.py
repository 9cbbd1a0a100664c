"""The end of a pipe: a mail server gives each delivery report to `manage.py bounce` on standard input."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from dlonsc.mail.apart import apart
from dlonsc.mail.bounces import LIMIT, receive


class Command(BaseCommand):
    help = (
        "Read one mail from standard input and mark the letter that came back. Ends well whatever the mail is: no "
        "bounce of a bounce. With 75 (try again later) while the database is away."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--recipient", default="", help="the address it was delivered to (Postfix: ${original_recipient})"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        data = sys.stdin.buffer.read(LIMIT)
        try:
            with apart("a mail in the pipe"):
                self.stdout.write(receive(data, at=timezone.now(), recipient=options["recipient"]))
        except (InterfaceError, OperationalError) as error:
            raise CommandError("the database is away; try again later", returncode=os.EX_TEMPFAIL) from error
