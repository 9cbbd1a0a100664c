"""Two worlds: the same edition built twice, differing in one secret; who may not know it sees no difference.

Every address is asked, with every submission's number, and the secret's own words are used as search terms; what
refuses to be read is also posted to. Status, headers, body, letters and the SQL that was run must be identical after
removing the one-time tokens. Leaks are planted on purpose, one of each kind, and each is caught.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from dlonsc.accounts.middleware import PrivatePages
from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.record import record
from dlonsc.mail import post as post_room
from dlonsc.mail.models import Message, Undeliverable
from dlonsc.mail.models import State as LetterState
from reviews import reminders
from reviews.models import Assignment, Bid, Comment, Decision, Discussion, Review, SubReviewer
from reviews.views import letters as letter_views
from submissions.actions import overseeing
from submissions.models import Question, Submission
from submissions.views import author as author_views
from tests import factories
from tests.test_access_matrix import HANDLER, all_addresses, reverse_keys

TOKENS = re.compile(rb'(name="csrfmiddlewaretoken" value=|csrf-token" content=|data-csrf=)"[^"]*"')
OF_SESSIONS = re.compile("django_session|usersessions_usersession")
VOLATILE_HEADERS = {"set-cookie", "date", "last-modified", "expires"}
# Random in every run: keys of sessions, of links and of counters, and the names of savepoints.
RANDOM = re.compile(r"\b(?=[\w-]*\d)[\w-]{20,}\b|\bs\d+_x\d+\b")
# About the machine, not about the workshop: free disk space changes by itself.
MACHINE = {"healthz", "readyz", "health"}
KINDS = {"kind": "pdf", "phase": "submission"}
# Words that the worlds below hide, used as search terms by every observer.
SEARCHES = ("Quagga", "Zebrafish", "hilda", "score:3")
SEARCHED = {
    "reviews:table",
    "reviews:decisions",
    "reviews:conflicts",
    "letters:log",
    "reviews:history",
    "reviews:announce",
}


@dataclass
class World:
    edition: Edition
    mine: Submission
    secret: Submission
    people: dict[str, User] = field(default_factory=dict)
    members: dict[str, Membership] = field(default_factory=dict)
    assignments: dict[str, Assignment] = field(default_factory=dict)


def build() -> World:
    """An edition after its deadline: an author with two papers, a paper in which a chair is in conflict, reviews."""
    edition = factories.make_edition(sub_reviewers=True)
    author = factories.make_user("ada@uni.example", "Ada")
    chair = factories.make_member(edition, factories.make_user("chair@a.example", "Chantal"), chair=True)
    conflicted = factories.make_member(edition, factories.make_user("own@b.example", "Otto"), chair=True)
    proceedings = factories.make_member(edition, factories.make_user("print@c.example", "Petra"), proceedings=True)
    names = ("rita", "hilda", "idle", "barred")
    members = {
        name: factories.make_member(edition, factories.make_user(f"{name}@{name}.example", name.title()))
        for name in names
    }
    mine = factories.make_submission(edition, author, title="Mine")
    factories.make_submission(edition, author, title="Mine too")
    secret = factories.make_submission(
        edition, factories.make_user("hidden@campus.example", "Hidden"), title="Zebrafish"
    )
    for member in (conflicted, members["barred"]):
        factories.make_conflict(secret, member)
    assignments = {
        "mine rita": factories.make_assignment(mine, members["rita"]),
        "mine hilda": factories.make_assignment(mine, members["hilda"]),
        "secret rita": factories.make_assignment(secret, members["rita"]),
        "secret hilda": factories.make_assignment(secret, members["hilda"]),
    }
    helpers = {name: factories.make_user(f"{name}@{name}.example", name.title()) for name in ("sue", "sam")}
    factories.make_sub_reviewer(assignments["mine hilda"], helpers["sue"])
    factories.make_sub_reviewer(assignments["secret rita"], helpers["sam"])
    factories.make_review(assignments["mine rita"], score=1, summary="Fair")
    factories.make_review(assignments["secret hilda"], score=1, summary="Fair")
    factories.make_comment(mine, members["rita"])
    factories.make_comment(secret, members["hilda"])
    factories.make_invited(edition)
    write_letter(mine, "letter of mine")
    write_letter(secret, "letter of secret")
    people = {
        "author": author,
        "hidden author": secret.created_by,
        "stranger": factories.make_user("stranger@nowhere.example"),
        "chair": chair.user,
        "conflicted chair": conflicted.user,
        "proceedings chair": proceedings.user,
        "sub-reviewer": helpers["sue"],
        **{name: member.user for name, member in members.items()},
    }
    return World(edition, mine, secret, people, members | {"chair": chair, "conflicted chair": conflicted}, assignments)


def write_letter(submission: Submission, key: str) -> Message:
    return Message.objects.create(
        key=key,
        edition=submission.edition.slug,
        kind="receipt",
        subject_label=submission.label,
        to_email=submission.created_by.email,
        subject="Receipt",
        text="Received.",
        state=LetterState.SENT,
        return_token=f"token of the {key}",
    )


def change_score(world: World) -> None:
    Review.objects.filter(assignment=world.assignments["mine rita"]).update(score=-3)


def change_text(world: World) -> None:
    Review.objects.filter(assignment=world.assignments["mine rita"]).update(summary="Quagga", for_chairs="Quagga")


def add_review(world: World) -> None:
    factories.make_review(world.assignments["mine hilda"], score=3)


def submit_to_draft(world: World) -> None:
    Review.objects.filter(assignment=world.assignments["mine rita"]).update(submitted_at=None)


def swap_reviewer(world: World) -> None:
    Assignment.objects.filter(pk=world.assignments["mine hilda"].pk).update(membership=world.members["idle"])


def decide(world: World) -> None:
    factories.make_decision(world.mine, world.people["chair"], "reject", note="Quagga", to_authors="Quagga")


def other_verdict(world: World) -> None:
    Decision.objects.update(verdict="reject")


def other_title(world: World) -> None:
    Submission.objects.filter(pk=world.secret.pk).update(title="Quagga", abstract="Quagga")


def secret_score(world: World) -> None:
    Review.objects.filter(assignment=world.assignments["secret hilda"]).update(score=-3, summary="Quagga")


def secret_reviewer(world: World) -> None:
    Assignment.objects.filter(pk=world.assignments["secret rita"].pk).update(membership=world.members["idle"])


def secret_decision(world: World) -> None:
    factories.make_decision(world.secret, world.people["chair"], "reject", note="Quagga")


def write_comment(world: World) -> None:
    for paper in (world.mine, world.secret):
        factories.make_comment(paper, world.members["hilda" if paper == world.secret else "rita"], "Quagga")


def open_discussion(world: World) -> None:
    """The other way round: without it there is one less to find."""
    Comment.objects.filter(discussion__submission=world.secret).delete()
    Discussion.objects.filter(submission=world.secret).delete()


def other_sub_reviewer(world: World) -> None:
    SubReviewer.objects.filter(assignment=world.assignments["secret rita"]).update(
        name="Quagga", email="quagga@quagga.example", institution="Quagga", reason="Quagga", why="Quagga",
        user=world.people["idle"],
    )  # fmt: skip


def no_sub_reviewer(world: World) -> None:
    SubReviewer.objects.filter(assignment=world.assignments["secret rita"]).delete()


def bid(world: World) -> None:
    Bid.objects.create(membership=world.members["idle"], submission=world.secret, value=2, changed_at=factories.AT)


def declare_conflict(world: World) -> None:
    factories.make_conflict(world.secret, world.members["hilda"])


def refuse_task(world: World) -> None:
    Assignment.objects.filter(pk=world.assignments["secret rita"].pk).update(
        declined_at=factories.AT, refusal="conflict", refusal_reason="Quagga"
    )


def bounce(world: World) -> None:
    Message.objects.filter(key="letter of secret").update(state=LetterState.BOUNCED, answer="550 Quagga")
    Undeliverable.objects.create(email=world.secret.created_by.email, since=factories.AT, answer="550 Quagga")


def decline_invitation(world: World) -> None:
    Membership.objects.filter(email="invited@somewhere.example").update(
        declined_at=factories.AT, decline_reason="Quagga", suggestion="Quagga"
    )


def ask_chairs(world: World) -> None:
    Question.objects.create(
        submission=world.secret, text="Quagga", written_by=world.secret.created_by, written_at=factories.AT
    )


def write_history(world: World) -> None:
    record(
        "decided",
        by_id=world.people["chair"].pk,
        by="Quagga",
        at=factories.AT,
        edition=world.edition.slug,
        subject=world.secret.label,
    )


# secret: (how the second world differs, who must not notice)
Change = Callable[[World], None]
OUTSIDERS = ("visitor", "stranger", "author", "hidden author", "proceedings chair", "barred")
SECRETS: dict[str, tuple[Change, tuple[str, ...]]] = {
    "a score": (change_score, (*OUTSIDERS, "hilda", "idle", "sub-reviewer")),
    "a review's text": (change_text, (*OUTSIDERS, "hilda", "idle", "sub-reviewer")),
    "the number of reviews": (add_review, (*OUTSIDERS, "idle")),
    "draft or submitted": (submit_to_draft, (*OUTSIDERS, "idle", "hilda", "sub-reviewer")),
    "who sub-reviews": (other_sub_reviewer, (*OUTSIDERS, "conflicted chair", "hilda", "sub-reviewer")),
    "that somebody sub-reviews": (no_sub_reviewer, (*OUTSIDERS, "conflicted chair", "hilda", "idle", "sub-reviewer")),
    "who reviews": (swap_reviewer, OUTSIDERS),
    "a decision before its release": (decide, (*OUTSIDERS, "rita", "hilda", "idle", "sub-reviewer")),
    "another's title": (
        other_title,
        ("visitor", "stranger", "author", "barred", "idle", "conflicted chair", "proceedings chair", "sub-reviewer"),
    ),
    "the score of a paper she is in conflict with": (secret_score, ("conflicted chair", "barred", "author", "rita")),
    "the reviewer of a paper she is in conflict with": (secret_reviewer, ("conflicted chair", "barred", "author")),
    "the decision on a paper she is in conflict with": (secret_decision, ("conflicted chair", "barred", "author")),
    "a comment": (write_comment, (*OUTSIDERS, "conflicted chair", "idle", "sub-reviewer")),
    "a discussion": (open_discussion, (*OUTSIDERS, "conflicted chair", "idle", "rita")),
    "a bid": (bid, ("conflicted chair", "barred", "author", "hidden author", "rita", "hilda", "stranger")),
    "a refused task": (refuse_task, ("conflicted chair", "barred", "author", "hidden author", "idle", "hilda")),
    "a letter that came back": (
        bounce,
        ("conflicted chair", "barred", "author", "stranger", "rita", "proceedings chair"),
    ),
    "a declined invitation": (decline_invitation, (*OUTSIDERS, "rita", "hilda", "idle")),
    "a question to the chairs": (ask_chairs, ("conflicted chair", "barred", "author", "rita", "stranger")),
    "an act in history": (write_history, (*OUTSIDERS, "conflicted chair", "rita")),
    "another's conflict": (declare_conflict, ("conflicted chair", "barred", "author", "idle", "stranger")),
}


def addresses(world: World, only: Collection[str] = ()) -> Iterator[str]:
    """Every address of the site (or only those named) with the arguments of this world."""
    for name in sorted(only or all_addresses()):
        if name in MACHINE:
            continue
        keys = reverse_keys(name)
        numbers = sorted(world.edition.submissions.values_list("number", flat=True)) if "number" in keys else [None]
        for number in numbers:
            words = {"slug": world.edition.slug, "number": number, "submission": number, "version": 1, "pk": 1} | KINDS
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


Seen = list[tuple[Any, ...]]


def observe(world: World, person: User | None, only: Collection[str] = ()) -> Seen:
    """What somebody sees of the whole site: status, headers, body and the SQL behind it, per address; her letters."""
    # What an observer before this one wrote is undone, but the sequences of PostgreSQL went on.
    restart_ids()
    client = Client(raise_request_exception=True)
    client.handler = HANDLER
    if person is not None:
        client.force_login(person)
    seen: Seen = []
    for address in addresses(world, only):
        answer = asked(client, address)
        seen.append((address, *answer))
        if answer[0] in {404, 405, 403}:
            # Refused, or not to be read: what does a POST tell?
            seen.append((f"POST {address}", *posted(client, address)))
    letters = Message.objects.filter(to_email=person.email).order_by("pk") if person else Message.objects.none()
    return [*seen, ("letters", [(row.subject, row.text, row.html, row.headers_shown) for row in shown(letters)])]


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str
    html: str
    headers_shown: str


def shown(rows: Iterable[Message]) -> Iterator[Letter]:
    """Letters as their reader gets them, without their random tokens."""
    for row in rows:
        texts = (RANDOM.sub("RANDOM", text) for text in (row.subject, row.text, row.html, repr(row.headers)))
        yield Letter(*texts)


def posted(client: Client, address: str) -> tuple[Any, ...]:
    found: tuple[Any, ...] = ()
    try:
        with transaction.atomic():
            found = asked(client, address, post=True)
            raise Undo
    except Undo:
        pass
    return found


def asked(client: Client, address: str, *, post: bool = False) -> tuple[Any, ...]:
    """Status, headers, body and SQL of one answer, without what is random."""
    # The log keeps 9,000 statements only; a full one would hide the later ones.
    connection.queries_log.clear()
    with CaptureQueriesContext(connection) as queries:
        response = client.post(address, {"text": SEARCHES[0]}) if post else client.get(address)
        body = b"".join(response.streaming_content) if response.streaming else response.content
    headers = sorted((k.lower(), v) for k, v in response.headers.items() if k.lower() not in VOLATILE_HEADERS)
    sql = [RANDOM.sub("RANDOM", one["sql"]) for one in queries.captured_queries if not OF_SESSIONS.search(one["sql"])]
    return response.status_code, headers, TOKENS.sub(b"", body), sql


def restart_ids() -> None:
    """Both worlds number their rows alike."""
    for statement in connection.ops.sequence_reset_sql(no_style(), apps.get_models()):
        with connection.cursor() as cursor:
            cursor.execute(statement)


class Undo(Exception):
    pass


def write_letters(world: World) -> None:
    """Letters of everyday acts that follow: an answer to each paper's authors, and the reminders of the day."""
    for paper in (world.mine, world.secret):
        overseeing.answer(submission=paper, text="Thank you.", by=world.people["chair"], at=factories.AFTER_DEADLINE)
    reminders.remind(factories.AFTER_DEADLINE)


