"""Fill an edition of any size with invented people, papers, bids, conflicts, assignments and reviews.

The same seed gives the same data. Rows are written in bulk, not by the verbs: thousands of letters would follow.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from dlonsc.accounts.models import Affiliation, User
from dlonsc.editions.models import Edition, Interest, Membership, MembershipAffiliation, Topic
from reviews.demo import papers, words
from reviews.models import Assignment, Bid, Review, ReviewVersion
from submissions.checks import as_json
from submissions.files import store
from submissions.lncs import Report, Rules, check_safely
from submissions.models import (
    Author,
    Conflict,
    ConflictKind,
    ConflictSource,
    Manuscript,
    ReproducibilityRecord,
    Submission,
)
from submissions.rulesets import key_of, rules_of
from submissions.states import State

DEMO_PASSWORD = "demo-demo-demo"  # noqa: S105 - printed on the demo's first page


@dataclass
class Person:
    user: User
    home: tuple[str, str, str, str]


@dataclass
class Cast:
    """The invented people of one filling, and the source of chance that made them."""

    random: Random
    at: datetime
    people: list[Person] = field(default_factory=list)
    password: str = field(default_factory=lambda: make_password(DEMO_PASSWORD))

    def invite(self, count: int, domain_tag: str = "") -> list[Person]:
        """Make `count` people with a verified address, a home institution and an account."""
        base = User.objects.count()
        made: list[Person] = []
        for number in range(base, base + count):
            home = self.random.choice(words.HOMES)
            name = words.full_name(self.random)
            email = words.mailbox(name, home[3], number)
            made.append(Person(User(email=email, name=name, password=self.password, joined_at=self.at), home))
        User.objects.bulk_create([person.user for person in made])
        EmailAddress.objects.bulk_create(
            EmailAddress(user=person.user, email=person.user.email, verified=True, primary=True) for person in made
        )
        Affiliation.objects.bulk_create(
            Affiliation(user=p.user, institution=p.home[0], town=p.home[1], country=p.home[2], domain=p.home[3])
            for p in made
        )
        self.people += made
        return made


def add_members(cast: Cast, edition: Edition, people: Sequence[Person], **roles: Any) -> list[Membership]:
    """Make accepted members with interests in about a third of the topics and a few own publications."""
    start = edition.memberships.count()
    rows = [
        Membership(
            edition=edition,
            user=person.user,
            name=person.user.name,
            email=person.user.email,
            position=start + number,
            invited_at=cast.at - timedelta(days=60),
            accepted_at=cast.at - timedelta(days=50),
            profile_at=cast.at - timedelta(days=40),
            rules_at=cast.at - timedelta(days=40),
            publications="\n\n".join(f"{words.title(cast.random)}. {words.sentence(cast.random)}" for _ in range(4)),
            is_senior=cast.random.random() < 0.3,
            **roles,
        )
        for number, person in enumerate(people)
    ]
    Membership.objects.bulk_create(rows)
    MembershipAffiliation.objects.bulk_create(
        MembershipAffiliation(membership=row, institution=person.home[0], country=person.home[2], domain=person.home[3])
        for row, person in zip(rows, people, strict=True)
    )
    topics = list(edition.topics.filter(parent__isnull=False))
    Interest.objects.bulk_create(
        Interest(membership=row, topic=topic, value=cast.random.choice((-1, 1, 1, 2, 2)))
        for row in rows
        for topic in cast.random.sample(topics, max(1, len(topics) // 3))
    )
    return rows


def reproducibility(random: Random, submission: Submission, at: datetime) -> ReproducibilityRecord:
    """A complete record of one paper."""

    def rows(names: str, table: Sequence[tuple[str, ...]], count: int) -> list[dict[str, str]]:
        return [dict(zip(names.split(), row, strict=True)) for row in random.sample(list(table), count)]

    return ReproducibilityRecord(
        submission=submission,
        algorithms=words.paragraph(random, 40),
        software=rows("name release url", words.SOFTWARE, 2),
        datasets=rows("name version subset licence url", words.DATASETS, 1),
        hardware=rows("system nodes cpu accelerator interconnect", words.SYSTEMS, 1),
        benchmarks=rows("name detail", words.BENCHMARKS, 1),
        changed_at=at,
    )


@cache
def report_of_pages(pages: int, min_pages: int, max_pages: int, blind: bool) -> Report:
    """The format check's report of a made paper of so many pages: papers of one length have one layout."""
    rules = Rules(min_pages=min_pages, max_pages=max_pages, blind=blind)
    data = papers.manuscript(
        title="A Title", authors=[("A. Author", "A Home")], abstract="An abstract.", pages=pages, random=Random(pages)
    )
    # The text is that of no paper of the edition.
    return replace(check_safely(data, rules), fingerprint=())


