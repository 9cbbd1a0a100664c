"""The demo: an edition in mid-life, a second one whose call is open, and the true call of 2020 beside them."""

from datetime import datetime, timedelta
from random import Random

from allauth.account.models import EmailAddress
from django.db import transaction

from dlonsc.accounts.models import User
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition, Membership
from reviews.actions import deciding, discussing, mailing, subreviewing, wording
from reviews.demo import words
from reviews.demo.edition import OPEN_CALL, make_demo_edition
from reviews.demo.fill import (
    Cast,
    Person,
    add_assignments,
    add_bids,
    add_members,
    add_reviews,
    add_submissions,
)
from reviews.demo.letters import mark_as_sent, write_letters
from reviews.discussions import reviewers_of
from reviews.lettertexts import BY_KIND
from reviews.models import Assignment, Decision, Verdict
from submissions.models import Conflict, ConflictKind, ConflictSource, Manuscript, Submission
from submissions.states import State

MID_LIFE_SLUG = "demo"
OPEN_SLUG = "demo-next"
STATES = {34: State.DRAFT, 35: State.DRAFT, 36: State.DRAFT, 37: State.WITHDRAWN, 38: State.WITHDRAWN}
DESK_REJECTED = 39
# The second chair wrote this one: she must find no trace of it.
CHAIRS_OWN = 7
ANNOUNCED = {1: Verdict.ACCEPT, 2: Verdict.ACCEPT, 3: Verdict.ACCEPT, 4: Verdict.REJECT, 5: Verdict.REJECT}
DISCUSSED = (19, 14)
DECIDED = {
    6: Verdict.ACCEPT,
    8: Verdict.REJECT,
    9: Verdict.ACCEPT,
    10: Verdict.REJECT,
    11: Verdict.REJECT,
    12: Verdict.ACCEPT,
}


def state_of(number: int) -> State:
    return State.DESK_REJECTED if number == DESK_REJECTED else STATES.get(number, State.SUBMITTED)


def pages_of(row: Submission) -> int:
    """Two drafts that the format check stops, the rest within the limits."""
    return {34: 13, 35: 5}.get(row.number, Random(row.number).randint(6, 12))


def rename(person: Person, name: str, email: str) -> Person:
    """Give one of the cast an address that is easy to type."""
    user = person.user
    EmailAddress.objects.filter(user=user).update(email=email)
    user.name, user.email = name, email
    user.save(update_fields=["name", "email"])
    return person


@transaction.atomic
def make_show(at: datetime) -> None:
    """Fill an empty database with the whole demo."""
    cast = Cast(random=Random(2020), at=at)
    leaders = cast.invite(3)
    rename(leaders[0], "Chiara Rossi", "chair@demo.example")
    rename(leaders[1], "Wanjiru Kamau", "second-chair@demo.example")
    rename(leaders[2], "Petr Novák", "proceedings@demo.example")
    committee = cast.invite(30)
    rename(committee[0], "Mei Nakamura", "reviewer@demo.example")
    rename(committee[1], "Tariq Haddad", "late-reviewer@demo.example")
    make_mid_life(cast, leaders, committee)
    make_open_call(cast, leaders, committee[:12])


def chairs_and_proceedings(cast: Cast, edition: Edition, leaders: list[Person]) -> list[Membership]:
    chairs = add_members(cast, edition, leaders[:2], is_chair=True, is_reviewer=False, title="co-chair")
    add_members(cast, edition, leaders[2:], is_proceedings_chair=True, is_reviewer=False, title="proceedings chair")
    return chairs


