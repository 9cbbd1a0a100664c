"""One edition with everything in it, and what somebody sees of the whole site: what leaks are looked for in.

Each secret of the edition carries a word of its own (a canary). `observe` opens every address with every submission's
number as one person, follows the links of each page, posts to what refuses to be read, and keeps status, headers, body,
SQL and letters without what is random in them.
"""

import difflib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import product
from typing import Any
from unittest import mock

import time_machine
from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import AutoField, Max, Model, QuerySet
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from dlonsc import codes
from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.record import record
from dlonsc.mail.models import Message
from dlonsc.mail.models import State as LetterState
from reviews import reminders
from reviews.actions import deciding, mailing
from reviews.actions.lettering import note_letter
from reviews.models import Assignment, Review, SubReviewer
from submissions.actions import overseeing
from submissions.models import AuthorListRequest, LatePermission, Question, ReproducibilityRecord, Submission
from tests import factories
from tests.access_policy import CHAIRS, POLICY
from tests.test_access_matrix import HANDLER, all_addresses, refusing_without_a_frame, reverse_keys, words_of


@dataclass
class World:
    edition: Edition
    mine: Submission
    secret: Submission
    secret_too: Submission
    people: dict[str, User] = field(default_factory=dict)
    members: dict[str, Membership] = field(default_factory=dict)
    assignments: dict[str, Assignment] = field(default_factory=dict)
    # More papers whose numbers are tried, and by the address, the numbers of rows that are.
    papers: list[Submission] = field(default_factory=list)
    rows: dict[str, list[int]] = field(default_factory=dict)


def build() -> World:
    """An edition after its deadline: an author with two papers; another's two papers, of which the secret one has a
    submitted review, a draft, a discussion and a private decision. A chair and a member are in conflict with both.
    """
    edition = factories.make_edition(sub_reviewers=True)
    author = factories.make_user("ada@uni.example", "Ada")
    chair = factories.make_member(edition, factories.make_user("chair@a.example", "Chantal"), chair=True)
    conflicted = factories.make_member(edition, factories.make_user("own@b.example", "Otto"), chair=True)
    proceedings = factories.make_member(edition, factories.make_user("print@c.example", "Petra"), proceedings=True)
    names = ("rita", "hilda", "rex", "idle", "barred", "spare")
    members = {
        name: factories.make_member(edition, factories.make_user(f"{name}@{name}.example", name.title()))
        for name in names
    }
    left = factories.make_user("left@left.example", "Left")
    members["left"] = factories.make_member(edition, left, removed_at=factories.AT)
    mine = factories.make_submission(edition, author, title="Mine")
    factories.make_submission(edition, author, title="Mine too")
    hidden = factories.make_user("hidden@campus.example", "Hidden")
    secret = factories.make_submission(edition, hidden, title="canarytitle at scale", abstract="An canaryabstract.")
    secret_too = factories.make_submission(edition, hidden, title="Secret too")
    for paper in (secret, secret_too):
        for member in (conflicted, members["barred"]):
            factories.make_conflict(paper, member)
    assignments = {
        "mine rita": factories.make_assignment(mine, members["rita"]),
        "mine hilda": factories.make_assignment(mine, members["hilda"]),
        "mine rex": factories.make_assignment(mine, members["rex"]),
        "secret rita": factories.make_assignment(secret, members["rita"]),
        "secret hilda": factories.make_assignment(secret, members["hilda"]),
        "secret rex": factories.make_assignment(secret, members["rex"]),
    }
    helpers = {
        "sub-reviewer": factories.make_user("sue@sue.example", "Sue"),
        "another's helper": factories.make_user("sam@sam.example", "Sam"),
        "helper": factories.make_user("helga@helga.example", "Helga canarysub"),
    }
    factories.make_sub_reviewer(assignments["mine hilda"], helpers["sub-reviewer"])
    factories.make_sub_reviewer(assignments["secret rita"], helpers["another's helper"])
    factories.make_sub_reviewer(assignments["secret rex"], factories.make_user("sid@sid.example", "Sid"))
    factories.make_review(assignments["mine rita"], score=1, summary="Fair")
    factories.make_review(assignments["mine rex"], score=1, summary="Fair")
    factories.make_comment(mine, members["rita"])
    people = {
        "author": author,
        "hidden author": hidden,
        "stranger": factories.make_user("stranger@nowhere.example"),
        "chair": chair.user,
        "conflicted chair": conflicted.user,
        "proceedings chair": proceedings.user,
        **helpers,
        **{name: member.user for name, member in members.items()},
    }
    world = World(
        edition,
        mine,
        secret,
        secret_too,
        people,
        members | {"chair": chair, "conflicted chair": conflicted},
        assignments,
    )
    plant(world)
    return world