def make_manuscripts(
    cast: Cast, edition: Edition, rows: Sequence[Submission], pages_of: Callable[[Submission], int], *, check: bool
) -> None:
    """Typeset, store and check one PDF per submission. `check` False reuses the report of a like paper."""
    rules = rules_of(edition)
    made = []
    for row in rows:
        pages = pages_of(row)
        names = [(author.name, author.institution) for author in row.authors.all()]
        data = papers.manuscript(
            title=row.title,
            authors=[("Anonymous Author", "")] if edition.blind else names,
            abstract=row.abstract,
            pages=pages,
            random=Random(row.number),
            keywords=row.keywords,
        )
        stored = store(SimpleUploadedFile("paper.pdf", data))
        report = (
            check_safely(data, rules)
            if check
            else report_of_pages(pages, edition.min_pages, edition.max_pages, edition.blind)
        )
        made.append(
            Manuscript(
                submission=row,
                number=1,
                is_current=True,
                sha256=stored.sha256,
                size=stored.size,
                original_name=f"paper-{row.number}.pdf",
                uploaded_by=row.created_by,
                uploaded_at=row.submitted_at or row.created_at,
                received_at=row.submitted_at or row.created_at,
                pages=report.pages,
                verdict=report.verdict,
                report=as_json(report, rules),
                rules_version=key_of(rules),
                checked_at=cast.at,
            )
        )
    Manuscript.objects.bulk_create(made)


def add_submissions(
    cast: Cast,
    edition: Edition,
    count: int,
    *,
    state_of: Callable[[int], State] = lambda number: State.SUBMITTED,
    pages_of: Callable[[Submission], int] | None = None,
    check: bool = False,
) -> list[Submission]:
    """Make submissions with authors, topics, a reproducibility record and a PDF."""
    random = cast.random
    writers = cast.invite(max(1, round(count * 0.9)))
    closing = cast.at - timedelta(days=12)
    start = edition.submissions.count()
    topics: list[Topic] = list(edition.topics.filter(parent__isnull=False))
    rows = []
    for number in range(start + 1, start + count + 1):
        state = state_of(number)
        created = closing - timedelta(days=random.uniform(1, 25))
        # Most come on the last day, as everywhere.
        submitted = closing - timedelta(hours=min(600.0, random.paretovariate(0.6)))
        rows.append(
            Submission(
                edition=edition,
                number=number,
                title=words.title(random),
                abstract=words.paragraph(random, 150),
                keywords="deep learning, scaling, " + random.choice(words.GOALS).lower(),
                state=state,
                is_original=state != State.DRAFT,
                created_by=writers[(number - start - 1) % len(writers)].user,
                created_at=min(created, submitted),
                changed_at=submitted,
                submitted_at=None if state == State.DRAFT else submitted,
                withdrawn_at=submitted + timedelta(hours=5) if state == State.WITHDRAWN else None,
                conflicts_at=submitted,
            )
        )
    Submission.objects.bulk_create(rows)
    by_user = {person.user.pk: person for person in cast.people}
    authors: list[Author] = []
    for row in rows:
        first = by_user[row.created_by_id]
        others = [
            person for person in random.sample(writers, min(len(writers), random.randint(1, 4))) if person != first
        ]
        authors += [
            Author(
                submission=row,
                position=position,
                name=person.user.name,
                email=person.user.email,
                institution=person.home[0],
                town=person.home[1],
                country=person.home[2],
                is_contact=position == 1,
            )
            for position, person in enumerate([first, *others], start=1)
        ]
    Author.objects.bulk_create(authors)
    through = Submission.topics.through
    through.objects.bulk_create(
        through(submission=row, topic=topic) for row in rows for topic in random.sample(topics, min(2, len(topics)))
    )
    ReproducibilityRecord.objects.bulk_create(reproducibility(random, row, cast.at) for row in rows)
    numbers = [row.number for row in rows]
    fresh = list(edition.submissions.filter(number__in=numbers).prefetch_related("authors"))
    make_manuscripts(cast, edition, fresh, pages_of or (lambda row: Random(row.number).randint(7, 12)), check=check)
    add_conflicts(cast, edition, fresh)
    return fresh


def add_conflicts(cast: Cast, edition: Edition, rows: Sequence[Submission]) -> None:
    """Authorship and same-institution conflicts as they are, and now and then one that the authors declared."""
    members = list(edition.memberships.active().prefetch_related("affiliations"))
    homes = {member.pk: {home.institution for home in member.affiliations.all()} for member in members}
    made: list[Conflict] = []

    def add(row: Submission, member: Membership, source: str, kind: str, reason: str = "") -> None:
        made.append(
            Conflict(submission=row, membership=member, source=source, kind=kind, reason=reason, declared_at=cast.at)
        )

    for row in rows:
        emails = {author.email for author in row.authors.all()}
        institutions = {author.institution for author in row.authors.all()}
        for member in members:
            if member.email in emails:
                add(row, member, ConflictSource.AUTHORSHIP, ConflictKind.OTHER)
            elif shared := homes[member.pk] & institutions:
                add(row, member, ConflictSource.INSTITUTION, ConflictKind.INSTITUTION, ", ".join(sorted(shared)))
            elif cast.random.random() < 0.02:
                add(row, member, ConflictSource.AUTHOR, ConflictKind.COAUTHOR, "joint paper two years ago")
    Conflict.objects.bulk_create(made)


