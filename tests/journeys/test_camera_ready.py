"""From an accepted paper to print: the author delivers, the proceedings chair answers, the author reads."""

import io
import zipfile
from random import Random

import pytest

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership
from reviews.demo.papers import manuscript
from submissions.models import CameraReadyItem
from tests import factories
from tests.journeys.conftest import Open

pytestmark = pytest.mark.django_db(transaction=True)
WHAT = "The second signature is missing."


def archive() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as sources:
        sources.writestr("paper.tex", r"\documentclass{llncs}\begin{document}A paper.\end{document}")
    return target.getvalue()


def test_author_delivers_and_reads_what_the_proceedings_chair_returns(
    open_page: Open, edition: Edition, proceedings_chair: Membership, author: User
) -> None:
    paper = factories.announce(factories.make_submission(edition, author, title="Scaling Out"))
    made = {"title": "Scaling Out", "authors": [("Ada Author", "Example University")], "abstract": "We scale. " * 30}
    files = {
        "pdf": ("final.pdf", "application/pdf", manuscript(**made, pages=8, random=Random(1))),
        "sources": ("sources.zip", "application/zip", archive()),
        "licence": ("licence.pdf", "application/pdf", manuscript(**made, pages=1, random=Random(2))),
    }
    mine = open_page(author)
    for kind, (name, mime, data) in files.items():
        mine.goto(f"/{edition.slug}/submissions/{paper.number}/camera-ready/")
        mine.locator(f"#file-{kind}").set_input_files({"name": name, "mimeType": mime, "buffer": data})
        mine.locator(f"section[aria-labelledby=i-{kind}] form button").click()
        mine.get_by_role("link", name=name, exact=True).wait_for()

    desk = open_page(proceedings_chair)
    desk.goto(f"/{edition.slug}/proceedings/{paper.number}/")
    desk.get_by_role("button", name="Accept:").first.click()
    desk.get_by_text("accepted", exact=True).wait_for()
    licence = desk.locator("section.card", has=desk.get_by_role("link", name="licence.pdf", exact=True))
    licence.get_by_label("What to change").fill(WHAT)
    licence.get_by_role("button", name="Return and tell").click()
    desk.get_by_text("returned", exact=True).wait_for()

    mine.goto(f"/{edition.slug}/submissions/{paper.number}/camera-ready/")
    assert WHAT in mine.locator("section[aria-labelledby=i-licence]").inner_text()
    rows = CameraReadyItem.objects.filter(submission=paper, is_current=True)
    assert {row.kind: (row.accepted_at is not None, row.return_text) for row in rows} == {
        "pdf": (True, ""),
        "sources": (False, ""),
        "licence": (False, WHAT),
    }