@cache
def secret_pdf() -> bytes:
    """A PDF with a word in its packed text, one in its metadata and one in a file that is attached to it."""
    out = io.BytesIO()
    canvas = Canvas(out, pageCompression=1, invariant=True)
    canvas.setAuthor("canarymetadata")
    canvas.drawString(100, 700, "canarypdf")
    canvas.save()
    writer = PdfWriter(clone_from=PdfReader(out))
    writer.add_attachment("data.txt", b"canaryattachment")
    packed = io.BytesIO()
    writer.write(packed)
    return packed.getvalue()


def plant(world: World) -> None:
    """What the secret paper and the committee have, each with a word of its own."""
    paper, chair = world.secret, world.people["chair"]
    factories.make_manuscript(paper, secret_pdf())
    factories.make_author(paper, "co@canarycoauthor.example", "Cora canarycoauthor")
    ReproducibilityRecord.objects.filter(submission=paper).update(algorithms="canaryrecord")
    factories.make_conflict(paper, world.members["idle"], source="chair", reason="canaryconflict")
    factories.make_review(
        world.assignments["secret rita"], summary="A canaryreview.", for_chairs="A canarynote.", label=1
    )
    factories.make_review(
        world.assignments["secret hilda"],
        submitted=False,
        summary="A canarydraft.",
        for_chairs="A canarydraftnote.",
        label=2,
    )
    factories.make_sub_reviewer(
        world.assignments["secret hilda"],
        world.people["helper"],
        typed="A canarydraft.",
        why="canarywhy",
        reason="canaryreason",
    )
    refused = factories.make_assignment(paper, factories.make_member(world.edition, email="gone@else.example"))
    Assignment.objects.filter(pk=refused.pk).update(
        declined_at=factories.AT, refusal="conflict", refusal_reason="canaryrefusal"
    )
    factories.make_comment(paper, world.members["rita"], "A canarycomment.")
    factories.make_comment(world.secret_too, world.members["rex"])
    deciding.decide(
        paper, verdict="accept", note="canarydecision", to_authors="canarytoauthors", version=0, by=chair,
        at=factories.AFTER_DEADLINE,
    )  # fmt: skip
    Question.objects.create(
        submission=paper, text="canaryquestion", written_by=paper.created_by, written_at=factories.AT
    )
    LatePermission.objects.create(
        submission=paper, phase="submission", cutoff_at=factories.AFTER_DEADLINE, reason="canarypermission",
        given_by=chair, given_at=factories.AT,
    )  # fmt: skip
    AuthorListRequest.objects.create(
        submission=paper, old_list=[], new_list=[], reason="canaryrequest", requested_by=paper.created_by,
        requested_at=factories.AT,
    )  # fmt: skip
    for email in ("invited.first@somewhere.example", "invited.too@somewhere.example"):
        factories.make_invited(world.edition, email)
    Membership.objects.filter(email__endswith="@somewhere.example").update(
        declined_at=factories.AT, decline_reason="canarydecline"
    )
    write_letter(world.mine, "letter of mine", "Received.")
    write_letter(paper, "letter of secret", "canaryletter")
    for task, name in ((world.assignments["secret rex"], "rex"), (world.assignments["mine hilda"], "hilda")):
        told = write_letter(task.submission, f"task of {name}", "Please review it.")
        Message.objects.filter(pk=told.pk).update(
            kind="assigned", to_email=task.membership.email, finished_at=factories.AT
        )
    record("decided", by=str(chair), by_id=chair.pk, at=factories.AT, edition=world.edition.slug, subject=paper.label,
           detail={"words": "canaryhistory"})  # fmt: skip
    # As it was written before: counted over all papers.
    record("extend_deadline", by=str(chair), by_id=chair.pk, at=factories.AT, edition=world.edition.slug,
           subject=f"edition:{world.edition.pk}", detail={"letters": "canarycount"})  # fmt: skip


