"""The policy restated in plain Python, without a word of the product: the world against which the machine compares it.

Read it beside submissions/visibility.py and reviews/visibility.py. `doors` is who may read what; each verb below says
when an act is refused, what it changes, and whom it writes to. A verb returns whether it is done. People, papers and
texts are names and numbers; every text is a word of its own.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

TO_AUTHORS = frozenset({"receipt", "new_version", "withdrawn", "restored", "answer", "desk_reject"})
COMPUTED = ("authorship", "domain")
SWITCHES = {"blind": False, "reviewers_see_each_other": True, "committee_discusses": True}
# Six months after the end of the event's day anywhere on Earth: then reviewers read nothing but their own texts.
COMMITTEE_ENDS = datetime(2026, 12, 26, 12, 0, tzinfo=UTC)
# add(door, *items)
Add = Callable[..., None]


@dataclass
class Person:
    name: str
    email: str
    # None: no member of the committee; a former member keeps her roles and has left.
    roles: set[str] | None = None
    has_left: bool = False

    def is_a(self, role: str) -> bool:
        return self.roles is not None and not self.has_left and role in self.roles

    @property
    def domain(self) -> str:
        return self.email.partition("@")[2]


@dataclass(frozen=True)
class Text:
    """What a reviewer typed: a word for everybody, a word for the chairs, a score."""

    word: str
    note: str
    score: int


@dataclass
class Task:
    """One reviewer of one paper, until it is taken back or given back; what she typed stays."""

    key: int
    paper: int
    reviewer: str
    stands: bool = True
    texts: list[Text] = field(default_factory=list)
    newest: Text | None = None
    official: Text | None = None
    version: int = 0


@dataclass
class Release:
    """One announcement, private until its instant."""

    at: datetime
    stopped: bool = False


@dataclass
class Decision:
    verdict: str
    words: str
    note: str
    version: int = 1
    release: Release | None = None
    # The reviews that the letters tell, as they were when announced.
    shown: tuple[str, ...] = ()


@dataclass
class Letter:
    """A decision letter: it waits until it is sent or kept back."""

    paper: int
    email: str
    verdict: str
    release: Release
    state: str = "waits"


@dataclass
class Paper:
    number: int
    title: str
    creator: str
    authors: list[str]
    state: str = "draft"
    is_complete: bool = False
    was_submitted: bool = False
    creator_left: bool = False
    # Who did something to it as its author: that it is hers outlives her row in the list.
    writers: set[str] = field(default_factory=set)
    files: int = 0
    decision: Decision | None = None
    # The instant from which authors may know, once announced.
    known_from: datetime | None = None
    talk: str = ""
    opened_by: str = ""
    handler: str = ""
    comments: list[tuple[str, str]] = field(default_factory=list)
    questions: list[tuple[str, str]] = field(default_factory=list)
    # Of every decision that was ever recorded.
    chairs_notes: list[str] = field(default_factory=list)
    chairs_words: list[str] = field(default_factory=list)
    # Reviews as decision letters tell them; chairs read the letters.
    told: set[str] = field(default_factory=set)


class Workshop:
    """The whole world. `now` is moved by whoever plays."""

    def __init__(self, people: Iterable[Person], submission_ends: datetime, now: datetime) -> None:
        self.people = {person.name: person for person in people}
        self.papers: dict[int, Paper] = {}
        self.tasks: list[Task] = []
        # (paper, member, source): whether it stands; a lifted one is remembered.
        self.conflicts: dict[tuple[int, str, str], bool] = {}
        # Those that stood while their paper was submitted.
        self.submitted_with: set[tuple[int, str, str]] = set()
        self.switches = dict(SWITCHES)
        self.submission_ends, self.now, self.hold = submission_ends, now, 0
        self.letters: Counter[tuple[str, str, str]] = Counter()
        self.news: set[tuple[int, str, str]] = set()
        self.decision_letters: list[Letter] = []
        self.releases: list[Release] = []

    # --- Who stands where ------------------------------------------------------------------------------------------

    def holders(self, role: str) -> list[str]:
        return [name for name, person in self.people.items() if person.is_a(role)]

    def is_author(self, name: str, paper: Paper) -> bool:
        return name == paper.creator or name in paper.authors

    def opens_to(self, name: str, paper: Paper) -> bool:
        """Who reads and writes a paper as its author: the list; its creator too, until another takes her off it."""
        return name in paper.authors or (name == paper.creator and not paper.creator_left)

    def in_conflict(self, name: str, paper: Paper) -> bool:
        """Her own paper, or a conflict that nobody has lifted."""
        rows = ((number, member, stands) for (number, member, _), stands in self.conflicts.items())
        return self.is_author(name, paper) or (paper.number, name, True) in rows

    def oversees(self, name: str, paper: Paper) -> bool:
        return self.people[name].is_a("chair") and not self.in_conflict(name, paper)

    def overseers(self, paper: Paper) -> list[str]:
        return [name for name in self.people if self.oversees(name, paper)]

    def reviews(self, task: Task) -> bool:
        """Whether a task is on its reviewer's desk."""
        paper = self.papers[task.paper]
        may = self.people[task.reviewer].is_a("reviewer") and not self.in_conflict(task.reviewer, paper)
        return may and task.stands and paper.state == "submitted" and self.now < COMMITTEE_ENDS

    def talks(self, task: Task) -> bool:
        """Whether a reviewer reads the discussion: after her own review."""
        is_open_to_her = self.reviews(task) and task.official is not None
        return is_open_to_her and self.papers[task.paper].talk != "" and self.switches["committee_discusses"]

    def is_known(self, paper: Paper) -> bool:
        """Whether authors may know the decision: announced, not held any more, and the paper was not taken back."""
        return paper.state == "submitted" and paper.known_from is not None and paper.known_from <= self.now

    def is_accepted(self, paper: Paper) -> bool:
        return self.is_known(paper) and paper.decision is not None and paper.decision.verdict == "accept"

    def standing(self, paper: Paper) -> list[Task]:
        return [task for task in self.tasks if task.paper == paper.number and task.stands]

    def submitted(self, paper: Paper) -> list[Task]:
        return [task for task in self.standing(paper) if task.official is not None]

    def is_open(self) -> bool:
        return self.now < self.submission_ends

    def may_write(self, paper: Paper) -> bool:
        return paper.state in {"draft", "submitted"} and self.is_open() and not self.is_known(paper)

    # --- Who may read what -----------------------------------------------------------------------------------------

    def doors(self, name: str) -> dict[str, set[str]]:
        """What stands behind each door for a person; named as the functions of the two access.py."""
        found: dict[str, set[str]] = {}

        def add(door: str, *items: str) -> None:
            found.setdefault(door, set()).update(items)

        for paper in self.papers.values():
            if self.opens_to(name, paper):
                add("author: papers", paper.title)
            if self.opens_to(name, paper) and self.is_known(paper):
                add("author: decisions", paper.title)
                add("author: reviews", *(f"review {task.key}" for task in self.submitted(paper)))
            if self.oversees(name, paper):
                self._overseen(paper, add)
            if self.people[name].is_a("proceedings") and self.is_accepted(paper) and not self.in_conflict(name, paper):
                add("proceedings: papers", paper.title)
            add("own: comments", *(word for writer, word in paper.comments if writer == name))
        for task in self.tasks:
            if task.reviewer == name:
                add("own: reviews", *(text.word for text in task.texts))
                if self.reviews(task):
                    self._on_the_desk(task, add)
        return {door: items for door, items in found.items() if items}

    def _overseen(self, paper: Paper, add: Add) -> None:
        add("chair: papers", paper.title)
        add("chair: tasks", *(f"task {task.key}" for task in self.tasks if task.paper == paper.number))
        add(
            "chair: reviews",
            *(f"{task.official.word} {task.official.note}" for task in self.submitted(paper) if task.official),
        )
        add("chair: notes", *paper.chairs_notes)
        if paper.decision:
            add("chair: decisions", f"{paper.title} {paper.decision.verdict} {paper.decision.note}")
        if paper.talk and self.switches["committee_discusses"]:
            add("chair: discussions", paper.title)

    def _on_the_desk(self, task: Task, add: Add) -> None:
        paper = self.papers[task.paper]
        add("reviewer: papers", paper.title)
        if not self.switches["blind"]:
            add("reviewer: authors", *(f"{paper.title} {self.people[name].email}" for name in paper.authors))
        if task.official:
            others = [other for other in self.submitted(paper) if other is not task]
            add("reviewer: fellows", *(other.official.word for other in others if other.official))
        if self.talks(task):
            add("reviewer: discussions", paper.title)
        if self.is_known(paper):
            add("reviewer: outcomes", f"{paper.title} {'accepted' if self.is_accepted(paper) else 'rejected'}")

    def words_for(self, name: str, paper: Paper) -> set[str]:
        """Every word about one paper that a person may find on any page."""
        words = {word for writer, word in paper.comments if writer == name}
        words |= {word for writer, word in paper.questions if writer == name}
        talk = {word for _, word in paper.comments}
        if self.opens_to(name, paper):
            words |= {paper.title} | {word for _, word in paper.questions}
            words |= {paper.decision.words, *paper.decision.shown} if self.is_known(paper) and paper.decision else set()
        if self.oversees(name, paper):
            words |= {paper.title, *paper.chairs_notes} | {word for _, word in paper.questions}
            # What was submitted stays readable to chairs when its task is taken back.
            words |= {
                word
                for task in self.tasks
                if task.paper == paper.number and task.official
                for word in (task.official.word, task.official.note)
            }
            words |= set(paper.chairs_words) | paper.told
            words |= talk if self.switches["committee_discusses"] else set()
        if self.people[name].is_a("proceedings") and self.is_accepted(paper) and not self.in_conflict(name, paper):
            words |= {paper.title}
        for task in self.tasks:
            if task.paper == paper.number and task.reviewer == name:
                words |= {word for text in task.texts for word in (text.word, text.note)} | {paper.title}
                if self.reviews(task) and task.official:
                    words |= {other.official.word for other in self.submitted(paper) if other.official}
                words |= talk if self.talks(task) else set()
        return words

    def late_conflicts(self) -> list[Task]:
        """Standing tasks whose reviewer has come into conflict: kept, and flagged to the chairs."""
        return [task for task in self.tasks if task.stands and self.in_conflict(task.reviewer, self.papers[task.paper])]

    # --- Authors ---------------------------------------------------------------------------------------------------

    def write(self, kind: str, names: Iterable[str], about: object = "") -> None:
        for name in names:
            self.letters[kind, self.people[name].email, str(about)] += 1

    def to_authors(self, kind: str, paper: Paper, by: str = "") -> None:
        """Of a draft only to whom it is known: who started it or wrote in it, as `by` just does, and whoever had a
        letter to its authors before. Who started it for others is written to beside its list.
        """
        told = {email for known, email, about in self.letters if known in TO_AUTHORS and about == str(paper.number)}
        knows = {paper.creator, by, *paper.writers}
        known = [name for name in paper.authors if name in knows or self.people[name].email in told]
        known += [paper.creator] if paper.creator not in paper.authors and not paper.creator_left else []
        self.write(kind, paper.authors if paper.was_submitted else known, paper.number)

    def refreshed(self, paper: Paper) -> dict[tuple[int, str, str], bool]:
        """The conflicts after the homes of authors and members were compared again."""
        domains = {self.people[author].domain for author in paper.authors}
        rows = dict(self.conflicts)
        for name, member in self.people.items():
            if member.roles is None or member.has_left:
                continue
            if self.is_author(name, paper):
                # Lifted, it is set again for whoever is listed again.
                rows[paper.number, name, "authorship"] = True
            elif member.domain in domains:
                rows.setdefault((paper.number, name, "domain"), True)
        # On a draft it goes with what the authors took away, but not what stood while the paper was submitted.
        shown = {(paper.number, name, "authorship") for name in self.people if self.is_author(name, paper)}
        shown |= {(paper.number, name, "authorship") for name in paper.writers}
        shown |= {(paper.number, name, "domain") for name, one in self.people.items() if one.domain in domains}
        gone = {
            key
            for key, stands in rows.items()
            if key[0] == paper.number and key[2] in COMPUTED and stands and key not in shown
        }
        return {key: stands for key, stands in rows.items() if key not in gone - self.submitted_with}

    def refresh(self, paper: Paper) -> None:
        self.conflicts = self.refreshed(paper)
        if paper.was_submitted:
            self.submitted_with |= {key for key, stands in self.conflicts.items() if key[0] == paper.number and stands}

    def create(self, by: str, title: str) -> bool:
        if not self.is_open():
            return False
        number = len(self.papers) + 1
        self.papers[number] = Paper(number, title, by, [by])
        self.refresh(self.papers[number])
        return True

    def upload(self, paper: Paper) -> bool:
        if paper.state not in {"draft", "submitted"} or self.is_known(paper):
            return False
        paper.files += 1
        if self.is_open() and paper.state == "submitted":
            self.to_authors("new_version", paper)
        return True

    def submit(self, paper: Paper) -> bool:
        if paper.state == "submitted":
            return True
        if not (self.is_open() and paper.is_complete and paper.state == "draft"):
            return False
        paper.state, paper.was_submitted = "submitted", True
        self.refresh(paper)
        self.to_authors("receipt", paper)
        return True

    def withdraw(self, paper: Paper, by: str) -> bool:
        if self.is_known(paper) or paper.state not in {"draft", "submitted"}:
            return False
        paper.state = "withdrawn"
        self.to_authors("withdrawn", paper, by)
        return True

    def restore(self, paper: Paper, by: str) -> bool:
        if not self.is_open() or paper.state != "withdrawn" or paper.known_from is not None:
            return False
        paper.state, paper.was_submitted = "draft", False
        self.to_authors("restored", paper, by)
        return True

    def set_authors(self, paper: Paper, names: list[str], by: str) -> bool:
        """Nobody shuts herself out: another author takes her off the list."""
        keeps_it = by in names or by == paper.creator
        if not self.may_write(paper) or paper.known_from is not None or not keeps_it:
            return False
        if paper.creator in names or paper.creator in paper.authors:
            paper.creator_left = paper.creator not in names and (by != paper.creator or paper.creator_left)
        paper.authors = names
        self.refresh(paper)
        return True

    def declare(self, paper: Paper, members: list[str]) -> bool:
        """The authors' own conflicts take the place of those that they named before; a lifted one stays so."""
        if not self.may_write(paper):
            return False
        mine = {key for key in self.conflicts if key[0] == paper.number and key[2] == "author" and self.conflicts[key]}
        self.conflicts = {key: stands for key, stands in self.conflicts.items() if key not in mine}
        self.conflicts = {(paper.number, member, "author"): True for member in members} | self.conflicts
        return True

    def ask(self, paper: Paper, by: str, word: str) -> None:
        paper.questions.append((by, word))
        self.write("question", self.overseers(paper), paper.number)

    # --- Chairs ----------------------------------------------------------------------------------------------------

    def answer(self, paper: Paper, by: str, word: str) -> None:
        paper.questions.append((by, word))
        self.to_authors("answer", paper)

    def add_conflict(self, paper: Paper, member: str, by: str) -> bool:
        key = (paper.number, member, "chair")
        if self.conflicts.get(key):
            return False
        self.conflicts[key] = True
        if self.people[member].is_a("chair") and member != by:
            self.write("conflict_set", [member], paper.number)
        return True

    def lift(self, key: tuple[int, str, str], by: str) -> bool:
        number, member, source = key
        is_of_an_author = source == "authorship" and self.is_author(member, self.papers[number])
        if is_of_an_author or member == by or not self.conflicts[key]:
            return False
        self.conflicts[key] = False
        self.write("conflict_lifted", self.overseers(self.papers[number]), number)
        return True

    def needs_delegate(self) -> bool:
        """Nothing is assigned while no chair may see some paper, announced or returned or not."""
        rows = [paper for paper in self.papers.values() if paper.state in {"submitted", "returned"}]
        return any(not self.overseers(paper) for paper in rows)

    def assign(self, paper: Paper, member: str, by: str, instead_of: Task | None = None) -> bool:
        rows = self.refreshed(paper)
        barred = self.is_author(member, paper) or any(
            stands for (number, who, _), stands in rows.items() if (number, who) == (paper.number, member)
        )
        has_one = any(task.reviewer == member and task is not instead_of for task in self.standing(paper))
        is_under_review = paper.state == "submitted" and paper.known_from is None
        may = self.people[member].is_a("reviewer") and is_under_review and not barred and not has_one
        if self.needs_delegate() or not may or (instead_of is not None and not instead_of.stands):
            return False
        self.refresh(paper)
        if instead_of is not None:
            instead_of.stands = False
            self.write("unassigned", [instead_of.reviewer], paper.number)
        self.tasks.append(Task(len(self.tasks) + 1, paper.number, member))
        self.write("assigned", [member], paper.number)
        if not paper.handler and any(self.in_conflict(chair, paper) for chair in self.holders("chair")):
            paper.handler = by if self.oversees(by, paper) else ""
        return True

    def unassign(self, task: Task) -> bool:
        if self.papers[task.paper].known_from is not None or not task.stands or task.official is not None:
            return False
        task.stands = False
        self.write("unassigned", [task.reviewer], task.paper)
        return True

    def remind(self, by: str, asked: Collection[int] = ()) -> None:
        """One letter to each reviewer with something open on her desk, as far as the chair may know, that she was not
        reminded of within the last day (`asked`: keys of tasks; which letters stand is the ledger's to say).
        """
        rows: dict[str, list[int]] = {}
        for task in self.tasks:
            if task.key in asked:
                continue
            paper = self.papers[task.paper]
            is_open = self.reviews(task) and task.official is None and not self.is_known(paper)
            if is_open and self.oversees(by, paper):
                rows.setdefault(task.reviewer, []).append(task.paper)
        for name, numbers in rows.items():
            self.write("chair_reminder", [name], numbers[0] if len(numbers) == 1 else "")

    def extend(self, phase: str, until: datetime) -> None:
        """A later date is told to those who have something open before it."""
        if phase == "submission":
            self.submission_ends = until
            people = {paper.creator for paper in self.papers.values() if paper.state == "draft"}
        else:
            people = {
                task.reviewer
                for task in self.tasks
                if self.reviews(task) and task.official is None and not self.is_known(self.papers[task.paper])
            }
        self.write("date_changed", people, "edition")

    def return_unreviewed(self, paper: Paper) -> bool:
        if paper.state != "submitted" or paper.known_from is not None:
            return False
        paper.state = "returned"
        self.to_authors("desk_reject", paper)
        return True

    def reinstate(self, paper: Paper) -> bool:
        if paper.state != "withdrawn" or paper.known_from is not None:
            return False
        paper.state = "submitted" if paper.was_submitted else "draft"
        self.to_authors("restored", paper)
        return True

    def undo_return(self, paper: Paper) -> bool:
        if paper.state != "returned":
            return False
        paper.state = "submitted"
        self.to_authors("restored", paper)
        return True

    def remove(self, name: str, by: str) -> bool:
        person = self.people[name]
        if person.has_left or (person.is_a("chair") and len(self.holders("chair")) == 1):
            return False
        if person.is_a("chair"):
            self.tell_of_ended_chair(name, by)
        person.has_left = True
        return True

    def restore_member(self, name: str, by: str) -> None:
        self.people[name].has_left = False
        if self.people[name].is_a("chair"):
            self.tell_of_chair(name, by)

    def tell_of_chair(self, name: str, by: str) -> None:
        """Every other chair but the one who does it reads that somebody is a chair now."""
        self.write("new_chair", [one for one in self.holders("chair") if one not in (name, by)], name)

    def tell_of_ended_chair(self, name: str, by: str) -> None:
        """So does she herself read that she is none any more."""
        self.write("chair_ended", [one for one in {*self.holders("chair"), name} if one != by], name)

    def set_roles(self, name: str, roles: set[str], by: str) -> bool:
        person = self.people[name]
        was_chair = "chair" in (person.roles or ())
        is_last = "chair" in (person.roles or ()) and "chair" not in roles and not set(self.holders("chair")) - {name}
        if person.roles == roles or (is_last and not person.has_left):
            return False
        person.roles = set(roles)
        if person.is_a("chair") and not was_chair:
            self.tell_of_chair(name, by)
        if was_chair and not person.has_left and "chair" not in roles:
            self.tell_of_ended_chair(name, by)
        return True

    # --- Reviewers -------------------------------------------------------------------------------------------------

    def save(self, task: Task, text: Text, based_on: int) -> bool:
        """A text from an old window, or for a task that has ended, is kept aside; nothing that was typed is lost."""
        task.texts.append(text)
        if based_on == task.version and not self.is_known(self.papers[task.paper]):
            task.newest, task.version = text, task.version + 1
        return True

    def submit_review(self, task: Task, based_on: int, note: str) -> bool:
        if self.is_known(self.papers[task.paper]) or not task.texts:
            return False
        if task.official is not None and task.official == task.newest:
            return True
        if based_on != task.version or task.newest is None:
            return False
        before, task.official, task.version = task.official, task.newest, task.version + 1
        paper = self.papers[task.paper]
        if before and before.score != task.official.score and paper.talk == "open" and self.talks(task):
            paper.comments.append((task.reviewer, note))
            self._tell(paper, task.reviewer, note, is_question=False, named=set(), chairs_named=False)
        if paper.known_from is not None:
            # Held: the letters were written without it.
            self.write("review_after_letters", set(self.overseers(paper)) - {task.reviewer}, paper.number)
        return True

    def decline(self, task: Task, in_conflict: bool) -> bool:
        paper = self.papers[task.paper]
        if task.official is not None or self.is_known(paper):
            return False
        task.stands = False
        if in_conflict:
            self.conflicts[paper.number, task.reviewer, "member"] = True
        self.write("assignment_refused", set(self.overseers(paper)) - {task.reviewer}, paper.number)
        return True

    # --- Discussion ------------------------------------------------------------------------------------------------

    def open_talk(self, paper: Paper, by: str) -> bool:
        may = paper.state == "submitted" and paper.known_from is None and self.submitted(paper)
        if not may or paper.talk == "open" or not self.switches["committee_discusses"]:
            return False
        paper.talk, paper.opened_by = "open", by
        to = [task.reviewer for task in self.standing(paper) if self.talks(task)]
        self.write("discussion_opened", to, paper.number)
        return True

    def close_talk(self, paper: Paper) -> bool:
        was, paper.talk = paper.talk, "closed"
        return was == "open"

    def comment(
        self, paper: Paper, by: str, word: str, *, is_question: bool, named: set[str], chairs_named: bool
    ) -> bool:
        if paper.talk != "open":
            return False
        paper.comments.append((by, word))
        self._tell(paper, by, word, is_question=is_question, named=named, chairs_named=chairs_named)
        return True

    def _tell(
        self, paper: Paper, by: str, word: str, *, is_question: bool, named: set[str], chairs_named: bool
    ) -> None:
        """Everybody else who reads it: at once if asked, else at most one letter a day."""
        readers = {
            task.reviewer: is_question or task.reviewer in named for task in self.standing(paper) if self.talks(task)
        }
        told = [(name, asked) for name, asked in readers.items() if name != by]
        able = set(self.overseers(paper))
        chairs = able & {paper.opened_by, paper.handler} or able
        told += [(name, chairs_named) for name in chairs - {by}]
        for name, is_asked in told:
            key = (paper.number, name, word if is_asked else f"{self.now:%Y-%m-%d}")
            if key not in self.news:
                self.news.add(key)
                self.write("discussion_news", [name], paper.number)

    # --- Decisions -------------------------------------------------------------------------------------------------

    def decide(self, paper: Paper, verdict: str, words: str, note: str, based_on: int) -> bool:
        old = paper.decision
        if paper.state != "submitted" or (old and old.release) or based_on != (old.version if old else 0):
            return False
        paper.decision = Decision(verdict, words, note, len(paper.chairs_notes) + 1)
        paper.chairs_notes.append(note)
        paper.chairs_words.append(words)
        return True

    def take_back(self, paper: Paper, based_on: int) -> bool:
        if paper.decision is None or paper.decision.release or based_on != paper.decision.version:
            return False
        paper.decision = None
        return True

    def announce(self, by: str) -> bool:
        rows = [
            (paper, paper.decision)
            for paper in self.papers.values()
            if self.oversees(by, paper) and paper.state == "submitted" and paper.decision and not paper.decision.release
        ]
        if not rows or self.is_open():
            return False
        release = Release(self._after_the_hold())
        self.releases.append(release)
        for paper, decision in rows:
            decision.release, paper.known_from = release, release.at
            decision.shown = tuple(task.official.word for task in self.submitted(paper) if task.official)
            self._post_decision(paper, decision, release)
        return True

    def _after_the_hold(self) -> datetime:
        return datetime.fromtimestamp(self.now.timestamp() + 60 * self.hold, UTC)

    def _post_decision(self, paper: Paper, decision: Decision, release: Release) -> None:
        self.to_authors("decision", paper)
        paper.told |= set(decision.shown)
        emails = [self.people[name].email for name in paper.authors]
        self.decision_letters += [Letter(paper.number, email, decision.verdict, release) for email in emails]

    def stop(self, release: Release) -> bool:
        if release.stopped or release.at <= self.now:
            return False
        release.stopped = True
        for paper in self.papers.values():
            if paper.decision and paper.decision.release is release:
                paper.decision.release, paper.decision.shown, paper.known_from = None, (), None
        for letter in self.decision_letters:
            if letter.release is release and letter.state == "waits":
                letter.state = "kept back"
        return True

    def correct(self, by: str, paper: Paper, verdict: str, words: str, note: str) -> bool:
        old = paper.decision
        waits = any(letter.paper == paper.number and letter.state == "waits" for letter in self.decision_letters)
        is_released = old is not None and old.release is not None and old.release.at <= self.now
        if old is None or not is_released or waits or paper.state != "submitted":
            return False
        release = Release(self.now)
        paper.decision = Decision(verdict, words, note, old.version + 1, release, old.shown)
        paper.chairs_notes.append(note)
        paper.chairs_words.append(words)
        paper.known_from = self.now
        self._post_decision(paper, paper.decision, release)
        self.write("decision_corrected", set(self.overseers(paper)) - {by}, paper.number)
        return True

    def post_leaves(self) -> None:
        """Letters whose instant has come leave; none about a paper that was taken back, none to who is no author."""
        for letter in self.decision_letters:
            if letter.state == "waits" and letter.release.at <= self.now:
                paper = self.papers[letter.paper]
                is_hers = letter.email in {self.people[name].email for name in paper.authors}
                letter.state = "sent" if is_hers and paper.state == "submitted" else "kept back"