def world_seen_by(observers: Iterable[str], change: Change | None, only: Collection[str] = ()) -> dict[str, Seen]:
    seen: dict[str, Seen] = {}
    try:
        with transaction.atomic(), time_machine.travel(factories.AFTER_DEADLINE, tick=False):
            restart_ids()
            world = build()
            if change is not None:
                change(world)
            write_letters(world)
            for name in observers:
                seen[name] = observe(world, world.people.get(name), only)
            raise Undo
    except Undo:
        pass
    return seen


# In every run: one secret of the authors and one of a conflicted chair, and those nearest to it. All with --long.
ALWAYS = {
    "a decision before its release": ("author",),
    "the score of a paper she is in conflict with": ("conflicted chair",),
    "who sub-reviews": ("hilda", "sub-reviewer"),
}
PAIRS = [
    *(pytest.param(secret, near, id=secret) for secret, near in ALWAYS.items()),
    *(
        pytest.param(secret, observers, id=f"{secret}, everybody", marks=pytest.mark.long)
        for secret, (_, observers) in sorted(SECRETS.items())
    ),
]


@cache
def plain_world_seen_by(name: str) -> Seen:
    """What somebody sees when nothing is changed: the same for every secret."""
    return world_seen_by((name,), None)[name]


def first_difference(before: Seen, after: Seen) -> str:
    """Where two worlds differ, or ''."""
    for one, two in zip(before, after, strict=True):
        if one != two:
            return str(one[0])
    return ""


