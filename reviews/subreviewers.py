"""Sub-reviewers as chairs see them: who she is to the authors and the committee, and who gets credit for what."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from allauth.account.models import EmailAddress
from django.core import signing
from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower

from dlonsc.accounts.models import User
from dlonsc.editions.invitations import LINK_LASTS
from dlonsc.editions.models import Membership
from reviews.conflicts import conflict_reasons
from reviews.models import Assignment, ReviewVersion, SubReviewer, SubReviewerQuerySet
from submissions.conflicts import FREE_MAIL, Homes, Spellings, domain_of, homes_of_authors, registered_domain
from submissions.models import Submission

SALT = "reviews.sub_reviewer"


@dataclass
class Findings:
    """What was computed of a person and a submission. Nobody is agreed to whom something bars; the rest is weighed."""

    bars: list[str] = field(default_factory=list)
    weighs: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.bars or self.weighs)


def account_of(email: str) -> User | None:
    """Whose verified address it is."""
    row = EmailAddress.objects.annotate(low=Lower("email")).filter(low=email.lower(), verified=True).first()
    return row.user if row else None


def findings(row: SubReviewer, user: User | None = None) -> Findings:
    """Who the named person is to the authors and the committee, by every address of her account. For chairs alone.

    `user` is the account that accepts; without one, the account that has verified the invited address.
    """
    submission = row.assignment.submission
    user = user or row.user or account_of(row.email)
    addresses = {row.email.lower(), *(user.verified_emails if user else ())}
    found = Findings()
    authors = list(submission.authors.all())
    if addresses & {author.email.lower() for author in authors} or (user and user.pk == submission.created_by_id):
        found.bars.append("She is an author of the submission, or made it.")
    elif Spellings.plain(row.name) in {Spellings.plain(author.name) for author in authors}:
        found.weighs.append("An author of the submission has the same name.")
    _as_member(found, row, user, addresses)
    if _helps_another(row, user, addresses):
        found.bars.append("She is the sub-reviewer of another reviewer of this submission.")
    _by_home(found, row, submission, user, addresses)
    return found


def _as_member(found: Findings, row: SubReviewer, user: User | None, addresses: set[str]) -> None:
    """What the committee knows of her."""
    submission = row.assignment.submission
    members = Membership.objects.filter(edition=submission.edition_id, removed_at__isnull=True)
    reasons = conflict_reasons([submission.pk])
    for member in members.annotate(low=Lower("email")).order_by("pk"):
        if member.low not in addresses and not (user and member.user_id == user.pk):  # type: ignore[attr-defined]
            continue
        if member.is_chair:
            found.bars.append("She is a chair of this edition.")
        if Assignment.objects.standing().filter(submission=submission, membership=member).exists():
            found.bars.append("She reviews this submission herself.")
        for words in reasons.get((submission.pk, member.pk), ()):
            found.bars.append(f"She is in conflict as a member of the committee: {words}.")


def _helps_another(row: SubReviewer, user: User | None, addresses: set[str]) -> bool:
    others = SubReviewer.objects.standing().filter(assignment__submission=row.assignment.submission_id, is_agreed=True)
    return any(
        other.email.lower() in addresses or (user is not None and other.user_id == user.pk)
        for other in others.exclude(pk=row.pk)
    )


def _by_home(found: Findings, row: SubReviewer, submission: Submission, user: User | None, addresses: set[str]) -> None:
    """Institutions and mail domains that she shares with an author."""
    spell = Spellings(submission.edition_id)
    authors = homes_of_authors(submission, spell)
    hers = Homes({spell.one(row.institution): row.institution}, {domain_of(one): one for one in addresses})
    for home in user.affiliations.all() if user else ():
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
    """A signed capability (HMAC-SHA256) to answer this one invitation; it ends with the row."""
    return signing.dumps(row.pk, salt=SALT)


def read_token(token: str) -> int | None:
    """The row of a genuine token of the last LINK_LASTS; None for any other text."""
    try:
        return int(signing.loads(token, salt=SALT, max_age=LINK_LASTS))
    except (signing.BadSignature, ValueError, TypeError):
        return None