def fill(world: World) -> None:
    """A row of each kind that has an address or a form of its own, about the author's papers."""
    paper, chair = world.mine, world.members["chair"]
    assert chair.user is not None
    note_letter("letter_sent_again", Message.objects.get(key="letter of mine"), chair.user, factories.AT)
    words_of(world.edition, paper, Review.objects.get(assignment=world.assignments["mine rita"]), chair)
    factories.make_manuscript(paper, b"%PDF-1.7 late", number=2, is_current=False, is_late=True)
    factories.make_conflict(paper, factories.make_member(world.edition, email="aside@aside.example"))
    # Decided, so that every chair has letters to read before she announces.
    factories.make_decision(
        factories.make_submission(world.edition, paper.created_by, title="Mine decided"), chair.user
    )
    # Accepted, so that the author's form of the camera-ready paper is looked at too.
    factories.announce(Submission.objects.get(edition=world.edition, title="Mine too"))
    AuthorListRequest.objects.create(
        submission=paper,
        old_list=[],
        new_list=[],
        reason="Why",
        requested_by=paper.created_by,
        requested_at=factories.AT,
    )


def write_letter(submission: Submission, key: str, text: str) -> Message:
    return Message.objects.create(
        key=key,
        edition=submission.edition.slug,
        kind="receipt",
        subject_label=submission.label,
        to_email=submission.created_by.email,
        subject="Receipt",
        text=text,
        state=LetterState.SENT,
        return_token=f"token of the {key}",
    )


def write_letters(world: World, at: datetime) -> None:
    """Letters of everyday acts that follow: an answer to each paper's authors, and the reminders of the day."""
    for paper in (world.mine, world.secret):
        overseeing.answer(submission=paper, text="Thank you.", by=world.people["chair"], at=at)
    reminders.remind(at)


# Who may find the word of each secret on the site or in her letters, while reviews are written. Rita has submitted her
# review of the secret paper, Hilda has a draft of hers that a helper writes with her, Rex has nothing.
WRITERS = frozenset({"hilda", "helper"})
PAPER_READERS = frozenset({"hidden author", "chair", "rita", "rex"}) | WRITERS
CANARIES: dict[str, frozenset[str]] = {
    "canarytitle": PAPER_READERS,
    "canaryabstract": PAPER_READERS,
    "canarycoauthor": PAPER_READERS,
    "canarypdf": PAPER_READERS,
    "canarymetadata": PAPER_READERS,
    "canaryattachment": PAPER_READERS,
    "canaryrecord": PAPER_READERS,
    "canaryconflict": frozenset({"chair"}),
    "canaryreview": frozenset({"chair", "rita"}),
    "canarynote": frozenset({"chair", "rita"}),
    "canarydraft": WRITERS,
    "canarydraftnote": frozenset({"hilda"}),
    "canarysub": WRITERS | {"chair"},
    "canarywhy": frozenset({"chair"}),
    "canaryreason": frozenset({"chair"}),
    "canarycomment": frozenset({"chair", "rita"}),
    "canarydecision": frozenset({"chair"}),
    "canarytoauthors": frozenset({"chair"}),
    "canaryquestion": frozenset({"hidden author", "chair"}),
    "canarypermission": frozenset({"chair"}),
    "canaryrequest": frozenset({"hidden author", "chair"}),
    "canaryrefusal": frozenset({"chair"}),
    "canarydecline": frozenset({"chair", "conflicted chair"}),
    "canaryletter": frozenset({"hidden author", "chair"}),
    "canaryhistory": frozenset({"chair"}),
    "canarycount": frozenset(),
}