def barred_pairs(edition: Edition) -> set[tuple[int, int]]:
    """(submission, membership) pairs with a standing conflict."""
    rows = Conflict.objects.filter(submission__edition=edition, lifted_at__isnull=True)
    return set(rows.values_list("submission_id", "membership_id"))


def add_bids(cast: Cast, edition: Edition, rows: Sequence[Submission], members: Sequence[Membership]) -> None:
    barred = barred_pairs(edition)
    Bid.objects.bulk_create(
        Bid(membership=member, submission=row, value=cast.random.choice((-2, -1, 1, 1, 2)), changed_at=cast.at)
        for member in members
        for row in cast.random.sample(list(rows), min(len(rows), max(3, len(rows) // 6)))
        if (row.pk, member.pk) not in barred
    )


def add_assignments(
    cast: Cast, edition: Edition, rows: Sequence[Submission], members: Sequence[Membership], per_paper: int, by: User
) -> list[Assignment]:
    """Balanced and free of conflicts: each paper gets the least loaded reviewers that may read it."""
    barred = barred_pairs(edition)
    load = dict.fromkeys((member.pk for member in members), 0)
    made = []
    for row in rows:
        free = [member for member in members if (row.pk, member.pk) not in barred]
        cast.random.shuffle(free)
        for member in sorted(free, key=lambda one: load[one.pk])[:per_paper]:
            load[member.pk] += 1
            made.append(
                Assignment(submission=row, membership=member, assigned_by=by, assigned_at=cast.at - timedelta(days=10))
            )
    return Assignment.objects.bulk_create(made)


def add_reviews(
    cast: Cast, edition: Edition, assignments: Sequence[Assignment], share: Callable[[Assignment], float]
) -> None:
    """Reviews of about 370 words: submitted with probability `share(assignment)`, else sometimes begun."""
    random = cast.random
    quality: dict[int, float] = {}
    labels: dict[int, list[int]] = {}
    submitted: list[Review] = []
    drafts: list[Review] = []
    values = sorted(row["value"] for row in edition.scores)
    for assignment in assignments:
        pk = assignment.submission_id
        quality.setdefault(pk, random.gauss(0.3, 1.4))
        order = labels.setdefault(pk, random.sample(range(1, 11), 10))
        done = random.random() < share(assignment)
        if not done and random.random() < 0.6:
            continue
        wanted = quality[pk] + random.gauss(0, 0.9)
        when = cast.at - timedelta(hours=random.uniform(2, 200))
        review = Review(
            assignment=assignment,
            label=order.pop(),
            score=min(values, key=lambda value: abs(value - wanted)) if done else None,
            confidence=random.choice((2, 3, 3, 4)) if done else None,
            saved_at=when,
            submitted_at=when if done else None,
            **(words.review_text(random) if done else {"summary": words.paragraph(random, 40)}),
        )
        (submitted if done else drafts).append(review)
    seen = {review.assignment.membership.user_id: review.saved_at for review in [*submitted, *drafts]}
    for user in User.objects.filter(pk__in=[pk for pk in seen if pk]):
        User.objects.filter(pk=user.pk).update(last_login=seen[user.pk])
    relabel(submitted + drafts)
    Review.objects.bulk_create(submitted + drafts)
    ReviewVersion.objects.bulk_create(
        ReviewVersion(
            review=review,
            number=1,
            fields={name: getattr(review, name) for name in Review.FIELDS},
            saved_at=review.saved_at,
            saved_by=review.assignment.membership.user or review.assignment.assigned_by,
            is_submitted=review.submitted_at is not None,
        )
        for review in submitted + drafts
    )


def relabel(rows: Sequence[Review]) -> None:
    """Turn the drawn labels into 1, 2, 3 per submission, keeping their order by chance."""
    by_paper: dict[int, list[Review]] = {}
    for review in rows:
        by_paper.setdefault(review.assignment.submission_id, []).append(review)
    for group in by_paper.values():
        for label, review in enumerate(sorted(group, key=lambda one: one.label), start=1):
            review.label = label


@transaction.atomic
def fill(edition: Edition, *, submissions: int, reviewers: int, per_paper: int, seed: int, at: datetime) -> None:
    """What `fill_edition` does: reviewers, submissions, bids, conflicts, assignments and submitted reviews."""
    cast = Cast(random=Random(f"{seed}:{edition.slug}"), at=at)
    members = add_members(cast, edition, cast.invite(reviewers), is_reviewer=True)
    rows = add_submissions(cast, edition, submissions)
    add_bids(cast, edition, rows, members)
    chair = edition.memberships.chairs().select_related("user").first()
    by = chair.user if chair and chair.user else cast.people[0].user
    made = add_assignments(cast, edition, rows, members, per_paper, by)
    add_reviews(cast, edition, made, lambda assignment: 1.0)
