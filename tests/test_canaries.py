"""Canaries: each secret carries a word of its own; who finds it on the whole site must be exactly who may know it.

Every observer opens every address with every argument, follows every link, unpacks every archive and reads her letters.
A word where it must not be is a leak; a word that nobody finds who may know it means that the crawl does not look.
"""

import io
import re
import zipfile
from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from dlonsc.accounts.models import User
from dlonsc.history.record import record
from dlonsc.mail.models import Message
from reviews.actions import deciding
from reviews.models import Review
from submissions.models import Author, Question, ReproducibilityRecord, Submission
from tests import factories
from tests.test_access_matrix import HANDLER
from tests.test_two_worlds import World, addresses, build

CHAIR = "chair"
ITS_AUTHOR, OTHER_AUTHOR = "hidden author", "author"
# Rita has submitted her review of the secret paper, Hilda has a draft of hers.
DONE, DRAFTING = "rita", "hilda"
# Helga writes Hilda's review with her; Sue helps with another paper.
HELPER, OTHER_HELPER = "helper", "sub-reviewer"
OBSERVERS = (
    "visitor",
    "stranger",
    OTHER_AUTHOR,
    ITS_AUTHOR,
    CHAIR,
    "conflicted chair",
    "proceedings chair",
    DONE,
    DRAFTING,
    "idle",
    "barred",
    HELPER,
    OTHER_HELPER,
)
PAPER_READERS = frozenset({ITS_AUTHOR, CHAIR, DONE, DRAFTING, HELPER})

# word: who may find it while reviews are written
BEFORE: dict[str, frozenset[str]] = {
    "canarytitle": PAPER_READERS,
    "canaryabstract": PAPER_READERS,
    "canarycoauthor": PAPER_READERS,
    "canarypdf": PAPER_READERS,
    "canaryrecord": PAPER_READERS,
    "canaryconflict": frozenset({CHAIR}),
    "canaryreview": frozenset({CHAIR, DONE}),
    "canarynote": frozenset({CHAIR, DONE}),
    "canarydraft": frozenset({DRAFTING, HELPER}),
    "canarydraftnote": frozenset({DRAFTING}),
    "canarysub": frozenset({CHAIR, DRAFTING, HELPER}),
    "canarywhy": frozenset({CHAIR}),
    "canaryreason": frozenset({CHAIR}),
    "canarycomment": frozenset({CHAIR, DONE}),
    "canarydecision": frozenset({CHAIR}),
    "canarytoauthors": frozenset({CHAIR}),
    "canaryquestion": frozenset({ITS_AUTHOR, CHAIR}),
    "canaryrefusal": frozenset({CHAIR}),
    "canarydecline": frozenset({CHAIR, "conflicted chair"}),
    "canaryletter": frozenset({ITS_AUTHOR, CHAIR}),
    "canaryhistory": frozenset({CHAIR}),
}
# What changes when the decision is announced: the authors read the reviews and the words to them; the proceedings chair
# gets the accepted paper with its authors and nothing of the reviews.
AFTER = BEFORE | {
    "canarytitle": PAPER_READERS | {"proceedings chair"},
    "canarycoauthor": PAPER_READERS | {"proceedings chair"},
    "canaryreview": frozenset({CHAIR, DONE, ITS_AUTHOR}),
    "canarytoauthors": frozenset({CHAIR, ITS_AUTHOR}),
}


