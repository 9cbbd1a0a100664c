"""Who gets a letter that a chair writes: audiences as rules, each person with the reason why she is in it.

Each rule reads the submissions that it is given and nothing else, so that a chair reaches only whom she may know.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings

from dlonsc.editions.invitations import link_of
from dlonsc.editions.models import Edition, Membership
from dlonsc.mail.placeholders import Block, Value
from reviews.access import has_submitted, on_desks, open_tasks
from reviews.emails import blocks
from reviews.emails.mailing import Person
from reviews.models import Assignment
from reviews.reminders import missing_items
from submissions.contacts import contacts_of
from submissions.emails import who_know_of
from submissions.models import Submission, SubmissionQuerySet
from submissions.states import Outcome, State

People = Callable[[Edition, SubmissionQuerySet, datetime], Iterator[Person]]
OF_MEMBERS = {"name": "name of the recipient", "edition": "short name of the workshop", "link": "where her work is"}
OF_INVITED = {**OF_MEMBERS, "link": "the personal link to accept or decline"}
OF_TASKS = {**OF_MEMBERS, "papers": "the list of these submissions"}
OF_PAPERS = {**OF_MEMBERS, "number": "number of the submission", "title": "its title", "link": "its page"}
OF_MISSING = {**OF_PAPERS, "missing": "what is missing"}


@dataclass(frozen=True)
class Audience:
    """Right before a letter leaves it is asked again whether the person is still in it.

    `is_open`: its letters ask for something, and who has done it leaves the audience.
    """

    key: str
    words: str
    placeholders: dict[str, str]
    people: People
    about: str = "members"
    is_open: bool = False

    @property
    def kind(self) -> str:
        """The kind of its letters: those that tell of tasks are hidden from chairs in conflict (reviews.letters)."""
        return "mailing_tasks" if self.about == "tasks" else "mailing"

    def label(self, person: Person) -> str:
        """What a letter is filed under."""
        return f"submission:{person.submissions[0]}" if self.about == "papers" else ""

    @property
    def left(self) -> str:
        """Why somebody who is not in it any more gets no letter."""
        what = "what the letter asks for was done" if self.is_open else "the recipient left those whom it is for"
        return f"{what} in the meantime"

    def condition(self, person: Person) -> dict[str, Any]:
        """What must still be true when the letter leaves: "accepted" is not, once a correction says otherwise."""
        return {"audience": self.key, "person": person.key, "submissions": list(person.submissions)}


def _member(member: Membership, reason: str, tasks: Sequence[Assignment] = ()) -> Person:
    edition = member.edition
    values: dict[str, Value] = {"name": member.name, "edition": edition.name, "link": blocks.link(edition, "reviews/")}
    if tasks:
        values["papers"] = blocks.papers(row.submission for row in tasks)
    email = member.user.email if member.user else member.email
    return Person(f"member:{member.pk}", email, member.name, reason, tuple(row.submission_id for row in tasks), values)


def _members(edition: Edition, among: SubmissionQuerySet, at: datetime) -> Iterator[Person]:
    rows = Membership.objects.active().filter(edition=edition).select_related("user", "edition").order_by("pk")
    yield from (_member(row, "member of the committee") for row in rows)


def _with_role(role: str, reason: str) -> People:
    """Members who hold a role, whatever else they are."""

    def people(edition: Edition, among: SubmissionQuerySet, at: datetime) -> Iterator[Person]:
        rows = Membership.objects.active().filter(edition=edition, **{role: True}).select_related("user", "edition")
        yield from (_member(row, reason) for row in rows.order_by("pk"))

    return people


def _silent(edition: Edition, among: SubmissionQuerySet, at: datetime) -> Iterator[Person]:
    rows = Membership.objects.filter(
        edition=edition,
        invited_at__isnull=False,
        accepted_at__isnull=True,
        declined_at__isnull=True,
        removed_at__isnull=True,
    ).exclude(email="")
    for row in rows.select_related("user", "edition").order_by("pk"):
        person = _member(row, f"invited {row.invited_at:%-d %b %Y}, no answer")
        # Only the person invited may hold the link that answers for her.
        shown = {**person.values, "link": f"{settings.SITE_URL}/invitation/(personal link)/"}
        # Invited again, at whatever address, she is another entry: the old letter's link opens nothing any more.
        key = f"{person.key}:{row.invitation_round}"
        yield replace(person, key=key, email=row.email, values=shown, sealed={"link": link_of(row)})


def _by_member(edition: Edition, tasks: Sequence[Assignment]) -> dict[Membership, list[Assignment]]:
    """Only of tasks that each reviewer could open herself: a letter tells their titles."""
    found: dict[Membership, list[Assignment]] = defaultdict(list)
    for row in tasks:
        row.membership.edition = edition
        found[row.membership].append(row)
    return found


def _open_reviews(edition: Edition, among: SubmissionQuerySet, at: datetime) -> Iterator[Person]:
    tasks = open_tasks(among.values_list("pk", flat=True), at)
    for member, rows in _by_member(edition, tasks).items():
        missing = [row for row in rows if not has_submitted(row)]
        if missing:
            numbers = ", ".join(str(row.submission.number) for row in missing)
            yield _member(member, f"open reviews: {len(missing)} (of {numbers})", missing)


def _finished(edition: Edition, among: SubmissionQuerySet, at: datetime) -> Iterator[Person]:
    tasks = on_desks(among.submitted().values_list("pk", flat=True))
    for member, rows in _by_member(edition, tasks).items():
        if all(has_submitted(row) for row in rows):
            yield _member(member, f"submitted all reviews: {len(rows)}", rows)


def _of_paper(row: Submission, email: str, name: str, reason: str, missing: Sequence[str] = ()) -> Person:
    values: dict[str, Value] = {
        "name": name,
        "edition": row.edition.name,
        "number": str(row.number),
        "title": row.title,
        "link": blocks.link(row.edition, f"submissions/{row.number}/"),
        "missing": blocks.list_of(missing) if missing else Block("", ""),
    }
    return Person(f"paper:{row.pk}:{email.lower()}", email, name, reason, (row.pk,), values)


def _papers(edition: Edition, rows: SubmissionQuerySet) -> Iterator[Submission]:
    for row in rows.select_related("created_by").prefetch_related("authors").order_by("number"):
        row.edition = edition
        yield row


def _all_authors(edition: Edition, rows: SubmissionQuerySet, words: str) -> Iterator[Person]:
    for row in _papers(edition, rows):
        for author in row.authors.all():
            if author.email:
                yield _of_paper(row, author.email, author.name, f"author of submission {row.number}, {words}")


def _drafts(edition: Edition, among: SubmissionQuerySet, at: datetime) -> Iterator[Person]:
    rows = list(_papers(edition, among.drafts()))
    people = contacts_of(rows)
    for row in rows:
        for email, name in people[row.pk]:
            yield _of_paper(row, email, name, f"answers for submission {row.number}, a draft")


def _submitted(edition: Edition, among: SubmissionQuerySet, at: datetime) -> Iterator[Person]:
    yield from _all_authors(edition, among.submitted(), "submitted")


def _waiting(edition: Edition, among: SubmissionQuerySet, at: datetime) -> Iterator[Person]:
    """What is decided and not known to authors makes no difference: who got such a letter would know of the others."""
    yield from _all_authors(edition, among.under_review(at), "no decision known yet")


def _withdrawn(edition: Edition, among: SubmissionQuerySet, at: datetime) -> Iterator[Person]:
    """Of a draft that was never submitted those alone who know of it, as with the letter that it is withdrawn."""
    for row in _papers(edition, among.filter(state=State.WITHDRAWN)):
        for author in who_know_of(row):
            if author.email:
                yield _of_paper(row, author.email, author.name, f"author of submission {row.number}, withdrawn")


def _accepted(edition: Edition, among: SubmissionQuerySet, at: datetime) -> Iterator[Person]:
    yield from _all_authors(edition, among.accepted(at), "accepted and announced")


def _rejected(edition: Edition, among: SubmissionQuerySet, at: datetime) -> Iterator[Person]:
    rows = among.submitted().filter(outcome=Outcome.REJECTED, announced_at__lte=at)
    yield from _all_authors(edition, rows, "not accepted, announced")


def _camera_ready(edition: Edition, among: SubmissionQuerySet, at: datetime) -> Iterator[Person]:
    rows = list(_papers(edition, among.accepted(at).prefetch_related("camera_ready_items")))
    people = contacts_of(rows)
    for row in rows:
        missing = missing_items(row)
        if missing:
            for email, name in people[row.pk]:
                reason = f"submission {row.number} misses: {', '.join(missing)}"
                yield _of_paper(row, email, name, reason, missing)


AUDIENCES: Sequence[Audience] = (
    Audience("members", "Everybody on the committee", OF_MEMBERS, _members),
    Audience("chairs", "Chairs", OF_MEMBERS, _with_role("is_chair", "chair")),
    Audience(
        "proceedings_chairs",
        "Proceedings chairs",
        OF_MEMBERS,
        _with_role("is_proceedings_chair", "proceedings chair"),
    ),
    Audience("reviewers", "Reviewers", OF_MEMBERS, _with_role("is_reviewer", "reviewer")),
    Audience("silent", "Invited, without an answer", OF_INVITED, _silent, is_open=True),
    Audience("open_reviews", "Reviewers with a review open", OF_TASKS, _open_reviews, "tasks", is_open=True),
    Audience("finished", "Reviewers who submitted all their reviews", OF_TASKS, _finished, "tasks"),
    Audience("drafts", "Those who answer for a draft", OF_PAPERS, _drafts, "papers", is_open=True),
    Audience("submitted", "Authors of submitted papers", OF_PAPERS, _submitted, "papers"),
    Audience("waiting", "Authors of submitted papers whose decision is not announced", OF_PAPERS, _waiting, "papers"),
    Audience("withdrawn", "Authors of withdrawn papers", OF_PAPERS, _withdrawn, "papers"),
    Audience("accepted", "Authors of accepted papers, once announced", OF_PAPERS, _accepted, "papers"),
    Audience("rejected", "Authors of papers not accepted, once announced", OF_PAPERS, _rejected, "papers"),
    Audience(
        "camera_ready",
        "Those who answer for an accepted paper that misses camera-ready items",
        OF_MISSING,
        _camera_ready,
        "papers",
        is_open=True,
    ),
)
BY_KEY = {one.key: one for one in AUDIENCES}
