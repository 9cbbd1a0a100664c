"""Sub-reviewers as chairs see them: who she is to the authors and the committee, and who gets credit for what."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from allauth.account.models import EmailAddress
from django.core import signing
from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower

from dlonsc import codes
from dlonsc.accounts.models import Affiliation, User
from dlonsc.editions.invitations import LINK_LASTS
from dlonsc.editions.models import Membership
from reviews.conflicts import conflict_reasons
from reviews.models import Assignment, ReviewVersion, SubReviewer, SubReviewerQuerySet
from submissions.conflicts import FREE_MAIL, Homes, Spellings, domain_of, homes_of_authors, registered_domain
from submissions.models import Author, Submission

SALT = "reviews.sub_reviewer"


@dataclass
class Findings:
    """What was computed of a person and a submission. Nobody is agreed to whom something bars; the rest is weighed."""

    bars: list[str] = field(default_factory=list)
    weighs: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.bars or self.weighs)


class Known:
    """What findings are made of, read once for any number of rows of one edition."""

    def __init__(self, rows: Sequence[SubReviewer]) -> None:
        papers = {row.assignment.submission_id: row.assignment.submission for row in rows}
        edition = next(iter(papers.values())).edition_id
        self.spell = Spellings(edition)
        self.authors: dict[int, list[Author]] = {paper: [] for paper in papers}
        for author in Author.objects.filter(submission__in=papers):
            self.authors[author.submission_id].append(author)
        members = Membership.objects.filter(edition=edition, removed_at__isnull=True)
        self.members = [(one, one.email.lower()) for one in members.order_by("pk")]
        self.reasons = conflict_reasons(papers)
        tasks = Assignment.objects.standing().filter(submission__in=papers)
        self.tasks = set(tasks.values_list("submission_id", "membership_id"))
        self.helpers: dict[int, list[SubReviewer]] = {paper: [] for paper in papers}
        helpers = SubReviewer.objects.standing().filter(assignment__submission__in=papers, is_agreed=True)
        for row in helpers.select_related("assignment"):
            self.helpers[row.assignment.submission_id].append(row)
        # Whose verified address it is.
        self.owners: dict[str, User] = {}
        verified = EmailAddress.objects.annotate(low=Lower("email")).filter(verified=True)
        invited = verified.filter(low__in={row.email.lower() for row in rows}).select_related("user")
        for address in invited.order_by("-pk"):
            self.owners[address.low] = address.user


class People:
    """The addresses and homes of accounts, read once."""

    def __init__(self, users: Iterable[User]) -> None:
        ids = {user.pk for user in users}
        self.addresses: dict[int, set[str]] = {pk: set() for pk in ids}
        rows = EmailAddress.objects.filter(user__in=ids, verified=True)
        for user, email in rows.values_list("user_id", "email"):
            self.addresses[user].add(email.lower())
        self.homes: dict[int, list[Affiliation]] = {pk: [] for pk in ids}
        for home in Affiliation.objects.filter(user__in=ids):
            self.homes[home.user_id].append(home)


def findings(row: SubReviewer, user: User | None = None) -> Findings:
    """Who the named person is to the authors and the committee, by every address of her account. For chairs alone.

    `user` is the account that accepts; without one, the account that has verified the invited address.
    """
    return findings_of([row], user)[0]


def findings_of(rows: Sequence[SubReviewer], user: User | None = None) -> list[Findings]:
    """`findings` of rows of one edition, in their order. A constant number of queries."""
    if not rows:
        return []
    known = Known(rows)
    users = [user or row.user or known.owners.get(row.email.lower()) for row in rows]
    people = People(one for one in users if one is not None)
    return [_found(row, one, known, people) for row, one in zip(rows, users, strict=True)]


def _found(row: SubReviewer, user: User | None, known: Known, people: People) -> Findings:
    submission = row.assignment.submission
    addresses = {row.email.lower(), *(people.addresses[user.pk] if user else ())}
    found = Findings()
    authors = known.authors[submission.pk]
    if addresses & {author.email.lower() for author in authors} or (user and user.pk == submission.created_by_id):
        found.bars.append("She is an author of the submission, or made it.")
    elif Spellings.plain(row.name) in {Spellings.plain(author.name) for author in authors}:
        found.weighs.append("An author of the submission has the same name.")
    _as_member(found, submission, user, addresses, known)
    if _helps_another(row, user, addresses, known):
        found.bars.append("She is the sub-reviewer of another reviewer of this submission.")
    homes = people.homes[user.pk] if user else []
    _by_home(found, row, homes, addresses, known)
    return found


def _as_member(found: Findings, submission: Submission, user: User | None, addresses: set[str], known: Known) -> None:
    """What the committee knows of her."""
    for member, email in known.members:
        if email not in addresses and not (user and member.user_id == user.pk):
            continue
        if member.is_chair:
            found.bars.append("She is a chair of this edition.")
        if (submission.pk, member.pk) in known.tasks:
            found.bars.append("She reviews this submission herself.")
        for words in known.reasons.get((submission.pk, member.pk), ()):
            found.bars.append(f"She is in conflict as a member of the committee: {words}.")


def _helps_another(row: SubReviewer, user: User | None, addresses: set[str], known: Known) -> bool:
    return any(
        other.email.lower() in addresses or (user is not None and other.user_id == user.pk)
        for other in known.helpers[row.assignment.submission_id]
        if other.pk != row.pk
    )


def _by_home(
    found: Findings, row: SubReviewer, homes: Iterable[Affiliation], addresses: set[str], known: Known
) -> None:
    """Institutions and mail domains that she shares with an author."""
    spell = known.spell
    authors = homes_of_authors(known.authors[row.assignment.submission_id], spell)
    hers = Homes({spell.one(row.institution): row.institution}, {domain_of(one): one for one in addresses})
    for home in homes:
        hers.institutions.setdefault(spell.one(home.institution), home.institution)
        if home.domain:
            hers.domains.setdefault(registered_domain(home.domain), home.domain)
    institutions = authors.institutions.keys() & hers.institutions.keys()
    domains = (authors.domains.keys() & hers.domains.keys()) - FREE_MAIL - {""}
    if institutions:
        words = "; ".join(sorted(authors.institutions[name] for name in institutions))
        found.weighs.append(f"Same institution as an author ({words}).")
    elif domains:
        words = "; ".join(sorted(authors.domains[name] for name in domains))
        found.weighs.append(f"Same mail domain as an author ({words}).")


def credited(rows: SubReviewerQuerySet) -> SubReviewerQuerySet:
    """Those who saved a text of a review that is submitted and counts, whatever ended their part."""
    typed = ReviewVersion.objects.filter(review__assignment=OuterRef("assignment"), saved_by=OuterRef("user"))
    standing = Assignment.objects.standing().filter(review__submitted_at__isnull=False)
    return rows.filter(Exists(typed), assignment__in=standing, accepted_at__isnull=False)


def written_with(assignments: Iterable[Assignment]) -> dict[int, list[SubReviewer]]:
    """Who is credited with each review, by the assignment's primary key. One query."""
    found: dict[int, list[SubReviewer]] = {}
    for row in credited(SubReviewer.objects.filter(assignment__in=[one.pk for one in assignments])):
        found.setdefault(row.assignment_id, []).append(row)
    return found


def show_credit(assignments: Iterable[Assignment]) -> None:
    """Put what the chairs' pages say beside a review on each assignment, as `written_with`."""
    rows = list(assignments)
    found = written_with(rows)
    for one in rows:
        one.written_with = found.get(one.pk, [])  # type: ignore[attr-defined]


def token_of(row: SubReviewer) -> str:
    """A signed capability (HMAC-SHA256) to answer this one invitation; it ends with the row.

    It can be read by whoever has it: so it holds the row's code, as addresses do.
    """
    return signing.dumps(codes.code("sub_reviewer", row.pk), salt=SALT)


def read_token(token: str) -> int | None:
    """The row of a genuine token of the last LINK_LASTS; None for any other text."""
    try:
        found = signing.loads(token, salt=SALT, max_age=LINK_LASTS)
        # Letters from before hold the number itself.
        return codes.number("sub_reviewer", found) if isinstance(found, str) else int(found)
    except (signing.BadSignature, ValueError, TypeError):
        return None
