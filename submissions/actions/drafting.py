"""What authors do while they write: start a draft, fill it, list authors, declare conflicts, describe what was run."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from dlonsc.accounts.models import User
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition, Membership, Topic
from dlonsc.posted import fingerprint
from submissions import emails, telling
from submissions.access import open_to
from submissions.actions.moves import (
    A_PRESS,
    DECIDED,
    PRESSED_TWICE,
    Refused,
    Stale,
    is_open_to_change,
    may_recast,
    note,
    too_late,
    window_of,
)
from submissions.conflicts import refresh_conflicts
from submissions.models import (
    Author,
    AuthorListRequest,
    Conflict,
    ConflictSource,
    Question,
    ReproducibilityRecord,
    Submission,
    SubmissionQuerySet,
    Supplement,
)
from submissions.states import State

# Each of them gets a letter with the whole list: a list has an end, and so has what one press can write.
MOST_AUTHORS = 50
# Of one account in one edition: an account is free, and each draft stands in the chairs' lists and is reminded of.
MOST_DRAFTS = 20
LEFT_OUT = (
    "None of the addresses in this list is one that you have confirmed, so you could not open the paper any more. Keep "
    "such an address of yours in the list. If you are no author, another author can take you off it."
)


@dataclass(frozen=True)
class AuthorEntry:
    """One line of an author list, as printed."""

    name: str
    email: str
    institution: str = ""
    town: str = ""
    country: str = ""
    orcid: str = ""
    is_contact: bool = False


def may_write(submission: Submission, at: datetime) -> bool:
    """Whether authors may still change text and conflicts: until a decision is known, for a held one must not show."""
    return is_in_play(submission, at) and is_open_to_change(submission, at)


def may_upload(submission: Submission, at: datetime) -> bool:
    """Whether a file of theirs is in time: also until a date that the chairs gave to this submission alone."""
    return is_in_play(submission, at) and window_of(submission, Phase.SUBMISSION, received_at=at).accepts


def is_in_play(submission: Submission, at: datetime) -> bool:
    return submission.state in {State.DRAFT, State.SUBMITTED} and not submission.outcome_known(at)


def may_list(submission: Submission, at: datetime) -> bool:
    """Whether authors may still change their list by themselves; afterwards they ask, and all are told."""
    return may_write(submission, at) and may_recast(submission, at)


def require_open(submission: Submission, at: datetime) -> None:
    submission.refresh_from_db(fields=["state", "outcome", "announced_at"])
    if submission.outcome_known(at):
        raise Refused(DECIDED)
    if submission.state not in {State.DRAFT, State.SUBMITTED}:
        raise Refused(f"This submission is {submission.get_state_display().lower()}.")
    if not may_write(submission, at):
        raise Refused(too_late(submission.edition, at))


def create_draft(*, edition: Edition, title: str, by: User, at: datetime) -> Submission:
    """Start a draft with only a title; its creator is its first author. The number is unique in the edition.

    Pressed twice it is one draft.
    """
    if not edition.window(Phase.SUBMISSION, received_at=at).accepts:
        raise Refused("Submission is closed: the deadline has passed. Ask the chairs about a late paper.")
    drafts = Submission.objects.drafts().filter(edition=edition, created_by=by, title=title)
    for attempt in range(20):
        # The number first: a draft that another press writes after this look takes the same one.
        last = Submission.objects.filter(edition=edition).aggregate(last=Max("number"))["last"] or 0
        if begun := drafts.filter(created_at__gt=at - A_PRESS).first():
            return begun
        require_room(started_by(edition, by))
        try:
            with transaction.atomic():
                return write_draft(edition, last + 1, title, by, at)
        except IntegrityError:
            # Somebody took the number in the same moment.
            if attempt == 19:
                raise
    raise AssertionError("unreachable")


def started_by(edition: Edition, owner: User) -> SubmissionQuerySet:
    """The drafts of an account; what she was taken off is not hers any more."""
    return Submission.objects.drafts().filter(edition=edition, created_by=owner, creator_left=False)


def require_room(drafts: SubmissionQuerySet) -> None:
    """Refuse one draft more to who has as many as an account may have; `drafts` are those that count."""
    if drafts.count() >= MOST_DRAFTS:
        raise Refused(f"You have {MOST_DRAFTS} drafts here. Submit one of them, or withdraw one, before another.")


def write_draft(edition: Edition, number: int, title: str, by: User, at: datetime) -> Submission:
    submission = Submission.objects.create(
        edition=edition, number=number, title=title, created_by=by, created_at=at, changed_at=at
    )
    home = by.affiliations.filter(until__isnull=True).first()
    Author.objects.create(
        submission=submission,
        position=1,
        name=by.name,
        email=by.email,
        institution=home.institution if home else "",
        town=home.town if home else "",
        country=home.country if home else "",
        orcid=by.orcid,
        is_contact=True,
        confirmed_at=at,
    )
    ReproducibilityRecord.objects.create(submission=submission, changed_at=at)
    refresh_conflicts(submission, at)
    note("started a draft", submission, by=by, at=at)
    return submission


@transaction.atomic
def update_details(
    *,
    submission: Submission,
    version: int,
    title: str,
    abstract: str,
    keywords: str,
    topics: Sequence[Topic],
    is_original: bool,
    by: User,
    at: datetime,
) -> Submission:
    """Save the fields of the form. Raises Stale with the newer values when another window saved first."""
    require_open(submission, at)
    values = {"title": title, "abstract": abstract, "keywords": keywords, "is_original": is_original}
    rows = Submission.objects.filter(pk=submission.pk, version=version)
    if not rows.update(**values, version=F("version") + 1, changed_at=at):
        submission.refresh_from_db()
        theirs = {name: getattr(submission, name) for name in values}
        if theirs == values and set(submission.topics.all()) == set(topics):
            return submission  # the same words a second time: a save on leaving the page was quicker than the page
        raise Stale("Another window or co-author saved a newer text. Yours is still in the form below.", theirs)
    submission.topics.set(topics)
    submission.refresh_from_db()
    note("changed the details", submission, by=by, at=at, title=title)
    return submission


def listed(submission: Submission) -> list[dict[str, Any]]:
    """The author list as plain values, in order."""
    names = ("name", "email", "institution", "town", "country", "orcid", "is_contact")
    return [{name: getattr(row, name) for name in names} for row in submission.authors.all()]


def version_of_authors(submission: Submission) -> str:
    """What stands for the author list, and for the rows typed into it that cannot be saved yet, when two save it."""
    return fingerprint([listed(submission), submission.typed.get("authors", {})])


def require_version_of_authors(submission: Submission, version: str) -> None:
    """Raise Stale when the list that a window showed, if it says which, is not the one that stands."""
    if version and version != version_of_authors(submission):
        raise Stale("Another window or co-author saved a newer list. Yours is still in the form below.", {})


def check_entries(entries: Sequence[AuthorEntry]) -> None:
    """Refuse an empty list, one that is too long, an address twice (naming the row), all but one contact author."""
    if not entries:
        raise Refused("A submission needs at least one author.")
    if len(entries) > MOST_AUTHORS:
        raise Refused(f"A submission has at most {MOST_AUTHORS} authors; this list has {len(entries)}.")
    seen: dict[str, int] = {}
    for row, entry in enumerate(entries, start=1):
        email = entry.email.lower()
        if email in seen:
            raise Refused(f"Row {row}: {entry.email} is also in row {seen[email]}. Each author has an own address.")
        seen[email] = row
    if sum(entry.is_contact for entry in entries) != 1:
        raise Refused("Mark exactly one author as contact author.")


@transaction.atomic
def set_authors(
    *,
    submission: Submission,
    entries: Sequence[AuthorEntry],
    by: User,
    at: datetime,
    version: str = "",
    tell: bool = False,
) -> None:
    """Write the author list in its order. Frozen once the deadline has passed: then a change is a request.

    Raises Stale when `version`, that of the list that was shown, is not the one that stands any more.
    `tell` sends the receipt of a submitted paper to who has none yet: not while an address is still being typed. Then
    the beat does, once the list is at rest (submissions.telling).
    """
    # Whoever announces at the same time waits here or is waited for: letters go to the list that stands.
    Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
    submission.refresh_from_db()
    if not may_list(submission, at):
        raise Refused("The author list is frozen since the deadline. Ask for a change instead; all authors are told.")
    before = listed(submission)
    # The same list a second time is a second press, unless rows that were typed meanwhile would give way to it.
    if submission.typed.get("authors") or before != [
        asdict(entry) | {"email": entry.email.lower()} for entry in entries
    ]:
        require_version_of_authors(submission, version)
    check_entries(entries)
    write_authors(submission, entries, at, by=by)
    if not Submission.objects.filter(open_to(by), pk=submission.pk).exists():
        raise Refused(LEFT_OUT)
    refresh_conflicts(submission, at)
    is_changed = listed(submission) != before
    if is_changed:
        note("changed the author list", submission, by=by, at=at, before=before, after=listed(submission))
    if submission.state != State.SUBMITTED:
        return
    if tell:
        telling.send_missing_receipts(submission, at)
    elif is_changed:
        Submission.objects.filter(pk=submission.pk).update(authors_untold_since=at)


def proven_rows(person: User, rows: Iterable[Author | AuthorEntry]) -> set[str]:
    """The addresses of a list's rows that this person has proven."""
    return {row.email.lower() for row in rows} & set(person.verified_emails)


