"""What chairs do at the end: decide in private, announce once, stop while held, correct afterwards."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from dlonsc.accounts.models import User
from dlonsc.editions.access import demand_chair
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition, LetterText, Membership
from dlonsc.history.record import record
from dlonsc.mail.ledger import STOPPABLE, cancel_campaign, move_all
from dlonsc.mail.models import Campaign, Message, State
from dlonsc.posted import fingerprint
from reviews.access import decisions_overseen_by
from reviews.actions.assigning import Refused
from reviews.emails.chairing import post_announcement_undone, post_decision_corrected
from reviews.emails.deciding import Letter, kind_of, left_out, post_decision, rendered, shown_of
from reviews.models import (
    Announcement,
    AnnouncementQuerySet,
    Decision,
    DecisionQuerySet,
    DecisionVersion,
    Review,
    Verdict,
)
from submissions.access import in_conflict_with, overseen_by
from submissions.models import Author, Submission
from submissions.states import Outcome
from submissions.states import State as SubmissionState

OUTCOMES = {Verdict.ACCEPT.value: Outcome.ACCEPTED, Verdict.REJECT.value: Outcome.REJECTED}
# What authors may do by themselves ends with an outcome: while it is open, its end would tell of one that is held.
STILL_OPEN = (
    "Submission is still open. Close it before you announce: on the page of dates, give it a date that has passed and "
    "is not soft."
)
# Letters in these states have not left the house.
# These may still leave: one that was handed over without an answer is perhaps tried again.
MAY_LEAVE = (State.HELD, State.QUEUED, State.SENDING, State.RETRY, State.HANDED_OVER)
# Who acted, in the history, where a chair who may not know of it opened submission again.
REOPENED = "the date of submission"
TAKEN_BACK = "the submission was withdrawn while its announcement was held"
# Before the print of letters that two chairs have confirmed: then either may release them.
BY_TWO = "two:"


class Changed(Refused):
    """Somebody else changed it in the meantime."""


@dataclass(frozen=True)
class Plan:
    """What one announcement would do now, from what its chair may see."""

    edition: Edition
    decisions: list[Decision]
    undecided: list[Submission]
    authors: dict[int, list[Author]]
    reviews: dict[int, list[Review]]
    fingerprint: str
    shown: dict[int, dict[str, Any]] = field(default_factory=dict)
    prints: dict[int, str] = field(default_factory=dict)

    def unconfirmed(self, releasing: User) -> list[Decision]:
        """Decisions whose letters, as they are now, no other chair than the releasing one has read and confirmed.

        Where no other chair may see the submission, nobody can; it is left out of the rule. Not where the releasing
        chair has seen to that herself.
        """
        rows = [row for row in self.decisions if not self.is_read(row, releasing)]
        asked = _asked_of_others([row.submission_id for row in rows], releasing, self.edition)
        return [row for row in rows if row.submission_id in asked]

    def is_read(self, row: Decision, releasing: User) -> bool:
        """Whether another chair than this one has confirmed the letters of a decision as they are now."""
        one = self.prints[row.pk]
        by_another = row.confirmed_by_id not in {None, releasing.pk}
        return row.confirmed_print == BY_TWO + one or (by_another and row.confirmed_print == one)

    def to_confirm(self, reading: User) -> list[Decision]:
        """Decisions whose letters, as they are now, this chair has not confirmed herself."""

        def is_hers(row: Decision) -> bool:
            one = self.prints[row.pk]
            by_her = row.confirmed_by_id == reading.pk and row.confirmed_print == one
            return by_her or row.confirmed_print == BY_TWO + one

        return [row for row in self.decisions if not is_hers(row)]

    def count(self, verdict: str) -> int:
        return sum(row.verdict == verdict for row in self.decisions)

    @property
    def accepts(self) -> int:
        return self.count(Verdict.ACCEPT)

    @property
    def rejects(self) -> int:
        return self.count(Verdict.REJECT)

    @property
    def letters(self) -> int:
        return sum(len(self.authors.get(row.submission_id, [])) for row in self.decisions)

    @property
    def people(self) -> int:
        """Different addresses that get at least one letter."""
        rows = [author for row in self.decisions for author in self.authors.get(row.submission_id, [])]
        return len({author.email.lower() for author in rows})

    @property
    def without_recipients(self) -> list[Decision]:
        return [row for row in self.decisions if not self.authors.get(row.submission_id)]

    @property
    def with_few_reviews(self) -> list[Decision]:
        wanted = self.edition.reviews_per_submission
        return [row for row in self.decisions if len(self.reviews.get(row.submission_id, [])) < wanted]


@transaction.atomic
def decide(
    submission: Submission,
    *,
    verdict: str,
    note: str,
    to_authors: str,
    version: int,
    by: User,
    at: datetime,
) -> Decision:
    """Record a private decision, or change it; the earlier one stays readable to chairs. `version` is the one the chair
    saw, 0 for none.

    Raises Changed when another chair was quicker, Refused when it is announced or held for announcement.
    """
    if submission.state != SubmissionState.SUBMITTED:
        raise Refused(f"Submission {submission.number} is not under review.")
    fields = {"verdict": verdict, "note": note, "to_authors": to_authors, "decided_by": by, "decided_at": at}
    before = Decision.objects.filter(submission=submission).first()
    if before is None and version == 0:
        row = _first_decision(submission, fields)
    else:
        row = _changed_decision(submission, version, fields)
    # Asked after the write, which may have waited.
    demand_chair(submission.edition_id, by)
    DecisionVersion.objects.create(submission=submission, **fields)
    _note("decided", submission, by, at, verdict=verdict, before=before.verdict if before else "")
    return row


def _first_decision(submission: Submission, fields: dict[str, Any]) -> Decision:
    # Counted on over one that was taken back: a page that still shows that one must not write over this.
    version = DecisionVersion.objects.filter(submission=submission).count() + 1
    try:
        with transaction.atomic():
            return Decision.objects.create(submission=submission, version=version, **fields)
    except IntegrityError as error:
        raise Changed(_quicker(submission)) from error


def _changed_decision(submission: Submission, version: int, fields: dict[str, Any]) -> Decision:
    rows = Decision.objects.filter(submission=submission, announcement__isnull=True, version=version)
    if not rows.update(**fields, version=version + 1):
        row = Decision.objects.filter(submission=submission).first()
        if row is not None and row.announcement_id is not None:
            raise Refused(
                f"The decision on submission {submission.number} is announced or held for announcement. "
                "Stop the announcement while it is held, or correct the decision afterwards."
            )
        raise Changed(_quicker(submission))
    return Decision.objects.get(submission=submission)


def _quicker(submission: Submission) -> str:
    return (
        f"Another chair, or another window of yours, changed the decision on submission {submission.number} while this "
        "page was open. Nothing was saved over it; look at it as it stands now and decide again."
    )


@transaction.atomic
def take_back(decision: Decision, *, version: int, by: User, at: datetime) -> None:
    """Make a submission undecided again, as long as nothing was announced. Chairs still read what was written."""
    rows = Decision.objects.filter(pk=decision.pk, announcement__isnull=True, version=version)
    if not rows.delete()[0]:
        raise Changed(_quicker(decision.submission))
    demand_chair(decision.submission.edition_id, by)
    _note("decision_taken_back", decision.submission, by, at, before=decision.verdict)


def plan(chair: Membership) -> Plan:
    """What an announcement by this chair would do now: decisions of submissions that she may see, nothing else."""
    edition = chair.edition
    standing = overseen_by(chair).submitted()
    decisions = list(
        decisions_overseen_by(chair)
        .unannounced()
        .filter(submission__in=standing)
        .select_related("submission__edition", "decided_by")
        .order_by("submission__number")
    )
    ids = [row.submission_id for row in decisions]
    undecided = list(standing.filter(decision__isnull=True).order_by("number"))
    authors, reviews = _authors_of(ids), _reviews_of(ids)
    shown = {row.pk: shown_of(edition, row, reviews.get(row.submission_id, [])) for row in decisions}
    prints = {
        row.pk: _fingerprint(row, authors, shown, edition.own_texts.get(kind_of(row.verdict)), edition)
        for row in decisions
    }
    whole = fingerprint(list(prints.values()))
    return Plan(edition, decisions, undecided, authors, reviews, whole, shown, prints)


def _standing_plan(chair: Membership) -> Plan:
    """The plan, with its submissions kept as they are until the end of the transaction.

    An author list that is being changed is waited for: the letters go to the list that stands. `no_key` lets new rows
    point at the submissions meanwhile, or a chair who decides and this one would wait for each other.
    """
    list(overseen_by(chair).submitted().select_for_update(of=("self",), no_key=True).order_by("pk"))
    return plan(chair)


def _asked_of_others(submissions: list[int], releasing: User, edition: Edition) -> set[int]:
    """Which of the submissions some other chair may see, or might if the releasing one had set no conflict of hers."""
    chairs = Membership.objects.chairs().filter(edition=edition).exclude(user=releasing).select_related("user")
    rows = Submission.objects.filter(pk__in=submissions)
    barred = [in_conflict_with(chair, but_set_by=releasing) for chair in chairs]
    return {pk for hidden in barred for pk in rows.exclude(hidden).values_list("pk", flat=True)}


def _authors_of(ids: list[int]) -> dict[int, list[Author]]:
    found: dict[int, list[Author]] = defaultdict(list)
    for row in Author.objects.filter(submission__in=ids).exclude(email=""):
        found[row.submission_id].append(row)
    return dict(found)


def _reviews_of(ids: list[int]) -> dict[int, list[Review]]:
    found: dict[int, list[Review]] = defaultdict(list)
    rows = Review.objects.submitted().filter(assignment__submission__in=ids).select_related("assignment")
    for row in rows:
        found[row.assignment.submission_id].append(row)
    return dict(found)


def left_out_of(decisions: list[Decision]) -> dict[int, int]:
    """By submission, how many reviews the letters of released or held decisions do not hold as they are now."""
    reviews = _reviews_of([row.submission_id for row in decisions])
    return {
        row.submission_id: left_out(row.submission.edition, row.shown, reviews.get(row.submission_id, []))
        for row in decisions
    }


def _fingerprint(
    row: Decision,
    authors: dict[int, list[Author]],
    shown: dict[int, dict[str, Any]],
    own: LetterText | None,
    edition: Edition,
) -> str:
    """Changes whenever a letter would change: what was looked at must be what is released."""
    people = [[author.name, author.email] for author in authors.get(row.submission_id, [])]
    frame = [row.submission.title, edition.name, edition.title, edition.sender, edition.reply_to, edition.contact_email]
    told = [row.pk, row.version, people, shown[row.pk], own.pk if own else None, frame]
    return fingerprint(told)


@transaction.atomic
def announce(
    chair: Membership,
    *,
    accepts: int,
    rejects: int,
    fingerprint: str,
    leave_undecided: bool,
    by: User,
    at: datetime,
) -> Announcement:
    """Release all private decisions that this chair may see, held for the edition's minutes.

    `accepts` and `rejects` are typed by the chair; `fingerprint` is that of the dry run she looked at. Raises Refused
    and changes nothing when they do not fit, submission is still open, something is undecided without her leave, or a
    letter has no recipient.
    Pressed twice, nothing unannounced remains and the second press is refused.
    """
    # Nobody moves the date of submission meanwhile; `no_key` lets new rows point at the edition.
    # What is asked of its dates and rules, and of her place, is what stands now, not what this request had read before.
    edition = Edition.objects.select_for_update(no_key=True).get(pk=chair.edition_id)
    chair = Membership.objects.select_related("user").get(pk=chair.pk)
    chair.edition = edition
    now = _standing_plan(chair)
    demand_chair(edition.pk, by)
    if words := not_yet_because(now.edition, at):
        raise Refused(words)
    _refuse(now, accepts, rejects, fingerprint, leave_undecided, by)
    release_at = at + timedelta(minutes=chair.edition.hold_minutes)
    row = Announcement.objects.create(
        edition=chair.edition,
        created_by=by,
        created_at=at,
        release_at=release_at,
        accepts=now.accepts,
        rejects=now.rejects,
        letters=now.letters,
    )
    _release(row, now, by=by, at=at)
    return row


def not_yet_because(edition: Edition, at: datetime) -> str:
    """Why nothing can be announced yet, whatever is decided, or ''."""
    return STILL_OPEN if edition.window(Phase.SUBMISSION, received_at=at).accepts else ""


def _refuse(now: Plan, accepts: int, rejects: int, fingerprint: str, leave_undecided: bool, by: User) -> None:
    if not now.decisions:
        raise Refused("There is nothing to announce: every decision that you may see is announced or held.")
    if words := list(_reasons(now, accepts, rejects, leave_undecided, by)):
        raise Refused(" ".join(words))
    if fingerprint != now.fingerprint:
        raise Changed("A decision, a review or an author list changed since you looked. Look at the letters again.")


def _reasons(now: Plan, accepts: int, rejects: int, leave_undecided: bool, by: User) -> Iterator[str]:
    """All that stands in the way, so that it is mended in one go."""
    if now.without_recipients:
        numbers = ", ".join(str(row.submission.number) for row in now.without_recipients)
        yield f"No author of submission {numbers} has an e-mail address. Add one before announcing."
    if now.undecided and not leave_undecided:
        yield f"Undecided submissions: {len(now.undecided)}. Decide them, or choose to announce without them."
    if (accepts, rejects) != (now.accepts, now.rejects):
        yield (
            f"You typed {accepts} to accept and {rejects} to reject; the decisions are {now.accepts} and "
            f"{now.rejects}. Nothing was announced."
        )
    unconfirmed = now.unconfirmed(by) if now.edition.needs_second_chair else []
    if unconfirmed:
        numbers = ", ".join(str(row.submission.number) for row in unconfirmed)
        yield (
            f"Another chair must confirm the letters of submission {numbers} first, on this page. A conflict that you "
            "set of her does not excuse that: if no other chair may see it, name one more."
        )


def _release(row: Announcement, now: Plan, *, by: User, at: datetime) -> None:
    """Decisions, outcomes, campaign and letters, all or nothing."""
    campaign = _campaign(row, by, at)
    for decision in now.decisions:
        decision.shown = now.shown[decision.pk]
        taken = Decision.objects.filter(pk=decision.pk, version=decision.version, announcement__isnull=True)
        known = Submission.objects.filter(pk=decision.submission_id, state=SubmissionState.SUBMITTED)
        if not taken.update(announcement=row, shown=decision.shown):
            raise Changed(_quicker(decision.submission))
        if not known.update(outcome=OUTCOMES[decision.verdict], announced_at=row.release_at):
            raise Changed(f"Submission {decision.submission.number} was withdrawn in the meantime.")
        authors = now.authors[decision.submission_id]
        post_decision(now.edition, decision, authors, announcement=row, campaign=campaign, at=at)
        _note("announced", decision.submission, by, at, verdict=decision.verdict, release=row.release_at.isoformat())


def _campaign(row: Announcement, by: User, at: datetime) -> Campaign:
    campaign = Campaign.objects.create(
        edition=row.edition.slug,
        kind="decision",
        title=f"Decisions of {row.edition.name}",
        created_at=at,
        created_by_id_label=by.pk,
        release_at=row.release_at,
        snapshot={"announcement": row.pk},
    )
    Announcement.objects.filter(pk=row.pk).update(campaign_id_label=campaign.pk)
    row.campaign_id_label = campaign.pk
    return campaign


@transaction.atomic
def confirm_letters(chair: Membership, *, fingerprint: str, by: User, at: datetime) -> int:
    """A second chair has read the letters that she may see; returns how many decisions she confirms."""
    now = _standing_plan(chair)
    demand_chair(chair.edition_id, by)
    if fingerprint != now.fingerprint:
        raise Changed("A decision, a review or an author list changed since you looked. Look at the letters again.")
    for row in now.decisions:
        one = now.prints[row.pk]
        is_second = now.is_read(row, by)
        rows = Decision.objects.filter(pk=row.pk, version=row.version, announcement__isnull=True)
        if not rows.update(confirmed_by=by, confirmed_print=BY_TWO + one if is_second else one):
            raise Changed(_quicker(row.submission))
        _note("letters_confirmed", row.submission, by, at, verdict=row.verdict)
    return len(now.decisions)


@transaction.atomic
def stop_announcement(row: Announcement, *, by: User, at: datetime) -> None:
    """Stop a held announcement: decisions are private again, no letter leaves. Refused once it is released.

    It may hold papers that she may not know of: of those the history names her only in words, for her own copy of her
    acts would count them.
    """
    decisions = _stop(row, by=by, at=at)
    chair = _as_chair(by, row.edition)
    known = overseen_by(chair) if chair else Submission.objects.all()
    hers = set(known.filter(pk__in=[one.submission_id for one in decisions]).values_list("pk", flat=True))
    for decision in decisions:
        _note_stopped(decision, by.pk if decision.submission_id in hers else None, str(by), at)


def _stop(row: Announcement, *, by: User, at: datetime) -> list[Decision]:
    """The decisions that are private again."""
    too_late = "It is too late to stop: the decisions are released. Correct single decisions instead."
    _keep_papers(Decision.objects.filter(announcement=row))
    held = Announcement.objects.filter(pk=row.pk, stopped_at__isnull=True, release_at__gt=at)
    if not held.update(stopped_at=at, stopped_by=by):
        is_stopped = Announcement.objects.filter(pk=row.pk, stopped_at__isnull=False).exists()
        raise Refused("It was stopped already, before this press." if is_stopped else too_late)
    decisions = list(Decision.objects.filter(announcement=row).select_related("submission__edition"))
    Decision.objects.filter(announcement=row).update(announcement=None, shown={})
    ids = [decision.submission_id for decision in decisions]
    Submission.objects.filter(pk__in=ids).update(outcome="", announced_at=None)
    campaign = Campaign.objects.filter(pk=row.campaign_id_label or 0).first()
    if campaign is not None:
        cancel_campaign(campaign, reason="stopped by a chair before release", at=at)
        # Clocks differ and a press waits its turn: what an author holds in her hands is not private any more.
        if Message.objects.filter(campaign=campaign, handed_over_at__isnull=False).exists():
            raise Refused(too_late)
    return decisions


def _keep_papers(decisions: DecisionQuerySet) -> None:
    """Keep the papers of announcements. One statement that changes them all would take them in an order of its own, and
    wait for who confirms, who waits for it.
    """
    kept = Submission.objects.filter(pk__in=decisions.values("submission"))
    list(kept.select_for_update(no_key=True).order_by("pk").values("pk"))


def _held(edition: Edition, at: datetime) -> AnnouncementQuerySet:
    return Announcement.objects.held(at).filter(edition=edition)


def _as_chair(by: User, edition: Edition) -> Membership | None:
    return Membership.objects.chairs().filter(edition=edition, user=by).select_related("edition", "user").first()


def _known_to(by: User, edition: Edition) -> Q:
    """Announcements with at least one decision that this chair may know of; all of them for who is no chair."""
    chair = _as_chair(by, edition)
    if chair is None:
        return ~Q(pk__in=())
    # Without the decisions that have none: a NULL among them, and SQL says of no announcement that it is not in there.
    known = decisions_overseen_by(chair).filter(announcement__isnull=False)
    return Q(pk__in=known.values("announcement"))


def is_announcement_held(edition: Edition, by: User, at: datetime) -> bool:
    """Whether decisions are held of which this person may know."""
    return _held(edition, at).filter(_known_to(by, edition)).exists()


def stop_what_is_held(edition: Edition, by: User, at: datetime) -> None:
    """A chair opens submission again: stop the announcements that she may not know of, and tell the chairs who may.

    The history does not name her: her own copy of her acts would tell her. What was taken back while it was held comes
    out of its announcement too: its authors may restore it like any other, or they would learn of it by a refusal.
    """
    rows = list(_held(edition, at).exclude(_known_to(by, edition)))
    taken_back = Decision.objects.filter(
        announcement__isnull=False, submission__edition=edition, submission__state=SubmissionState.WITHDRAWN
    )
    _keep_papers(Decision.objects.filter(announcement__in=rows) | taken_back)
    for row in rows:
        # What is on its way already is released.
        with suppress(Refused), transaction.atomic():
            for decision in _stop(row, by=by, at=at):
                _note_stopped(decision, None, REOPENED, at)
                for chair in _chairs_who_may_know(decision.submission):
                    post_announcement_undone(decision, chair, by=by, at=at)
    for decision in taken_back.select_related("submission__edition", "announcement"):
        _take_out(decision, at=at)


def _take_out(decision: Decision, *, at: datetime) -> None:
    """A withdrawn submission leaves its announcement; the others in it stay announced."""
    if decision.announcement is not None:
        # Some may wait in a pause. By their guard they would keep back all letters of the announcement.
        letters = Message.objects.filter(campaign=decision.announcement.campaign_id_label)
        letters = letters.filter(subject_label=decision.submission.label)
        move_all(letters, State.CANCELLED, of=STOPPABLE, at=at, answer=TAKEN_BACK, lease_until=None)
    Decision.objects.filter(pk=decision.pk).update(announcement=None, shown={})
    Submission.objects.filter(pk=decision.submission_id).update(outcome="", announced_at=None)
    _note_stopped(decision, None, REOPENED, at)


def _note_stopped(decision: Decision, by_id: int | None, by: str, at: datetime) -> None:
    submission = decision.submission
    record(
        "announcement_stopped",
        by_id=by_id,
        by=by,
        at=at,
        edition=submission.edition.slug,
        subject=submission.label,
        detail={"number": submission.number, "verdict": decision.verdict},
    )


def _chairs_who_may_know(submission: Submission) -> list[Membership]:
    chairs = Membership.objects.chairs().filter(edition=submission.edition_id).select_related("user", "edition")
    return [chair for chair in chairs if overseen_by(chair).filter(pk=submission.pk).exists()]


@dataclass(frozen=True)
class Correction:
    """The letters of a correction as they would leave; the fingerprint changes whenever one of them would."""

    letters: list[Letter]

    @property
    def fingerprint(self) -> str:
        told = [[letter.author.email, letter.subject, letter.text] for letter in self.letters]
        return fingerprint(told)


def draft_correction(decision: Decision, *, verdict: str, to_authors: str, at: datetime) -> Correction:
    """What `correct` would send now. Raises Refused as it would."""
    old = _correctable(decision, verdict, to_authors, at)
    edition, submission = decision.submission.edition, decision.submission
    authors = _authors_of([submission.pk]).get(submission.pk, [])
    shown = _shown_corrected(decision, verdict, to_authors)
    return Correction(rendered(edition, decision, authors, shown, corrects=old.release_at))


def _correctable(decision: Decision, verdict: str, to_authors: str, at: datetime) -> Announcement:
    """The announcement that a correction would take back."""
    old = decision.announcement
    if old is None or old.release_at > at:
        raise Refused("This decision is not released; change it on the page of decisions.")
    label = decision.submission.label
    waiting = Message.objects.filter(subject_label=label, kind="decision", state__in=MAY_LEAVE).count()
    if waiting:
        raise Refused(
            f"Letters of the earlier decision that may still leave: {waiting}. Wait until they are sent, or cancel "
            "them on the page of letters, and correct then."
        )
    if (verdict, _lines(to_authors)) == (decision.verdict, _lines(decision.to_authors)):
        raise Refused("The authors would read the same again. Nothing was changed and no letter was written.")
    return old


def _lines(text: str) -> list[str]:
    return text.strip().splitlines()


def _shown_corrected(decision: Decision, verdict: str, to_authors: str) -> dict[str, Any]:
    """The reviews stay as they were announced."""
    submission = decision.submission
    reviews = _reviews_of([submission.pk]).get(submission.pk, [])
    kept = decision.shown.get("reviews") or shown_of(submission.edition, decision, reviews)["reviews"]
    return {"verdict": verdict, "to_authors": to_authors, "reviews": kept}


@transaction.atomic
def correct(
    decision: Decision, *, verdict: str, note: str, to_authors: str, version: int, by: User, at: datetime
) -> Announcement:
    """Reverse or reword one decision after its release: a new letter that takes the old one back, at once.

    Refused while letters of the old decision still wait, so that the queue never holds accept and reject for one
    submission, and when authors would read the same again; the old letters stay readable. No second chair is asked, for
    a wrong letter is out; every other chair who may see the submission is told.
    """
    # Whoever sends a failed letter again waits here, and then finds that it is not true any more (lettering).
    if Decision.objects.select_for_update().filter(pk=decision.pk).first() is None:
        raise Changed(_quicker(decision.submission))
    old = _correctable(decision, verdict, to_authors, at)
    submission = decision.submission
    edition = submission.edition
    row = Announcement.objects.create(
        edition=edition,
        created_by=by,
        created_at=at,
        release_at=at,
        accepts=int(verdict == Verdict.ACCEPT),
        rejects=int(verdict == Verdict.REJECT),
        corrects=old,
    )
    fields = {"verdict": verdict, "note": note, "to_authors": to_authors, "decided_by": by, "decided_at": at}
    before = decision.verdict
    same = Decision.objects.filter(pk=decision.pk, version=version, announcement=old)
    if not same.update(**fields, version=version + 1, announcement=row):
        raise Changed(_quicker(submission))
    DecisionVersion.objects.create(submission=submission, **fields)
    decision = Decision.objects.select_related("submission__edition").get(pk=decision.pk)
    decision.shown = _shown_corrected(decision, verdict, to_authors)
    Decision.objects.filter(pk=decision.pk).update(shown=decision.shown)
    known = Submission.objects.filter(pk=submission.pk, state=SubmissionState.SUBMITTED)
    if not known.update(outcome=OUTCOMES[verdict], announced_at=at):
        raise Refused(f"Submission {submission.number} is not under review any more.")
    demand_chair(edition.pk, by)
    authors = _authors_of([submission.pk]).get(submission.pk, [])
    posted = post_decision(edition, decision, authors, announcement=row, campaign=_campaign(row, by, at), at=at)
    Announcement.objects.filter(pk=row.pk).update(letters=len(posted))
    for chair in _chairs_who_may_know(submission):
        if chair.user_id != by.pk:
            post_decision_corrected(decision, chair, before=before, by=by, at=at)
    _note("decision_corrected", submission, by, at, verdict=verdict, before=before)
    return row


def _note(verb: str, submission: Submission, by: User, at: datetime, **detail: str) -> None:
    record(
        verb,
        by_id=by.pk,
        by=str(by),
        at=at,
        edition=submission.edition.slug,
        subject=submission.label,
        detail={"number": submission.number, **detail},
    )
