"""Every address x every role x nine states of a submission, generated from the URLconf.

"Refused" is 404 (or being sent to sign in); whether the thing exists must not show. A refused role is refused GET and
POST alike; an allowed role gets anything but that. An address without a row in POLICY fails. Looking changes nothing:
the database is the same before and after all GETs of all roles.
"""

import hashlib
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotFound
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from dlonsc.accounts.models import Affiliation, User
from dlonsc.codes import code
from dlonsc.editions.invitations import token_of
from dlonsc.editions.models import CalendarFeed, Edition, Membership
from dlonsc.mail.models import Campaign, Message
from dlonsc.mail.models import State as LetterState
from reviews.actions import mailing, proposing
from reviews.certificates import Certificate
from reviews.models import Announcement, Assignment, Decision, Review
from reviews.subreviewers import token_of as sub_token_of
from submissions.models import CameraReadyItem, Submission, Supplement
from submissions.receipts import code_of
from submissions.states import State
from tests import factories
from tests.access_policy import (
    ABOUT_ONE,
    EVERYBODY,
    FOREIGN,
    ITS_REVIEWER,
    ITS_SUB_REVIEWER,
    POLICY,
    REVIEWERS,
    allowed_in,
)

ROLES = (
    "visitor",
    "stranger",
    "author",
    "coauthor",
    "unverified coauthor",
    "author of another",
    "reviewer",
    "unassigned reviewer",
    "conflicted reviewer",
    "former reviewer",
    "chair",
    "conflicted chair",
    "chair who is author",
    "proceedings chair",
    "conflicted proceedings chair",
    "administrator",
    "sub-reviewer",
    "disabled author",
    "disabled reviewer",
    "disabled chair",
)


PROPOSAL_PAGES = (
    "cancel_proposal",
    "commit_proposal",
    "compare_proposals",
    "edit_proposal",
    "export_proposal",
    "grid",
    "import_proposal",
    "proposal",
    "repeat_proposal",
    "why",
)
OPTIONS: dict[str, Any] = {
    "objective": "total",
    "demand": 3,
    "reserve": 0,
    "load_price": 0.0,
    "one_per_institution": False,
    "one_senior": False,
    "partial": True,
    "prob_cap": None,
    "seed": 1,
}


# One for all requests: each new browser would look for every static file anew.
HANDLER = Client().handler