# --- Where to look ---------------------------------------------------------------------------------------------------

# About the machine, not about the workshop: free disk space changes by itself.
MACHINE = {"healthz", "readyz", "health"}
KINDS = {"kind": "pdf", "phase": "submission"}
# Words of the secrets, used as search terms by every observer.
# A piece of the title: the field repeats what was searched for.
SEARCHES = ("Quagga", "canarytit", "hilda", "score:3")
SEARCHED = {
    "reviews:table",
    "reviews:decisions",
    "reviews:conflicts",
    "letters:log",
    "reviews:history",
    "reviews:announce",
}
LINK = re.compile(rb'(?:href|src|data-poll)="(/[^"#]*)"')
# Leaving, pages of others' applications that hold no secret of a workshop, and the machine's.
NOT_FOLLOWED = re.compile(r"^/(accounts|static|demo|health)/|logout")


# Of the chairs' addresses, who is none tries every so many in each run; all with --long.
SAMPLED = 4


def doors(name: str, step: int) -> list[str]:
    """The addresses that an observer tries: all that stand open to others than chairs, of the chairs' every `step`th.

    Which of them depends on her name, so that all observers together try each.
    """
    rest = sorted(door for door in all_addresses() if POLICY[door] <= CHAIRS)
    if "chair" in name:
        return sorted(all_addresses())
    first = sum(name.encode()) % step
    return sorted({*(all_addresses().keys() - set(rest)), *rest[first::step]})


def rows_of_the_secret(world: World) -> dict[str, Model]:
    """What an address of its own has and belongs to the secret paper, by the address."""
    task, letter = world.assignments["secret rita"], Message.objects.get(key="letter of secret")
    return {
        "letters:letter": letter,
        "letters:settle": letter,
        "reviews:replace": task,
        "reviews:sub_reviewer": SubReviewer.objects.get(assignment=task),
    }


def addresses(world: World, only: Collection[str] = ()) -> Iterator[str]:
    """Every address of the site (or only those named) with the arguments of this world."""
    secret = rows_of_the_secret(world)
    for name in sorted(only or all_addresses()):
        if name in MACHINE:
            continue
        keys = reverse_keys(name)
        if name in secret:
            yield reverse(name, kwargs={"slug": world.edition.slug, "pk": secret[name].pk})
        papers = (world.mine, world.secret, *world.papers)
        numbers = [paper.number for paper in papers] if "number" in keys else [None]
        for number, pk in product(numbers, world.rows.get(name, [1])):
            words = {"slug": world.edition.slug, "number": number, "submission": number, "version": 1, "pk": pk} | KINDS
            words |= {"member": world.members["rita"].pk, "other": 1}
            if not keys <= set(words):
                continue
            try:
                address = reverse(name, kwargs={key: words[key] for key in keys})
            except NoReverseMatch:
                continue
            yield address
            if name in SEARCHED:
                for word in SEARCHES:
                    yield f"{address}?q={word}&sort=score&search={word}"


def links_of(body: bytes, address: str) -> Iterator[str]:
    """Where a page leads. Pages of a list and its sortings hold the same rows: one step of them is enough."""
    for link in sorted({found.decode().replace("&amp;", "&") for found in LINK.findall(body)}):
        if not NOT_FOLLOWED.match(link) and ("?" not in link or "?" not in address):
            yield link


# --- What is seen ----------------------------------------------------------------------------------------------------