def plant(world: World) -> None:
    """Put each word into its field of the secret paper and what belongs to it."""
    paper, chair = world.secret, world.people[CHAIR]
    Submission.objects.filter(pk=paper.pk).update(title="canarytitle at scale", abstract="An canaryabstract.")
    factories.make_manuscript(paper, b"%PDF-1.7 canarypdf")
    factories.make_author(paper, "co@canarycoauthor.example", "Cora")
    Author.objects.filter(submission=paper, position=2).update(name="Cora canarycoauthor")
    ReproducibilityRecord.objects.filter(submission=paper).update(algorithms="canaryrecord")
    factories.make_conflict(paper, world.members["idle"], source="chair", reason="canaryconflict")
    Review.objects.filter(assignment__submission=paper).delete()
    factories.make_review(
        world.assignments["secret rita"], summary="A canaryreview.", for_chairs="A canarynote.", label=1
    )
    factories.make_review(world.assignments["secret hilda"], submitted=False, summary="A canarydraft.",
                          for_chairs="A canarydraftnote.", label=2)  # fmt: skip
    helper = world.people[HELPER] = factories.make_user("helga@helga.example", "Helga canarysub")
    factories.make_sub_reviewer(
        world.assignments["secret hilda"], helper, typed="A canarydraft.", why="canarywhy", reason="canaryreason"
    )
    refused = factories.make_assignment(paper, factories.make_member(world.edition, email="gone@else.example"))
    type(refused).objects.filter(pk=refused.pk).update(
        declined_at=factories.AT, refusal="conflict", refusal_reason="canaryrefusal"
    )
    factories.make_comment(paper, world.members["rita"], "A canarycomment.")
    deciding.decide(
        paper, verdict="accept", note="canarydecision", to_authors="canarytoauthors", version=0, by=chair,
        at=factories.AFTER_DEADLINE,
    )  # fmt: skip
    Question.objects.create(
        submission=paper, text="canaryquestion", written_by=paper.created_by, written_at=factories.AT
    )
    type(world.members["rita"]).objects.filter(email="invited@somewhere.example").update(
        declined_at=factories.AT, decline_reason="canarydecline"
    )
    Message.objects.filter(key="letter of secret").update(text="canaryletter")
    record("decided", by=str(chair), by_id=chair.pk, at=factories.AT, edition=world.edition.slug, subject=paper.label,
           detail={"words": "canaryhistory"})  # fmt: skip


def release(world: World) -> None:
    """The chair announces, and the hold is over."""
    member = world.members[CHAIR]
    member.edition = world.edition
    world.edition.hold_minutes = 0
    now = deciding.plan(member)
    deciding.announce(
        member, accepts=now.accepts, rejects=now.rejects, fingerprint=now.fingerprint, leave_undecided=True,
        by=world.people[CHAIR], at=factories.AFTER_DEADLINE,
    )  # fmt: skip


LINK = re.compile(rb'(?:href|src|data-poll)="(/[^"#]*)"')
# Leaving, and pages of others' applications that hold no secret of a workshop.
NOT_FOLLOWED = re.compile(r"^/(accounts|static|demo)/|logout")


def crawl(world: World, person: User | None) -> Iterator[bytes]:
    """Everything that somebody can read: all addresses with all arguments, what they link to, and her letters."""
    client = Client(raise_request_exception=True)
    client.handler = HANDLER
    if person is not None:
        client.force_login(person)
    todo, seen = list(addresses(world)), set()
    while todo:
        address = todo.pop().replace("&amp;", "&")
        if address in seen or NOT_FOLLOWED.match(address):
            continue
        seen.add(address)
        response = client.get(address)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        yield from unpacked(body)
        yield repr(response.headers.items()).encode()
        if "html" in response.headers.get("Content-Type", ""):
            # Pages of a list and its sortings hold the same rows: one step of them is enough.
            found = {link.decode() for link in LINK.findall(body)}
            todo += [link for link in found if "?" not in link or "?" not in address]
    if person is not None:
        for letter in Message.objects.filter(to_email=person.email):
            yield f"{letter.subject} {letter.text} {letter.html} {letter.headers}".encode()


def unpacked(body: bytes) -> Iterator[bytes]:
    """A body, and when it is an archive every file in it with its name."""
    yield body
    if body.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for one in archive.infolist():
                yield one.filename.encode()
                yield from unpacked(archive.read(one))


def found_by(world: World, name: str, words: set[str]) -> set[str]:
    found: set[str] = set()
    for text in crawl(world, world.people.get(name)):
        low = text.lower()
        found |= {word for word in words - found if word.encode() in low}
    return found


# In every run those nearest to a secret that they may not know; everybody, and the time after the release, with --long
NEAR = ("conflicted chair", HELPER)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("observers", "is_released", "may_find"),
    [
        pytest.param(NEAR, False, BEFORE, id="those nearest to it, before the release"),
        pytest.param(OBSERVERS, False, BEFORE, id="everybody, before the release", marks=pytest.mark.long),
        pytest.param(OBSERVERS, True, AFTER, id="everybody, after the release", marks=pytest.mark.long),
    ],
)
def test_every_secret_is_found_by_exactly_those_who_may_know_it(
    observers: tuple[str, ...], is_released: bool, may_find: dict[str, frozenset[str]]
) -> None:
    with time_machine.travel(factories.AFTER_DEADLINE, tick=False):
        world = build()
        plant(world)
        if is_released:
            release(world)
        found = {name: found_by(world, name, set(may_find)) for name in observers}
    who_found = {word: {name for name in observers if word in found[name]} for word in may_find}
    assert who_found == {word: names & set(observers) for word, names in may_find.items()}
