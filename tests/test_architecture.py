"""The house keeps its one direction: relations point down, pure rooms stay pure, pages carry no code of their own.

Imports between rooms are held by import-linter (pyproject.toml); this file holds what an import graph does not show.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

ROOT = Path(__file__).resolve().parent.parent
# Who may know whom: a relation points to a strictly lower floor, or stays in its own app.
FLOOR = {"reviews": 4, "submissions": 3, "editions": 2, "accounts": 1, "mail": 0, "history": 0}
PURE_ROOMS = ("dlonsc/editions/calendar.py", "submissions/states.py", "submissions/lncs", "reviews/matching")
KNOWN_TO_NOBODY_PURE = {"django", "celery", "kombu", "allauth", "psycopg", "redis"}


def relations() -> Iterator[tuple[type[models.Model], str, type[models.Model]]]:
    """Every relation that a model of ours declares: (model, field, target)."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label not in FLOOR:
            continue
        for field in model._meta.get_fields():
            if field.is_relation and not field.auto_created and isinstance(field.related_model, type):
                yield model, field.name, field.related_model


def test_every_app_of_ours_has_a_floor() -> None:
    ours = {
        config.label
        for config in apps.get_app_configs()
        if Path(config.path).is_relative_to(ROOT) and ".venv" not in config.path
    }
    assert ours == set(FLOOR)


def test_every_relation_points_down() -> None:
    upward = [
        f"{model.__name__}.{field} -> {target.__name__}"
        for model, field, target in relations()
        if (target._meta.app_label in FLOOR)
        and model._meta.app_label != target._meta.app_label
        and FLOOR[model._meta.app_label] <= FLOOR[target._meta.app_label]
    ]
    assert upward == []


def test_the_walk_over_the_relations_sees_them() -> None:
    seen = {(model.__name__, field, target.__name__) for model, field, target in relations()}
    assert {("Submission", "edition", "Edition"), ("Assignment", "submission", "Submission")} <= seen


def test_the_ledger_and_the_history_know_no_other_app() -> None:
    outward = [
        f"{model.__name__}.{field} -> {target.__name__}"
        for model, field, target in relations()
        if model._meta.app_label in {"mail", "history"} and model._meta.app_label != target._meta.app_label
    ]
    assert outward == []


def test_no_relation_hides_its_direction_behind_a_content_type() -> None:
    generic = [
        f"{model.__name__}.{field}" for model, field, target in relations() if target._meta.app_label == "contenttypes"
    ]
    assert generic == []


def files_of(room: str) -> list[Path]:
    path = ROOT / room
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def imported(path: Path) -> set[str]:
    """The full names of all modules that a file imports, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("room", PURE_ROOMS)
def test_a_pure_room_imports_no_django_no_celery_and_only_pure_rooms(room: str) -> None:
    files = files_of(room)
    assert files != []
    pure = tuple(name.removesuffix(".py").replace("/", ".") for name in PURE_ROOMS)
    for path in files:
        names = imported(path)
        assert {name.partition(".")[0] for name in names} & KNOWN_TO_NOBODY_PURE == set(), path
        ours = {name for name in names if name.startswith(("dlonsc", "submissions", "reviews"))}
        assert {name for name in ours if not name.startswith(pure)} == set(), path


PAGES = sorted(
    path for path in (ROOT / "templates").rglob("*.html") if "emails" not in path.parts and "mail" not in path.parts
)
FORBIDDEN_IN_PAGES = {
    "a script in the page": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>", re.I),
    "a style element": re.compile(r"<style\b", re.I),
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.I),
    "a handler attribute": re.compile(r"<[^>]*\son[a-z]+\s*=\s*[\"']", re.I),
    "a javascript: address": re.compile(r"javascript:", re.I),
    "a file from another site": re.compile(
        r"<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)\s*=\s*[\"'](?:https?:)?//", re.I
    ),
}


@pytest.mark.parametrize("what", FORBIDDEN_IN_PAGES)
def test_no_page_holds(what: str) -> None:
    """The policy of the browser would block it, silently for whoever wrote it."""
    found = [
        f"{path.relative_to(ROOT)}: {match.group(0)[:80]}"
        for path in PAGES
        for match in FORBIDDEN_IN_PAGES[what].finditer(path.read_text())
    ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "example"),
    [
        ("a script in the page", "<script>alert(1)</script>"),
        ("a style element", "<style>p{}</style>"),
        ("a style attribute", '<p class="a" style="color:red">'),
        ("a handler attribute", '<a href="#" onclick="x()">'),
        ("a javascript: address", '<a href="javascript:x()">'),
        ("a file from another site", '<script defer src="https://cdn.example/x.js"></script>'),
    ],
)
def test_the_search_in_pages_would_find(what: str, example: str) -> None:
    assert FORBIDDEN_IN_PAGES[what].search(example) is not None