TOKENS = re.compile(rb'(name="csrfmiddlewaretoken" value=|csrf-token" content=|data-csrf=)"[^"]*"')
OF_SESSIONS = re.compile("django_session|usersessions_usersession")
VOLATILE_HEADERS = {"set-cookie", "date", "last-modified", "expires"}
# Random in every run: keys of sessions, of links and of counters, and the names of savepoints.
RANDOM = re.compile(r"\b(?=[\w-]*\d)[\w-]{20,}\b|\bs\d+_x\d+\b")
TYPED = {"text": SEARCHES[0], "summary": SEARCHES[0]}
# Refused, or not to be read: what does a POST tell?
POSTED_TO = frozenset({403, 404, 405})


# How many rows of each kind that may not be counted were made before: in a world, and in one where it is not the same.
FEW, MANY = 7_000_000, 80_000_000
MADE_HERE = 100_000
A_CODE = re.compile(rb"(?<![a-z0-9])[a-z2-7]{26}(?![a-z0-9])")
A_NUMBER = re.compile(r"(?<![\w.-])\d{7,}(?![\w.-])")
# A Message-ID is made from the key of its letter, which holds numbers: keyed, and not the same. One's calendar has an
# address by chance.
BY_CHANCE = re.compile(rb"\b[0-9a-f]{32}(?=@)|(?<=/me/dates/)[\w-]{32}(?=\.ics)")


def decoded(text: bytes, before: int) -> bytes:
    """Each code as its kind and its number less what was made before: the same in both worlds."""

    def meaning(found: re.Match[bytes]) -> bytes:
        for kind in codes.KINDS:
            number = codes.number(kind, found[0].decode())
            if number is not None:
                return f"{kind} {number - before if number > before else number}".encode()
        return found[0]

    return A_CODE.sub(meaning, BY_CHANCE.sub(b"", text))


def renumbered(text: str, before: int) -> str:
    """A query, or what a fingerprint stands for, with the numbers of rows less what was made before."""

    def number(found: re.Match[str]) -> str:
        own = int(found[0]) - before
        return str(own) if 0 < own < MADE_HERE else found[0]

    return A_NUMBER.sub(number, text)


@contextmanager
def fingerprints_renumbered(before: int) -> Iterator[None]:
    """What stands for the letters that a chair has read is made from numbers of rows too: it is compared without."""
    with ExitStack() as stack:
        for room in (deciding, mailing):
            stack.enter_context(mock.patch.object(room, "fingerprint", _fingerprint(room.fingerprint, before)))
        yield


def _fingerprint(plain: Callable[[Any], str], before: int) -> Callable[[Any], str]:
    return lambda values: plain(renumbered(json.dumps(values, sort_keys=True, default=str), before))


@dataclass(frozen=True)
class Answer:
    """One answer without what is random in it; the parts are packed, thousands are kept."""

    status: int
    headers: bytes
    body: bytes
    sql: bytes

    def difference(self, other: "Answer") -> str:
        """In what two answers differ, with the lines that do; '' when in nothing."""
        if self.status != other.status:
            return f"status {self.status} and {other.status}"
        for part in ("body", "sql", "headers"):
            one, two = (zlib.decompress(getattr(answer, part)).decode(errors="replace") for answer in (self, other))
            if one != two:
                lines = list(difflib.unified_diff(one.splitlines(), two.splitlines(), n=0, lineterm=""))[2:]
                return f"{part}: " + " | ".join(line.strip()[:300] for line in lines[:8])
        return ""


@dataclass
class Seen:
    """What one person saw: the answers by address, and which of the canaries were anywhere in them or her letters."""

    answers: dict[str, Answer] = field(default_factory=dict)
    letters: list[tuple[str, ...]] = field(default_factory=list)
    found: set[str] = field(default_factory=set)

    def first_difference(self, other: "Seen") -> str:
        """Where and in what two worlds differ, or ''."""
        for address in sorted(self.answers.keys() & other.answers.keys()):
            if words := self.answers[address].difference(other.answers[address]):
                return f"{address} {words}"
        if only_one := sorted(self.answers.keys() ^ other.answers.keys()):
            return f"{only_one[0]} is offered in one of them"
        return "" if self.letters == other.letters else f"letters {self.letters} {other.letters}"


