"""From private decisions to letters: only once, only to the right people, only what authors may read."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.http import Http404
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dlonsc.accounts.models import User
from dlonsc.codes import code
from dlonsc.editions import actions as editions
from dlonsc.editions.actions import EditionError
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.models import Entry
from dlonsc.mail import ledger
from dlonsc.mail.guards import objection
from dlonsc.mail.ledger import NotPossible
from dlonsc.mail.models import KEY_LENGTH, Message, State
from dlonsc.mail.transport import Answer, Envelope, LastLook, Outcome
from reviews.actions import assigning, deciding, lettering, reviewing
from reviews.actions.assigning import Refused
from reviews.invariants import breaches
from reviews.models import Announcement, Decision
from reviews.persons import data_of
from reviews.tasks import tell_late_reviews
from submissions.models import Submission
from tests import factories
from tests.factories import AFTER_DEADLINE as AT

As = Callable[[User | Membership | None], Client]
HELD = timedelta(minutes=10)


def decide(submission: Submission, chair: Membership, verdict: str = "accept", words: str = "Well done.") -> Decision:
    assert chair.user is not None
    return deciding.decide(
        submission, verdict=verdict, note="Only for chairs.", to_authors=words, version=0, by=chair.user, at=AT
    )


def announce(chair: Membership, *, leave_undecided: bool = False, typed: tuple[int, int] | None = None) -> Announcement:
    now = deciding.plan(chair)
    assert chair.user is not None
    accepts, rejects = typed or (now.accepts, now.rejects)
    return deciding.announce(
        chair,
        accepts=accepts,
        rejects=rejects,
        fingerprint=now.fingerprint,
        leave_undecided=leave_undecided,
        by=chair.user,
        at=AT,
    )


def letters() -> list[Message]:
    return list(Message.objects.filter(kind="decision").order_by("pk"))


def test_a_decision_is_private_until_announced(edition: Edition, paper: Submission, chair: Membership) -> None:
    decide(paper, chair)
    paper.refresh_from_db()
    assert (paper.outcome, paper.announced_at) == ("", None)
    assert letters() == []


def test_announcing_writes_one_held_letter_per_author_with_or_without_account(
    edition: Edition, paper: Submission, chair: Membership
) -> None:
    factories.make_author(paper, "noaccount@uni.example", "Nora Noaccount")
    decide(paper, chair)
    row = announce(chair)
    sent = letters()
    assert [letter.to_email for letter in sent] == [paper.created_by.email, "noaccount@uni.example"]
    assert {letter.state for letter in sent} == {State.HELD}
    assert {letter.not_before for letter in sent} == {AT + HELD}
    assert sent[0].key == f"decision:{paper.decision.pk}:{row.pk}:{paper.created_by.email}"
    assert sent[0].subject == f"[{edition.name}] Paper {paper.number}: accepted"
    paper.refresh_from_db()
    assert (paper.outcome, paper.announced_at) == ("accepted", AT + HELD)


def test_an_author_with_an_address_as_long_as_allowed_does_not_stop_the_decisions(
    edition: Edition, paper: Submission, chair: Membership
) -> None:
    long = f"{'a' * 60}@{'.'.join(['b' * 60] * 3)}.example"
    factories.make_author(paper, long, "Lena Long")
    decide(paper, chair)
    announce(chair)
    found = letters()
    assert [letter.to_email for letter in found] == [paper.created_by.email, long]
    assert max(len(letter.key) for letter in found) <= KEY_LENGTH


def test_fewer_reviews_than_the_edition_asks_for_are_told_before_the_decision_and_before_the_announcement(
    paper: Submission, chair: Membership, as_user: As
) -> None:
    client, slug, told = as_user(chair), chair.edition.slug, []
    with time_machine.travel(AT, tick=False):
        decide(paper, chair)
        for number in range(1, 4):
            factories.make_review(factories.make_assignment(paper, factories.make_member(chair.edition)))
            pages = [
                client.get(reverse("reviews:decide", args=[slug, paper.number])),
                client.get(reverse("reviews:announce", args=[slug])),
            ]
            told.append((number, ["alert-care" in page.text for page in pages]))
    assert told == [(1, [True, True]), (2, [True, True]), (3, [False, False])]


def test_a_rejection_says_decision_in_its_subject(edition: Edition, paper: Submission, chair: Membership) -> None:
    decide(paper, chair, "reject")
    announce(chair)
    assert letters()[0].subject == f"[{edition.name}] Paper {paper.number}: decision"


def test_an_author_of_three_submissions_gets_three_letters(edition: Edition, chair: Membership, author: User) -> None:
    for _ in range(3):
        decide(factories.make_submission(edition, author), chair)
    announce(chair)
    assert [letter.to_email for letter in letters()] == [author.email] * 3


def test_pressed_twice_there_is_nothing_more(edition: Edition, paper: Submission, chair: Membership) -> None:
    decide(paper, chair)
    announce(chair)
    with pytest.raises(Refused, match="nothing to announce"):
        announce(chair)
    assert len(letters()) == 1
    assert Announcement.objects.count() == 1


@pytest.mark.parametrize("end", [{"removed_at": AT}, {"is_chair": False}])
def test_who_is_no_chair_any_more_once_her_press_has_its_turn_announces_nothing(
    edition: Edition, paper: Submission, chair: Membership, end: dict[str, object]
) -> None:
    decide(paper, chair)
    Membership.objects.filter(pk=chair.pk).update(**end)
    # As her request had read her place before.
    with pytest.raises(Http404):
        announce(chair)
    assert (letters(), Announcement.objects.count()) == ([], 0)


def test_wrong_counts_change_nothing(edition: Edition, paper: Submission, chair: Membership) -> None:
    decide(paper, chair)
    now = deciding.plan(chair)
    assert chair.user is not None
    with pytest.raises(Refused, match="typed 0"):
        deciding.announce(
            chair,
            accepts=0,
            rejects=1,
            fingerprint=now.fingerprint,
            leave_undecided=False,
            by=chair.user,
            at=AT,
        )
    assert letters() == []


def test_what_was_looked_at_is_what_is_released(
    edition: Edition, paper: Submission, chair: Membership, reviewers: list[Membership]
) -> None:
    decide(paper, chair)
    now = deciding.plan(chair)
    factories.make_review(factories.make_assignment(paper, reviewers[0]))
    assert chair.user is not None
    with pytest.raises(deciding.Changed, match="changed since you looked"):
        deciding.announce(
            chair,
            accepts=1,
            rejects=0,
            fingerprint=now.fingerprint,
            leave_undecided=False,
            by=chair.user,
            at=AT,
        )
    assert Announcement.objects.count() == 0


def test_undecided_submissions_need_a_choice(edition: Edition, paper: Submission, chair: Membership) -> None:
    factories.make_submission(edition)
    decide(paper, chair)
    with pytest.raises(Refused, match="Undecided submissions: 1"):
        announce(chair)
    assert announce(chair, leave_undecided=True).accepts == 1


def test_a_submission_without_recipients_stops_all(edition: Edition, paper: Submission, chair: Membership) -> None:
    decide(paper, chair)
    paper.authors.update(email="")
    with pytest.raises(Refused, match="No author of submission 1 has an e-mail address"):
        announce(chair)
    assert Announcement.objects.count() == 0


def test_all_that_stands_in_the_way_of_an_announcement_is_told_at_once(
    edition: Edition, paper: Submission, chair: Membership
) -> None:
    factories.make_submission(edition)
    decide(paper, chair)
    paper.authors.update(email="")
    with pytest.raises(Refused) as refusal:
        announce(chair, typed=(0, 3))
    told = ("No author of submission 1", "Undecided submissions: 1", "You typed 0 to accept and 3 to reject")
    assert [words in str(refusal.value) for words in told] == [True, True, True]


def test_stop_clears_site_and_letters_and_a_new_announcement_is_possible(
    edition: Edition, paper: Submission, chair: Membership
) -> None:
    decide(paper, chair)
    row = announce(chair)
    assert chair.user is not None
    deciding.stop_announcement(row, by=chair.user, at=AT + HELD - timedelta(seconds=1))
    paper.refresh_from_db()
    assert (paper.outcome, paper.announced_at) == ("", None)
    assert [letter.state for letter in letters()] == [State.CANCELLED]
    assert Decision.objects.unannounced().count() == 1
    announce(chair)
    assert [letter.state for letter in letters()] == [State.CANCELLED, State.HELD]


def move_submission(edition: Edition, chair: Membership, at: datetime, **changes: Any) -> int | None:
    assert chair.user is not None
    values: dict[str, Any] = {
        "announced": datetime(2026, 3, 31, 23, 59),  # noqa: DTZ001 - a local minute, its zone is beside it
        "zone": "AoE",
        "label": "Technical paper due",
        "grace_minutes": 0,
        "is_soft": False,
        "is_public": True,
    }
    return editions.set_deadline(
        edition=edition, phase=Phase.SUBMISSION, **(values | changes), by=chair.user, at=at, tell=True
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"announced": datetime(2027, 3, 31, 23, 59)},  # noqa: DTZ001
        {"is_soft": True},
        {"grace_minutes": 60 * 24 * 20},
    ],
)
def test_submission_does_not_open_again_while_an_announcement_is_held(
    edition: Edition, paper: Submission, chair: Membership, changes: dict[str, Any]
) -> None:
    decide(paper, chair)
    row = announce(chair)
    due = edition.deadlines.get(phase=Phase.SUBMISSION)
    with pytest.raises(EditionError, match="Stop the announcement first"):
        move_submission(edition, chair, AT, **changes)
    due.refresh_from_db()
    assert (due.version, Message.objects.filter(kind="date_changed").count()) == (1, 0)
    # What leaves it shut may change, and once it is out nothing is told any more.
    assert move_submission(edition, chair, AT, label="Papers due") == 0
    assert move_submission(edition, chair, row.release_at, **changes) is not None


def test_a_chair_who_opens_submission_again_is_told_of_no_hidden_announcement_and_whoever_may_know_it_is(
    edition: Edition, paper: Submission, chair: Membership, other_chair: Membership
) -> None:
    assert (chair.user, other_chair.user) != (None, None)
    barred, later = factories.make_member(edition, chair=True, email="barred@b.example"), datetime(2027, 3, 31, 23, 59)  # noqa: DTZ001
    factories.make_conflict(paper, barred)
    decide(paper, chair)
    row = announce(chair)
    # One that she knows, decided and not announced.
    decide(factories.make_submission(edition), chair)
    assert move_submission(edition, barred, AT, announced=later) == 0
    row.refresh_from_db()
    paper.refresh_from_db()
    assert (row.stopped_at, paper.outcome, Decision.objects.unannounced().count()) == (AT, "", 2)
    assert [letter.state for letter in letters()] == [State.CANCELLED]
    told = Message.objects.filter(kind="announcement_undone")
    assert sorted(told.values_list("to_email", flat=True)) == sorted([chair.email, other_chair.email])
    assert {objection(letter) for letter in told} == {None}
    # Her own copy of her acts names this one alone.
    assert list(Entry.objects.filter(by_id=barred.user_id).values_list("verb", flat=True)) == ["extend_deadline"]
    assert Entry.objects.filter(verb="announcement_stopped", subject=paper.label).count() == 1


def test_an_announcement_that_she_knows_in_part_refuses_her_as_ever(
    edition: Edition, paper: Submission, chair: Membership
) -> None:
    barred = factories.make_member(edition, chair=True, email="barred@b.example")
    factories.make_conflict(paper, barred)
    decide(paper, chair)
    decide(factories.make_submission(edition), chair)
    row = announce(chair)
    with pytest.raises(EditionError, match="Stop the announcement first"):
        move_submission(edition, barred, AT, is_soft=True)
    row.refresh_from_db()
    assert row.stopped_at is None


def test_who_stops_an_announcement_that_she_knows_in_part_does_not_read_in_her_copy_how_much_it_held(
    edition: Edition, paper: Submission, chair: Membership
) -> None:
    barred, known = factories.make_member(edition, chair=True), factories.make_submission(edition)
    factories.make_conflict(paper, barred)
    decide(paper, chair)
    decide(known, chair)
    assert barred.user is not None
    deciding.stop_announcement(announce(chair), by=barred.user, at=AT)
    assert [act["verb"] for act in data_of(barred.user, AT)["acts"]] == ["announcement_stopped"]
    # The others read who did it, of both.
    stopped = Entry.objects.filter(verb="announcement_stopped").values_list("subject", "by")
    assert sorted(stopped) == sorted((one.label, str(barred.user)) for one in (paper, known))


def test_an_announcement_that_she_knows_in_part_counts_and_lists_letters_about_her_papers_alone(
    edition: Edition, paper: Submission, chair: Membership, as_user: As
) -> None:
    barred, known = factories.make_member(edition, chair=True), factories.make_submission(edition)
    factories.make_conflict(paper, barred)
    decide(paper, chair)
    decide(known, chair)
    row = announce(chair)
    Message.objects.filter(kind="decision").update(state=State.FAILED)
    page = as_user(barred).get(reverse("reviews:announcement", args=[edition.slug, row.pk]))
    listed = [letter.subject_label for letter in page.context["problems"]]
    assert (page.context["release"].letters, listed) == ({"failed": 1}, [known.label])


def test_who_has_come_into_conflict_with_all_that_she_announced_does_not_see_that_it_was_stopped(
    edition: Edition, paper: Submission, chair: Membership, other_chair: Membership, as_user: As
) -> None:
    decide(paper, chair)
    row = announce(chair)
    address = reverse("reviews:announcement", args=[edition.slug, row.pk])
    conflict = factories.make_conflict(paper, chair)
    assert other_chair.user is not None
    with time_machine.travel(AT, tick=False):
        client = as_user(chair)
        before = client.get(address).status_code
        deciding.stop_announcement(row, by=other_chair.user, at=AT)
        assert (before, client.get(address).status_code) == (404, 404)
        conflict.delete()
        assert "Announcement stopped" in client.get(address).text


def test_words_typed_while_another_chair_announced_are_still_on_the_page(
    edition: Edition, paper: Submission, chair: Membership, as_user: As
) -> None:
    decide(paper, chair)
    announce(chair)
    with time_machine.travel(AT, tick=False):
        typed = {"verdict": "accept", "note": "Between us.", "to_authors": "Long words.", "version": "1"}
        answer = as_user(chair).post(reverse("reviews:decide", args=[edition.slug, paper.number]), typed)
    assert (answer.status_code, "Long words." in answer.text, "Between us." in answer.text) == (422, True, True)
    assert Decision.objects.get().to_authors == "Well done."


@pytest.mark.parametrize(("version", "stands"), [("1", False), ("7", True)])
def test_words_typed_beside_a_decision_that_is_taken_back_or_cannot_be_are_still_on_the_page(
    edition: Edition, paper: Submission, chair: Membership, as_user: As, version: str, stands: bool
) -> None:
    decide(paper, chair)
    address = reverse("reviews:decide", args=[edition.slug, paper.number])
    typed = {"verdict": "reject", "note": "Between us.", "to_authors": "Long words.", "version": version}
    with time_machine.travel(AT, tick=False):
        client = as_user(chair)
        answer = client.post(address, typed | {"take_back": "1"})
        assert Decision.objects.exists() is stands
        assert [words in answer.text for words in ("Long words.", "Between us.", "is not saved")] == [True] * 3
        # Saved from there, they are the decision.
        kept = {name: answer.context["form"][name].value() for name in typed}
        assert client.post(address, kept).status_code == 302
    saved = Decision.objects.get()
    assert (saved.verdict, saved.note, saved.to_authors) == ("reject", "Between us.", "Long words.")


def about_left_out(client: Client, row: Announcement, number: int) -> list[bool]:
    """Whether the pages of an announcement and of a decision say that a review is not in the letters."""
    slug = row.edition.slug
    pages = (reverse("reviews:announcement", args=[slug, row.pk]), reverse("reviews:decide", args=[slug, number]))
    return ["1 review came in, or changed, after these letters were written" in client.get(page).text for page in pages]


@pytest.mark.parametrize("is_first", [True, False])
def test_a_review_that_comes_in_while_letters_are_held_is_told_to_the_chairs_by_the_next_beat_and_on_the_pages(
    edition: Edition, paper: Submission, chair: Membership, other_chair: Membership, as_user: As, is_first: bool
) -> None:
    barred = factories.make_member(edition, chair=True, email="barred@b.example")
    factories.make_conflict(paper, barred)
    reviewer = factories.make_member(edition)
    task = factories.make_assignment(paper, reviewer)
    review = factories.make_review(task, submitted=not is_first)
    decide(paper, chair)
    row = announce(chair)
    with time_machine.travel(AT + HELD / 2, tick=False):
        client, at = as_user(chair), AT + HELD / 2
        assert about_left_out(client, row, paper.number) == [False, False]
        fields = reviewing.working_text(review) | {"weaknesses": "The baseline is wrong."}
        saved = reviewing.save_review(assignment=task, fields=fields, based_on=review.version, by=reviewer.user, at=at)
        version = saved.review.version
        for _ in range(2):
            reviewing.submit_review(assignment=task, based_on=version, by=reviewer.user, at=at)
            tell_late_reviews()
        told = Message.objects.filter(kind="review_after_letters").order_by("to_email")
        assert [letter.to_email for letter in told] == sorted([chair.email, other_chair.email])
        assert ("submitted" if is_first else "changed") in told[0].text
        assert {objection(letter) for letter in told} == {None}
        assert about_left_out(client, row, paper.number) == [True, True]
    with time_machine.travel(AT + 2 * HELD, tick=False):
        assert about_left_out(as_user(chair), row, paper.number) == [True, True]
        author = as_user(paper.created_by)
        page = author.get(reverse("reviews:decision_for_authors", args=[edition.slug, paper.number])).text
    assert "The baseline is wrong." not in page


def test_submitting_a_review_costs_the_same_while_its_decision_is_held(
    edition: Edition, paper: Submission, chair: Membership, other_chair: Membership
) -> None:
    """The same statements, so that nothing, not even the time, tells a reviewer."""
    other = factories.make_submission(edition)
    decide(paper, chair)
    announce(chair, leave_undecided=True)
    statements = []
    for submission in (other, paper):
        member = factories.make_member(edition)
        task = factories.make_assignment(submission, member)
        review = factories.make_review(task, submitted=False)
        with time_machine.travel(AT + HELD / 2, tick=False), CaptureQueriesContext(connection) as queries:
            reviewing.submit_review(assignment=task, based_on=review.version, by=member.user, at=AT + HELD / 2)
        statements.append([re.sub(r"'[^']*'|\bs\d+_x\d+\b|\b\d+\b", "?", one["sql"]) for one in queries])
    assert statements[0] == statements[1]


def test_stopped_and_announced_again_the_letters_hold_what_came_in(
    edition: Edition, paper: Submission, chair: Membership, as_user: As
) -> None:
    decide(paper, chair)
    row = announce(chair)
    factories.make_review(factories.make_assignment(paper, factories.make_member(edition)))
    with time_machine.travel(AT, tick=False):
        assert about_left_out(as_user(chair), row, paper.number) == [True, True]
        deciding.stop_announcement(row, by=chair.user, at=AT)
        assert about_left_out(as_user(chair), announce(chair), paper.number) == [False, False]


def test_after_the_release_stop_is_too_late(edition: Edition, paper: Submission, chair: Membership) -> None:
    decide(paper, chair)
    row = announce(chair)
    assert chair.user is not None
    with pytest.raises(Refused, match="too late to stop"):
        deciding.stop_announcement(row, by=chair.user, at=AT + HELD)
    assert [letter.state for letter in letters()] == [State.HELD]


def test_who_stops_what_another_chair_has_just_stopped_is_not_told_that_it_is_released(
    edition: Edition, paper: Submission, chair: Membership, other_chair: Membership
) -> None:
    decide(paper, chair)
    row = announce(chair)
    assert chair.user is not None
    assert other_chair.user is not None
    deciding.stop_announcement(row, by=chair.user, at=AT)
    with pytest.raises(Refused, match="It was stopped already"):
        deciding.stop_announcement(row, by=other_chair.user, at=AT)


def test_stop_is_too_late_once_a_letter_was_handed_over_whatever_the_clock_says(
    edition: Edition, paper: Submission, chair: Membership
) -> None:
    factories.make_author(paper, "second@uni.example")
    decide(paper, chair)
    row = announce(chair)
    first, second = letters()
    Message.objects.filter(pk=first.pk).update(state=State.SENT, handed_over_at=AT + HELD)
    assert chair.user is not None
    with pytest.raises(Refused, match="too late to stop"):
        deciding.stop_announcement(row, by=chair.user, at=AT + HELD - timedelta(milliseconds=50))
    second.refresh_from_db()
    paper.refresh_from_db()
    row.refresh_from_db()
    assert (second.state, paper.outcome, row.stopped_at) == (State.HELD, "accepted", None)


def test_a_page_from_before_a_decision_was_taken_back_does_not_write_over_the_next_one(
    paper: Submission, chair: Membership
) -> None:
    seen = decide(paper, chair)
    assert chair.user is not None
    deciding.take_back(seen, version=seen.version, by=chair.user, at=AT)
    decide(paper, chair, "reject")
    words = {"note": "", "to_authors": "", "by": chair.user, "at": AT}
    with pytest.raises(deciding.Changed):
        deciding.decide(paper, verdict="accept", version=seen.version, **words)
    with pytest.raises(deciding.Changed):
        deciding.take_back(seen, version=seen.version, by=chair.user, at=AT)
    row = Decision.objects.get()
    assert row.verdict == "reject"
    # The page that shows it still changes it.
    assert deciding.decide(paper, verdict="accept", version=row.version, **words).verdict == "accept"


def test_without_a_hold_the_letters_are_queued_at_once(edition: Edition, paper: Submission, chair: Membership) -> None:
    Edition.objects.update(hold_minutes=0)
    chair.edition.refresh_from_db()
    decide(paper, chair)
    row = announce(chair)
    assert row.release_at == AT
    assert letters()[0].state == State.QUEUED


def test_a_held_decision_cannot_be_changed(edition: Edition, paper: Submission, chair: Membership) -> None:
    decision = decide(paper, chair)
    announce(chair)
    assert chair.user is not None
    with pytest.raises(Refused, match="Stop the announcement"):
        deciding.decide(
            paper,
            verdict="reject",
            note="",
            to_authors="",
            version=decision.version,
            by=chair.user,
            at=AT,
        )


def test_the_guard_keeps_a_letter_whose_decision_changed(
    edition: Edition, paper: Submission, chair: Membership
) -> None:
    decide(paper, chair)
    announce(chair)
    letter = letters()[0]
    assert objection(letter) is None
    Decision.objects.update(verdict="reject")
    assert objection(letter) == "the decision changed after this letter was written"
    Decision.objects.update(announcement=None)
    assert objection(letter) == "the decision is not announced any more"


def test_letter_and_page_quote_the_reviews_and_nothing_confidential(
    edition: Edition, paper: Submission, chair: Membership, reviewers: list[Membership], as_user: As
) -> None:
    for number, member in enumerate(reviewers):
        factories.make_review(
            factories.make_assignment(paper, member),
            summary=f"Summary number {number}.",
            for_chairs="Between us only.",
            submitted=number < 2,
            score=2,
        )
    decide(paper, chair, words="Please heed the remarks.")
    announce(chair)
    with time_machine.travel(AT + HELD, tick=False):
        page = as_user(paper.created_by).get(f"/{edition.slug}/submissions/1/decision/").content.decode()
    for told in (letters()[0].text, letters()[0].html, page):
        assert "Please heed the remarks." in told
        assert "Summary number 0." in told
        assert "Summary number 1." in told
        assert "Reviewer 2" in told
        assert "Summary number 2." not in told
        assert "Reviewer 3" not in told
        assert "Between us" not in told
        assert "Only for chairs" not in told
        assert all(member.name not in told for member in reviewers)


def test_the_page_exists_from_the_released_instant_on_and_not_before(
    edition: Edition, paper: Submission, chair: Membership, as_user: As
) -> None:
    decide(paper, chair)
    announce(chair)
    address = f"/{edition.slug}/submissions/1/decision/"
    with time_machine.travel(AT + HELD - timedelta(seconds=1), tick=False):
        assert as_user(paper.created_by).get(address).status_code == 404
    with time_machine.travel(AT + HELD, tick=False):
        assert as_user(paper.created_by).get(address).status_code == 200


def test_a_correction_sends_a_new_letter_and_keeps_the_old(
    edition: Edition, paper: Submission, chair: Membership, as_user: As
) -> None:
    decision = decide(paper, chair, "reject")
    announce(chair)
    Message.objects.update(state=State.SENT)
    decision.refresh_from_db()
    assert chair.user is not None
    deciding.correct(
        decision,
        verdict="accept",
        note="",
        to_authors="We were wrong.",
        version=decision.version,
        by=chair.user,
        at=AT + HELD,
    )
    old, new = letters()
    assert old.subject == f"[{edition.name}] Paper 1: decision"
    assert new.subject == f"[{edition.name}] Paper 1: correction of the decision"
    assert objection(new) is None
    paper.refresh_from_db()
    assert paper.outcome == "accepted"
    with time_machine.travel(AT + HELD, tick=False):
        page = as_user(paper.created_by).get(f"/{edition.slug}/submissions/1/decision/").content.decode()
    assert "which no longer holds" in page
    assert "We were wrong." in page
    assert Entry.objects.filter(verb="decision_corrected", subject=paper.label).count() == 1


def test_a_correction_by_one_chair_is_told_to_every_other_who_may_know_the_paper(
    edition: Edition, paper: Submission, chair: Membership, other_chair: Membership, as_user: As
) -> None:
    factories.make_conflict(paper, factories.make_member(edition, chair=True, email="barred@b.example"))
    decision = decide(paper, chair, "reject")
    announce(chair)
    Message.objects.update(state=State.SENT)
    Edition.objects.filter(pk=edition.pk).update(needs_second_chair=True)
    decision.refresh_from_db()
    assert chair.user is not None
    with time_machine.travel(AT + HELD, tick=False):
        page = as_user(chair).get(reverse("reviews:decide", args=[edition.slug, paper.number])).text
        deciding.correct(decision, verdict="accept", note="", to_authors="", version=1, by=chair.user, at=AT + HELD)
    assert "and without a second chair" in " ".join(page.split())
    told = Message.objects.get(kind="decision_corrected")
    assert (told.to_email, objection(told)) == (other_chair.email, None)
    assert "from Reject to Accept" in told.text


def test_no_correction_while_an_old_letter_waits(edition: Edition, paper: Submission, chair: Membership) -> None:
    decision = decide(paper, chair, "reject")
    announce(chair)
    decision.refresh_from_db()
    assert chair.user is not None
    with pytest.raises(Refused, match="that may still leave: 1"):
        deciding.correct(
            decision,
            verdict="accept",
            note="",
            to_authors="",
            version=decision.version,
            by=chair.user,
            at=AT + HELD,
        )
    assert [letter.guard["verdict"] for letter in letters()] == ["reject"]


def correct(decision: Decision, chair: Membership, verdict: str) -> Announcement:
    decision.refresh_from_db()
    assert chair.user is not None
    return deciding.correct(
        decision, verdict=verdict, note="", to_authors="", version=decision.version, by=chair.user, at=AT + HELD
    )


def test_a_letter_that_a_correction_overtook_never_leaves_and_stops_no_other(
    edition: Edition, paper: Submission, chair: Membership, as_user: As
) -> None:
    decision = decide(paper, chair, "reject")
    decide(factories.make_submission(edition), chair)
    announce(chair)
    failed, other = letters()
    Message.objects.filter(pk=failed.pk).update(state=State.HANDED_OVER)
    with pytest.raises(Refused, match="that may still leave: 1"):
        correct(decision, chair, "accept")
    Message.objects.filter(pk=failed.pk).update(state=State.FAILED)
    correct(decision, chair, "accept")
    # The button for all failed ones, and the one of each state out of which it could be sent again.
    client = as_user(chair)
    with time_machine.travel(AT + HELD, tick=False):
        page = client.post(f"/{edition.slug}/chair/mail/again/", follow=True).content.decode()
        assert "Queued again: 0." in page
        assert "Not queued, because what they tell is not true any more: 1." in page
        for state in (State.FAILED, State.UNKNOWN, State.BOUNCED, State.CANCELLED):
            Message.objects.filter(pk=failed.pk).update(state=state)
            address = reverse("letters:settle", args=(edition.slug, failed.pk))
            page = client.post(address, {"what": "again"}, follow=True).content.decode()
            assert "It is not sent again: the decision was corrected." in page
            failed.refresh_from_db()
            assert failed.state == state
    # Had it been queued before the correction, the last look would keep it back, and it alone.
    Message.objects.filter(pk=failed.pk).update(state=State.QUEUED)
    sent: list[str] = []

    class Post:
        def deliver(self, envelope: Envelope, last_look: LastLook) -> Answer:
            if not last_look():
                return Answer(Outcome.STOPPED, "")
            sent.append(envelope.recipient)
            return Answer(Outcome.SENT, "250 ok")

        def close(self) -> None: ...

    ledger.drain(Post(), seconds=5, clock=lambda: AT + HELD)
    assert [letter.state for letter in letters()] == [State.CANCELLED, State.SENT, State.SENT]
    assert sorted(sent) == sorted([other.to_email, failed.to_email])


def test_a_cancelled_letter_is_sent_again_but_not_before_its_release(
    edition: Edition, paper: Submission, chair: Membership, as_user: As
) -> None:
    decide(paper, chair)
    announce(chair)
    (letter,) = letters()
    client = as_user(chair)
    with time_machine.travel(AT, tick=False):
        for what, state in (("cancel", State.CANCELLED), ("again", State.HELD)):
            client.post(reverse("letters:settle", args=(edition.slug, letter.pk)), {"what": what})
            letter.refresh_from_db()
            assert (letter.state, letter.not_before) == (state, AT + HELD)
    with time_machine.travel(AT + HELD, tick=False):
        for what, state in (("cancel", State.CANCELLED), ("again", State.QUEUED)):
            client.post(reverse("letters:settle", args=(edition.slug, letter.pk)), {"what": what})
            letter.refresh_from_db()
            assert (letter.state, letter.not_before) == (state, AT + HELD)


def test_a_decision_that_came_back_is_sent_to_the_address_that_was_put_right_in_the_author_list_and_nowhere_else(
    edition: Edition, paper: Submission, chair: Membership, as_user: As
) -> None:
    decide(paper, chair)
    announce(chair)
    (letter,) = letters()
    author = paper.authors.get()
    address = reverse("letters:settle", args=(edition.slug, letter.pk))
    page = reverse("letters:letter", args=(edition.slug, letter.pk))
    client = as_user(chair)
    with time_machine.travel(AT + HELD, tick=False):
        Message.objects.filter(pk=letter.pk).update(state=State.BOUNCED, finished_at=AT + HELD, answer="550")
        for email in ("stranger@else.example", author.email):
            client.post(address, {"what": "instead", "email": email})
        assert (len(letters()), client.get(page).context["instead"]) == (1, [])
        paper.authors.update(email="ada@right.example")
        assert [one.email for one in client.get(page).context["instead"]] == ["ada@right.example"]
        for _ in range(2):
            client.post(address, {"what": "instead", "email": "ada@right.example"})
        old, new = letters()
        assert (old.state, new.state, new.to_email) == (State.BOUNCED, State.QUEUED, "ada@right.example")
        assert (new.text, new.campaign, objection(new)) == (letter.text, letter.campaign, None)
        assert (client.get(page).context["instead"], breaches(AT + HELD)) == ([], [])


def test_a_decision_that_came_back_is_not_sent_elsewhere_once_it_was_corrected(
    edition: Edition, paper: Submission, chair: Membership
) -> None:
    decide(paper, chair)
    announce(chair)
    (letter,) = letters()
    Message.objects.update(state=State.BOUNCED, finished_at=AT + HELD)
    paper.authors.update(email="ada@right.example")
    letter.refresh_from_db()
    later = AT + 2 * HELD
    assert len(lettering.listed_without_letter(letter, later)) == 1
    row = Decision.objects.select_related("submission__edition", "announcement").get()
    deciding.correct(row, verdict="reject", note="", to_authors="", version=1, by=chair.user, at=later)
    assert lettering.listed_without_letter(letter, later) == []
    with pytest.raises(NotPossible, match="not sent there"):
        lettering.send_to_listed(letter, email="ada@right.example", by=chair.user, at=later)


def test_the_first_step_tells_how_many_reviews_become_visible_and_where_to_look_as_an_author(
    edition: Edition, paper: Submission, chair: Membership, reviewers: list[Membership], as_user: As
) -> None:
    for number, member in enumerate(reviewers):
        factories.make_review(factories.make_assignment(paper, member), submitted=number < 2)
    decide(paper, chair)
    page = " ".join(as_user(chair).get(f"/{edition.slug}/chair/announce/").content.decode().split())
    first = page[page.index('id="step-1"') : page.index('id="step-2"')]
    assert "This will make 1 decision and 2 reviews visible to 1 author." in first
    assert f'href="/{edition.slug}/chair/look-as/"' in first


def test_a_reached_limit_of_the_day_is_told_where_letters_wait(
    edition: Edition, paper: Submission, chair: Membership, as_user: As, settings: Any
) -> None:
    factories.make_author(paper, "noaccount@uni.example", "Nora Noaccount")
    decide(paper, chair)
    row = announce(chair)
    first = letters()[0]
    left_at = AT + HELD
    Message.objects.update(state=State.QUEUED)
    Message.objects.filter(pk=first.pk).update(state=State.SENT, handed_over_at=left_at)
    words = f"s limit of 1 letter is reached; the rest leaves tomorrow, from {left_at:%H:%M} UTC."
    addresses = [f"/{edition.slug}/chair/mail/", reverse("reviews:announcement", args=(edition.slug, row.pk))]
    told = []
    client = as_user(chair)
    for limit, at in ((0, left_at), (1, left_at), (2, left_at), (1, left_at + timedelta(days=1))):
        settings.MAIL_PER_DAY = limit
        with time_machine.travel(at, tick=False):
            told.append([words in client.get(address).content.decode() for address in addresses])
    assert told == [[False, False], [True, True], [False, False], [False, False]]


def test_a_chair_releases_only_what_she_may_see(
    edition: Edition, paper: Submission, secret: Submission, chair: Membership, other_chair: Membership
) -> None:
    decide(paper, chair)
    decide(secret, other_chair, "reject")
    row = announce(chair)
    assert (row.accepts, row.rejects) == (1, 0)
    secret.refresh_from_db()
    assert secret.outcome == ""
    assert {letter.subject_label for letter in letters()} == {paper.label}


def test_where_two_chairs_are_asked_for_one_alone_cannot_release(
    edition: Edition, paper: Submission, chair: Membership, other_chair: Membership
) -> None:
    Edition.objects.update(needs_second_chair=True)
    chair.edition.refresh_from_db()
    decide(paper, chair)
    assert chair.user is not None
    assert other_chair.user is not None
    with pytest.raises(Refused, match="Another chair must confirm"):
        announce(chair)
    now = deciding.plan(chair)
    deciding.confirm_letters(chair, fingerprint=now.fingerprint, by=chair.user, at=AT)
    with pytest.raises(Refused, match="Another chair must confirm"):
        announce(chair)
    deciding.confirm_letters(other_chair, fingerprint=now.fingerprint, by=other_chair.user, at=AT)
    factories.make_author(paper, "late@uni.example")
    with pytest.raises(Refused, match="Another chair must confirm"):
        announce(chair)
    now = deciding.plan(other_chair)
    deciding.confirm_letters(other_chair, fingerprint=now.fingerprint, by=other_chair.user, at=AT)
    assert announce(chair).accepts == 1


def test_of_two_chairs_who_both_confirmed_either_may_release(
    edition: Edition, paper: Submission, chair: Membership, other_chair: Membership
) -> None:
    Edition.objects.update(needs_second_chair=True)
    decide(paper, chair)
    for one in (chair, other_chair, other_chair):
        one.edition.refresh_from_db()
        assert one.user is not None
        deciding.confirm_letters(one, fingerprint=deciding.plan(one).fingerprint, by=one.user, at=AT)
    unconfirmed = [deciding.plan(one).unconfirmed(one.user) for one in (chair, other_chair) if one.user]
    assert unconfirmed == [[], []]
    assert announce(other_chair).accepts == 1


def test_a_chair_is_asked_to_confirm_only_what_she_has_not_confirmed_as_it_is_now(
    edition: Edition, paper: Submission, chair: Membership, other_chair: Membership
) -> None:
    Edition.objects.update(needs_second_chair=True)
    chair.edition.refresh_from_db()
    row = decide(paper, chair)
    assert chair.user is not None
    assert other_chair.user is not None
    deciding.confirm_letters(chair, fingerprint=deciding.plan(chair).fingerprint, by=chair.user, at=AT)
    now = deciding.plan(chair)
    assert (now.to_confirm(chair.user), now.to_confirm(other_chair.user)) == ([], [row])
    Submission.objects.filter(pk=paper.pk).update(title="Changed since")
    assert deciding.plan(chair).to_confirm(chair.user) == [row]


def test_what_no_other_chair_may_see_needs_no_second_one(
    edition: Edition, secret: Submission, chair: Membership, other_chair: Membership
) -> None:
    Edition.objects.update(needs_second_chair=True)
    other_chair.edition.refresh_from_db()
    decide(secret, other_chair)
    assert announce(other_chair).accepts == 1


def test_a_chair_does_not_get_rid_of_the_second_one_by_setting_a_conflict_of_hers(
    edition: Edition, paper: Submission, chair: Membership, other_chair: Membership
) -> None:
    Edition.objects.update(needs_second_chair=True)
    chair.edition.refresh_from_db()
    decide(paper, chair)
    assert chair.user is not None
    assert other_chair.user is not None
    assigning.add_conflict(paper, other_chair, kind="other", reason="x", by=chair.user, at=AT)
    letter = Message.objects.get(kind="conflict_set")
    assert (letter.to_email, paper.title in letter.text) == (other_chair.user.email, False)
    assert str(paper.number) not in letter.text.replace(edition.name, "")
    with pytest.raises(Refused, match="if no other chair may see it, name one more"):
        announce(chair)
    third = factories.make_member(edition, email="third@chairs.example", chair=True)
    assert third.user is not None
    deciding.confirm_letters(third, fingerprint=deciding.plan(third).fingerprint, by=third.user, at=AT)
    assert announce(chair).accepts == 1


def test_a_chair_whose_conflict_has_another_source_too_is_no_second_one(
    edition: Edition, paper: Submission, chair: Membership, other_chair: Membership
) -> None:
    Edition.objects.update(needs_second_chair=True)
    chair.edition.refresh_from_db()
    decide(paper, chair)
    assert chair.user is not None
    factories.make_conflict(paper, other_chair)
    assigning.add_conflict(paper, other_chair, kind="other", reason="x", by=chair.user, at=AT)
    assert announce(chair).accepts == 1


def test_two_chairs_deciding_at_once_one_is_told(
    edition: Edition, paper: Submission, chair: Membership, other_chair: Membership
) -> None:
    first = decide(paper, chair)
    assert other_chair.user is not None
    with pytest.raises(deciding.Changed, match="Another chair, or another window of yours, changed the decision"):
        deciding.decide(paper, verdict="reject", note="", to_authors="", version=0, by=other_chair.user, at=AT)
    first.refresh_from_db()
    assert first.verdict == "accept"


def test_the_whole_way_in_the_browser_pages(
    edition: Edition, paper: Submission, chair: Membership, as_user: As
) -> None:
    browser = as_user(chair)
    with time_machine.travel(AT, tick=False):
        address = f"/{edition.slug}/chair"
        browser.post(f"{address}/decisions/", {"number": "1", "verdict": "accept", "version": "0"})
        page = browser.get(f"{address}/announce/")
        fingerprint = page.context["plan"].fingerprint
        assert "Announce 1 decision in 1 letter to 1 person" in " ".join(page.content.decode().split())
        wrong = browser.post(f"{address}/announce/", {"accepts": "2", "rejects": "0", "fingerprint": fingerprint})
        reason = "You typed 2 to accept and 0 to reject; the decisions are 1 and 0. Nothing was announced."
        assert (wrong.status_code, wrong.context["form"].non_field_errors()) == (422, [reason])
        assert list(wrong.context["messages"]) == []
        done = browser.post(
            f"{address}/announce/", {"accepts": "1", "rejects": "0", "fingerprint": fingerprint}, follow=True
        )
        assert "Stop: announce nothing" in done.content.decode()
        stopped = browser.post(f"{done.redirect_chain[-1][0]}stop/", follow=True)
        assert "private again" in stopped.content.decode()
    assert [letter.state for letter in letters()] == [State.CANCELLED]


def test_the_dry_run_tells_what_differs_from_the_last_one(
    edition: Edition, chair: Membership, author: User, as_user: As
) -> None:
    papers = [factories.make_submission(edition, author, title=f"Paper {number}") for number in range(4)]
    browser, page = as_user(chair), f"/{edition.slug}/chair/announce/"
    decided = [decide(paper, chair) for paper in papers[:3]]
    assert browser.get(page).context["since"] is None
    assert browser.get(page).context["since"] is None
    factories.make_author(papers[0], "second@uni.example", "Second")
    Decision.objects.filter(pk=decided[1].pk).delete()
    decide(papers[3], chair, "reject")
    for _ in range(2):
        since = browser.get(page).context["since"]
        assert (since.changed, since.new, since.gone) == (
            [papers[0].number], [papers[3].number], [papers[1].number]
        )  # fmt: skip


def test_a_letter_of_the_dry_run_goes_to_the_chair_who_looks_and_to_nobody_else(
    edition: Edition, paper: Submission, chair: Membership, as_user: As
) -> None:
    factories.make_author(paper, "second@uni.example", "Sara Second")
    decide(paper, chair)
    page = f"/{edition.slug}/chair/announce/"
    # Pressed twice within a minute; a slow machine may take longer.
    with time_machine.travel(AT, tick=False):
        for _ in range(2):
            answer = as_user(chair).post(page, {"myself": "2"})
            assert (answer.status_code, answer["Location"]) == (302, f"{page}?letter=2#letter")
    assert chair.user is not None
    letter = Message.objects.get()
    assert (letter.to_email, letter.kind, letter.subject_label) == (chair.user.email, "decision_test", paper.label)
    assert letter.subject == f"Test: [{edition.name}] Paper {paper.number}: accepted"
    assert (letter.text.startswith("Dear Sara Second,"), "<p>Dear Sara Second,</p>" in letter.html) == (True, True)
    paper.refresh_from_db()
    assert paper.announced_at is None
    # It is none of the decision's letters: the release goes on as if it had never been.
    announce(chair)
    assert len(letters()) == 2


def test_a_press_that_finds_nothing_left_says_so_on_the_page_without_a_form(
    edition: Edition, paper: Submission, chair: Membership, as_user: As
) -> None:
    page = f"/{edition.slug}/chair/announce/"
    answer = as_user(chair).post(page, {"accepts": "1", "rejects": "0", "fingerprint": "x"})
    words = ["There is nothing to announce: every decision that you may see is announced or held."]
    assert [str(message) for message in answer.context["messages"]] == words


def test_the_page_of_an_announcement_pauses_its_letters_and_sends_the_failed_again(
    edition: Edition, paper: Submission, chair: Membership, as_user: As
) -> None:
    factories.make_author(paper, "second@uni.example", "Sara Second")
    Edition.objects.filter(pk=edition.pk).update(hold_minutes=0)
    chair.edition.refresh_from_db()
    decide(paper, chair)
    row = announce(chair)
    browser, page = as_user(chair), reverse("reviews:announcement", args=(edition.slug, row.pk))
    campaign = {"campaign": code("campaign", row.campaign_id_label), "announcement": "1"}
    mail = f"/{edition.slug}/chair/mail"

    def words() -> str:
        return " ".join(browser.get(page).content.decode().split())

    assert "Pause 2 letters" in words()
    assert f'name="campaign" value="{campaign["campaign"]}"' in words()
    assert browser.post(f"{mail}/switch/", campaign | {"to": "pause"})["Location"] == page
    assert "Let 2 letters leave" in words()
    assert browser.post(f"{mail}/switch/", campaign | {"to": "resume"})["Location"] == page
    assert "Pause 2 letters" in words()
    lone = Message.objects.create(key="other", kind="receipt", edition=edition.slug, to_email="x@uni.example")
    Message.objects.filter(pk__in=[letters()[0].pk, lone.pk]).update(state=State.FAILED, answer="550 no such box")
    assert "Send 1 failed letter again" in words()
    assert "550 no such box" in words()
    assert browser.post(f"{mail}/again/", campaign)["Location"] == page
    lone.refresh_from_db()
    assert ([letter.state for letter in letters()], lone.state) == ([State.QUEUED, State.QUEUED], State.FAILED)