def make_mid_life(cast: Cast, leaders: list[Person], committee: list[Person]) -> None:
    edition = make_demo_edition(MID_LIFE_SLUG, "DLonSC Demo", at=cast.at)
    chairs = chairs_and_proceedings(cast, edition, leaders)
    members = add_members(cast, edition, committee, is_reviewer=True)
    add_silent_members(cast, edition, leaders[0].user)
    rows = add_submissions(cast, edition, 40, state_of=state_of, pages_of=pages_of, check=True)
    by_number = {row.number: row for row in rows}
    give_to_chair(cast, by_number[CHAIRS_OWN], chairs[1], handled_by=chairs[0])
    reviewed = [row for row in rows if row.state == State.SUBMITTED]
    first_author = rename(
        Person(by_number[1].created_by, words.HOMES[0]), by_number[1].created_by.name, "author@demo.example"
    )
    by_number[1].authors.filter(position=1).update(email=first_author.user.email)
    add_bids(cast, edition, reviewed, members)
    assignments = add_assignments(cast, edition, reviewed, members, edition.reviews_per_submission, leaders[0].user)
    by_member = {member.pk: member for member in members}
    late = members[1].pk

    def share(assignment: Assignment) -> float:
        if assignment.membership_id == late:
            return 0.0
        if assignment.submission_id in {by_number[number].pk for number in (*ANNOUNCED, *DECIDED)}:
            return 1.0
        return 0.8 if assignment.membership_id in by_member else 0.0

    add_reviews(cast, edition, assignments, share)
    decide_and_announce(cast, by_number, chairs[0], leaders[0].user)
    add_late_file(cast, by_number[36])
    write_letters(edition, assignments, asked_by=str(leaders[0].user))
    discuss(chairs[0], by_number, at=cast.at)
    write_with_somebody(cast, chairs[0])
    write_own_words(chairs[0], at=cast.at)
    mark_as_sent(edition, by=cast.at)


def discuss(chair: Membership, by_number: dict[int, Submission], *, at: datetime) -> None:
    """Two submissions are discussed: in one a chair asks and a reviewer answers, in the other nobody has begun."""
    by = chair.user
    if by is None:
        return
    first = DISCUSSED[0]
    discussing.open_discussions(chair, DISCUSSED, by=by, at=at - timedelta(hours=9))
    talk = by_number[first].discussion
    talk.submission.edition = chair.edition
    question = "Your scores lie apart. Is the missing baseline a reason to reject, or one to ask for a change?"
    discussing.comment(talk, chair, text=question, label=discussing.CHAIR, is_question=True, at=at - timedelta(hours=8))
    task = reviewers_of([by_number[first]])[0]
    answer = "I could live with it, if the authors publish the scripts: see section 4, where they promise them."
    label = discussing.label_of(task.review)
    discussing.comment(talk, task.membership, text=answer, label=label, at=at - timedelta(hours=3))


def write_with_somebody(cast: Cast, chair: Membership) -> None:
    """A sub-reviewer has handed her text over to the reviewer; another waits for a chair's answer."""
    tasks = Assignment.objects.filter(submission__edition=chair.edition, submission__state=State.SUBMITTED, review=None)
    tasks = tasks.filter(submission__handling_chair=None, submission__announced_at=None)
    rows = list(tasks.select_related("submission", "membership__user").order_by("submission__number", "pk")[:2])
    if len(rows) < 2:
        return
    for task, helper, hours in zip(rows, cast.invite(2), (60, 5), strict=True):
        task.submission.edition = chair.edition
        by, at = task.membership.user, cast.at - timedelta(hours=hours)
        if by is None:
            return
        row = subreviewing.name_sub_reviewer(
            task, name=helper.user.name, email=helper.user.email, institution=helper.home[0],
            why="She works on this very method.", by=by, at=at,
        )  # fmt: skip
        if task == rows[0]:
            subreviewing.agree(row, chair=chair, reason="Known to us as a careful reader.", at=at + timedelta(hours=2))
            subreviewing.accept(row, by=helper.user, at=at + timedelta(hours=9))
            text = words.review_text(cast.random) | {"score": 2, "confidence": 3}
            subreviewing.save(row, fields=text, based_on=0, by=helper.user, at=at + timedelta(hours=30))
            subreviewing.hand_over(row, by=helper.user, at=at + timedelta(hours=31))


def write_own_words(chair: Membership, *, at: datetime) -> None:
    """A letter that the edition words itself, one to the members that has left, and one that is not finished."""
    by = chair.user
    if by is None:
        return
    letter = BY_KIND["chair_reminder"]
    text = letter.text.replace("The chairs of", "We know how full your days are, and count on you.\n\nThe chairs of")
    wording.word(
        chair.edition, letter.kind, subject=letter.subject, text=text, based_on=0, by=by, at=at - timedelta(days=4)
    )
    sent = mailing.begin(chair, "members", by=by, at=at - timedelta(days=3))
    words = "Dear {name},\n\nthe programme meeting is on Thursday at 15:00 UTC. {link}\n\nChiara Rossi"
    mailing.write(sent, subject="Programme meeting", text=words, version=1, at=at - timedelta(days=3))
    sent.refresh_from_db()
    run = mailing.dry_run(chair, sent, at - timedelta(days=3))
    mailing.release(chair, sent, count=len(run.people), fingerprint=run.fingerprint, by=by, at=at - timedelta(days=3))
    draft = mailing.begin(chair, "open_reviews", by=by, at=at - timedelta(hours=2))
    words = "Dear {name},\n\nthese reviews are still open:\n\n{papers}"
    mailing.write(draft, subject="Your open reviews", text=words, version=1, at=at - timedelta(hours=2))


