"""Whatever a stranger does with an address, in any order: no answer tells what that address is here.

It may belong to a member of the committee, be her second one, be claimed by a sign-up or added to an account without a
proof, or be nobody's. Two accounts and two browsers without one act with it, by seeded random acts: signing up and in,
asking for codes and resets, coming from an account elsewhere, adding it to one's own account, listing it in a draft and
doing with the draft what authors do. What they read, and the letters that they get, must be equal.
"""

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

import pytest
import time_machine
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from dlonsc.accounts.adapter import AccountAdapter, SocialAdapter
from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition
from dlonsc.mail.models import Message
from submissions import emails
from submissions.actions import drafting, sending
from submissions.actions.moves import Refused
from submissions.conflicts import Committee
from submissions.models import Author, Submission
from submissions.views import author as author_views
from tests import factories
from tests.accounts.test_first_proof import come_with_an_account_elsewhere
from tests.accounts.test_first_proof import keys as keys
from tests.submissions.desk import complete_draft, entry
from tests.worlds import RANDOM, TOKENS, Undo

# In every list after his own addresses.
KINDS = ("the.member@uni.example", "the.second@uni.example", "the.claimed@uni.example", "the.added@uni.example")
FREE = "the.free@uni.example"
CHOSEN = "strangers-long-passphrase-41"


@dataclass
class Stranger:
    """His two accounts, of which one has a draft that lists the other, and two browsers without one."""

    email: str
    paper: Submission
    people: tuple[User, User]
    clients: tuple[Client, Client] = field(default_factory=lambda: (Client(), Client()))
    browsers: tuple[Client, Client] = field(default_factory=lambda: (Client(), Client()))

    def __post_init__(self) -> None:
        for client, person in zip(self.clients, self.people, strict=True):
            client.force_login(person)

    @property
    def home(self) -> str:
        return f"/{self.paper.edition.slug}/submissions/{self.paper.number}/"


Act = Callable[[Stranger, int], object]


def seen(answer: HttpResponse) -> object:
    cookies = sorted((name, str(one["max-age"])) for name, one in answer.cookies.items())
    body = TOKENS.sub(b"", answer.content).decode()
    return answer.status_code, answer.headers.get("Location"), answer.headers.get("Retry-After"), cookies, body


def opens(address: str) -> Act:
    return lambda his, which: seen(his.browsers[which].get(f"/accounts/{address}"))


def sends(address: str, **typed: str) -> Act:
    """The address as the form's field `email`, or as what `typed` says of another."""
    return lambda his, which: seen(
        his.browsers[which].post(
            f"/accounts/{address}", {name: his.email if value == "it" else value for name, value in typed.items()}
        )
    )


def manages(act: str) -> Act:
    return lambda his, which: seen(
        his.clients[which].post("/accounts/email/", {f"action_{act}": "", "email": his.email})
    )


def looks(page: str) -> Act:
    return lambda his, which: seen(his.clients[which].get(his.home + page))


def presses(page: str) -> Act:
    return lambda his, which: seen(his.clients[which].post(his.home + page, {"reason": "Why not."}))


def lists(*, beside: bool = False, instead: bool = False) -> Act:
    """The address as that of a third author, or instead of the one of who started the draft."""

    def act(his: Stranger, which: int) -> object:
        sam, cy = his.people
        entries = [entry(his.email if instead else sam.email, sam.name, is_contact=True), entry(cy.email, cy.name)]
        entries += [entry(his.email, "Lise Listed")] if beside else []
        return said(
            lambda at: drafting.set_authors(
                submission=Submission.objects.get(pk=his.paper.pk),
                version=drafting.version_of_authors(his.paper),
                entries=entries,
                by=his.people[which],
                at=at,
                tell=True,
            )
        )

    return act


def submits(his: Stranger, which: int) -> object:
    def submit(at: Any) -> object:
        paper = Submission.objects.get(pk=his.paper.pk)
        return str(sending.submit(submission=paper, by=his.people[which], at=at, received_at=at).state)

    return said(submit)


def said(verb: Callable[[Any], object]) -> object:
    try:
        with transaction.atomic():
            return verb(factories.AT)
    except Refused as refusal:
        return refusal.words


ACTS: dict[str, Act] = {
    "signs up": sends("signup/", name="A", email="it", password1=CHOSEN),
    "signs up without a password": sends("signup/", name="A", email="it"),
    "signs in": sends("login/", login="it", password=CHOSEN),
    "signs in with a wrong password": sends("login/", login="it", password="not this one at all"),
    "asks for a code": sends("login/code/", email="it"),
    "guesses the code": sends("login/code/confirm/", code="AAAA-AAAA"),
    "asks for the code again": sends("login/code/confirm/", action="resend"),
    "asks for a reset": sends("password/reset/", email="it"),
    "waits for the proof": opens("confirm-email/"),
    "waits for the code": opens("login/code/confirm/"),
    "looks at the sign-up from elsewhere": opens("3rdparty/signup/"),
    "signs up from elsewhere": sends("3rdparty/signup/", name="A", email="it"),
    "comes from elsewhere": lambda his, which: come_with_an_account_elsewhere(41, browser=his.browsers[which]),
    "comes from elsewhere with it": lambda his, which: come_with_an_account_elsewhere(
        42, {"email": his.email, "primary": True, "verified": False}, browser=his.browsers[which]
    ),
    "looks at his addresses": lambda his, which: seen(his.clients[which].get("/accounts/email/")),
    **{f"{act}s it to his addresses": manages(act) for act in ("add", "send", "primary", "remove")},
    "lists it": lists(beside=True),
    "lists it instead of his own": lists(instead=True),
    "takes it off the list": lists(),
    "looks at the paper": looks(""),
    "looks at the conflicts": looks("conflicts/"),
    "looks at what is missing": looks("submit/"),
    "withdraws": presses("withdraw/"),
    "restores": presses("restore/"),
    "submits": submits,
}