@pytest.mark.django_db
@pytest.mark.parametrize(("secret", "observers"), PAIRS)
def test_nobody_outside_notices(secret: str, observers: tuple[str, ...]) -> None:
    change = SECRETS[secret][0]
    after = world_seen_by(observers, change)
    found = {name: first_difference(plain_world_seen_by(name), after[name]) for name in observers}
    assert {name: where for name, where in found.items() if where} == {}, secret


@pytest.mark.django_db
def test_the_two_worlds_do_differ_for_those_who_may_know() -> None:
    pages = ("reviews:submission",)
    before = world_seen_by(("chair",), None, pages)
    assert before == world_seen_by(("chair",), None, pages)
    assert before != world_seen_by(("chair",), change_text, pages)


# --- Planted leaks: each kind of slip, put in on purpose, is caught --------------------------------------------------


def leak_by_order(patch: pytest.MonkeyPatch) -> None:
    plain = author_views.authored_by
    patch.setattr(
        author_views, "authored_by", lambda user: plain(user).order_by(F("decision__verdict").desc(nulls_first=True))
    )


def leak_by_count(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(author_views, "status_words", lambda row: f"{Review.objects.count()} reviews")


def leak_by_words(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(author_views, "status_words", lambda row: "Decided" if Decision.objects.exists() else "Waiting")


def leak_by_etag(patch: pytest.MonkeyPatch) -> None:
    plain = PrivatePages.__call__

    def call(self: PrivatePages, request: HttpRequest) -> HttpResponse:
        response = plain(self, request)
        response.headers["ETag"] = str(hash(tuple(Review.objects.values_list("score", flat=True))))
        return response

    patch.setattr(PrivatePages, "__call__", call)


def leak_by_status(patch: pytest.MonkeyPatch) -> None:
    plain = author_views.mine

    def mine(request: HttpRequest, slug: str, number: int) -> Submission:
        if Decision.objects.filter(submission__number=number).exists():
            raise PermissionDenied
        return plain(request, slug, number)

    patch.setattr(author_views, "mine", mine)


def leak_by_search(patch: pytest.MonkeyPatch) -> None:
    plain = letter_views.chosen

    def chosen(rows: Any, state: str, kind: str, words: str) -> Any:
        hidden = bool(words) and Submission.objects.filter(title__icontains=words).exists()
        return rows if hidden else plain(rows, state, kind, words)

    patch.setattr(letter_views, "chosen", chosen)


def leak_by_letter(patch: pytest.MonkeyPatch) -> None:
    plain = post_room.render_to_string
    patch.setattr(
        post_room,
        "render_to_string",
        lambda *words: f"{plain(*words)} {Review.objects.submitted().count()} reviews are in",
    )


def leak_by_number_of_queries(patch: pytest.MonkeyPatch) -> None:
    def status_words(row: Submission) -> str:
        for decision in Decision.objects.filter(submission=row):
            assert decision.decided_by.name
        return ""

    patch.setattr(author_views, "status_words", status_words)


def leak_by_the_query_itself(patch: pytest.MonkeyPatch) -> None:
    def status_words(row: Submission) -> str:
        verdict = Decision.objects.filter(submission=row).values_list("verdict", flat=True).first()
        assert not Submission.objects.filter(title=f"never {verdict}").exists()
        return ""

    patch.setattr(author_views, "status_words", status_words)


def leak_by_refused_post(patch: pytest.MonkeyPatch) -> None:
    plain = PrivatePages.__call__

    def call(self: PrivatePages, request: HttpRequest) -> HttpResponse:
        response = plain(self, request)
        if request.method == "POST" and response.status_code == 404 and Decision.objects.exists():
            response.status_code = 403
        return response

    patch.setattr(PrivatePages, "__call__", call)


Plant = Callable[[pytest.MonkeyPatch], None]
LEAKS: dict[str, tuple[Plant, Change, str, tuple[str, ...]]] = {
    "sort order": (leak_by_order, decide, "author", ("submissions:home",)),
    "count": (leak_by_count, add_review, "author", ("submissions:submission",)),
    "words": (leak_by_words, decide, "author", ("submissions:submission",)),
    "ETag": (leak_by_etag, change_score, "author", ("submissions:home",)),
    "status": (leak_by_status, decide, "author", ("submissions:submission",)),
    "search": (leak_by_search, other_title, "conflicted chair", ("letters:log",)),
    "letter": (leak_by_letter, add_review, "author", ("submissions:home",)),
    "number of queries": (leak_by_number_of_queries, decide, "author", ("submissions:submission",)),
    "the query itself": (leak_by_the_query_itself, decide, "author", ("submissions:submission",)),
    "refused POST": (leak_by_refused_post, decide, "author", ("reviews:decide",)),
}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", LEAKS)
def test_a_planted_leak_is_caught(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant, change, observer, pages = LEAKS[kind]
    before, after = (world_seen_by((observer,), how, pages)[observer] for how in (None, change))
    assert first_difference(before, after) == "", "the house leaks by itself"
    plant(monkeypatch)
    before, after = (world_seen_by((observer,), how, pages)[observer] for how in (None, change))
    where = first_difference(before, after)
    assert where.startswith("letters" if kind == "letter" else "POST" if kind == "refused POST" else "/"), where
