"""Conflicts of interest that follow from institutions and mail domains, over all of a person's homes and addresses."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction

from dlonsc.accounts.models import Affiliation
from dlonsc.editions.models import Edition, InstitutionAlias, Membership, MembershipAffiliation, MembershipQuerySet
from dlonsc.history.models import Entry
from submissions.models import Author, Conflict, ConflictKind, ConflictSource, Submission

# Sharing a mail provider is no shared institution. The addresses that the demo's people sign in with share one too.
FREE_MAIL = frozenset(
    [
        "demo.example",
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "yahoo.com",
        "icloud.com",
        "me.com",
        "gmx.de",
        "gmx.net",
        "web.de",
        "proton.me",
        "protonmail.com",
        "qq.com",
        "163.com",
        "126.com",
        "foxmail.com",
        "mail.ru",
        "yandex.ru",
        "orcid.org",
        "aol.com",
        "zoho.com",
    ]
)
# Second-level labels under which institutions register: cs.ox.ac.uk belongs to ox.ac.uk, not to ac.uk.
SECOND_LEVEL = frozenset(["ac", "edu", "gov", "co", "com", "org", "net", "go", "or", "ne", "gob", "gouv"])


def registered_domain(domain: str) -> str:
    """The institution's part of a mail domain: cs.uni.example -> uni.example, hpc.ox.ac.uk -> ox.ac.uk."""
    labels = domain.strip().lower().strip(".").split(".")
    if len(labels) < 2:
        return ""
    keep = 3 if len(labels) > 2 and labels[-2] in SECOND_LEVEL and len(labels[-1]) == 2 else 2
    return ".".join(labels[-keep:])


def domain_of(email: str) -> str:
    return registered_domain(email.rpartition("@")[2])


@dataclass
class Homes:
    """Institutions and domains of one person or of a list of authors, in one spelling; values are words to show."""

    institutions: dict[str, str]
    domains: dict[str, str]


@dataclass(frozen=True)
class Computed:
    membership: Membership
    source: ConflictSource
    explanation: str
    # What of the authors' side it was found by (`shown_by_authors`).
    found_by: frozenset[str]


class Spellings:
    """One spelling per institution of an edition: its aliases, without regard to case and spaces."""

    def __init__(self, edition_id: int) -> None:
        rows = InstitutionAlias.objects.filter(edition=edition_id).values_list("alias", "institution")
        self.aliases = {self.plain(alias): self.plain(institution) for alias, institution in rows}

    @staticmethod
    def plain(name: str) -> str:
        return " ".join(name.casefold().replace(".", " ").replace(",", " ").split())

    def one(self, name: str) -> str:
        plain = self.plain(name)
        return self.aliases.get(plain, plain)


def homes_of_authors(authors: Iterable[Author], spell: Spellings) -> Homes:
    homes = Homes({}, {})
    for author in authors:
        if author.institution:
            homes.institutions.setdefault(spell.one(author.institution), f"{author.institution}: {author.name}")
        domain = domain_of(author.email)
        if domain and domain not in FREE_MAIL:
            homes.domains.setdefault(domain, f"{domain}: {author.name}")
    return homes


def homes_of_member(member: Membership, emails: Iterable[str], spell: Spellings) -> Homes:
    homes = Homes({}, {})
    own = list(member.user.affiliations.all()) if member.user else []
    homes_of_both: list[MembershipAffiliation | Affiliation] = [*member.affiliations.all(), *own]
    for home in homes_of_both:
        if home.institution:
            homes.institutions.setdefault(spell.one(home.institution), home.institution)
        if home.domain:
            homes.domains.setdefault(registered_domain(home.domain), home.domain)
    for email in emails:
        homes.domains.setdefault(domain_of(email), domain_of(email))
    return homes