def observe(world: World, name: str, only: Collection[str], canaries: Iterable[str], *, step: int, before: int) -> Seen:
    """What somebody sees of the whole site, or of the addresses named in `only` without following links."""
    person = world.people.get(name)
    # What an observer before this one wrote is undone, but the sequences of PostgreSQL went on.
    restart_ids()
    client = Client(raise_request_exception=True)
    client.handler = HANDLER
    if person is not None:
        client.force_login(person)
    seen, todo = Seen(), list(reversed(list(addresses(world, only or doors(name, step)))))
    while todo:
        address = todo.pop()
        shown = decoded(address.encode(), before).decode()
        if shown in seen.answers:
            continue
        answer, body, is_page = asked(client, address, before)
        seen.answers[shown] = answer
        look_for(canaries, body, seen.found)
        look_for(canaries, zlib.decompress(answer.headers), seen.found)
        if answer.status in POSTED_TO:
            seen.answers[f"POST {shown}"] = posted(client, address, before)
        elif is_page and not only:
            todo += reversed(list(links_of(body, address)))
    if person is not None:
        # One that is held is not hers yet.
        hers = Message.objects.filter(to_email=person.email).exclude(state=LetterState.HELD)
        for letter in hers.order_by("pk"):
            texts = (letter.subject, letter.text, letter.html, repr(letter.headers))
            look_for(canaries, " ".join(texts).encode(), seen.found)
            seen.letters.append(tuple(RANDOM.sub("RANDOM", decoded(text.encode(), before).decode()) for text in texts))
    return seen


def look_for(canaries: Iterable[str], body: bytes, found: set[str]) -> None:
    missing = [word for word in canaries if word not in found]
    if missing:
        for text in unpacked(body):
            low = text.lower()
            found |= {word for word in missing if word.encode() in low}


def unpacked(body: bytes) -> Iterator[bytes]:
    """A body; when it is an archive every file in it with its name, when it is a PDF its text, metadata and files."""
    yield body
    # Most manuscripts of tests only begin like a PDF.
    if body.startswith(b"%PDF") and b"%%EOF" in body:
        reader = PdfReader(io.BytesIO(body))
        yield repr(reader.metadata).encode()
        yield "\n".join(page.extract_text() for page in reader.pages).encode()
        for name, files in reader.attachments.items():
            yield name.encode()
            yield from files
    if body.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for one in archive.infolist():
                yield one.filename.encode()
                yield from unpacked(archive.read(one))


def posted(client: Client, address: str, before: int) -> Answer:
    """The answer to a POST, whose effects are undone."""
    found: list[Answer] = []
    try:
        with transaction.atomic():
            found.append(asked(client, address, before, post=True)[0])
            raise Undo
    except Undo:
        pass
    return found[0]


def asked(client: Client, address: str, before: int, *, post: bool = False) -> tuple[Answer, bytes, bool]:
    """One answer without what is random, its whole body, and whether that is a page."""
    # The log keeps 9,000 statements only; a full one would hide the later ones.
    connection.queries_log.clear()
    with CaptureQueriesContext(connection) as queries:
        response = client.post(address, TYPED) if post else client.get(address)
        body = b"".join(response.streaming_content) if response.streaming else response.content
    headers = sorted((k.lower(), v) for k, v in response.headers.items() if k.lower() not in VOLATILE_HEADERS)
    run = "\n".join(one["sql"] for one in queries.captured_queries if not OF_SESSIONS.search(one["sql"]))
    sql = renumbered(RANDOM.sub("RANDOM", run), before)
    if post and response.status_code not in POSTED_TO:
        # She may do this: the numbers of the rows that she made are the next free ones of the whole house.
        sql = ""
    shown = (decoded(part, before) for part in ("\n".join(map(repr, headers)).encode(), TOKENS.sub(b"", body)))
    parts = (*shown, sql.encode())
    packed = (zlib.compress(part, level=1) for part in parts)
    return Answer(response.status_code, *packed), body, "html" in response.headers.get("Content-Type", "")


