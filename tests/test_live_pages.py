"""A part of a page that asks for its next state is on a page that has the script for it."""

from pathlib import Path

import pytest

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
LIVE = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html") if "data-poll" in path.read_text())


def pages_with(part: str) -> list[str]:
    """The pages that show a part, through includes; a part that nobody includes is a page itself."""
    holders = [path for path in TEMPLATES.rglob("*.html") if f'include "{part}"' in path.read_text()]
    if not holders:
        return [part]
    return [page for holder in holders for page in pages_with(str(holder.relative_to(TEMPLATES)))]


@pytest.mark.parametrize("part", LIVE)
def test_a_live_part_stands_on_a_page_with_its_script(part: str) -> None:
    pages = pages_with(part)
    assert [page for page in pages if "js/poll.js" not in (TEMPLATES / page).read_text()] == []


def test_there_are_live_parts() -> None:
    assert len(LIVE) >= 3
