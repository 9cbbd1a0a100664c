"""What each key page costs: queries, kB and CPU-ms per request, beside a bare signed-in view of the same run.

./run manage fill_edition --submissions 500 --reviewers 60 --seed 7
DJANGO_SETTINGS_MODULE=dlonsc.settings .venv/bin/python bench/pages.py filled-7
"""

import gzip
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dlonsc.settings")

import django

django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext, override_settings  # noqa: E402

from dlonsc.editions.models import Edition  # noqa: E402

REPEATS = 7
PAGES = {
    "visitor": ["/{slug}/", "/{slug}/committee/"],
    "author": ["/me/", "/{slug}/submissions/", "/{slug}/submissions/{own}/"],
    "reviewer": ["/me/", "/{slug}/reviews/", "/{slug}/reviews/{task}/"],
    "chair": [
        "/me/",
        "/{slug}/chair/",
        "/{slug}/chair/submissions/",
        "/{slug}/chair/submissions/{one}/",
        "/{slug}/chair/conflicts/",
        "/{slug}/chair/assign/",
        "/{slug}/chair/progress/",
        "/{slug}/chair/decisions/",
        "/{slug}/chair/announce/",
        "/{slug}/chair/format/",
        "/{slug}/chair/committee/",
        "/{slug}/chair/mail/",
    ],
}


def cost(client: Client, address: str) -> tuple[int, int, float, float, float]:
    """(status, queries, kB, gzipped kB, CPU ms) of a page: the least of REPEATS, as others use the machine too."""
    client.get(address)
    best = float("inf")
    for _ in range(REPEATS):
        began = time.process_time()
        response = client.get(address)
        best = min(best, time.process_time() - began)
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return response.status_code, len(queries), len(body) / 1000, len(gzip.compress(body)) / 1000, best * 1000


def main() -> None:
    edition = Edition.objects.get(slug=sys.argv[1])
    reviewer = edition.memberships.reviewers().filter(assignments__isnull=False).first()
    submission = edition.submissions.first()
    chair = edition.memberships.chairs().first()
    words = {
        "slug": edition.slug,
        "own": submission.number,
        "task": reviewer.assignments.first().submission.number,
        "one": edition.submissions.last().number,
    }
    people = {"visitor": None, "author": submission.created_by, "reviewer": reviewer.user, "chair": chair.user}
    print(f"{edition.submissions.count()} submissions, {edition.memberships.count()} members")
    print(f"{'role':<10}{'page':<42}{'status':>7}{'queries':>9}{'kB':>8}{'gz kB':>8}{'CPU ms':>9}{'x bare':>8}")
    for role, addresses in PAGES.items():
        client = Client()
        if people[role]:
            client.force_login(people[role])
        bare = cost(client, "/privacy/")[4]
        for address in addresses:
            status, queries, size, packed, cpu = cost(client, address.format(**words))
            print(
                f"{role:<10}{address.format(**words):<42}{status:>7}{queries:>9}{size:>8.0f}{packed:>8.1f}"
                f"{cpu:>9.1f}{cpu / bare:>8.1f}"
            )


if __name__ == "__main__":
    with override_settings(CHAIRS_NEED_SECOND_FACTOR=False):
        main()