def restart_ids() -> None:
    """Both worlds number their rows alike."""
    for statement in connection.ops.sequence_reset_sql(no_style(), apps.get_models()):
        with connection.cursor() as cursor:
            cursor.execute(statement)


# What may be counted: people, and what everybody of an edition sees anyway.
COUNTABLE = {
    "accounts.user",
    "editions.edition",
    "editions.membership",
    "editions.deadline",
    "editions.topic",
    "submissions.submission",
}


def made_before(count: int) -> None:
    """As if so many rows of each kind had been made before, of which nothing is left but the numbers."""
    for model in apps.get_models():
        table, key = model._meta.db_table, model._meta.pk
        if model._meta.label_lower in COUNTABLE or not isinstance(key, AutoField) or model._meta.proxy:
            continue
        last_number(table, key.column, count)


def last_number(table: str, column: str, count: int) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [table, column, count])
        else:
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, count])


def number_apart(letters: QuerySet[Message]) -> None:
    """As if these letters were older than all others: those that follow are numbered as without them."""
    older = Message.objects.filter(pk__lt=FEW).count()
    number_from(older + 1, letters)
    last = Message.objects.aggregate(last=Max("pk"))["last"]
    last_number(Message._meta.db_table, "id", last)


def number_from(first: int, letters: QuerySet[Message]) -> None:
    """Number these letters one by one, in their order."""
    for place, pk in enumerate(list(letters.order_by("pk").values_list("pk", flat=True)), start=first):
        Message.objects.filter(pk=pk).update(id=place)
        for relation in Message._meta.related_objects:
            relation.related_model._base_manager.filter(**{relation.field.attname: pk}).update(
                **{relation.field.attname: place}
            )


def number_on(row: Model, first: int) -> None:
    """The next row of this kind gets this number, so that how many there were before shows in no number."""
    row.pk = first - 1
    row.save(force_insert=True)
    restart_ids()
    row.delete()


class Undo(Exception):
    pass


def world_seen_by(
    name: str,
    changes: Iterable[Callable[[World], None]] = (),
    only: Collection[str] = (),
    canaries: Iterable[str] = (),
    *,
    step: int = SAMPLED,
    before: int = FEW,
    at: datetime = factories.AFTER_DEADLINE,
    settle: Callable[[World, int], None] = lambda world, before: None,
) -> Seen:
    """Build a world, change it, and look at it at `at` with one person's eyes; nothing of it is left behind.

    `before`: how many rows of each kind that may not be counted were made before. `settle` is the last that is done
    before she looks.
    """
    found: list[Seen] = []
    try:
        # Who was last seen when is written at every request, and is nobody's secret.
        with (
            transaction.atomic(),
            time_machine.travel(at, tick=False),
            override_settings(USERSESSIONS_TRACK_ACTIVITY=False),
            # The frame is the same as on the pages that open, and there it is compared.
            refusing_without_a_frame(),
            fingerprints_renumbered(before),
        ):
            restart_ids()
            made_before(before)
            world = build()
            fill(world)
            for change in changes:
                change(world)
            # The Message-ID of an answer is made from the number of its question: keyed, but not the same.
            number_on(Question.objects.get(submission=world.secret, text="canaryquestion"), before + 1000)
            write_letters(world, at)
            settle(world, before)
            found.append(observe(world, name, only, canaries, step=step, before=before))
            raise Undo
    except Undo:
        pass
    return found[0]