def named_rows(person: User, rows: Iterable[Author | AuthorEntry]) -> set[str]:
    """The addresses of a list's rows that have the name of her account, and that nobody has confirmed.

    Whether another account has proven one is not asked: it would be read from what becomes of a draft.
    """
    name = plain(person.name)
    named = [row for row in rows if name and plain(row.name) == name]
    return {row.email.lower() for row in named if getattr(row, "confirmed_at", None) is None}


def plain(name: str) -> str:
    return " ".join(name.casefold().split())


def write_authors(submission: Submission, entries: Sequence[AuthorEntry], at: datetime, *, by: User) -> None:
    """The list as `by` wants it. Who started the submission is off by another's list that leaves out a row of hers.

    A row that was hers is hers as long as its address stands, however her name is printed meanwhile. A name alone says
    little, for two can have it and an account can be renamed: it counts where no address says more, and of a row that
    another has left standing it does not say later that it was hers.
    """
    creator, standing = submission.created_by, {entry.email.lower() for entry in entries}
    before = list(submission.authors.all())
    was_hers = {row.email.lower() for row in before if row.is_creators} | proven_rows(creator, before)
    was_hers = was_hers or named_rows(creator, before)
    proven = proven_rows(creator, entries)
    is_hers = (was_hers & standing) | proven
    is_hers = is_hers or (named_rows(creator, entries) - {row.email.lower() for row in before})
    if proven:
        submission.creator_left = False
    elif by != creator and was_hers and not is_hers:
        submission.creator_left = True
    confirmed = {row.email.lower(): row.confirmed_at for row in before}
    # As in printing.save_details: what comes once the outcome is known names nobody.
    naming = {row.identifying_orcid for row in before} if submission.outcome_known(at) else None
    submission.authors.all().delete()
    Author.objects.bulk_create(
        Author(
            submission=submission,
            position=position,
            confirmed_at=confirmed.get(entry.email.lower()),
            is_creators=entry.email.lower() in is_hers,
            orcid_is_late=naming is not None and entry.orcid not in naming,
            **(asdict(entry) | {"email": entry.email.lower()}),
        )
        for position, entry in enumerate(entries, start=1)
    )
    Submission.objects.filter(pk=submission.pk).update(changed_at=at, creator_left=submission.creator_left)
    submission._prefetched_objects_cache = {}  # type: ignore[attr-defined]