class Committee:
    """An edition's members with their addresses and homes, read once for any number of submissions.

    `among` are those to look at; without it everybody who may yet review, also who has not answered the invitation.
    `for_authors`: as far as authors are told while they write their list. Whose an address or an ORCID iD is, and where
    else a member has an address, they would read by listing it.
    """

    def __init__(self, edition_id: int, among: MembershipQuerySet | None = None, *, for_authors: bool = False) -> None:
        self.for_authors = for_authors
        self.spell = Spellings(edition_id)
        everybody = Membership.objects.filter(edition=edition_id, removed_at__isnull=True, declined_at__isnull=True)
        members = (
            (everybody if among is None else among)
            .select_related("user")
            .prefetch_related("affiliations", "user__affiliations")
        )
        verified: dict[int, list[str]] = {}
        rows = EmailAddress.objects.filter(verified=True, user__memberships__edition=edition_id)
        for user, email in rows.values_list("user_id", "email"):
            verified.setdefault(user, []).append(email.lower())
        self.members: list[tuple[Membership, set[str], Homes]] = []
        for member in members:
            addresses = {member.email.lower(), *verified.get(member.user_id or 0, ())} - {""}
            at_home = {member.email.lower()} - {""} if for_authors else addresses
            self.members.append((member, addresses, homes_of_member(member, at_home, self.spell)))


def computed_conflicts(submission: Submission, committee: Committee | None = None) -> list[Computed]:
    """Members that share a home or are an author, each with one source and its words. A constant number of queries."""
    committee = committee or Committee(submission.edition_id)
    rows = list(submission.authors.all())
    authors, shown = homes_of_authors(rows, committee.spell), shown_by_authors(rows)
    confirmed = {author.email.lower() for author in rows if author.confirmed_at is not None}
    found = []
    for member, addresses, homes in committee.members:
        hers = set() if committee.for_authors else addresses | ({member.user.orcid} if member.user else set())
        hers |= {CREATOR} if member.user_id is not None and member.user_id == submission.created_by_id else set()
        hers |= {CONFIRMED} if addresses & confirmed else set()
        if by := shown[ConflictSource.AUTHORSHIP] & hers:
            found.append(Computed(member, ConflictSource.AUTHORSHIP, "is an author or the submitter", by))
            continue
        institutions = authors.institutions.keys() & homes.institutions.keys()
        domains = (authors.domains.keys() & homes.domains.keys()) - FREE_MAIL - {""}
        if institutions:
            words = "; ".join(sorted(authors.institutions[name] for name in institutions))
            names = {name for name in shown[ConflictSource.INSTITUTION] if committee.spell.one(name) in institutions}
            found.append(Computed(member, ConflictSource.INSTITUTION, words, frozenset(names)))
        elif domains:
            words = "; ".join(sorted(authors.domains[name] for name in domains))
            found.append(Computed(member, ConflictSource.DOMAIN, words, frozenset(domains)))
    return found


COMPUTED = (ConflictSource.AUTHORSHIP, ConflictSource.INSTITUTION, ConflictSource.DOMAIN)
CREATOR, CONFIRMED = "creator", "confirmed"
# Verbs of the history that only an author does to her paper: whoever did one says by it, too, that she wrote it.
WROTE = (
    "changed the details",
    "changed the author list",
    "changed the reproducibility record",
    "declared conflicts",
    "uploaded a PDF",
    "added a supplementary file",
    "removed a supplementary file",
    "submitted",
    "withdrew",
    "restored",
    "asked the chairs",
    "asked to change the author list",
)


def writers_of(submission: Submission) -> set[int]:
    """The accounts (primary keys) that wrote in it as its authors."""
    wrote = Entry.objects.about(submission.label).filter(verb__in=WROTE).values_list("by_id", flat=True)
    return {person for person in wrote if person is not None}