def letters(his: Stranger) -> list[tuple[str, ...]]:
    """Those that he can read: to the addresses that he has proven."""
    hers = Message.objects.filter(to_email__in=[person.email for person in his.people]).order_by("pk")
    return list(hers.values_list("kind", "to_email", "subject", "text"))


def story(email: str, paper: Submission, people: tuple[User, User], acts: list[tuple[str, int]]) -> list[str]:
    """What the stranger reads of each act, without what is random in it and with one word for the address."""
    told: list[str] = []
    cache.clear()
    try:
        with transaction.atomic():
            his = Stranger(email, paper, people)
            for name, which in acts:
                told.append(repr((f"{name} {which}", ACTS[name](his, which), letters(his))))
            raise Undo
    except Undo:
        return [RANDOM.sub("RANDOM", re.sub(re.escape(email), "ADDRESS", one)) for one in told]


def first_difference(free: list[str], his: list[str], email: str) -> str:
    """After which acts something differs from what is told of an address that is free, and in what; or empty."""
    for number, (one, two) in enumerate(zip(free, his, strict=True)):
        if one != two:
            lines = difflib.unified_diff(one.split("\\n"), two.split("\\n"), n=0, lineterm="")
            before = [told.split(",")[0] for told in his[: number + 1]]
            return f"{email} after {before}: " + " | ".join(line.strip()[:200] for line in list(lines)[2:10])
    return ""


@pytest.fixture
def stage(edition: Edition, keys: None) -> tuple[Submission, tuple[User, User]]:
    member, second, claimed, added = KINDS
    factories.make_member(edition, factories.make_user(member, "Mia Member"))
    other = factories.make_user("other@elsewhere.example", "Otto Other")
    factories.make_member(edition, other)
    EmailAddress.objects.create(user=other, email=second, verified=True)
    EmailAddress.objects.create(user=other, email=added, verified=False)
    factories.make_user(claimed, verified=False)
    sam, cy = (factories.make_user(f"{name.lower()}@stranger.example", name) for name in ("Sam", "Cy"))
    for one in (sam, cy):
        one.set_password(CHOSEN)
        one.save()
    paper = complete_draft(edition, sam)
    factories.make_author(paper, cy.email, cy.name, confirmed_at=factories.AT)
    return paper, (sam, cy)


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(4, 100))])
def test_no_order_of_acts_tells_a_stranger_what_an_address_is_here(
    stage: tuple[Submission, tuple[User, User]], seed: int
) -> None:
    by = Random(seed)
    acts = [(by.choice(list(ACTS)), by.randrange(2)) for _ in range(14)]
    with time_machine.travel(factories.AT + timedelta(minutes=5), tick=False):
        free = story(FREE, *stage, acts)
        assert [first_difference(free, story(email, *stage, acts), email) for email in KINDS] == [""] * len(KINDS)


# --- Planted leaks: each is caught ------------------------------------------------------------------------------------


def leak_by_password(patch: pytest.MonkeyPatch) -> list[str]:
    """What he added himself opens with the password of his account, unless another has proven it."""
    patch.setattr(AccountAdapter, "authenticate", DefaultAccountAdapter.authenticate)
    return ["adds it to his addresses", "signs in"]


def leak_by_account_elsewhere(patch: pytest.MonkeyPatch) -> list[str]:
    patch.setattr(SocialAdapter, "new_user", DefaultSocialAccountAdapter.new_user)
    return ["comes from elsewhere", "signs up from elsewhere", "comes from elsewhere"]


def leak_by_conflict(patch: pytest.MonkeyPatch) -> list[str]:
    patch.setattr(author_views, "Committee", lambda *args, for_authors: Committee(*args))
    return ["lists it", "looks at the conflicts"]


def leak_by_withdrawal(patch: pytest.MonkeyPatch) -> list[str]:
    """His other account hears of a withdrawn draft when somebody has an account with what is listed beside it."""
    plain = emails.who_know_of

    def told(submission: Submission) -> list[Author]:
        listed = submission.authors.values_list("email", flat=True)
        holders = EmailAddress.objects.filter(email__in=listed, verified=True)
        return plain(submission) if holders.count() > 2 else []

    patch.setattr(emails, "who_know_of", told)
    return ["lists it", "withdraws"]


@pytest.mark.django_db
@pytest.mark.parametrize("plant", [leak_by_password, leak_by_account_elsewhere, leak_by_conflict, leak_by_withdrawal])
def test_a_planted_leak_is_caught(
    stage: tuple[Submission, tuple[User, User]],
    plant: Callable[[pytest.MonkeyPatch], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    acts = [(name, 0) for name in plant(monkeypatch)]
    with time_machine.travel(factories.AT + timedelta(minutes=5), tick=False):
        free = story(FREE, *stage, acts)
        differences = [first_difference(free, story(email, *stage, acts), email) for email in KINDS]
        monkeypatch.undo()
        unplanted = story(FREE, *stage, acts)
        assert [first_difference(unplanted, story(email, *stage, acts), email) for email in KINDS] == [""] * len(KINDS)
    assert any(differences)