@transaction.atomic
def confirm_authorship(*, submission: Submission, email: str, by: User, at: datetime) -> None:
    """A co-author opened the submission with her verified address: its chip says confirmed, and whose row it is.

    One row at a time: two that were confirmed together would tell the others that both addresses are hers.
    """
    if email.lower() not in by.verified_emails:
        raise Refused("Only an address of yours that you have proven can be confirmed.")
    # A list that is being saved is waited for, in the same order of locks.
    Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
    rows = submission.authors.annotate(low=Lower("email")).filter(low=email.lower())
    rows.filter(confirmed_at__isnull=True).update(confirmed_at=at, is_creators=by.pk == submission.created_by_id)
    refresh_conflicts(Submission.objects.get(pk=submission.pk), at)


@transaction.atomic
def request_author_change(
    *,
    submission: Submission,
    entries: Sequence[AuthorEntry],
    reason: str,
    by: User,
    at: datetime,
    version: str = "",
) -> AuthorListRequest:
    """After the deadline: old list, new list and reason, to all authors of both lists and to the chairs.

    Raises Stale when `version`, that of the list that was shown, is not the one that stands any more: granted, it would
    undo what others had asked for.
    """
    # Whoever asks, grants or withdraws at the same time waits here or is waited for.
    Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
    submission.refresh_from_db()
    if may_list(submission, at):
        raise Refused("The author list can still be changed directly.")
    if submission.state != State.SUBMITTED:
        raise Refused("Only a submitted paper has an author list to change.")
    check_entries(entries)
    if not reason.strip():
        raise Refused("Say why the list changes; all authors read it.", "reason")
    if AuthorListRequest.objects.filter(submission=submission, decided_at__isnull=True).exists():
        raise Refused("A request is waiting for the chairs already.")
    require_version_of_authors(submission, version)
    request = AuthorListRequest.objects.create(
        submission=submission,
        old_list=listed(submission),
        new_list=[asdict(entry) for entry in entries],
        reason=reason.strip(),
        requested_by=by,
        requested_at=at,
    )
    note("asked to change the author list", submission, by=by, at=at, request=request.pk)
    emails.author_change_requested(request, at=at)
    return request