def shown_by_authors(authors: Iterable[Author]) -> dict[ConflictSource, frozenset[str]]:
    """What a conflict of each computed source can be found by, on the authors' side alone.

    Addresses and ORCID iDs, institutions as the authors spell them (aliases are the chairs'), registered domains.
    Nothing that an author does later takes away that somebody created the submission, or confirmed that she wrote it or
    wrote in it.
    """
    authors = list(authors)
    people = ({author.email.lower() for author in authors} | {author.identifying_orcid for author in authors}) - {""}
    return {
        ConflictSource.AUTHORSHIP: frozenset({*people, CREATOR, CONFIRMED}),
        ConflictSource.INSTITUTION: frozenset({Spellings.plain(author.institution) for author in authors} - {""}),
        ConflictSource.DOMAIN: frozenset(domain_of(author.email) for author in authors),
    }


@transaction.atomic
def refresh_conflicts(submission: Submission, at: datetime, committee: Committee | None = None) -> None:
    """Store what the homes say now. A conflict goes again only with what the authors took away from a draft.

    What a member changes in her profile lifts nothing of hers, and nothing goes that stood while the paper was
    submitted: a chair decides. One that a chair has lifted is not set again, but for who is listed as an author.
    """
    # Whoever changes the author list at the same time is waited for: a list from before would take away again what it
    # has just found.
    submission = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
    now = {(one.membership.pk, one.source): one for one in computed_conflicts(submission, committee)}
    shown = shown_by_authors(submission.authors.all())
    was_submitted = submission.submitted_at is not None
    known = set()
    writers = writers_of(submission)
    for row in Conflict.objects.filter(submission=submission, source__in=COMPUTED).select_related("membership"):
        key = (row.membership_id, ConflictSource(row.source))
        if row.lifted_at is None or row.source != ConflictSource.AUTHORSHIP:
            known.add(key)
        if row.lifted_at is None:
            found = now[key].found_by if key in now else frozenset[str]()
            found |= {CONFIRMED} if row.membership.user_id in writers else set()
            keep_what_is_shown(row, (found | set(row.found_by)) & shown[key[1]], was_submitted=was_submitted)
    new = (
        Conflict(
            submission=submission,
            membership=one.membership,
            source=one.source,
            kind=ConflictKind.OTHER if one.source == ConflictSource.AUTHORSHIP else ConflictKind.INSTITUTION,
            reason=one.explanation,
            declared_at=at,
            found_by=sorted(one.found_by),
            was_submitted=was_submitted,
        )
        for key, one in now.items()
        if key not in known
    )
    # Whoever finds the same at the same time has written it.
    Conflict.objects.bulk_create(new, ignore_conflicts=True)


def keep_what_is_shown(row: Conflict, found_by: frozenset[str], *, was_submitted: bool) -> None:
    """Delete a conflict that nothing on the authors' side shows any more, unless the paper was submitted with it."""
    was_submitted = was_submitted or row.was_submitted
    if not found_by and not was_submitted:
        row.delete()
    elif (row.found_by, row.was_submitted) != (sorted(found_by), was_submitted):
        row.found_by, row.was_submitted = sorted(found_by), was_submitted
        row.save(update_fields=["found_by", "was_submitted"])


def move_conflicts(ended: Membership, place: Membership) -> None:
    """What was declared or found of somebody at one row of hers holds for the place that she has."""
    # The papers first, all that are refreshed next and in that order: who holds one may wait for a conflict of it.
    list(Submission.objects.filter(edition=place.edition_id).select_for_update(no_key=True).order_by("pk").values("pk"))
    standing = set(place.conflicts.filter(lifted_at__isnull=True).values_list("submission_id", "source"))
    for row in Conflict.objects.filter(membership=ended):
        if row.lifted_at is not None or (row.submission_id, row.source) not in standing:
            row.membership = place
            row.save(update_fields=["membership"])


def refresh_edition(edition: Edition, at: datetime) -> None:
    """Refresh every paper: after members join, or change their homes. Decided and withdrawn ones are secrets too.

    Each in a transaction of its own, unless the caller has one; then in the order in which an announcement takes them.
    """
    committee = Committee(edition.pk)
    for submission in Submission.objects.filter(edition=edition).order_by("pk"):
        refresh_conflicts(submission, at, committee)
