"""Markup typed into any text field of any model runs on no page: every field of every row holds it, every page is read.

The rows are those of an edition with papers, reviews, letters and history; the fields come from the model registry, so
a new one is in it by itself.
"""

import csv
import io

import pytest
import time_machine
from django.apps import apps
from django.db import DatabaseError, models, transaction
from django.test import Client

from tests import factories
from tests.test_access_matrix import HANDLER
from tests.worlds import LINK, NOT_FOLLOWED, World, addresses, build, unpacked

PAYLOAD = "\"'><img src=x onerror=alert(1)>"
FORMULA = "cmd|' /C calc'!A0"
# OWASP, CSV Injection.
BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
OURS = {"accounts", "editions", "mail", "history", "submissions", "reviews"}
# What the programs themselves read: keys, zones, states, hashes, paths. Nobody types them.
NOT_TYPED = {
    "slug", "email", "to_email", "key", "kind", "state", "zone", "phase", "password", "sha256", "token", "return_token",
    "verdict", "outcome", "source", "verb", "subject_label", "edition", "subject", "orcid", "audience", "refusal", "at",
    "bucket", "name_key", "code", "contact_email", "reply_to", "what", "scope", "website", "url",
}  # fmt: skip


def typed_fields() -> list[tuple[type[models.Model], models.Field]]:
    """Text that people type, of all our models."""
    found = []
    for model in apps.get_models():
        if model._meta.app_label not in OURS:
            continue
        for field in model._meta.concrete_fields:
            is_text = isinstance(field, (models.CharField, models.TextField))
            is_long = (field.max_length or len(PAYLOAD)) >= len(PAYLOAD)
            if is_text and is_long and not (field.choices or field.unique or field.name in NOT_TYPED):
                found.append((model, field))
    return found


def poison(payload: str) -> set[str]:
    """Write the payload into every such field of every row; gives the fields that hold it now."""
    done = set()
    for model, field in typed_fields():
        try:
            with transaction.atomic():
                if model._base_manager.update(**{field.name: payload}):
                    done.add(f"{model._meta.label}.{field.name}")
        except DatabaseError:
            # A constraint, or the lock of history, lets nobody write it.
            continue
    return done


def read(world: World, name: str) -> dict[str, bytes]:
    """Every page that somebody can open, by address; files leave with a forced type and are no pages."""
    client = Client(raise_request_exception=True)
    client.handler = HANDLER
    client.force_login(world.people[name])
    todo, pages = list(addresses(world)), {}
    while todo:
        address = todo.pop().replace("&amp;", "&")
        if address in pages or NOT_FOLLOWED.match(address):
            continue
        response = client.get(address)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        is_page = "html" in response.headers.get("Content-Type", "")
        pages[address] = body if is_page else b""
        if is_page:
            todo += [link.decode() for link in LINK.findall(body) if b"?" not in link]
    return pages


@pytest.mark.every_role
@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["rita", *(pytest.param(name, marks=pytest.mark.long) for name in ("hidden author", "chair"))]
)
def test_markup_in_every_field_runs_on_no_page(name: str) -> None:
    with time_machine.travel(factories.AFTER_DEADLINE, tick=False):
        world = build()
        poisoned = poison(PAYLOAD)
        pages = read(world, name)
    # The test would prove nothing if little were poisoned or little were read.
    assert {"submissions.Submission.title", "submissions.Author.name", "reviews.Review.summary"} <= poisoned
    shown = [address for address, body in pages.items() if b"img src=x" in body]
    assert len(shown) >= 3
    assert [address for address, body in pages.items() if b"<img src=x" in body] == []


def cells_of(client: Client, world: World) -> list[tuple[str, str]]:
    """(address, cell) of every table that can be downloaded."""
    found = []
    for address in addresses(world):
        if not address.endswith(".csv"):
            continue
        response = client.get(address)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        if response.status_code == 200:
            # A file in a file: its cells too.
            text = b"".join(unpacked(body)).decode("utf-8-sig")
            found += [(address, cell) for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    return found


@pytest.mark.django_db
def test_no_cell_of_an_export_begins_a_formula() -> None:
    with time_machine.travel(factories.AFTER_DEADLINE, tick=False):
        world = build()
        client = Client()
        client.force_login(world.people["chair"])
        for sign in BEGINS_A_FORMULA:
            poison(sign + FORMULA)
            cells = [(address, cell) for address, cell in cells_of(client, world) if FORMULA in cell]
            assert cells, f"no export holds what was typed with {sign!r}"
            assert [(address, cell) for address, cell in cells if cell.startswith(BEGINS_A_FORMULA)] == []
