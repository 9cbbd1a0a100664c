"""Saving, submitting, giving back: nothing typed is lost, and a draft never counts."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from django.urls import reverse

from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Deadline, Edition, Membership
from dlonsc.history.models import Entry
from dlonsc.mail.models import Message
from reviews.actions import reviewing
from reviews.actions.reviewing import (
    ReviewingError,
    Stale,
    decline_assignment,
    free_label,
    official_text,
    promise_date,
    save_profile,
    save_review,
    submit_review,
    working_text,
)
from reviews.conflicts import bar_named
from reviews.models import Assignment, Review, ReviewVersion
from submissions.models import Conflict, ConflictSource
from submissions.states import State
from tests import factories
from tests.factories import AT

TEXT = {
    "summary": "It trains on 1024 nodes.",
    "strengths": "Measured with care.",
    "weaknesses": "One seed only.",
    "reproducibility": "Code and data are named.",
    "score": 2,
    "confidence": 3,
    "for_chairs": "I know one of the authors' students.",
}


@pytest.fixture
def assignment(edition: Edition, reviewer: Membership) -> Assignment:
    return factories.make_assignment(factories.make_submission(edition), reviewer)


def save(assignment: Assignment, based_on: int, **changes: Any) -> reviewing.Saved:
    user = assignment.membership.user
    assert user is not None
    fields = TEXT | changes
    return save_review(assignment=assignment, fields=fields, based_on=based_on, by=user, at=AT)


def hand_in(assignment: Assignment, based_on: int, at: datetime = AT) -> Review:
    user = assignment.membership.user
    assert user is not None
    return submit_review(assignment=assignment, based_on=based_on, by=user, at=at)


def test_every_saved_text_is_a_version(assignment: Assignment) -> None:
    save(assignment, 0, summary="one")
    save(assignment, 1, summary="two")
    review = save(assignment, 2, summary="three").review
    kept = review.versions.order_by("number").values_list("number", "fields__summary", "is_aside", "is_submitted")
    assert list(kept) == [(1, "one", False, False), (2, "two", False, False), (3, "three", False, False)]


def test_saving_the_same_text_again_writes_no_version(assignment: Assignment) -> None:
    save(assignment, 0)
    again = save(assignment, 1)
    assert (again.is_aside, again.review.version, again.review.versions.count()) == (False, 1, 1)


def test_a_text_based_on_an_older_one_is_kept_aside_and_changes_nothing(assignment: Assignment) -> None:
    save(assignment, 0, summary="first tab")
    late = save(assignment, 0, summary="second tab")
    review = Review.objects.get()
    assert late.is_aside
    assert (review.summary, review.version) == ("first tab", 1)
    assert review.versions.get(is_aside=True).fields["summary"] == "second tab"
    assert working_text(review)["summary"] == "first tab"


def test_two_first_saves_of_two_tabs_make_one_review(assignment: Assignment) -> None:
    results = [save(assignment, 0, summary="a"), save(assignment, 0, summary="b")]
    assert [result.is_aside for result in results] == [False, True]
    assert Review.objects.count() == 1


def test_the_same_stale_text_sent_twice_is_kept_aside_once(assignment: Assignment) -> None:
    save(assignment, 0, summary="newer")
    save(assignment, 0, summary="stale")
    save(assignment, 0, summary="stale")
    assert ReviewVersion.objects.filter(is_aside=True).count() == 1


def test_a_draft_is_no_review(assignment: Assignment) -> None:
    save(assignment, 0)
    assert list(Review.objects.submitted()) == []


def test_submitting_makes_it_count_and_leaves_no_text_in_history(assignment: Assignment) -> None:
    save(assignment, 0)
    review = hand_in(assignment, 1)
    assert (review.submitted_at, review.score, list(Review.objects.submitted())) == (AT, 2, [review])
    entry = Entry.objects.get(verb="submit_review")
    assert TEXT["summary"] not in str(entry.detail)
    assert TEXT["for_chairs"] not in str(entry.detail)


def test_submitting_twice_changes_nothing_the_second_time(assignment: Assignment) -> None:
    save(assignment, 0)
    hand_in(assignment, 1)
    review = hand_in(assignment, 1, AT + timedelta(hours=1))
    assert (review.submitted_at, review.version, review.versions.count()) == (AT, 2, 2)
    assert Entry.objects.filter(verb="submit_review").count() == 1


@pytest.mark.parametrize("name", ["summary", "strengths", "weaknesses", "reproducibility", "score", "confidence"])
def test_an_incomplete_review_is_refused_by_the_name_of_what_is_missing(assignment: Assignment, name: str) -> None:
    save(assignment, 0, **{name: None if name in {"score", "confidence"} else "  "})
    with pytest.raises(ReviewingError, match=reviewing.NEEDED[name]):
        hand_in(assignment, 1)
    assert Review.objects.get().submitted_at is None


def test_a_score_outside_the_editions_scale_is_missing(edition: Edition) -> None:
    assert reviewing.missing_in(edition, TEXT | {"score": 0}) == ["score"]


def test_the_confidential_note_is_not_needed(edition: Edition) -> None:
    assert reviewing.missing_in(edition, TEXT | {"for_chairs": ""}) == []


def test_submitting_a_page_that_does_not_show_the_newest_text_is_refused(assignment: Assignment) -> None:
    save(assignment, 0)
    save(assignment, 1, summary="newer, from another tab")
    with pytest.raises(Stale):
        hand_in(assignment, 1)


def test_after_submitting_a_changed_text_counts_only_when_submitted_again(assignment: Assignment) -> None:
    save(assignment, 0)
    hand_in(assignment, 1)
    save(assignment, 2, score=-2, weaknesses="The baseline is wrong.")
    review = Review.objects.get()
    assert (review.score, working_text(review)["score"]) == (2, -2)
    hand_in(assignment, 3, AT + timedelta(hours=2))
    review.refresh_from_db()
    assert (review.score, review.submitted_at) == (-2, AT)
    assert Entry.objects.get(verb="change_review").detail["score_before"] == 2
    assert official_text(review) == working_text(review)


def test_reviews_are_taken_late_while_the_deadline_is_soft(assignment: Assignment) -> None:
    save(assignment, 0)
    assert hand_in(assignment, 1, datetime(2026, 4, 20, tzinfo=UTC)).submitted_at is not None


def test_the_chair_closes_reviewing_by_a_hard_deadline(assignment: Assignment, edition: Edition) -> None:
    save(assignment, 0)
    Deadline.objects.filter(edition=edition, phase=Phase.REVIEW).update(is_soft=False)
    with pytest.raises(ReviewingError, match="closed reviewing"):
        hand_in(assignment, 1, datetime(2026, 4, 20, tzinfo=UTC))


def kept_beside(saved: reviewing.Saved) -> tuple[bool, str, list[str]]:
    """Whether a text was kept aside, what the review says, and what is kept beside it."""
    asides = saved.review.versions.filter(is_aside=True).values_list("fields__summary", flat=True)
    return saved.is_aside, Review.objects.get(pk=saved.review.pk).summary, list(asides)


def test_a_text_after_the_announcement_is_kept_and_changes_nothing(assignment: Assignment) -> None:
    save(assignment, 0)
    factories.announce(assignment.submission, at=AT - timedelta(minutes=1))
    for _ in range(2):
        late = save(assignment, 1, summary="too late")
        assert late.closed == "The decision is announced; reviews can no longer be changed."
        assert kept_beside(late) == (True, TEXT["summary"], ["too late"])
    with pytest.raises(ReviewingError, match="announced"):
        hand_in(assignment, 1)


def test_a_release_that_came_after_the_page_was_asked_for_closes_what_it_sends(assignment: Assignment) -> None:
    """The request has read its task, then waits for the release that is being written."""
    review = save(assignment, 0).review
    before = Assignment.objects.select_related("membership__user", "submission__edition")
    saving, submitting, leaving = (before.get(pk=assignment.pk) for _ in range(3))
    factories.announce(assignment.submission)
    assert save(saving, 1, summary="later").closed == "The decision is announced; reviews can no longer be changed."
    with pytest.raises(ReviewingError, match="The decision is announced"):
        hand_in(submitting, 1)
    by = leaving.membership.user
    assert by is not None
    with pytest.raises(ReviewingError, match="The decision is announced"):
        decline_assignment(assignment=leaving, refusal="time", reason="None.", by=by, at=AT)
    review.refresh_from_db()
    assert (review.summary, review.submitted_at) == (TEXT["summary"], None)


def test_a_held_announcement_closes_nothing_yet(assignment: Assignment) -> None:
    factories.announce(assignment.submission, at=AT + timedelta(minutes=10))
    assert save(assignment, 0).is_aside is False


def taken_away(assignment: Assignment) -> None:
    Assignment.objects.update(removed_at=AT, removed_by=assignment.assigned_by)


def withdrawn(assignment: Assignment) -> None:
    assignment.submission.state = State.WITHDRAWN
    assignment.submission.save()


def in_conflict(assignment: Assignment) -> None:
    factories.make_conflict(assignment.submission, assignment.membership)


@pytest.mark.parametrize("end", [taken_away, withdrawn, in_conflict])
def test_a_text_for_a_task_that_ended_while_she_typed_is_kept_for_her_and_tells_no_reason(
    assignment: Assignment, end: Callable[[Assignment], None]
) -> None:
    save(assignment, 0)
    end(assignment)
    late = save(assignment, 1, summary="more")
    assert late.closed == "This submission is no longer on your list."
    assert kept_beside(late) == (True, TEXT["summary"], ["more"])
    with pytest.raises(ReviewingError, match="no longer on your list"):
        hand_in(assignment, 1)


def late(assignment: Assignment, summary: str, window: str = "", at: datetime = AT) -> bool:
    user = assignment.membership.user
    assert user is not None
    assignment.refresh_from_db()
    fields = TEXT | {"summary": summary}
    return save_review(assignment=assignment, fields=fields, based_on=1, by=user, at=at, window=window).is_kept


def asides() -> list[str]:
    return [row.fields["summary"] for row in ReviewVersion.objects.filter(is_aside=True).order_by("number")]


@pytest.mark.parametrize("is_over", [True, False])
def test_of_the_texts_that_one_window_sends_aside_the_newest_is_kept(assignment: Assignment, is_over: bool) -> None:
    save(assignment, 0)
    if is_over:
        taken_away(assignment)
    else:
        save(assignment, 1, summary="newer")
    for text, window in (("a", "one"), ("b", "two"), ("a and more", "one"), ("b and more", "two")):
        assert late(assignment, text, window)
    assert asides() == ["a and more", "b and more"]


@pytest.mark.parametrize("end", [withdrawn, in_conflict])
def test_whether_a_late_text_is_kept_does_not_tell_who_may_not_know_it_that_a_decision_is_known(
    assignment: Assignment, end: Callable[[Assignment], None]
) -> None:
    Deadline.objects.filter(edition=assignment.submission.edition, phase=Phase.REVIEW).update(is_soft=True)
    save(assignment, 0)
    # As it was held when the paper was taken back; a conflict bars her from one that is known.
    factories.announce(assignment.submission, at=AT - timedelta(days=2))
    end(assignment)
    assert (late(assignment, "more"), asides()) == (True, ["more"])


def test_only_a_few_late_texts_are_kept(assignment: Assignment) -> None:
    save(assignment, 0)
    taken_away(assignment)
    assert [late(assignment, f"text {number}") for number in range(7)] == [True] * 5 + [False] * 2
    assert len(asides()) == 5


def test_late_texts_are_kept_only_for_a_day_after_the_date(assignment: Assignment) -> None:
    save(assignment, 0)
    Deadline.objects.filter(edition=assignment.submission.edition, phase=Phase.REVIEW).update(
        is_soft=False, cutoff_at=AT
    )
    day = timedelta(days=1)
    assert [late(assignment, str(after), at=AT + after) for after in (day, day + timedelta(seconds=1))] == [True, False]


# --- Labels ----------------------------------------------------------------------------------------------------------


def test_labels_of_a_submission_are_one_to_n(edition: Edition) -> None:
    submission = factories.make_submission(edition)
    rows = [factories.make_assignment(submission, factories.make_member(edition)) for _ in range(3)]
    for row in rows:
        save(row, 0)
    assert sorted(Review.objects.values_list("label", flat=True)) == [1, 2, 3]


def test_the_label_is_drawn_among_all_free_ones(edition: Edition, monkeypatch: pytest.MonkeyPatch) -> None:
    submission = factories.make_submission(edition)
    rows = [factories.make_assignment(submission, factories.make_member(edition)) for _ in range(3)]
    seen: list[list[int]] = []
    monkeypatch.setattr(reviewing.secrets, "choice", lambda free: seen.append(list(free)) or free[-1])
    for row in rows:
        save(row, 0)
    assert seen == [[1, 2, 3], [1, 2], [1]]
    assert [Review.objects.get(assignment=row).label for row in rows] == [3, 2, 1]


def test_a_label_stays_when_another_reviewer_leaves(edition: Edition, chair: Membership) -> None:
    submission = factories.make_submission(edition)
    stays = factories.make_assignment(submission, factories.make_member(edition))
    leaves = factories.make_assignment(submission, factories.make_member(edition))
    save(stays, 0)
    save(leaves, 0)
    before = Review.objects.get(assignment=stays).label
    Assignment.objects.filter(pk=leaves.pk).update(removed_at=AT, removed_by=chair.user)
    comes = factories.make_assignment(submission, factories.make_member(edition))
    save(comes, 0)
    assert Review.objects.get(assignment=stays).label == before
    assert Review.objects.get(assignment=comes).label != before


def test_a_free_label_exists_even_when_all_numbers_are_taken(edition: Edition) -> None:
    submission = factories.make_submission(edition)
    factories.make_review(factories.make_assignment(submission, factories.make_member(edition)), label=1)
    assert free_label(submission.pk) == 2


# --- Giving back, promising ------------------------------------------------------------------------------------------


def give_back(assignment: Assignment, refusal: str) -> None:
    user = assignment.membership.user
    assert user is not None
    decline_assignment(assignment=assignment, refusal=refusal, reason="We share a grant.", by=user, at=AT)


def test_giving_back_for_a_conflict_bars_the_submission_and_keeps_the_draft(
    assignment: Assignment, reviewer: Membership, chair: Membership
) -> None:
    save(assignment, 0)
    give_back(assignment, "conflict")
    conflict = Conflict.objects.get()
    assert (conflict.membership, conflict.source, conflict.reason) == (
        reviewer,
        ConflictSource.MEMBER,
        "We share a grant.",
    )
    assert Review.objects.get().summary == TEXT["summary"]
    assert not Assignment.objects.standing().exists()


def test_a_submitted_review_is_not_taken_back_by_its_writer(assignment: Assignment, chair: Membership) -> None:
    save(assignment, 0)
    hand_in(assignment, 1)
    with pytest.raises(ReviewingError, match="write to the chairs"):
        give_back(assignment, "conflict")
    assert (list(Assignment.objects.standing()), list(Review.objects.submitted())) == (
        [assignment],
        [Review.objects.get()],
    )
    assert not Conflict.objects.exists()
    assert not Message.objects.exists()


@pytest.mark.parametrize("end", ["announced", "closed"])
def test_a_task_that_takes_no_text_any_more_is_not_given_back(
    assignment: Assignment, edition: Edition, end: str
) -> None:
    if end == "announced":
        factories.announce(assignment.submission, at=AT - timedelta(minutes=1))
    else:
        past = AT - timedelta(hours=1)
        Deadline.objects.filter(edition=edition, phase=Phase.REVIEW).update(is_soft=False, cutoff_at=past)
    with pytest.raises(ReviewingError, match=end):
        give_back(assignment, "time")
    assert Assignment.objects.standing().count() == 1


@pytest.mark.parametrize("refusal", ["competence", "time"])
def test_giving_back_for_another_reason_is_no_conflict(assignment: Assignment, chair: Membership, refusal: str) -> None:
    give_back(assignment, refusal)
    assert not Conflict.objects.exists()
    assert Assignment.objects.get().refusal == refusal


def test_every_chair_but_the_conflicted_hears_of_it_once(
    assignment: Assignment, chair: Membership, other_chair: Membership
) -> None:
    factories.make_conflict(assignment.submission, other_chair)
    give_back(assignment, "time")
    give_back(assignment, "time")
    assert list(Message.objects.values_list("to_email", flat=True)) == [chair.email]
    letter = Message.objects.get()
    assert "We share a grant." in letter.text
    assert letter.subject_label == assignment.submission.label


def test_who_gives_back_what_a_chair_takes_back_meanwhile_is_not_told_that_her_reason_was_sent(
    assignment: Assignment, chair: Membership, as_user: Callable[[Membership], Client]
) -> None:
    def lock(task: Assignment) -> None:
        Assignment.objects.filter(pk=task.pk).update(removed_at=AT, removed_by=chair.user)

    where = reverse("reviews:refuse", args=[assignment.submission.edition.slug, assignment.submission.number])
    with patch.object(reviewing, "lock", lock):
        answer = as_user(assignment.membership).post(where, {"refusal": "conflict", "reason": "We share a grant."})
    assert (answer.status_code, "no longer on your list" in answer.text, "We share a grant." in answer.text) == (
        422,
        True,
        True,
    )


def test_a_chair_who_gives_a_task_back_writes_no_letter_to_herself(edition: Edition, chair: Membership) -> None:
    Membership.objects.filter(pk=chair.pk).update(is_reviewer=True)
    give_back(factories.make_assignment(factories.make_submission(edition), chair), "time")
    assert not Message.objects.exists()


def test_a_promise_is_kept_once_and_can_be_taken_back(assignment: Assignment) -> None:
    user = assignment.membership.user
    assert user is not None
    for until in (date(2026, 4, 15), date(2026, 4, 15), None, None):
        promise_date(assignment=assignment, until=until, by=user, at=AT)
    assignment.refresh_from_db()
    assert assignment.promised_at is None
    untils = list(Entry.objects.filter(verb="promise_date").order_by("pk").values_list("detail__until", flat=True))
    assert untils == ["2026-04-15", None]


# --- Profile ---------------------------------------------------------------------------------------------------------


def profile(member: Membership, **changes: Any) -> None:
    assert member.user is not None
    values: dict[str, Any] = {
        "interests": {},
        "max_load": 4,
        "away": "",
        "publications": "",
        "conflicts": [],
    }
    save_profile(membership=member, **(values | changes), by=member.user, at=AT)


def test_interests_are_kept_by_topic_and_no_opinion_is_no_row(edition: Edition, reviewer: Membership) -> None:
    first, second = edition.topics.all()
    profile(reviewer, interests={first.pk: 2, second.pk: 0})
    profile(reviewer, interests={first.pk: -1, second.pk: 0})
    assert list(reviewer.interests.values_list("topic", "value")) == [(first.pk, -1)]


def test_a_topic_of_another_edition_is_not_kept(reviewer: Membership) -> None:
    foreign = factories.make_edition("other-2026").topics.first()
    assert foreign is not None
    profile(reviewer, interests={foreign.pk: 2})
    assert not reviewer.interests.exists()


def test_a_named_person_bars_her_submissions_by_address_or_name(edition: Edition, reviewer: Membership) -> None:
    one = factories.make_submission(edition, factories.make_user("ada@uni.example", "Ada Author"))
    two = factories.make_submission(edition, factories.make_user("bo@uni.example", "Bo Author"))
    free = factories.make_submission(edition)
    conflicts = [{"who": "ADA@uni.example", "kind": "coauthor"}, {"who": "bo author", "kind": "family"}]
    profile(reviewer, conflicts=conflicts)
    profile(reviewer, conflicts=conflicts)
    rows = Conflict.objects.order_by("submission").values_list("submission", "kind", "source")
    assert list(rows) == [(one.pk, "coauthor", "member"), (two.pk, "family", "member")]
    assert not free.conflicts.exists()


def test_a_person_is_named_with_any_spaces_and_an_address_that_only_looks_alike_is_another(
    edition: Edition, reviewer: Membership
) -> None:
    one = factories.make_submission(edition, factories.make_user("bo@uni.example", "Bo B. Author"))
    factories.make_submission(edition, factories.make_user("bo@strasse.example", "Bo"))
    conflicts = [{"who": "Bo  B.\tAuthor", "kind": "family"}, {"who": "bo@straße.example", "kind": "coauthor"}]
    profile(reviewer, conflicts=conflicts)
    assert list(Conflict.objects.values_list("submission", flat=True)) == [one.pk]


def test_a_later_submission_of_a_named_person_is_barred_when_asked(edition: Edition, reviewer: Membership) -> None:
    profile(reviewer, conflicts=[{"who": "ada@uni.example", "kind": "coauthor"}])
    later = factories.make_submission(edition, factories.make_user("ada@uni.example"))
    reviewer.refresh_from_db()
    assert reviewer.user is not None
    assert bar_named([reviewer], AT) == 1
    assert later.conflicts.get().membership == reviewer


def test_a_conflict_that_a_chair_lifted_is_not_set_again(
    edition: Edition, reviewer: Membership, chair: Membership
) -> None:
    factories.make_submission(edition, factories.make_user("ada@uni.example"))
    conflicts = [{"who": "ada@uni.example", "kind": "coauthor"}]
    profile(reviewer, conflicts=conflicts)
    Conflict.objects.update(lifted_at=AT, lifted_by=chair.user)
    profile(reviewer, conflicts=conflicts)
    assert Conflict.objects.filter(lifted_at=None).count() == 0