def add_silent_members(cast: Cast, edition: Edition, by: User) -> None:
    """Invitations that were not answered, and one that was declined."""
    for number in range(4):
        name = words.full_name(cast.random)
        Membership.objects.create(
            edition=edition,
            name=name,
            email=words.mailbox(name, "invited.example", number),
            is_listed=False,
            position=500 + number,
            invited_at=cast.at - timedelta(days=9),
            invited_by=by,
            invitation_round=1,
            declined_at=cast.at - timedelta(days=7) if number == 0 else None,
            decline_reason="I am on leave this spring." if number == 0 else "",
        )


def give_to_chair(cast: Cast, row: Submission, chair: Membership, *, handled_by: Membership) -> None:
    """Make a chair the first author of a submission, with the conflict that follows, and name its handling chair."""
    Submission.objects.filter(pk=row.pk).update(created_by=chair.user, handling_chair=handled_by)
    row.authors.filter(position=1).update(name=chair.name, email=chair.email)
    Conflict.objects.filter(submission=row, membership=chair).delete()
    Conflict.objects.create(
        submission=row,
        membership=chair,
        source=ConflictSource.AUTHORSHIP,
        kind=ConflictKind.OTHER,
        declared_at=cast.at,
    )


def decide_and_announce(cast: Cast, by_number: dict[int, Submission], chair: Membership, by: User) -> None:
    """A first batch announced yesterday by the verb itself, some more decided and private."""
    released = cast.at - timedelta(days=1)
    decide(cast, by_number, ANNOUNCED, by, at=released - timedelta(hours=5))
    now = deciding.plan(chair)
    deciding.announce(
        chair,
        accepts=now.accepts,
        rejects=now.rejects,
        fingerprint=now.fingerprint,
        leave_undecided=True,
        by=by,
        at=released - timedelta(minutes=chair.edition.hold_minutes),
    )
    decide(cast, by_number, DECIDED, by, at=released + timedelta(hours=5))


def decide(
    cast: Cast, by_number: dict[int, Submission], verdicts: dict[int, Verdict], by: User, *, at: datetime
) -> None:
    for number, verdict in verdicts.items():
        Decision.objects.create(
            submission=by_number[number],
            verdict=verdict,
            note=words.sentence(cast.random),
            to_authors="The committee asks you to heed the remarks on reproducibility."
            if verdict == Verdict.ACCEPT
            else "We hope that the reviews help you with a next version.",
            decided_by=by,
            decided_at=at,
        )


def add_late_file(cast: Cast, row: Submission) -> None:
    """A draft whose PDF came after the deadline: kept, marked, for the chairs to adopt or leave."""
    closed = row.edition.deadlines.get(phase=Phase.SUBMISSION).cutoff_at
    when = closed + timedelta(hours=3)
    Manuscript.objects.filter(submission=row).update(is_late=True, is_current=False, received_at=when, uploaded_at=when)


def make_open_call(cast: Cast, leaders: list[Person], committee: list[Person]) -> None:
    """The next workshop: its call is open, four papers came early, nobody is assigned yet."""
    edition = make_demo_edition(OPEN_SLUG, "DLonSC Demo Next", at=cast.at + timedelta(seconds=1), dates=OPEN_CALL)
    chairs_and_proceedings(cast, edition, leaders)
    add_members(cast, edition, committee, is_reviewer=True)
    add_submissions(cast, edition, 4, check=True)
    # In an edition whose call is open nothing can have come twelve days before today's "closing".
    opened = cast.at - timedelta(days=2)
    edition.submissions.filter(state=State.SUBMITTED).update(submitted_at=opened, changed_at=opened)
    write_letters(edition, [], asked_by=str(leaders[0].user))
    mark_as_sent(edition, by=cast.at)
