"""Two authors in some windows type words of their own into fields and rows, and send what a browser would send."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from itertools import count
from random import Random
from typing import Any

import pytest
import time_machine
from django.db.models import Model
from django.test import Client

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition
from submissions.models import Author, AuthorListRequest, Conflict, ReproducibilityRecord, Submission
from tests import factories
from tests.factories import AFTER_DEADLINE, AT
from tests.submissions.desk import submitted

WORD = re.compile(r"typed\d+word")
CONTROL = re.compile(
    r"<(input|textarea|select)\b([^>]*)>((?:(?!<(?:input|textarea|select)\b).)*?</(?:textarea|select)>)?", re.DOTALL
)
BLANK = re.compile(r'data-rows="(\w+)"(?:(?!data-rows=).)*?<template[^>]*>(.*?)</template>', re.DOTALL)
STORED: tuple[type[Model], ...] = (Submission, Author, AuthorListRequest, Conflict, ReproducibilityRecord)
# Where each form is sent to, and the page that it stands on.
FORMS = {"details/": "", "authors/": "", **{one: one for one in ("reproducibility/", "conflicts/", "authors/change/")}}
UNTYPED = re.compile(r"csrf|^version$|^member-|^kind-|^topics$|is_|_FORMS|-DELETE|orcid|^benchmarks-\d+-name")


def attribute(tag: str, name: str) -> str:
    found = re.search(rf'\s{name}="([^"]*)"', tag)
    return unescape(found[1]) if found else ""


def controls(markup: str) -> dict[str, str]:
    """What a browser sends of these controls."""
    values = {}
    for kind, tag, inside in CONTROL.findall(markup):
        value = (
            unescape(inside.removesuffix("</textarea>")).removeprefix("\n")
            if kind == "textarea"
            else attribute(tag, "value")
        )
        if kind == "select":
            value = next((attribute(one, "value") for one in re.findall(r"<option[^>]*\sselected[^>]*>", inside)), "")
        if attribute(tag, "name") and (attribute(tag, "type") != "checkbox" or re.search(r"\schecked\b", tag)):
            values[attribute(tag, "name")] = value or ("on" if attribute(tag, "type") == "checkbox" else "")
    return values


class Window:
    """A form as it stands in somebody's browser; `seen` are the words that she has had before her there."""

    def __init__(self, client: Client, home: str, form: str, body: str, seen: frozenset[str] = frozenset()) -> None:
        self.client, self.form, self.address, self.body = client, form, home + form, body
        self.seen = seen | set(WORD.findall(body))
        parts = re.findall(r"<form\b[^>]*>.*?</form>", body, re.DOTALL)
        addresses = [attribute(part.split(">")[0], "action") for part in parts]
        wanted = self.address if FORMS[form] == "" else ""
        found = (part for part, to in zip(parts, addresses, strict=True) if to == wanted)
        part = next((part for part in found if 'name="version"' in part or "_FORMS" in part), "")
        self.blanks = dict(BLANK.findall(part))
        self.values = controls(re.sub(r"<template.*?</template>", "", part, flags=re.DOTALL))

    def type(self, by: Random, word: Callable[[], str]) -> None:
        for prefix, blank in self.blanks.items():
            if by.random() < 0.4:
                total = self.values[f"{prefix}-TOTAL_FORMS"]
                self.values |= controls(blank.replace("__prefix__", total))
                self.values[f"{prefix}-TOTAL_FORMS"] = str(int(total) + 1)
        for name, value in self.values.items():
            if name.endswith("-ORDER"):
                self.values[name] = str(by.randint(1, 4))
            elif UNTYPED.search(name) or by.random() < 0.5:
                continue
            elif name.endswith("email"):
                self.values[name] = value or f"{word()}@{by.choice(('x.example', 'x'))}"
            else:
                self.values[name] = f"{value} {word()}".strip()
        if self.form == "conflicts/":
            for name in [name for name in self.values if name.startswith("why-")]:
                self.values |= {name.replace("why", "member"): "1", name.replace("why", "kind"): "coauthor"}


def stored() -> set[str]:
    return {word for model in STORED for word in WORD.findall(repr(list(model._default_manager.values_list())))}


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [0, 3])
def test_every_word_that_an_author_types_is_stored_or_stands_in_the_answer(
    edition: Edition, author: User, as_user: Callable[[User], Client], seed: int, settings: Any
) -> None:
    # The weeks between her acts end no session here.
    settings.SESSION_COOKIE_AGE = 90 * 24 * 3600
    by, numbers = Random(seed), count(1)
    bo = factories.make_user("bo@co.example", "Bo Coauthor")
    for name in ("far", "spare"):
        factories.make_member(edition, factories.make_user(f"{name}@{name}.example", name.title()))
    with time_machine.travel(AT, tick=False):
        paper = submitted(edition, author)
    factories.make_author(paper, bo.email, bo.name)
    home = f"/{edition.slug}/submissions/{paper.number}/"
    clients, windows = [as_user(author), as_user(bo)], []
    for act in range(75):
        at = (AT if act < 55 else AFTER_DEADLINE) + timedelta(minutes=act)
        with time_machine.travel(at, tick=False):
            if len(windows) < 4:
                client, form = by.choice(clients), by.choice(list(FORMS))
                windows.append(Window(client, home, form, client.get(home + FORMS[form]).text))
            window = by.choice(windows)
            if not window.values:
                windows.remove(window)
                continue
            if by.random() < 0.7:
                window.type(by, lambda: f"typed{next(numbers)}word")
            before, sent = stored(), set(WORD.findall(repr(window.values)))
            is_autosave = window.form not in {"conflicts/", "authors/change/"} and by.random() < 0.5
            headers = {"X-Autosave": "1", "X-Window": str(id(window))} if is_autosave else {}
            answer = window.client.post(window.address, window.values, follow=True, headers=headers)
            answered, now = set(WORD.findall(answer.text)), stored()
            told = answer.json() if is_autosave else {}
            if not is_autosave or {"saved_at", "kept"} & told.keys():
                assert sent - now - answered == set(), (
                    act,
                    window.form,
                    answer.status_code,
                    told,
                    [
                        one
                        for one in window.values.items()
                        if WORD.search(one[1]) and WORD.findall(one[1])[-1] in sent - now
                    ],
                )
            assert before - now - answered - window.seen == set(), (act, window.form, answer.status_code)
            window.seen |= sent
            if is_autosave:
                window.values["version"] = str(told.get("version", window.values["version"]))
            else:
                windows.remove(window)
                windows.append(Window(window.client, home, window.form, answer.text, frozenset(window.seen)))
    assert len(stored()) > 40
