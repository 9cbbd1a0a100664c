"""The page on security names tests that exist, and answers every item."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "security.md").read_text()


def test_every_test_that_the_page_names_exists() -> None:
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.M)
    }
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 60
    assert named - there == set()


def test_all_62_items_are_answered_in_order() -> None:
    items = re.findall(r"^(\d+)\. (.+)$", PAGE, re.M)
    assert [int(number) for number, _ in items] == list(range(1, 63))
    assert [number for number, words in items if not re.search(r"\*\*(Done|Partly|Not done)\*\*", words)] == []


def test_no_item_names_a_test_twice_and_each_is_one_line() -> None:
    lines = [line for line in PAGE.split("## A.")[1].splitlines()[1:] if line]
    assert [line[:60] for line in lines if not re.match(r"\d+\. |## ", line)] == []
    names = {line[:3]: re.findall(r"`(test_\w+)`", line) for line in lines}
    assert [item for item, named in names.items() if len(named) != len(set(named))] == []