@dataclass(frozen=True)
class Declared:
    """One line of the conflicts form."""

    membership: Membership
    kind: str
    reason: str = ""

    def with_reason_for_all(self, reason: str) -> str:
        """Her note, and behind it what is said to all of them."""
        return self.reason if reason in self.reason else f"{self.reason} {reason}".strip()


def own_conflicts(submission: Submission) -> QuerySet[Conflict]:
    """What the authors declared; what was computed or decided besides is not theirs to see.

    Nor that a chair has lifted one: mostly because she wants that member to review the paper.
    """
    rows = submission.conflicts.filter(source=ConflictSource.AUTHOR, taken_away_at__isnull=True)
    # Declared anew in other words after a chair had lifted it, or standing already where it came from another place.
    stands = Q(lifted_at__isnull=True)
    counts = rows.filter(stands | Q(pk__gt=OuterRef("pk")), membership=OuterRef("membership"))
    return rows.filter(stands | ~Exists(counts)).select_related("membership").order_by("membership")


def version_of_conflicts(submission: Submission, among: Iterable[Membership]) -> str:
    """What stands for the authors' own conflicts with some members when two windows save them; '' for none."""
    rows = own_conflicts(submission).filter(membership__in=[member.pk for member in among])
    values = list(rows.values_list("membership", "kind", "reason"))
    return fingerprint(values) if values else ""


