"""Whether a form's time tells who has an account: CPU of an answer to a known and to an unknown address, in turn.

DJANGO_SETTINGS_MODULE=dlonsc.settings .venv/bin/python bench/signing_in.py [--pairs 41] [--form code]

Uses the configured database and takes everything back. Exits 1 when the medians of a form differ by more than 10 %.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dlonsc.settings")

import django

django.setup()

from allauth.account.models import EmailAddress  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.db import transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import override_settings  # noqa: E402

from dlonsc.accounts.models import Hit, User  # noqa: E402

MOST = 0.10
KNOWN = "known@bench.example"
PASSPHRASE = "correct-horse-battery"  # noqa: S105 - of an invented account that is taken back
FORMS: dict[str, tuple[str, Callable[[str], dict[str, str]]]] = {
    "sign-in": ("/accounts/login/", lambda email: {"login": email, "password": "wrong-wrong-wrong"}),
    "sign-up": ("/accounts/signup/", lambda email: {"name": "A", "email": email, "password1": PASSPHRASE}),
    "reset": ("/accounts/password/reset/", lambda email: {"email": email}),
    "code": ("/accounts/login/code/", lambda email: {"email": email}),
}


class Undo(Exception):
    """Takes back what a request wrote, so that every pair meets the same database."""


def cpu_ms(address: str, data: dict[str, str]) -> float:
    browser = Client()
    browser.get(address)
    used = 0.0
    try:
        with transaction.atomic():
            cache.clear()
            Hit.objects.all().delete()
            began = time.process_time()
            browser.post(address, data)
            used = time.process_time() - began
            raise Undo
    except Undo:
        return used * 1000


def medians(name: str, pairs: int) -> tuple[float, float]:
    address, data = FORMS[name]
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    for number in range(pairs + 1):
        unknown = f"nobody{number}@bench.example"
        for kind, email in (("known", KNOWN), ("unknown", unknown)):
            used = cpu_ms(address, data(email))
            if number:  # the first pair warms up
                times[kind].append(used)
    return statistics.median(times["known"]), statistics.median(times["unknown"])


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=41)
    parser.add_argument("--form", choices=FORMS, action="append")
    options = parser.parse_args()
    wrong = 0
    print(f"{'form':<10}{'known ms':>10}{'unknown ms':>12}{'differ':>9}")
    try:
        with transaction.atomic(), override_settings(RING_DOORBELLS=False):
            user = User.objects.create_user(KNOWN, PASSPHRASE, name="Known")
            EmailAddress.objects.create(user=user, email=KNOWN, verified=True, primary=True)
            for name in options.form or FORMS:
                known, unknown = medians(name, options.pairs)
                differ = abs(known - unknown) / max(known, unknown)
                wrong += differ > MOST
                print(f"{name:<10}{known:>10.1f}{unknown:>12.1f}{differ:>8.1%}")
            raise Undo
    except Undo:
        return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
