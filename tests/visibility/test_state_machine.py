"""Whatever people do in whatever order: everybody sees what the reference model says, and nothing typed is lost.

The acts are the product's own verbs, each behind the door that its page asks. After every step the world is compared
with the model: what stands behind each door and on some pages, every letter, every word ever typed, and the entry in
the history that gave each role.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
import time_machine
from django.db import transaction
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import submissions.access
import submissions.emails
from dlonsc.accounts.models import User
from dlonsc.editions import actions as editions
from dlonsc.editions.calendar import Phase as Dated
from dlonsc.editions.models import Edition, Membership
from dlonsc.editions.pasted import Invitee
from dlonsc.history.models import Entry
from dlonsc.mail import guards, ledger
from dlonsc.mail.models import Message
from dlonsc.mail.models import State as LetterState
from dlonsc.mail.transport import Answer, Envelope, LastLook, Outcome
from reviews import access
from reviews.actions import assigning, deciding, discussing, reviewing
from reviews.actions.reviewing import LATE_TEXTS
from reviews.invariants import breaches
from reviews.late_reviews import tell_of_late_reviews
from reviews.models import Announcement, Assignment, Decision, ReviewVersion
from reviews.persons import data_of
from submissions.access import (
    authored_by,
    authors_shown_to_reviewers,
    for_proceedings,
    one,
    overseen_by,
)
from submissions.actions import drafting, moves, overseeing, sending
from submissions.conflicts import COMPUTED
from submissions.lncs import Report
from submissions.models import Author, Conflict, Submission
from tests import factories
from tests.factories import AT
from tests.submissions.desk import pdf
from tests.visibility.reference_model import Paper, Person, Task, Text, Workshop

REFUSALS = (moves.Refused, assigning.Refused, reviewing.ReviewingError, editions.EditionError)
MINUTE = timedelta(minutes=1)
WORD = re.compile(r"zq\d+q")
MOST_PAPERS = 4

# Everybody has a mail domain of her own; doris shares rita's, so that listing her as an author makes a conflict.
CAST = {
    "chantal": {"chair"},
    "otto": {"chair", "reviewer"},
    "petra": {"proceedings"},
    "rita": {"reviewer"},
    "rolf": {"reviewer"},
    "ruth": {"reviewer"},
    "fred": {"reviewer"},
    "ada": None,
    "bea": None,
    "cody": None,
    "doris": None,
    "sam": None,
    "root": None,
}
MEMBERS = [name for name, roles in CAST.items() if roles is not None]
WRITERS = ("ada", "bea", "rolf")
LISTED = ("cody", "doris", "rolf", "otto", "ada")
ROLES = {"chair": "is_chair", "proceedings": "is_proceedings_chair", "reviewer": "is_reviewer"}

# A page of one paper, and the door behind which it stands.
PAGES = {
    "submissions:submission": "author: papers",
    "reviews:decision_for_authors": "author: decisions",
    "reviews:review": "reviewer: papers",
    "reviews:discussion": "reviewer: discussions",
    "reviews:submission": "chair: papers",
    "reviews:decide": "chair: papers",
    "reviews:chair_discussion": "chair: discussions",
    "submissions:proceedings_paper": "proceedings: papers",
}
LISTS = ("submissions:home", "reviews:home", "reviews:table", "reviews:own", "editions:dashboard")


def address(name: str) -> str:
    return f"{name}@{'rita' if name == 'doris' else name}.example"


class Kept:
    """A mail server that takes everything."""

    def deliver(self, envelope: Envelope, last_look: LastLook) -> Answer:
        return Answer(Outcome.SENT, "ok") if last_look() else Answer(Outcome.STOPPED, "stopped")

    def close(self) -> None:
        return


NUMBER = st.integers(0, 59)


def pick[T](rows: list[T], number: int) -> T:
    return rows[number % len(rows)]


@dataclass
class Stage:
    """The beginning of every story: a committee, two submitted papers, in the database and in the model."""

    edition: Edition
    model: Workshop
    users: dict[str, User]
    members: dict[str, int]
    browsers: dict[str, Client]
    traveller: Any
    words: int = 0
    # The primary key of each paper of the model, and of each task; what each person has typed.
    papers: dict[int, int] = field(default_factory=dict)
    tasks: dict[int, int] = field(default_factory=dict)
    typed: dict[str, set[str]] = field(default_factory=dict)


def set_the_stage(traveller: Any) -> Stage:
    edition = factories.make_edition(committee_months=6)
    users = {name: factories.make_user(address(name), name.title()) for name in CAST}
    users["root"].is_staff = users["root"].is_superuser = True
    users["root"].save()
    # Whoever installs an edition makes its first chair; everybody else is invited.
    first = factories.make_member(edition, users["chantal"], chair=True)
    members = {"chantal": first.pk}
    for name, roles in CAST.items():
        if roles is not None and name != "chantal":
            person = Invitee(name=name.title(), email=address(name), affiliation="", line=1)
            given = {flag: role in roles for role, flag in ROLES.items()}
            (member,) = editions.invite(
                edition=edition, people=[person], roles=given, note_text="", by=users["chantal"], at=AT
            )
            editions.accept_invitation(membership=member, max_load=None, by=users[name], at=AT)
            # Until then the rules are asked in the place of each paper (tests/reviews/reviewer/test_rules.py).
            reviewing.confirm_rules(membership=member, by=users[name], at=AT)
            members[name] = member.pk
    browsers = {"": Client()} | {name: Client() for name in CAST}
    for name, user in users.items():
        browsers[name].force_login(user)
    people = [Person(name, address(name), roles and set(roles)) for name, roles in CAST.items()]
    ends = edition.deadlines.get(phase=Dated.SUBMISSION).cutoff_at
    return Stage(edition, Workshop(people, ends, AT), users, members, browsers, traveller)


class Story(RuleBasedStateMachine):
    """Each example is a savepoint of the test's transaction. A step takes a minute."""

    stage: ClassVar[Stage]
    # 1: by turns; 2: both the touched and another person after each step, and everybody at the end.
    looks: ClassVar[int] = 1

    def __init__(self) -> None:
        super().__init__()
        self.world = transaction.atomic()
        self.world.__enter__()
        self.late_texts: dict[object, int] = {}
        self.model = deepcopy(self.stage.model)
        self.users, self.edition_pk = self.stage.users, self.stage.edition.pk
        self.words, self.papers = self.stage.words, dict(self.stage.papers)
        self.tasks, self.typed = dict(self.stage.tasks), deepcopy(self.stage.typed)
        self.announcements: list[int] = []
        self.touched: tuple[str, int] = ("ada", 1)
        self.steps = 0
        self.wait(MINUTE)

    def teardown(self) -> None:
        try:
            self.everybody_sees_what_the_model_says()
        finally:
            transaction.set_rollback(True)
            self.world.__exit__(None, None, None)

    # --- Hands -----------------------------------------------------------------------------------------------------

    def wait(self, time: timedelta) -> None:
        self.model.now += time
        self.stage.traveller.move_to(self.model.now)

    @property
    def now(self) -> datetime:
        return self.model.now

    def word(self, by: str = "") -> str:
        """A word that was never typed before; `by` must find it again for ever."""
        self.words += 1
        found = f"zq{self.words}q"
        if by:
            self.typed.setdefault(by, set()).add(found)
        return found

    def edition(self) -> Edition:
        return Edition.objects.get(pk=self.edition_pk)

    def member(self, name: str) -> Membership:
        return Membership.objects.select_related("edition", "user").get(pk=self.stage.members[name])

    def his_paper(self, name: str, paper: Paper) -> Submission:
        """A paper through the authors' door."""
        return one(authored_by(self.users[name]), self.stage.edition.slug, paper.number)

    def seen_paper(self, chair: str, paper: Paper) -> Submission:
        """A paper through the chairs' door."""
        return one(overseen_by(self.member(chair)), self.stage.edition.slug, paper.number)

    def on_the_desk(self, task: Task) -> Assignment:
        """A task through the reviewers' door."""
        return access.assignment_of(self.member(task.reviewer), task.paper)

    def touch(self, name: str, paper: Paper) -> None:
        self.touched = (name, paper.number)

    def act_on(self, paper: Paper, by: str, expected: bool, verb: Callable[[], object]) -> None:
        """What somebody does to a paper as its author."""
        self.act(expected, verb)
        if expected:
            paper.writers.add(by)

    def act(self, expected: bool, verb: Callable[[], object]) -> Any:
        """The verb is refused exactly when the model refuses it. False is a refusal in words of its own."""
        refused = ""
        found: object = None
        try:
            with transaction.atomic():
                found = verb()
        except REFUSALS as refusal:
            refused = str(refusal)
        is_done = not refused and found is not False and found != 0
        assert is_done == expected, refused or f"done, although the model refuses it: {found}"
        return found

    def all_papers(self, *states: str) -> list[Paper]:
        return [paper for paper in self.model.papers.values() if not states or paper.state in states]

    def pairs(self, *states: str) -> list[tuple[str, Paper]]:
        """Chairs and what they oversee."""
        return [(name, paper) for paper in self.all_papers(*states) for name in self.model.overseers(paper)]

    def owners(self, *states: str) -> list[tuple[str, Paper]]:
        """Authors and what they wrote."""
        rows = self.all_papers(*states)
        return [(name, paper) for paper in rows for name in self.model.people if self.model.opens_to(name, paper)]

    def desk(self) -> list[Task]:
        return [task for task in self.model.tasks if self.model.reviews(task)]

    def two_papers_are_under_review(self) -> None:
        """The second one is a chair's too; one member has left the committee; each has a review and an open task."""
        for by, paper in (("ada", 1), ("bea", 2)):
            self.somebody_starts_a_draft(by=by)
            self.wait(MINUTE)
            self.complete(by, self.model.papers[paper])
            self.wait(MINUTE)
            if by == "bea":
                self.the_author_list_changes(number=1, who="otto")
                self.wait(MINUTE)
            self.submit(by, self.model.papers[paper])
            self.wait(MINUTE)
        self.a_member_goes_or_comes_back(number=0, name="fred", hurry=0)
        for number, reviewer in ((1, "rita"), (1, "rolf"), (2, "ruth"), (2, "rita")):
            self.wait(MINUTE)
            place = [paper.number for _, paper in self.pairs("submitted")].index(number)
            self.a_chair_assigns(number=place, member=reviewer)
        for task in (self.model.tasks[0], self.model.tasks[2]):
            self.wait(MINUTE)
            self.save(task, 1, is_old=False)
            self.submit_review(task, task.version)

    # --- Rare things, so that they do not fill the stories ----------------------------------------------------------

    @rule(number=NUMBER, what=st.sampled_from(["asks", "answers", "reminds", "date", "switch"]))
    def something_small_happens(self, number: int, what: str) -> None:
        acts = {
            "asks": self.an_author_asks,
            "answers": self.a_chair_answers if self.pairs() else self.an_author_asks,
            "reminds": self.a_chair_reminds,
            "date": self.a_date_is_extended,
            "switch": self.a_switch_is_turned,
        }
        acts[what](number)

    @rule(number=NUMBER, chance=NUMBER)
    def a_paper_goes_or_comes_back(self, number: int, chance: int) -> None:
        if chance % 4 == 0:
            self.a_paper_is_withdrawn(number)
        elif chance % 4 == 1 and self.all_papers("withdrawn"):
            self.a_paper_is_restored(number)
        elif chance % 4 == 2 and self.pairs("submitted", "returned", "withdrawn"):
            self.a_chair_returns_a_paper(number)

    # --- Settings and time -----------------------------------------------------------------------------------------

    @initialize(hold=st.sampled_from([10, 0, 60]), begun=st.sampled_from(["letters", "decisions", "reviews"]))
    def begin(self, hold: int, begun: str) -> None:
        """While reviews come in, with both papers decided, or with their letters held or on the way."""
        Edition.objects.filter(pk=self.edition_pk).update(hold_minutes=hold)
        self.model.hold = hold
        if begun != "reviews":
            for number, verdict in ((0, "accept"), (-1, "reject")):
                self.a_chair_decides(number=number, verdict=verdict, is_old=False)
        if begun == "letters":
            self.wait(self.model.submission_ends - self.now)
            self.decisions_are_announced(number=0)

    @rule(minutes=st.sampled_from([5, 5, 20, 20, 60, 24 * 60, 24 * 60, 8 * 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.wait(minutes * MINUTE)

    @precondition(lambda self: self.steps > 20)
    @rule(chance=NUMBER)
    def years_pass(self, chance: int) -> None:
        if chance == 59:
            self.wait(timedelta(days=300))

    def a_switch_is_turned(self, number: int) -> None:
        name = pick(list(self.model.switches), number)
        self.model.switches[name] = not self.model.switches[name]
        chair, edition = pick(self.model.holders("chair"), number), self.edition()
        values = {name: self.model.switches[name]}
        editions.change_settings(
            edition=edition, values=values, based_on=edition.version, by=self.users[chair], at=self.now
        )

    def a_date_is_extended(self, number: int) -> None:
        # While anything is held, the date of submission is another story (tests/reviews/chair/test_announcing.py).
        is_held = any(not release.stopped and release.at > self.now for release in self.model.releases)
        phase = Dated.REVIEW if is_held else pick([Dated.SUBMISSION, Dated.REVIEW], number)
        edition = self.edition()
        date = edition.deadlines.get(phase=phase)
        later = date.cutoff_at + timedelta(days=7)
        self.model.extend(phase.value, later)
        editions.set_deadline(
            edition=edition,
            phase=phase,
            announced=date.announced_at + timedelta(days=7),
            zone=date.zone,
            label=date.label,
            grace_minutes=0,
            is_soft=date.is_soft,
            is_public=True,
            by=self.users[pick(self.model.holders("chair"), number)],
            at=self.now,
            tell=True,
        )

    # --- Authors ---------------------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.model.papers) < MOST_PAPERS)
    @rule(by=st.sampled_from(WRITERS))
    def somebody_starts_a_draft(self, by: str) -> None:
        title = f"Paper {self.word()}"
        expected = self.model.create(by, title)
        draft = self.act(
            expected,
            lambda: drafting.create_draft(edition=self.edition(), title=title, by=self.users[by], at=self.now),
        )
        if draft is not None:
            self.papers[draft.number] = draft.pk
            self.touched = (by, draft.number)

    @precondition(
        lambda self: any(not paper.is_complete for paper in self.all_papers("draft")) and self.model.is_open()
    )
    @rule(number=NUMBER)
    def a_draft_is_completed(self, number: int) -> None:
        by, paper = pick([(name, paper) for name, paper in self.owners("draft") if not paper.is_complete], number)
        self.complete(by, paper)

    def complete(self, by: str, paper: Paper) -> None:
        """All sections and a PDF."""
        user, draft = self.users[by], self.his_paper(by, paper)
        drafting.update_details(
            submission=draft,
            version=draft.version,
            title=draft.title,
            abstract="What was done.",
            keywords="",
            topics=list(self.edition().topics.filter(parent__isnull=False)),
            is_original=True,
            by=user,
            at=self.now,
        )
        record = {
            "algorithms": "SGD",
            "not_applicable": dict.fromkeys(("software", "datasets", "hardware", "benchmarks"), "A proof."),
        }
        drafting.save_reproducibility(
            submission=draft, version=draft.reproducibility.version, values=record, by=user, at=self.now
        )
        self.model.declare(paper, [])
        drafting.declare_conflicts(submission=draft, version="", declared=[], among=[], reason="", by=user, at=self.now)
        paper.is_complete = True
        paper.writers.add(by)
        self.upload(by, paper)

    def upload(self, by: str, paper: Paper) -> None:
        data = f"%PDF-1.7 {self.word()}".encode()
        expected = self.model.upload(paper)
        self.act_on(
            paper,
            by,
            expected,
            lambda: sending.upload_manuscript(
                submission=self.his_paper(by, paper),
                upload=pdf(data),
                by=self.users[by],
                at=self.now,
                received_at=self.now,
            ),
        )
        self.touch(by, paper)

    @rule(number=NUMBER)
    def a_pdf_is_replaced(self, number: int) -> None:
        self.upload(*pick(self.owners(), number))

    @precondition(lambda self: self.all_papers("draft"))
    @rule(number=NUMBER)
    def a_draft_is_submitted(self, number: int) -> None:
        self.submit(*pick(self.owners("draft"), number))

    def submit(self, by: str, paper: Paper) -> None:
        expected = self.model.submit(paper)
        row = self.his_paper(by, paper)
        self.act_on(
            paper,
            by,
            expected,
            lambda: sending.submit(submission=row, by=self.users[by], at=self.now, received_at=self.now),
        )
        self.touch(by, paper)

    def a_paper_is_withdrawn(self, number: int) -> None:
        by, paper = pick(self.owners(), number)
        expected = self.model.withdraw(paper, by)
        row = self.his_paper(by, paper)
        self.act_on(
            paper, by, expected, lambda: sending.withdraw(submission=row, reason="", by=self.users[by], at=self.now)
        )
        self.touch(by, paper)

    def a_paper_is_restored(self, number: int) -> None:
        by, paper = pick(self.owners("withdrawn"), number)
        expected = self.model.restore(paper, by)
        row = self.his_paper(by, paper)
        self.act_on(paper, by, expected, lambda: sending.restore(submission=row, by=self.users[by], at=self.now))
        self.touch(by, paper)

    def a_coauthor_leaves(self, number: int) -> None:
        rows = [paper for paper in self.all_papers() if len(paper.authors) > 1]
        if rows:
            paper = pick(rows, number)
            place = [row.number for _, row in self.owners()].index(paper.number)
            self.the_author_list_changes(number=place, who=paper.authors[-1])

    @rule(number=NUMBER, who=st.sampled_from(LISTED))
    def the_author_list_changes(self, number: int, who: str) -> None:
        """Somebody joins, or leaves, or nothing changes when she would be the only one."""
        by, paper = pick(self.owners(), number)
        names = [name for name in paper.authors if name != who] if who in paper.authors else [*paper.authors, who]
        names = names or [who]
        is_changed = names != paper.authors
        expected = self.model.set_authors(paper, names, by)
        entries = [
            drafting.AuthorEntry(name.title(), address(name), is_contact=position == 0)
            for position, name in enumerate(names)
        ]
        row = self.his_paper(by, paper)
        self.act(
            expected,
            lambda: drafting.set_authors(submission=row, entries=entries, by=self.users[by], at=self.now),
        )
        if expected and is_changed:
            paper.writers.add(by)
        self.touch(who, paper)

    @rule(number=NUMBER, members=st.lists(st.sampled_from(MEMBERS), max_size=2, unique=True))
    def the_authors_declare_conflicts(self, number: int, members: list[str]) -> None:
        by, paper = pick(self.owners(), number)
        expected = self.model.declare(paper, members)
        declared = [drafting.Declared(self.member(name), "coauthor") for name in members]
        row, among = self.his_paper(by, paper), [self.member(name) for name in MEMBERS]
        self.act_on(
            paper,
            by,
            expected,
            lambda: drafting.declare_conflicts(
                submission=row,
                version=drafting.version_of_conflicts(row, among),
                declared=declared,
                among=among,
                reason="",
                by=self.users[by],
                at=self.now,
            ),
        )
        self.touch(members[0] if members else by, paper)

    def an_author_asks(self, number: int) -> None:
        by, paper = pick(self.owners(), number)
        word = self.word(by)
        self.model.ask(paper, by, word)
        drafting.ask(submission=self.his_paper(by, paper), text=word, by=self.users[by], at=self.now)
        paper.writers.add(by)

    # --- Chairs before reviewing -----------------------------------------------------------------------------------

    def a_chair_answers(self, number: int) -> None:
        by, paper = pick(self.pairs(), number)
        word = self.word(by)
        self.model.answer(paper, by, word)
        overseeing.answer(submission=self.seen_paper(by, paper), text=word, by=self.users[by], at=self.now)

    @precondition(lambda self: self.pairs())
    @rule(number=NUMBER, member=st.sampled_from(MEMBERS))
    def a_chair_sets_a_conflict(self, number: int, member: str) -> None:
        by, paper = pick(self.pairs(), number)
        row = self.seen_paper(by, paper)
        expected = self.model.add_conflict(paper, member, by)
        self.act(
            expected,
            lambda: assigning.add_conflict(
                row, self.member(member), kind="other", reason="said so", by=self.users[by], at=self.now
            ),
        )
        self.touch(member, paper)

    def liftable(self) -> list[tuple[str, tuple[int, str, str]]]:
        return [
            (chair, key)
            for key, stands in self.model.conflicts.items()
            if stands
            for chair in self.model.overseers(self.model.papers[key[0]])
        ]

    @precondition(lambda self: self.liftable())
    @rule(number=NUMBER)
    def a_chair_lifts_a_conflict(self, number: int) -> None:
        by, key = pick(self.liftable(), number)
        paper = self.model.papers[key[0]]
        row = Conflict.objects.get(
            submission=self.seen_paper(by, paper),
            membership=self.stage.members[key[1]],
            source=key[2],
            lifted_at__isnull=True,
        )
        expected = self.model.lift(key, by)
        self.act(
            expected,
            lambda: assigning.lift_conflict(row, reason="a mistake", by=self.users[by], at=self.now) or True,
        )
        self.touch(key[1], paper)

    @precondition(lambda self: self.pairs("submitted"))
    @rule(number=NUMBER, member=st.sampled_from(MEMBERS))
    def a_chair_assigns(self, number: int, member: str) -> None:
        by, paper = pick(self.pairs("submitted"), number)
        row = self.seen_paper(by, paper)
        expected = self.model.assign(paper, member, by)
        task = self.act(expected, lambda: assigning.assign(row, self.member(member), by=self.users[by], at=self.now))
        if task is not None:
            self.tasks[self.model.tasks[-1].key] = task.pk
        self.touch(member, paper)

    def seen_tasks(self) -> list[tuple[str, Task]]:
        rows = [(task, self.model.papers[task.paper]) for task in self.model.tasks]
        return [(chair, task) for task, paper in rows for chair in self.model.overseers(paper)]

    def seen_task(self, chair: str, task: Task) -> Assignment:
        return (
            access.assignments_overseen_by(self.member(chair))
            .select_related("submission__edition", "membership__user")
            .get(pk=self.tasks[task.key])
        )

    @precondition(lambda self: self.seen_tasks())
    @rule(number=NUMBER)
    def a_chair_takes_a_task_back(self, number: int) -> None:
        by, task = pick(self.seen_tasks(), number)
        row = self.seen_task(by, task)
        expected = self.model.unassign(task)
        self.act(expected, lambda: assigning.unassign(row, by=self.users[by], at=self.now) or True)
        self.touch(task.reviewer, self.model.papers[task.paper])

    @precondition(lambda self: self.seen_tasks())
    @rule(number=NUMBER, member=st.sampled_from(MEMBERS))
    def a_chair_replaces_a_reviewer(self, number: int, member: str) -> None:
        by, task = pick(self.seen_tasks(), number)
        if member == task.reviewer:
            return
        row, paper = self.seen_task(by, task), self.model.papers[task.paper]
        # Her page showed that the review is submitted, or was opened before.
        with_review = task.official is not None and bool(number % 2)
        is_meant = with_review or task.official is None
        expected = is_meant and self.model.assign(paper, member, by, instead_of=task)
        found = self.act(
            expected,
            lambda: assigning.replace(
                row, self.member(member), by=self.users[by], at=self.now, with_review=with_review
            ),
        )
        if found is not None:
            self.tasks[self.model.tasks[-1].key] = found.pk
        self.touch(task.reviewer, paper)

    def a_chair_reminds(self, number: int) -> None:
        by = pick(self.model.holders("chair"), number)
        recent = Message.objects.filter(kind="chair_reminder", created_at__gt=self.now - timedelta(days=1))
        guards = recent.exclude(state=LetterState.CANCELLED).values_list("guard", flat=True)
        asked = {pk for guard in guards for pk in guard["assignments"]}
        self.model.remind(by, {key for key, pk in self.tasks.items() if pk in asked})
        chair = self.member(by)
        rows = access.assignments_overseen_by(chair).standing()
        assigning.remind(chair.edition, rows, press=self.word(), by=self.users[by], at=self.now)

    def a_chair_returns_a_paper(self, number: int) -> None:
        by, paper = pick(self.pairs("submitted", "returned", "withdrawn"), number)
        row = self.seen_paper(by, paper)
        user = self.users[by]
        if paper.state == "withdrawn":
            expected = self.model.reinstate(paper)
            self.act(expected, lambda: overseeing.reinstate(submission=row, by=user, at=self.now))
        elif paper.state == "returned":
            expected = self.model.undo_return(paper)
            self.act(expected, lambda: overseeing.undo_desk_reject(submission=row, by=user, at=self.now))
        else:
            expected = self.model.return_unreviewed(paper)
            self.act(expected, lambda: overseeing.desk_reject(submission=row, text="No.", by=user, at=self.now))
        self.touch(paper.creator, paper)

    # --- The committee ---------------------------------------------------------------------------------------------

    @rule(number=NUMBER, name=st.sampled_from(MEMBERS), hurry=NUMBER)
    def a_member_goes_or_comes_back(self, number: int, name: str, hurry: int) -> None:
        chair = pick(self.model.holders("chair"), number)
        by, member = self.users[chair], self.member(name)
        if self.model.people[name].has_left:
            self.model.restore_member(name, chair)
            assert editions.restore_member(membership=member, by=by, at=self.now)
        elif hurry < 25:
            expected = self.model.remove(name, chair)
            self.act(expected, lambda: editions.remove_member(membership=member, by=by, at=self.now))
        self.touch(name, pick(self.all_papers(), number))

    @rule(number=NUMBER, name=st.sampled_from(MEMBERS), roles=st.sets(st.sampled_from(sorted(ROLES)), min_size=1))
    def roles_change(self, number: int, name: str, roles: set[str]) -> None:
        chair = pick(self.model.holders("chair"), number)
        by, expected = self.users[chair], self.model.set_roles(name, roles, chair)
        flags = {flag: role in roles for role, flag in ROLES.items()}
        member = self.member(name)
        self.act(
            expected,
            lambda: editions.set_roles(membership=member, roles=flags, title=member.title, by=by, at=self.now),
        )
        self.touch(name, pick(self.all_papers(), number))

    # --- Reviewers -------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.desk())
    @rule(number=NUMBER, score=st.sampled_from([-2, 1, 2]))
    def a_reviewer_saves(self, number: int, score: int) -> None:
        self.save(pick(self.desk(), number), score, is_old=False)

    @precondition(lambda self: self.desk())
    @rule(number=NUMBER)
    def a_reviewer_saves_in_two_windows(self, number: int) -> None:
        """The second window still shows what was there before the first one saved."""
        task = pick(self.desk(), number)
        self.save(task, 1, is_old=False)
        self.save(task, 2, is_old=True)

    def save(self, task: Task, score: int, is_old: bool) -> None:
        """`is_old`: from a window that did not see the newest text."""
        if self.model.is_known(self.model.papers[task.paper]):
            # Of what comes later than the outcome five are kept; of a sixth its writer is told that it is not.
            self.late_texts[task.key] = self.late_texts.get(task.key, 0) + 1
            if self.late_texts[task.key] > LATE_TEXTS:
                return
        based_on = max(0, task.version - 1) if is_old else task.version
        row = self.on_the_desk(task)
        text = Text(self.word(task.reviewer), self.word(task.reviewer), score)
        expected = self.model.save(task, text, based_on)
        fields = dict.fromkeys(("summary", "strengths", "weaknesses", "reproducibility"), text.word)
        fields |= {"score": score, "confidence": 3, "for_chairs": text.note}
        self.act(
            expected,
            lambda: reviewing.save_review(
                assignment=row, fields=fields, based_on=based_on, by=self.users[task.reviewer], at=self.now
            ),
        )
        self.touch(task.reviewer, self.model.papers[task.paper])

    @precondition(lambda self: self.desk())
    @rule(number=NUMBER, score=st.sampled_from([-2, 1, 2]))
    def a_reviewer_saves_and_submits(self, number: int, score: int) -> None:
        task = pick(self.desk(), number)
        self.save(task, score, is_old=False)
        self.submit_review(task, task.version)

    @precondition(lambda self: self.desk())
    @rule(number=NUMBER, is_old=st.booleans())
    def a_reviewer_submits(self, number: int, is_old: bool) -> None:
        task = pick(self.desk(), number)
        self.submit_review(task, task.version - is_old)

    def submit_review(self, task: Task, based_on: int) -> None:
        row, paper, word = self.on_the_desk(task), self.model.papers[task.paper], self.word()
        before = len(paper.comments)
        expected = self.model.submit_review(task, based_on, word)
        if len(paper.comments) > before:
            self.typed.setdefault(task.reviewer, set()).add(word)
        self.act(
            expected,
            lambda: reviewing.submit_review(
                assignment=row, based_on=based_on, by=self.users[task.reviewer], at=self.now, note=word
            ),
        )
        # The beat's turn: nothing of it happens in the reviewer's request.
        tell_of_late_reviews(self.now)
        self.touch(task.reviewer, paper)

    @precondition(lambda self: self.desk())
    @rule(number=NUMBER, hurry=NUMBER, refusal=st.sampled_from(["conflict", "time"]))
    def a_reviewer_gives_a_task_back(self, number: int, hurry: int, refusal: str) -> None:
        if hurry > 20:
            return
        task = pick(self.desk(), number)
        row = self.on_the_desk(task)
        expected = self.model.decline(task, refusal == "conflict")
        self.act(
            expected,
            lambda: reviewing.decline_assignment(
                assignment=row, refusal=refusal, reason="", by=self.users[task.reviewer], at=self.now
            ),
        )
        self.touch(task.reviewer, self.model.papers[task.paper])

    # --- Discussion ------------------------------------------------------------------------------------------------

    def talkable(self) -> list[tuple[str, Paper]]:
        return [(name, paper) for name, paper in self.pairs("submitted") if self.model.submitted(paper)]

    @precondition(lambda self: self.talkable())
    @rule(number=NUMBER)
    def a_chair_opens_a_discussion(self, number: int) -> None:
        by, paper = pick(self.talkable(), number)
        chair = self.member(by)
        expected = self.model.open_talk(paper, by)
        self.act(
            expected,
            lambda: discussing.open_discussions(chair, [paper.number], by=self.users[by], at=self.now),
        )
        self.touch(by, paper)

    def talks(self) -> list[tuple[str, Paper, Task | None]]:
        """Who may write into which discussion: reviewers by their task, chairs without one."""
        if not self.model.switches["committee_discusses"]:
            return []
        mine = [
            (task.reviewer, self.model.papers[task.paper], task) for task in self.model.tasks if self.model.talks(task)
        ]
        return [*mine, *((name, paper, None) for name, paper in self.pairs() if paper.talk)]

    @precondition(lambda self: self.talks())
    @rule(number=NUMBER, asked=NUMBER, is_question=st.booleans(), chairs_named=st.booleans())
    def somebody_comments(self, number: int, asked: int, is_question: bool, chairs_named: bool) -> None:
        by, paper, task = pick(self.talks(), number)
        text = word = self.word(by if paper.talk == "open" else "")
        named = pick([None, *self.model.submitted(paper)], asked)
        if named is not None:
            text += f" @Reviewer {Assignment.objects.get(pk=self.tasks[named.key]).review.label}"
        if chairs_named:
            text += " @chairs"
        if task is None:
            found = access.discussions_overseen_by(self.member(by)).get(submission__number=paper.number)
            label = discussing.CHAIR
        else:
            row = self.on_the_desk(task)
            talk = access.discussion_for(row)
            assert talk is not None
            found, label, is_question = talk, discussing.label_of(row.review), False
        expected = self.model.comment(
            paper,
            by,
            word,
            is_question=is_question,
            named={named.reviewer} if named else set(),
            chairs_named=chairs_named,
        )
        self.act(
            expected,
            lambda: discussing.comment(
                found, self.member(by), text=text, label=label, is_question=is_question, at=self.now
            ),
        )
        self.touch(by, paper)

    @precondition(lambda self: any(task is None for _, _, task in self.talks()))
    @rule(number=NUMBER)
    def a_chair_closes_a_discussion(self, number: int) -> None:
        by, paper, _ = pick([row for row in self.talks() if row[2] is None], number)
        found = access.discussions_overseen_by(self.member(by)).get(submission__number=paper.number)
        expected = self.model.close_talk(paper)
        self.act(expected, lambda: discussing.close_discussion(found, by=self.users[by], at=self.now))

    # --- Decisions -------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.pairs())
    @rule(number=NUMBER, verdict=st.sampled_from(["accept", "reject"]), is_old=st.sampled_from([False, False, True]))
    def a_chair_decides(self, number: int, verdict: str, is_old: bool) -> None:
        by, paper = pick(self.pairs("submitted") or self.pairs(), number)
        row = self.seen_paper(by, paper)
        version = paper.decision.version if paper.decision else 0
        based_on = max(0, version - is_old)
        words, note = self.word(), self.word()
        expected = self.model.decide(paper, verdict, words, note, based_on)
        self.act(
            expected,
            lambda: deciding.decide(
                row, verdict=verdict, note=note, to_authors=words, version=based_on, by=self.users[by], at=self.now
            ),
        )
        self.touch(by, paper)

    def decided(self) -> list[tuple[str, Paper]]:
        return [(name, paper) for name, paper in self.pairs() if paper.decision]

    def seen_decision(self, chair: str, paper: Paper) -> Decision:
        rows = access.decisions_overseen_by(self.member(chair)).select_related("announcement", "submission__edition")
        return rows.get(submission__number=paper.number)

    @precondition(lambda self: self.decided())
    @rule(number=NUMBER, hurry=NUMBER)
    def a_decision_is_taken_back(self, number: int, hurry: int) -> None:
        if hurry > 15:
            return
        by, paper = pick(self.decided(), number)
        row = self.seen_decision(by, paper)
        expected = self.model.take_back(paper, row.version)
        self.act(expected, lambda: deciding.take_back(row, version=row.version, by=self.users[by], at=self.now) or True)
        self.touch(by, paper)

    @precondition(lambda self: self.decided())
    @rule(number=NUMBER)
    def decisions_are_announced(self, number: int) -> None:
        by = pick(self.model.holders("chair"), number)
        chair = self.member(by)
        expected = self.model.announce(by)
        plan = deciding.plan(chair)
        row = self.act(
            expected,
            lambda: deciding.announce(
                chair,
                accepts=plan.accepts,
                rejects=plan.rejects,
                fingerprint=plan.fingerprint,
                leave_undecided=True,
                by=self.users[by],
                at=self.now,
            ),
        )
        if row is not None:
            self.announcements.append(row.pk)
        rows = [paper for paper in self.all_papers() if paper.known_from]
        if rows:
            self.touch(pick(pick(rows, number).authors, number), pick(rows, number))

    @precondition(lambda self: self.announcements)
    @rule(number=NUMBER)
    def an_announcement_is_stopped(self, number: int) -> None:
        by = self.users[pick(self.model.holders("chair"), number)]
        place = len(self.announcements) - 1 - number % min(2, len(self.announcements))
        row = Announcement.objects.get(pk=self.announcements[place])
        expected = self.model.stop(self.model.releases[place])
        self.act(expected, lambda: deciding.stop_announcement(row, by=by, at=self.now) or True)

    @precondition(lambda self: any(paper.decision and paper.decision.release for _, paper in self.decided()))
    @rule(number=NUMBER, verdict=st.sampled_from(["accept", "reject"]))
    def a_decision_is_corrected(self, number: int, verdict: str) -> None:
        """And once more the other way while the letters of the first still wait, which is refused."""
        by, paper = pick([row for row in self.decided() if row[1].decision and row[1].decision.release], number)
        self.correct(by, paper, verdict)
        self.correct(by, paper, "reject" if verdict == "accept" else "accept")
        self.touch(paper.authors[0], paper)

    def correct(self, by: str, paper: Paper, verdict: str) -> None:
        row = self.seen_decision(by, paper)
        words, note = self.word(), self.word()
        expected = self.model.correct(by, paper, verdict, words, note)
        self.act(
            expected,
            lambda: deciding.correct(
                row,
                verdict=verdict,
                note=note,
                to_authors=words,
                version=row.version,
                by=self.users[by],
                at=self.now,
            ),
        )

    @precondition(lambda self: any(letter.state == "waits" for letter in self.model.decision_letters))
    @rule(number=NUMBER, before=st.sampled_from(["somebody leaves", "nothing", "a withdrawal"]))
    def the_post_leaves(self, number: int, before: str) -> None:
        """As it is now, or after the hold, in which somebody left her author list or took her paper back."""
        if before == "somebody leaves":
            self.a_coauthor_leaves(number)
        if before == "a withdrawal":
            self.a_paper_is_withdrawn(number)
        if before != "nothing":
            self.wait((1 + self.model.hold) * MINUTE)
        self.model.post_leaves()
        ledger.release_held(self.now)
        for pk in ledger.due(self.now).filter(kind="decision").values_list("pk", flat=True):
            message = ledger.claim(self.now, only=pk)
            if message is not None:
                ledger.deliver_one(message, Kept(), clock=lambda: self.now)

    # --- After every step ------------------------------------------------------------------------------------------

    @invariant()
    def the_world_is_the_models(self) -> None:
        """Whoever was touched, and by turns one other; what looks at the whole past at every fourth step."""
        self.steps += 1
        STEPS["run"] += 1
        who, number = self.touched
        other = list(self.model.people)[self.steps * 5 % len(CAST)]
        pages = list(PAGES)
        self.doors_are_the_models(who)
        if self.steps % 2 or self.looks > 1:
            self.doors_are_the_models(other)
            self.a_page_is_the_models(who, number, pages[self.steps // 2 % len(pages)])
        if self.steps % 2 == 0 or self.looks > 1:
            paper = pick(self.all_papers(), self.steps)
            self.a_page_is_the_models(other, paper.number, pages[self.steps // 3 % len(pages)])
        self.letters_are_the_models()
        if self.steps % 4 == 0:
            self.the_past_is_whole()
        self.wait(MINUTE)

    def the_past_is_whole(self) -> None:
        self.every_role_has_its_entry()
        self.invariants_hold()

    def everybody_sees_what_the_model_says(self) -> None:
        """At the end of a story."""
        self.the_past_is_whole()
        pages = list(PAGES)
        for turn, name in enumerate(self.model.people):
            self.doors_are_the_models(name)
            if (turn + self.steps) % 2 or self.looks > 1:
                paper = pick(self.all_papers(), self.steps + turn)
                self.a_page_is_the_models(name, paper.number, pages[(self.steps + 3 * turn) % len(pages)])
            if name in self.typed:
                self.a_list_is_the_models(name, LISTS[(turn + self.steps) % len(LISTS)])
                self.nothing_typed_is_lost(name)
        self.a_page_is_the_models("", 1, "submissions:submission")

    def doors_of(self, name: str) -> dict[str, set[str]]:
        """What stands behind the product's doors, named as in the model."""
        user, at = self.users[name], self.now
        keys = {pk: key for key, pk in self.tasks.items()}

        def titles(rows: "QuerySet[Submission]") -> set[str]:
            return set(rows.values_list("title", flat=True))

        found = {
            "author: papers": titles(authored_by(user)),
            "author: decisions": titles(access.decided_for_authors(user, at)),
            "author: reviews": {f"review {keys[row.assignment_id]}" for row in access.reviews_for_authors(user, at)},
        }
        if name in self.stage.members:
            member = self.member(name)
            found["proceedings: papers"] = titles(for_proceedings(member, at))
            found["own: comments"] = {WORD.findall(row.text)[0] for row in access.own_comments(member)}
            versions = ReviewVersion.objects.filter(review__in=access.own_reviews(member))
            found["own: reviews"] = {row.fields["summary"] for row in versions}
            found |= self.doors_of_a_reviewer(member)
            if member.is_chair and member.is_active:
                found |= self.doors_of_a_chair(member, keys)
        return {door: items for door, items in found.items() if items}

    def doors_of_a_reviewer(self, member: Membership) -> dict[str, set[str]]:
        tasks = list(access.assigned_to(member))
        authors = [(row, author) for row in tasks for author in authors_shown_to_reviewers(row.submission)]
        outcomes = [(row, access.outcome_for_reviewer(row.submission, self.now)) for row in tasks]
        return {
            "reviewer: papers": {row.submission.title for row in tasks},
            "reviewer: authors": {f"{row.submission.title} {author.email}" for row, author in authors},
            "reviewer: fellows": {fellow.summary for row in tasks for fellow in access.fellow_reviews(row)},
            "reviewer: discussions": {row.submission.title for row in access.discussions_of(member)},
            "reviewer: outcomes": {f"{row.submission.title} {outcome}" for row, outcome in outcomes if outcome},
        }

    def doors_of_a_chair(self, chair: Membership, keys: dict[int, int]) -> dict[str, set[str]]:
        decisions = list(access.decisions_overseen_by(chair).select_related("submission"))
        return {
            "chair: papers": set(overseen_by(chair).values_list("title", flat=True)),
            "chair: tasks": {f"task {keys[row.pk]}" for row in access.assignments_overseen_by(chair)},
            "chair: reviews": {f"{row.summary} {row.for_chairs}" for row in access.reviews_overseen_by(chair)},
            "chair: decisions": {f"{row.submission.title} {row.verdict} {row.note}" for row in decisions},
            "chair: notes": {row.note for row in access.decision_versions_overseen_by(chair)},
            "chair: discussions": {row.submission.title for row in access.discussions_overseen_by(chair)},
        }

    def doors_are_the_models(self, name: str) -> None:
        found, expected = self.doors_of(name), self.model.doors(name)
        different = {
            door: {
                "only the product": found.get(door, set()) - expected.get(door, set()),
                "only the model": expected.get(door, set()) - found.get(door, set()),
            }
            for door in found.keys() | expected.keys()
            if found.get(door, set()) != expected.get(door, set())
        }
        assert different == {}, (name, different)

    @contextmanager
    def nothing_is_written(self) -> Iterator[None]:
        """What looking writes (counters, marks) is no part of the story."""
        with transaction.atomic():
            yield
            transaction.set_rollback(True)

    def words_on(self, name: str, address: str) -> tuple[bool, set[str]]:
        with self.nothing_is_written():
            response = self.stage.browsers[name].get(address)
            assert response.status_code in {200, 302, 404}, (name, address, response.status_code)
            body = response.content.decode() if response.status_code == 200 else ""
        return response.status_code == 200, set(WORD.findall(body))

    def readable(self, name: str) -> set[str]:
        if not name:
            return set()
        return {
            word
            for paper in self.all_papers()
            for text in self.model.words_for(name, paper)
            for word in WORD.findall(text)
        }

    def a_page_is_the_models(self, name: str, number: int, page: str) -> None:
        paper = self.model.papers[number]
        may = bool(name) and paper.title in self.model.doors(name).get(PAGES[page], set())
        opens, words = self.words_on(name, reverse(page, args=[self.stage.edition.slug, number]))
        assert opens == may, (name, page, number)
        assert words - self.readable(name) == set(), (name, page, number)
        if may:
            wanted = {word for text in self.shown_on(name, paper, page) for word in WORD.findall(text)}
            assert wanted - words == set(), (name, page, number)

    def shown_on(self, name: str, paper: Paper, page: str) -> list[str]:
        """What a page must show to somebody who may open it."""
        decision, reviews = paper.decision, self.model.submitted(paper)
        # While it is held, the form with the present decision is not there.
        is_held = decision is not None and decision.release is not None and decision.release.at > self.now
        kept = slice(0, -1) if is_held else slice(None)
        comments = [word for _, word in paper.comments]
        texts = {
            "submissions:submission": [paper.title, *(word for _, word in paper.questions)],
            "reviews:decision_for_authors": [paper.title, *((decision.words, *decision.shown) if decision else ())],
            "reviews:discussion": comments,
            "reviews:chair_discussion": comments,
            "reviews:submission": [
                paper.title,
                *(text for task in reviews if task.official for text in (task.official.word, task.official.note)),
            ],
            "reviews:decide": [paper.title, *paper.chairs_notes[kept], *paper.chairs_words[kept]],
            "submissions:proceedings_paper": [paper.title],
        }
        if page == "reviews:review":
            own = next(
                task
                for task in self.model.tasks
                if task.reviewer == name and self.model.reviews(task) and task.paper == paper.number
            )
            fellows = (
                [task.official.word for task in reviews if task is not own and task.official] if own.official else []
            )
            return [paper.title, *fellows, *([own.newest.word, own.newest.note] if own.newest else [])]
        return texts[page]

    def a_list_is_the_models(self, name: str, page: str) -> None:
        """No list names what the person may not read."""
        arguments = [] if page == "editions:dashboard" else [self.stage.edition.slug]
        _, words = self.words_on(name, reverse(page, args=arguments))
        assert words - self.readable(name) == set(), (name, page)

    def nothing_typed_is_lost(self, name: str) -> None:
        """Everything she typed stands in her own copy of what is held about her, whatever became of her role."""
        held = set(WORD.findall(str(data_of(self.users[name], self.now))))
        assert self.typed.get(name, set()) - held == set(), name

    def letters_are_the_models(self) -> None:
        about = {f"submission:{pk}": str(number) for number, pk in self.papers.items()}
        about |= {f"membership:{pk}": name for name, pk in self.stage.members.items()}
        about |= {f"edition:{self.edition_pk}": "edition", "": ""}
        rows = Message.objects.values_list("kind", "to_email", "subject_label", "state", "guard")
        found = Counter((kind, email, about[label]) for kind, email, label, _, _ in rows)
        assert found - self.model.letters == Counter(), "letters that the model does not write"
        assert self.model.letters - found == Counter(), "letters that only the model writes"
        decisions = [
            (about[label], email, guard["verdict"], STATES.get(state, "waits"))
            for kind, email, label, state, guard in rows
            if kind == "decision"
        ]
        expected = [(str(row.paper), row.email, row.verdict, row.state) for row in self.model.decision_letters]
        assert sorted(decisions) == sorted(expected)
        waiting = {(label, verdict) for label, _, verdict, state in decisions if state == "waits"}
        assert len(waiting) == len({label for label, _ in waiting}), "accept and reject of one paper wait together"

    def invariants_hold(self) -> None:
        """The product's own. A late conflict is no breach; one of the same instant as the task is not told from one."""
        expected = set()
        for task in self.model.late_conflicts():
            if task.reviewer in self.model.papers[task.paper].authors:
                expected.add(f"assignment {self.tasks[task.key]} is an author's own")
        assert {words for words in breaches(self.now) if "in spite of a conflict" not in words} == expected

    # --- History ---------------------------------------------------------------------------------------------------

    def every_role_has_its_entry(self) -> None:
        """Each row that lets somebody read or decide stands on an act in the history."""
        entries = list(Entry.objects.order_by("pk").values("verb", "at", "by", "subject", "detail"))
        acts: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for entry in entries:
            acts.setdefault((entry["subject"], entry["verb"]), []).append(entry)
        missing = [
            *unjustified_authors(acts),
            *unjustified_tasks(acts),
            *unjustified_conflicts(acts),
            *unjustified_decisions(acts),
            *unjustified_roles(acts, first=self.stage.members["chantal"]),
        ]
        assert missing == []


STEPS: Counter[str] = Counter()
STATES = {LetterState.SENT: "sent", LetterState.CANCELLED: "kept back"}
Acts = dict[tuple[str, str], list[dict[str, Any]]]


def unjustified_authors(acts: Acts) -> list[str]:
    """An author began the draft, or stands in the newest list."""
    wrong = []
    for pk, email in Author.objects.values_list("submission", "email"):
        lists = acts.get((f"submission:{pk}", "changed the author list"), [])
        begun = acts.get((f"submission:{pk}", "started a draft"), [])
        named = (
            {row["email"] for row in lists[-1]["detail"]["after"]}
            if lists
            else {address(entry["by"].lower()) for entry in begun}
        )
        wrong += [f"author {email} of {pk}"] if email not in named else []
    return wrong


def unjustified_tasks(acts: Acts) -> list[str]:
    """A task was given by a chair; it ended by her hand or by the reviewer's."""
    wrong = []
    for row in Assignment.objects.select_related("membership"):
        label = f"submission:{row.submission_id}"
        given = [one for one in acts.get((label, "assigned"), []) if one["at"] == row.assigned_at]
        if row.membership.name not in {one["detail"]["reviewer"] for one in given}:
            wrong.append(f"task {row.pk}")
        ended = [
            one["at"] for one in acts.get((label, "unassigned"), []) if one["detail"]["reviewer"] == row.membership.name
        ]
        if row.removed_at is not None and row.removed_at not in ended:
            wrong.append(f"task {row.pk} taken back")
        refused = {one["detail"]["assignment"] for one in acts.get((label, "decline_assignment"), [])}
        if row.declined_at is not None and row.pk not in refused:
            wrong.append(f"task {row.pk} given back")
    return wrong


# The act from which a conflict of each source comes.
DECLARED = {"chair": ("conflict_added",), "author": ("declared conflicts",), "member": ("decline_assignment",)}
COMPARED = ("started a draft", "changed the author list", "submitted", "assigned")


def unjustified_conflicts(acts: Acts) -> list[str]:
    """Set by a chair, named by the authors or the member, or found when homes were compared; lifted by a chair."""
    wrong = []
    for row in Conflict.objects.select_related("membership"):
        label = f"submission:{row.submission_id}"
        verbs = COMPARED if row.source in COMPUTED else DECLARED[row.source]
        if row.declared_at not in {entry["at"] for verb in verbs for entry in acts.get((label, verb), [])}:
            wrong.append(f"conflict {row.pk} by {row.source}")
        lifted = {entry["at"] for entry in acts.get((label, "conflict_lifted"), [])}
        if row.lifted_at is not None and row.lifted_at not in lifted:
            wrong.append(f"conflict {row.pk} lifted")
    return wrong


def unjustified_decisions(acts: Acts) -> list[str]:
    """A verdict was decided or corrected; what authors may know was announced."""
    wrong = []
    for row in Decision.objects.select_related("announcement"):
        label = f"submission:{row.submission_id}"
        made = [*acts.get((label, "decided"), []), *acts.get((label, "decision_corrected"), [])]
        if (row.decided_at, row.verdict) not in {(entry["at"], entry["detail"]["verdict"]) for entry in made}:
            wrong.append(f"decision {row.pk}")
        told = [*acts.get((label, "announced"), []), *acts.get((label, "decision_corrected"), [])]
        if row.announcement is not None and row.announcement.created_at not in {entry["at"] for entry in told}:
            wrong.append(f"announcement of {row.pk}")
    return wrong


def unjustified_roles(acts: Acts, first: int) -> list[str]:
    """Roles are those of the invitation or of the last change; whoever has left was removed."""
    wrong = []
    invited = {
        pk: entry["detail"]["roles"]
        for (_, verb), entries in acts.items()
        if verb == "invite"
        for entry in entries
        for pk in entry["detail"]["people"]
    }
    invited[first] = {flag: role == "chair" for role, flag in ROLES.items()}
    for row in Membership.objects.all():
        label = f"membership:{row.pk}"
        changes = acts.get((label, "set_roles"), [])
        given = changes[-1]["detail"]["after"] if changes else invited[row.pk]
        if any(getattr(row, flag) != given.get(flag, False) for flag in ROLES.values()):
            wrong.append(f"roles of {row.pk}")
        moves_of = [*acts.get((label, "remove_member"), []), *acts.get((label, "restore_member"), [])]
        last = max(moves_of, key=lambda entry: entry["at"])["verb"] if moves_of else "restore_member"
        if (row.removed_at is not None) != (last == "remove_member"):
            wrong.append(f"membership {row.pk}")
    return wrong


# --- Runs ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def stage(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The beginning, with the clock in the story's hands and nothing left to chance."""
    settings.SESSION_COOKIE_AGE = 10 * 365 * 24 * 3600
    monkeypatch.setattr("submissions.checks.check_safely", lambda *_, **__: Report("accept", 8, ()))
    monkeypatch.setattr(reviewing, "secrets", SimpleNamespace(choice=min))
    with time_machine.travel(AT, tick=False) as traveller:
        found = set_the_stage(traveller)
        Message.objects.all().delete()
        Story.stage = found
        prologue = Story()
        prologue.two_papers_are_under_review()
        found.model, found.papers, found.words = prologue.model, prologue.papers, prologue.words
        found.tasks, found.typed = prologue.tasks, prologue.typed
        prologue.world.__exit__(None, None, None)
        yield found


def play(examples: int, steps: int, *, looks: int = 1, fixed: bool = True, shrinks: bool = True) -> None:
    """`shrinks`: look for the shortest story when one fails, which takes minutes."""
    Story.looks = looks
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=fixed,
            database=None,
            phases=[Phase.generate, *([Phase.shrink] if shrinks else [])],
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.whole_site
@pytest.mark.django_db
def test_no_order_of_acts_shows_more_or_less_than_the_model(stage: Stage) -> None:
    play(5, 25, shrinks=False)


@pytest.mark.long
@pytest.mark.django_db
def test_no_long_story_shows_more_or_less_than_the_model(stage: Stage) -> None:
    play(300, 60, looks=2, fixed=False)


# --- Faults planted on purpose --------------------------------------------------------------------------------------


def conflicts_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(submissions.access, "in_conflict_with", lambda member: submissions.access.written_by(member.user))


def fellows_are_shown_before_ones_own(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(access, "reached_by_reviewer", lambda since, assignment: True)


def the_hold_is_not_waited_for(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(access, "reached", lambda since, at: submissions.access.reached(since, at + timedelta(hours=2)))


def an_old_window_writes_over_the_newest_text(patch: pytest.MonkeyPatch) -> None:
    saving = reviewing.save_review

    def save_review(*, assignment: Assignment, based_on: int, at: datetime, **words: Any) -> reviewing.Saved:
        review = reviewing.open_review(assignment, at)
        review.versions.filter(number__gt=based_on).delete()
        return saving(assignment=assignment, based_on=review.version, at=at, **words)

    patch.setattr(reviewing, "save_review", save_review)


def who_left_the_author_list_gets_the_decision(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(guards._guards, "decision", lambda message: None)


def a_chair_in_conflict_is_written_to(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(submissions.emails, "chairs_of", lambda row: row.edition.memberships.chairs())


def roles_are_given_in_silence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(editions, "note", lambda *_, **__: None)


def a_former_member_stays_in(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Membership, "is_active", property(lambda member: member.accepted_at is not None))


def accept_and_reject_wait_together(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(deciding, "MAY_LEAVE", ())


FAULTS = {
    fault.__name__: fault
    for fault in (
        fellows_are_shown_before_ones_own,
        the_hold_is_not_waited_for,
        conflicts_are_forgotten,
        an_old_window_writes_over_the_newest_text,
        who_left_the_author_list_gets_the_decision,
        a_chair_in_conflict_is_written_to,
        roles_are_given_in_silence,
        a_former_member_stays_in,
        accept_and_reject_wait_together,
    )
}
# Looked for in every run; the others with --long.
ALWAYS = 2


@pytest.mark.whole_site
@pytest.mark.django_db
@pytest.mark.parametrize(
    "fault",
    [pytest.param(name, marks=[pytest.mark.long] if place >= ALWAYS else []) for place, name in enumerate(FAULTS)],
)
def test_a_planted_fault_is_found(fault: str, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS[fault](monkeypatch)
    with pytest.raises(AssertionError):
        play(60, 30, shrinks=False)