def refuse(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A refused page without its frame, which costs more than the question; what refused it is in the body."""
    return HttpResponseNotFound(repr(exception))


@contextmanager
def refusing_without_a_frame() -> Iterator[None]:
    """Thousands of requests are refused in a matrix: none of them renders the page that says so."""
    with patch("dlonsc.urls.handler404", refuse, create=True):
        yield


@dataclass
class World:
    """One browser per role, and what stands for each argument of an address; "name:argument" before "argument"."""

    cookies: dict[str, SimpleCookie[str]]
    words: dict[str, Any]

    def address(self, name: str, **instead: Any) -> str:
        words = {key: self.words.get(f"{name}:{key}", self.words.get(key)) for key in reverse_keys(name)}
        return reverse(name, kwargs=words | instead)

    def browser(self, role: str) -> Client:
        """A fresh browser that has the role's cookies: what a request does to them is forgotten."""
        client = Client()
        client.handler = HANDLER
        client.cookies = SimpleCookie({name: morsel.value for name, morsel in self.cookies[role].items()})
        return client


def names(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            space = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from names(pattern.url_patterns, space)
        elif pattern.name is not None:
            yield prefix + pattern.name, pattern
        else:
            yield f"{prefix}<unnamed {pattern.pattern}>", pattern


def all_addresses() -> dict[str, URLPattern]:
    return {name: pattern for name, pattern in names(get_resolver().url_patterns) if not name.startswith(FOREIGN)}


# The nine states of a submission: the day on which it is looked at, and how it came there.
BEFORE, REVIEWING = factories.AT, factories.AFTER_DEADLINE
ANNOUNCED, AFTER_EVENT = datetime(2026, 4, 18, 12, tzinfo=UTC), datetime(2026, 7, 1, 12, tzinfo=UTC)
STATES = {
    "draft": BEFORE,
    "submitted": BEFORE,
    "withdrawn": BEFORE,
    "under review": REVIEWING,
    "decided, unreleased": REVIEWING,
    "released, accept": ANNOUNCED,
    "released, reject": ANNOUNCED,
    "camera-ready": ANNOUNCED,
    "archived": AFTER_EVENT,
}
DECIDED = ("decided, unreleased", "released, accept", "released, reject", "camera-ready", "archived")


def make_world(state: str) -> World:
    """A submission in one state with everything a submission can have, and one person per role."""
    edition = factories.make_edition(sub_reviewers=True)
    author = factories.make_user("author@uni.example")
    submission = factories.make_submission(edition, author)
    for name in ("co", "unverified", "disabled.author", "chair.author"):
        factories.make_author(submission, f"{name}@uni.example")
    other = factories.make_submission(edition, factories.make_user("other@campus.example"))
    reviewer = factories.make_member(edition, email="reviewer@a.example")
    conflicted = factories.make_member(edition, email="conflicted@b.example")
    former = factories.make_member(edition, email="former@c.example", removed_at=factories.AT)
    chair = factories.make_member(edition, email="chair@d.example", chair=True)
    conflicted_chair = factories.make_member(edition, email="own@e.example", chair=True)
    chair_author = factories.make_member(edition, email="chair.author@uni.example", chair=True)
    proceedings = factories.make_member(edition, email="print@f.example", proceedings=True)
    conflicted_proceedings = factories.make_member(edition, email="print@g.example", proceedings=True)
    disabled_reviewer = factories.make_member(edition, email="gone@i.example")
    for member in (conflicted, conflicted_chair, conflicted_proceedings):
        factories.make_conflict(submission, member)
    for member in (former, disabled_reviewer):
        factories.make_assignment(submission, member)
    review = factories.make_review(factories.make_assignment(submission, reviewer))
    if state in DECIDED:
        factories.make_decision(submission, chair.user, "reject" if state == "released, reject" else "accept")
    words = words_of(edition, submission, review, chair)
    people: dict[str, User | Membership | None] = {
        "visitor": None,
        "stranger": factories.make_user("stranger@nowhere.example"),
        "author": author,
        "coauthor": factories.make_user("co@uni.example"),
        "unverified coauthor": factories.make_user("unverified@uni.example", verified=False),
        "author of another": other.created_by,
        "reviewer": reviewer,
        "unassigned reviewer": factories.make_member(edition, email="idle@h.example"),
        "conflicted reviewer": conflicted,
        "former reviewer": former,
        "chair": chair,
        "conflicted chair": conflicted_chair,
        "chair who is author": chair_author,
        "proceedings chair": proceedings,
        "conflicted proceedings chair": conflicted_proceedings,
        "administrator": factories.make_user("root@machine.example", is_superuser=True),
        "sub-reviewer": User.objects.get(email="sub@sub.example"),
        "disabled author": factories.make_user("disabled.author@uni.example"),
        "disabled reviewer": disabled_reviewer,
        "disabled chair": factories.make_member(edition, email="gone@j.example", chair=True),
    }
    assert tuple(people) == ROLES
    cookies = {role: signed_in(who) for role, who in people.items()}
    # They hold their roles and were signed in, and then their accounts were closed.
    User.objects.filter(email__in=["disabled.author@uni.example", "gone@i.example", "gone@j.example"]).update(
        is_active=False
    )
    bring_to(state, submission)
    return World(cookies, words)


def signed_in(who: User | Membership | None) -> SimpleCookie[str]:
    """The cookies of a person who has just come in."""
    client = Client()
    client.handler = HANDLER
    user = who.user if isinstance(who, Membership) else who
    if user is not None:
        client.force_login(user)
    client.get(reverse("editions:home"))
    return client.cookies


def bring_to(state: str, submission: Submission) -> None:
    rows = Submission.objects.filter(pk=submission.pk)
    if state == "draft":
        rows.update(state=State.DRAFT, submitted_at=None)
    elif state == "withdrawn":
        rows.update(state=State.WITHDRAWN, withdrawn_at=factories.AT)
    elif state in DECIDED[1:]:
        factories.announce(submission, "rejected" if state == "released, reject" else "accepted")
    if state not in DECIDED:
        Announcement.objects.all().delete()
    if state in {"camera-ready", "archived"}:
        CameraReadyItem.objects.update(accepted_at=factories.AT, accepted_by=submission.created_by)


def words_of(edition: Edition, submission: Submission, review: Review, chair: Membership) -> dict[str, Any]:
    """Every argument of every address, all about the one submission."""
    author = submission.created_by
    reviewer = review.assignment.membership
    manuscript = submission.manuscripts.get(is_current=True)
    affiliation = Affiliation.objects.create(user=author, institution="Example University")
    factories.make_comment(submission, reviewer)
    supplement = Supplement.objects.create(
        submission=submission,
        sha256=manuscript.sha256,
        size=manuscript.size,
        original_name="data.zip",
        uploaded_by=author,
        uploaded_at=factories.AT,
    )
    item = CameraReadyItem.objects.create(
        submission=submission,
        kind="pdf",
        number=1,
        sha256=manuscript.sha256,
        size=manuscript.size,
        original_name="final.pdf",
        uploaded_by=author,
        uploaded_at=factories.AT,
    )
    letter = Message.objects.create(
        key="letter",
        edition=edition.slug,
        kind="decision",
        subject_label=submission.label,
        to_email=author.email,
        subject="Decision",
        text="Text",
        headers={"List-Unsubscribe": "<https://workshop.example/>"},
        state=LetterState.UNKNOWN,
    )
    announcement = Announcement.objects.create(
        edition=edition,
        created_by=chair.user,
        created_at=factories.AT,
        release_at=timezone.now() + timedelta(hours=1),
    )
    Decision.objects.filter(submission=submission).update(announcement=announcement)
    proposals = [proposing.propose(chair, options=OPTIONS, by=chair.user, at=factories.AT) for _ in (1, 2)]
    feed = CalendarFeed.objects.create(user=author, created_at=factories.AT)
    topic = edition.topics.first()
    helped = factories.make_assignment(submission, factories.make_member(edition))
    helper = User.objects.filter(email="sub@sub.example").first() or factories.make_user("sub@sub.example")
    sub_reviewer = factories.make_sub_reviewer(helped, helper)
    return {
        "slug": edition.slug,
        "number": submission.number,
        "submission": submission.number,
        "version": manuscript.number,
        "member": reviewer.pk,
        "kind": "pdf",
        "phase": "submission",
        "code": code_of(submission, manuscript, at=factories.AT),
        "letters:text:kind": "assigned",
        "letters:mailing:pk": mailing.begin(chair, "members", by=chair.user, at=factories.AT).pk,
        "reviews:verify_certificate:code": Certificate("R", "E", 1, factories.AT.date(), factories.AT.date()).code,
        "other": proposals[1].number,
        **{f"reviews:{name}:number": proposals[0].number for name in PROPOSAL_PAGES},
        "editions:invitation:token": token_of(factories.make_invited(edition)),
        "reviews:sub_invitation:token": sub_token_of(sub_reviewer),
        "reviews:sub_reviewer:pk": sub_reviewer.pk,
        "reviews:sub_supplement:pk": supplement.pk,
        "feeds:personal:token": feed.token,
        "persons:erase:person": author.pk,
        "mail:unsubscribe:token": letter.return_token,
        "accounts:affiliation:pk": affiliation.pk,
        "submissions:supplement:pk": supplement.pk,
        "reviews:supplement:pk": supplement.pk,
        "submissions:item:pk": item.pk,
        "submissions:own_item:pk": item.pk,
        "letters:letter:pk": letter.pk,
        "letters:settle:pk": letter.pk,
        "reviews:announcement:pk": announcement.pk,
        "reviews:stop:pk": announcement.pk,
        "reviews:replace:pk": review.assignment_id,
        "editions:topic:pk": topic.pk,
        "editions:move_topic:pk": topic.pk,
        "editions:member:pk": reviewer.pk,
        "editions:resend:pk": reviewer.pk,
        "editions:end_membership:pk": reviewer.pk,
    }


@pytest.fixture(autouse=True)
def _no_bookkeeping(settings: Any) -> Iterator[None]:
    """Thousands of requests: who was last seen when is not what is asked here, nor how a refusal looks."""
    settings.USERSESSIONS_TRACK_ACTIVITY = False
    with refusing_without_a_frame():
        yield


class Undo(Exception):
    """Takes back what an allowed POST did, so that every role meets the same world."""


def answer(client: Client, address: str, data: dict[str, Any] | None = None, *, post: bool) -> HttpResponseBase:
    """The answer to a request; what a POST did is taken back."""
    if not post:
        return client.get(address, data)
    response: HttpResponseBase | None = None
    try:
        with transaction.atomic():
            response = client.post(address, data)
            raise Undo
    except Undo:
        pass
    assert response is not None
    return response


def refused(client: Client, address: str, *, post: bool) -> bool:
    response = answer(client, address, post=post)
    location = response.headers.get("Location", "")
    if response.status_code == 405:
        # Only POST is served here, so only POST tells; and a page without POST does nothing on POST.
        return post or refused(client, address, post=True)
    return response.status_code == 404 or (response.status_code == 302 and location.startswith("/accounts/login/"))


# What a GET may write: the session's own rows, and counters of requests.
OF_THE_REQUEST = {"django_session", "usersessions_usersession", "cache", "accounts_hit"}


def everything_stored() -> dict[str, str]:
    """Table -> a fingerprint of all its rows, without the rows of requests themselves."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table not in OF_THE_REQUEST:
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 - our own tables
                found[table] = hashlib.sha256(repr(sorted(map(repr, cursor.fetchall()))).encode()).hexdigest()
    return found


def differences(world: World, name: str, roles: Iterable[str], allowed: Container[str], *, posts: bool) -> list[str]:
    """What is wrong with one address: who gets in and must not, who is shut out."""
    address, wrong, opened = world.address(name), [], set()
    for role in roles:
        if not refused(world.browser(role), address, post=False):
            opened.add(role)
        elif posts and not refused(world.browser(role), address, post=True):
            wrong.append(f"{role} may POST to {address} ({name}), which she may not see")
    inside = {role for role in roles if role in allowed}
    if opened != inside:
        wrong.append(f"{name} {address}: opens for {sorted(opened - inside)}, shut for {sorted(inside - opened)}")
    return wrong


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    assert set(all_addresses()) == set(POLICY)


def test_only_two_addresses_take_a_post_without_a_form_token() -> None:
    """A mail program and a provider of mail press them; each brings a secret of its own."""
    exempt = {name for name, row in all_addresses().items() if getattr(row.callback, "csrf_exempt", False)}
    assert exempt == {"mail:unsubscribe", "mail:events"}


@pytest.mark.every_role
@pytest.mark.django_db
def test_an_address_opens_for_exactly_the_roles_of_its_row_and_looking_changes_nothing() -> None:
    with time_machine.travel(ANNOUNCED, tick=False):
        world = make_world("released, accept")
        before = everything_stored()
        wrong = []
        for name, row in sorted(POLICY.items()):
            wrong += differences(world, name, ROLES, ROLES if row is EVERYBODY else row, posts=True)
        assert wrong == [], "\n".join(wrong)
        assert everything_stored() == before


# In every run the roles whose rights change with the state; the others are outside in all of them, with --long.
MOVING = (
    "author",
    "reviewer",
    "sub-reviewer",
    "chair",
    "conflicted chair",
    "chair who is author",
    "proceedings chair",
)
STATES_AND_ROLES = [
    *(pytest.param(state, MOVING, id=state) for state in STATES if state != "released, accept"),
    *(pytest.param(state, ROLES, id=f"{state}, all roles", marks=pytest.mark.long) for state in STATES),
]


@pytest.mark.every_role
@pytest.mark.django_db
@pytest.mark.parametrize(("state", "roles"), STATES_AND_ROLES)
def test_a_submission_in_each_state_is_open_to_exactly_those_of_the_table(state: str, roles: tuple[str, ...]) -> None:
    with time_machine.travel(STATES[state], tick=False):
        world = make_world(state)
        before = everything_stored()
        wrong = []
        for name in sorted(ABOUT_ONE):
            wrong += differences(world, name, roles, allowed_in(state, name), posts=roles is ROLES)
        assert wrong == [], "\n".join(wrong)
        assert everything_stored() == before


# --- Two papers in one request ---------------------------------------------------------------------------------------


@dataclass
class Mixed:
    """Two papers that the same people write, review and oversee, and two editions of one chair."""

    world: World
    mine: dict[str, Any]
    foreign: dict[str, Any]
    other_paper: Submission
    other_edition: Edition


# Who may do everything that an address offers, on both papers.
ALL_SEEING = {"submissions": "author", "reviews": "chair", "letters": "chair", "editions": "chair"}
INSTEAD = {
    **dict.fromkeys(
        ("submissions:triage", "submissions:triage_csv", "submissions:triage_one", "submissions:late"), "chair"
    ),
    **dict.fromkeys(("submissions:author_requests", "submissions:questions"), "chair"),
    **dict.fromkeys(("submissions:proceedings", "submissions:proceedings_paper", "submissions:item"), "proceedings"),
    **{name: "reviewer" for name, row in POLICY.items() if row in (ITS_REVIEWER, REVIEWERS)},
    **{name: "sub-reviewer" for name, row in POLICY.items() if row == ITS_SUB_REVIEWER},
    "reviews:decision_for_authors": "author",
}
# A word that names the same thing everywhere: a phase, a kind of file.
NO_IDS = {"phase", "kind", "token", "code"}


@pytest.fixture
def mixed(db: None) -> Mixed:
    edition, other_edition = (factories.make_edition(slug, sub_reviewers=True) for slug in ("dlonsc-2026", "next-year"))
    people = {
        name: factories.make_user(f"{name}@{name}.example") for name in ("author", "chair", "reviewer", "proceedings")
    }
    for one in (edition, other_edition):
        chair = factories.make_member(one, people["chair"], chair=True)
        reviewer = factories.make_member(one, people["reviewer"])
        factories.make_member(one, people["proceedings"], proceedings=True)
    found = []
    for one in (other_edition, edition, edition):
        chair, reviewer = (one.memberships.get(user=people[name]) for name in ("chair", "reviewer"))
        paper = factories.make_submission(one, people["author"])
        review = factories.make_review(factories.make_assignment(paper, reviewer))
        factories.make_decision(paper, people["chair"])
        found.append((paper, review, chair))
    words = []
    for paper, review, chair in reversed(found[1:]):
        Message.objects.filter(key="letter").update(key=f"letter {paper.pk}", return_token=f"token {paper.pk}")
        Affiliation.objects.all().delete()
        CalendarFeed.objects.all().delete()
        Membership.objects.filter(email="invited@somewhere.example").delete()
        words.append(words_of(paper.edition, paper, review, chair))
    for paper, *_ in found:
        factories.announce(paper)
    # No number of one edition is a number of the other.
    Submission.objects.filter(edition=other_edition).update(number=7)
    people["sub-reviewer"] = User.objects.get(email="sub@sub.example")
    cookies = {name: signed_in(user) for name, user in people.items()}
    second, first = words
    # Only the first paper has a second version.
    first_paper = found[1][0]
    factories.make_manuscript(first_paper, b"%PDF-1.7 second version")
    return Mixed(World(cookies, first | {"version": 2}), first, second, found[2][0], other_edition)


def role_for(name: str) -> str:
    return INSTEAD.get(name, ALL_SEEING.get(name.partition(":")[0], ""))


def mixtures(mixed: Mixed) -> Iterator[tuple[str, str]]:
    """(name, address) with one argument of another paper or edition."""
    for name in sorted(POLICY):
        ids = reverse_keys(name) - NO_IDS
        if len(ids) < 2 or not role_for(name):
            continue
        if name != "editions:date":
            yield name, mixed.world.address(name, slug=mixed.other_edition.slug)
        if "number" in ids and ids & {"pk", "version"}:
            yield name, mixed.world.address(name, number=mixed.other_paper.number)
        if "member" in ids:
            stranger = Membership.objects.filter(edition=mixed.other_edition, is_reviewer=True).get()
            yield name, mixed.world.address(name, member=stranger.pk)


@pytest.mark.every_role
def test_an_address_that_mixes_two_papers_or_editions_is_404(mixed: Mixed) -> None:
    asked, wrong = 0, []
    for name, address in mixtures(mixed):
        client = mixed.world.browser(role_for(name))
        whole = mixed.world.address(name)
        assert answer(client, whole, post=False).status_code not in {404, 403}, f"{whole} is not open at all"
        for post in (False, True):
            status = answer(mixed.world.browser(role_for(name)), address, post=post).status_code
            asked += 1
            # 405: this page takes no POST, or nothing else.
            if status not in {404, 405}:
                wrong.append(f"{name} {address} {'POST' if post else 'GET'}: {status}")
    assert wrong == [], "\n".join(wrong)
    assert asked >= 80


def test_an_id_of_another_paper_in_a_body_is_answered_like_none(mixed: Mixed) -> None:
    """Each POST that names a thing in its body: the other paper's or edition's thing is as good as none."""
    foreign, stranger = mixed.foreign, mixed.other_edition.memberships.get(is_reviewer=True).pk
    theirs = Submission.objects.get(edition=mixed.other_edition)
    campaign = Campaign.objects.create(edition=mixed.other_edition.slug, kind="decision", title="Decisions")
    conflict = factories.make_conflict(mixed.other_paper, mixed.other_paper.assignments.first().membership)
    item = code("item", foreign["submissions:item:pk"])
    task = code("assignment", Assignment.objects.get(submission=theirs).pk)
    late = factories.make_manuscript(theirs, b"%PDF-1.7 late", is_current=False, is_late=True)
    other = factories.make_submission(mixed.other_paper.edition, factories.make_user("else@else.example"))
    bodies: list[tuple[str, dict[str, Any], int]] = [
        ("submissions:copy_reproducibility", {"from": code("submission", other.pk)}, 404),
        ("submissions:proceedings_paper", {"act": "accept", "item": item}, 404),
        (
            "submissions:proceedings_paper",
            {"act": "return", "text": "No", "item": item},
            404,
        ),
        ("submissions:late", {"adopt": code("manuscript", late.pk)}, 404),
        ("submissions:late", {"draft": 999}, 404),
        ("submissions:late", {"give": 1, "submission": 999, "phase": "submission", "reason": "x"}, 200),
        ("submissions:author_requests", {"request": code("request", 999), "grant": 1}, 404),
        ("submissions:questions", {"number": 999, "text": "x"}, 404),
        ("reviews:assign_submission", {"member": stranger}, 404),
        ("reviews:assign_submission", {"member": stranger, "take_back": 1}, 404),
        ("reviews:replace", {"member": stranger}, 404),
        ("reviews:name_sub_reviewer", {"end": code("sub_reviewer", foreign["reviews:sub_reviewer:pk"])}, 302),
        ("reviews:conflict", {"lift": code("conflict", conflict.pk), "reason": "x"}, 404),
        ("reviews:handling_chair", {"handling_chair": mixed.other_edition.memberships.get(is_chair=True).pk}, 302),
        ("reviews:edit_proposal", {"paper": mixed.foreign["number"], "member": stranger, "add": 1, "version": 1}, 302),
        (
            "reviews:remind",
            {"task": task, "press": "x"},
            302,
        ),
        ("reviews:decisions", {"number": 999, "verdict": "reject", "version": 0}, 404),
        ("reviews:run", {"from": 999}, 404),
        ("editions:remind", {"member": stranger}, 302),
        ("letters:switch", {"campaign": code("campaign", campaign.pk), "to": "pause"}, 404),
    ]
    for name, data, status in bodies:
        before = everything_stored()
        response = mixed.world.browser(role_for(name)).post(mixed.world.address(name), data)
        assert (name, response.status_code) == (name, status)
        assert everything_stored() == before, f"{name} {data} changed something"


def reverse_keys(name: str) -> set[str]:
    """The arguments that an address takes, over all includes."""
    resolver: Any = get_resolver()
    *spaces, last = name.split(":")
    for space in spaces:
        resolver = resolver.namespace_dict[space][1]
    possibilities = resolver.reverse_dict.getlist(last)
    return set(possibilities[0][0][0][1]) if possibilities else set()