@transaction.atomic
def declare_conflicts(
    *,
    submission: Submission,
    version: str,
    declared: Sequence[Declared],
    among: Sequence[Membership],
    reason: str,
    by: User,
    at: datetime,
) -> None:
    """Write the authors' own conflicts; the computed and others' stay. More than the edition's number need a reason,
    one for all or a note on each.

    `among` are the members whom the form showed: what was declared with anybody else stays and is not counted.
    Raises Stale when `version`, that of the conflicts which it showed, is not what stands: unticked must mean removed.
    """
    # Whoever saves at the same time waits here and then finds the newer conflicts.
    Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
    require_open(submission, at)
    wanted = {(line.membership.pk, line.kind, line.with_reason_for_all(reason.strip())) for line in declared}
    shown = set(
        own_conflicts(submission)
        .filter(membership__in=[member.pk for member in among])
        .values_list("membership", "kind", "reason")
    )
    if version != version_of_conflicts(submission, among):
        if wanted == shown:
            return  # the same conflicts a second time: a second press
        raise Stale(
            "Another window or co-author changed the conflicts meanwhile. Both are ticked below; look them over and "
            "save again.",
            {},
        )
    limit = submission.edition.conflicts_need_reason_above
    if len(declared) > limit and not reason.strip() and not all(line.reason for line in declared):
        raise Refused(f"You name {len(declared)} people. For more than {limit}, please say why.", "reason")
    gone = {member.pk for member in among} - {line.membership.pk for line in declared}
    named = {membership for membership, _, _ in shown}
    rows = submission.conflicts.filter(source=ConflictSource.AUTHOR)
    rows.filter(membership__in=gone, lifted_at__isnull=True).delete()
    rows.filter(membership__in=gone, taken_away_at__isnull=True).update(taken_away_at=at)
    for line in declared:
        words = line.with_reason_for_all(reason.strip())
        if (line.membership.pk, line.kind, words) in shown:
            continue  # said already; where a chair has lifted it, it stays so
        again = rows.filter(membership=line.membership, kind=line.kind, reason=words, taken_away_at__isnull=False)
        if line.membership.pk not in named and again.update(taken_away_at=None):
            continue  # nor does it stand by being taken away and said again
        Conflict.objects.update_or_create(
            submission=submission,
            membership=line.membership,
            source=ConflictSource.AUTHOR,
            lifted_at=None,
            defaults={"kind": line.kind, "reason": words, "declared_by": by, "declared_at": at},
        )
    Submission.objects.filter(pk=submission.pk).update(conflicts_at=at)
    submission.conflicts_at = at
    note("declared conflicts", submission, by=by, at=at, count=len(declared))


@transaction.atomic
def save_reproducibility(
    *, submission: Submission, version: int, values: dict[str, Any], by: User, at: datetime
) -> ReproducibilityRecord:
    """Save the record's sections. Raises Stale when another window saved first."""
    require_open(submission, at)
    ReproducibilityRecord.objects.get_or_create(submission=submission, defaults={"changed_at": at})
    rows = ReproducibilityRecord.objects.filter(submission=submission, version=version)
    if not rows.update(**values, version=F("version") + 1, changed_at=at):
        newer = ReproducibilityRecord.objects.get(submission=submission)
        theirs = {name: getattr(newer, name) for name in values}
        if theirs == values:
            return newer  # the same words a second time, as in update_details
        raise Stale("Another window or co-author saved a newer record. Yours is still in the form below.", theirs)
    note("changed the reproducibility record", submission, by=by, at=at)
    return ReproducibilityRecord.objects.get(submission=submission)


@transaction.atomic
def remove_supplement(*, supplement: Supplement, by: User, at: datetime) -> None:
    """Take a supplementary file out; its bytes stay."""
    require_open(supplement.submission, at)
    if Supplement.objects.filter(pk=supplement.pk, removed_at__isnull=True).update(removed_at=at):
        note("removed a supplementary file", supplement.submission, by=by, at=at, name=supplement.original_name)


def refuse_said_twice(submission: Submission, text: str, *, from_chairs: bool, at: datetime) -> None:
    # Whoever presses at the same time waits here and then finds the words.
    Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
    said = submission.questions.filter(text=text, from_chairs=from_chairs, written_at__gt=at - A_PRESS).last()
    # To what the other side has written since, the same words are an answer.
    if said and not submission.questions.filter(from_chairs=not from_chairs, pk__gt=said.pk).exists():
        raise Refused(PRESSED_TWICE)


@transaction.atomic
def ask(*, submission: Submission, text: str, by: User, at: datetime) -> Question:
    """A question of the authors to the chairs that may know of the submission."""
    if not text.strip():
        raise Refused("Write your question first.", "text")
    refuse_said_twice(submission, text.strip(), from_chairs=False, at=at)
    question = Question.objects.create(submission=submission, text=text.strip(), written_by=by, written_at=at)
    note("asked the chairs", submission, by=by, at=at)
    emails.question_asked(question, at=at)
    return question
