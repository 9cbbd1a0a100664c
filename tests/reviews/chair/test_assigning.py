"""Tasks are made and taken back with one letter each, never against a conflict, and keep what was written."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dlonsc.editions.models import Edition, Membership, MembershipAffiliation
from dlonsc.mail.guards import objection
from dlonsc.mail.models import Message
from reviews.actions import assigning, erasing
from reviews.actions.assigning import Refused
from reviews.audiences import BY_KEY
from reviews.models import Assignment, Proposal, Review
from submissions.models import Conflict, Submission
from tests import factories
from tests.factories import AT

As = Callable[[Membership | None], Client]


def test_an_assignment_tells_the_reviewer_once(
    edition: Edition, paper: Submission, chair: Membership, reviewers: list[Membership]
) -> None:
    assigning.assign(paper, reviewers[0], by=chair.user, at=AT)
    with pytest.raises(Refused, match="already reviews submission 1"):
        assigning.assign(paper, reviewers[0], by=chair.user, at=AT)
    assert [row.to_email for row in Message.objects.filter(kind="assigned")] == [reviewers[0].email]


def test_one_letter_lists_all_new_submissions_of_a_reviewer(
    edition: Edition, chair: Membership, reviewers: list[Membership]
) -> None:
    papers = [factories.make_submission(edition) for _ in range(3)]
    changes = assigning.commit(edition, add=[(row, reviewers[0]) for row in papers], remove=[], by=chair.user, at=AT)
    assert changes.letters == 1
    letter = Message.objects.get()
    assert letter.subject == f"[{edition.name}] 3 submissions to review"
    assert all(f"{row.number}. {row.title}" in letter.text for row in papers)


def test_a_conflict_refuses_with_its_reason_and_changes_nothing(
    edition: Edition, paper: Submission, chair: Membership, reviewers: list[Membership]
) -> None:
    factories.make_conflict(paper, reviewers[1], source="institution", reason="ANL: both")
    with pytest.raises(Refused, match="same institution: ANL: both"):
        assigning.commit(
            edition,
            add=[(paper, reviewers[0]), (paper, reviewers[1])],
            remove=[],
            by=chair.user,
            at=AT,
        )
    assert Assignment.objects.count() == 0
    assert Message.objects.count() == 0


def test_an_author_by_a_verified_address_is_in_conflict_without_any_row(
    edition: Edition, paper: Submission, chair: Membership, reviewers: list[Membership]
) -> None:
    factories.make_author(paper, reviewers[0].email.upper())
    with pytest.raises(Refused, match="is an author"):
        assigning.assign(paper, reviewers[0], by=chair.user, at=AT)


@pytest.mark.parametrize("act", ["assign", "replace"])
def test_whom_a_reviewer_named_in_her_profile_is_barred_also_when_the_paper_came_a_moment_ago(
    edition: Edition, chair: Membership, reviewers: list[Membership], act: str
) -> None:
    assert chair.user is not None
    Membership.objects.filter(pk=reviewers[1].pk).update(
        declared_conflicts=[{"who": "ada@far.example", "kind": "coauthor"}]
    )
    named = Membership.objects.get(pk=reviewers[1].pk)
    paper = factories.make_submission(edition, factories.make_user("ada@far.example"))
    task = factories.make_assignment(paper, reviewers[0])
    what = {"assign": paper, "replace": task}[act]
    with pytest.raises(Refused, match="conflict of interest"):
        getattr(assigning, act)(what, named, by=chair.user, at=AT)
    assert (list(Assignment.objects.standing()), Message.objects.count()) == ([task], 0)


def test_replacing_tells_both_and_keeps_the_draft_for_its_writer(
    edition: Edition, paper: Submission, chair: Membership, reviewers: list[Membership]
) -> None:
    task = factories.make_assignment(paper, reviewers[0])
    draft = factories.make_review(task, submitted=False, summary="Half a thought.")
    assigning.replace(task, reviewers[1], by=chair.user, at=AT)
    assert [row.membership for row in Assignment.objects.standing()] == [reviewers[1]]
    assert Review.objects.get(pk=draft.pk).summary == "Half a thought."
    told = {row.kind: row.to_email for row in Message.objects.all()}
    assert told == {"unassigned": reviewers[0].email, "assigned": reviewers[1].email}


@pytest.mark.parametrize("end", [{"removed_at": AT}, {"is_reviewer": False}])
def test_an_open_task_of_who_does_not_review_any_more_is_shown_until_it_is_given_on(
    edition: Edition,
    paper: Submission,
    chair: Membership,
    other_chair: Membership,
    reviewers: list[Membership],
    as_user: As,
    end: dict[str, Any],
) -> None:
    done, task = (factories.make_assignment(paper, member) for member in reviewers[:2])
    factories.make_review(done)
    hidden = factories.make_submission(edition)
    factories.make_assignment(hidden, reviewers[1])
    factories.make_conflict(hidden, chair)
    browser, base = as_user(chair), f"/{edition.slug}/chair"

    def shown() -> tuple[list[str], list[Assignment], int]:
        first = browser.get(f"{base}/").context
        acts = [act.words for act in first["next"] if "any more" in act.words]
        return acts, browser.get(f"{base}/assign/").context["forsaken"], first["late_reviewers"]

    assert shown() == ([], [], 1)
    Membership.objects.filter(pk__in=[row.pk for row in reviewers[:2]]).update(**end)
    assert shown() == (["1 review is asked of somebody who does not review here any more"], [task], 0)
    assigning.replace(task, reviewers[2], by=chair.user, at=AT)
    assert shown() == ([], [], 1)


def test_whose_account_was_erased_gets_no_letter_when_her_open_task_is_given_on(
    edition: Edition, paper: Submission, chair: Membership, reviewers: list[Membership], as_user: As
) -> None:
    erased, other = reviewers[0], reviewers[1]
    assert erased.user is not None
    task = factories.make_assignment(paper, erased)
    erasing.erase(erased.user, by="an administrator", at=AT)
    browser, address = as_user(chair), reverse("reviews:replace", args=[edition.slug, task.pk])
    assert "the substitute is told what to review: 1 letter." in " ".join(browser.get(address).text.split())
    answer = browser.post(address, {"member": other.pk, "standing": "1"}, follow=True)
    assert "Former member. 1 letter written." in answer.text
    assert [row.membership for row in Assignment.objects.standing()] == [other]
    assert list(Message.objects.values_list("kind", "to_email")) == [("assigned", other.email)]


def test_what_was_submitted_stays_readable_to_chairs_when_its_task_is_taken_back(
    edition: Edition, paper: Submission, chair: Membership, reviewers: list[Membership], as_user: As
) -> None:
    draft, done = (factories.make_assignment(paper, member) for member in reviewers[:2])
    factories.make_review(draft, submitted=False, summary="Only begun.")
    factories.make_review(done, summary="Read by those who decide.")
    assigning.unassign(draft, by=chair.user, at=AT)
    assigning.replace(done, reviewers[2], with_review=True, by=chair.user, at=AT)
    text = as_user(chair).get(reverse("reviews:submission", args=[edition.slug, paper.number])).text
    assert ("Read by those who decide." in text, "Only begun." in text) == (True, False)
    assert text.count("counts no more") == 2
    assert not Review.objects.submitted().exists()


def test_a_conflict_of_the_handling_chair_leaves_the_submission_without_one(
    paper: Submission, chair: Membership, other_chair: Membership
) -> None:
    assert chair.user is not None
    for handling, left in ((other_chair, None), (chair, chair.pk)):
        Submission.objects.filter(pk=paper.pk).update(handling_chair=handling)
        Conflict.objects.all().delete()
        assigning.add_conflict(paper, other_chair, kind="coauthor", reason="A joint paper", by=chair.user, at=AT)
        paper.refresh_from_db()
        assert paper.handling_chair_id == left


def test_a_late_conflict_keeps_the_assignment_and_flags_it(
    edition: Edition, paper: Submission, chair: Membership, reviewers: list[Membership], as_user: As
) -> None:
    factories.make_review(factories.make_assignment(paper, reviewers[0]))
    assigning.add_conflict(paper, reviewers[0], kind="coauthor", reason="A joint paper", by=chair.user, at=AT)
    assert Review.objects.submitted().count() == 1
    page = as_user(chair).get(f"/{edition.slug}/chair/submissions/1/").content.decode()
    assert f"{reviewers[0].name} reviews this submission and is now in conflict" in page


def test_lifting_keeps_the_row_and_an_authorship_cannot_be_lifted(
    edition: Edition, paper: Submission, chair: Membership, reviewers: list[Membership]
) -> None:
    declared = factories.make_conflict(paper, reviewers[0])
    assigning.lift_conflict(declared, reason="Another person of that name", by=chair.user, at=AT)
    declared.refresh_from_db()
    assert (declared.lifted_by, declared.lift_reason) == (chair.user, "Another person of that name")
    with pytest.raises(Refused, match="lifted already"):
        assigning.lift_conflict(declared, reason="again", by=chair.user, at=AT)
    factories.make_author(paper, reviewers[1].email)
    # A row from before it was kept what conflicts are found by.
    author = factories.make_conflict(paper, reviewers[1], source="authorship", found_by=[])
    with pytest.raises(Refused, match="is an author"):
        assigning.lift_conflict(author, reason="no", by=chair.user, at=AT)
    assert Conflict.objects.filter(lifted_at__isnull=True).count() == 1


def test_a_reminder_leaves_out_who_has_finished_and_cannot_double(
    edition: Edition, paper: Submission, chair: Membership, reviewers: list[Membership]
) -> None:
    tasks = [factories.make_assignment(paper, member) for member in reviewers]
    factories.make_review(tasks[0], submitted_at=AT - timedelta(seconds=10))
    factories.make_review(tasks[1], submitted=False)
    count = assigning.remind(edition, tasks, press="one", by=chair.user, at=AT)
    again = assigning.remind(edition, tasks, press="one", by=chair.user, at=AT)
    assert (count, again) == (2, 0)
    letters = Message.objects.filter(kind="chair_reminder").order_by("pk")
    assert [row.to_email for row in letters] == [reviewers[1].email, reviewers[2].email]
    Review.objects.filter(assignment=tasks[1]).update(submitted_at=AT)
    assert objection(letters[0]) == "the reviews were submitted in the meantime"
    assert objection(letters[1]) is None


def test_a_reminder_does_not_leave_with_a_paper_that_is_none_of_hers_any_more(
    edition: Edition, paper: Submission, chair: Membership, reviewers: list[Membership]
) -> None:
    papers = [paper, factories.make_submission(edition)]
    tasks = [factories.make_assignment(row, reviewers[0]) for row in papers]
    assigning.remind(edition, tasks, press="one", by=chair.user, at=AT)
    letter = Message.objects.get(kind="chair_reminder")
    assert objection(letter) is None
    factories.make_conflict(papers[1], reviewers[0])
    assert objection(letter) == "a paper that it lists is none of hers any more"


@pytest.mark.parametrize("end", ["a known decision", "a hard date"])
def test_nobody_is_reminded_of_a_review_that_the_form_takes_no_more(
    edition: Edition, paper: Submission, chair: Membership, reviewers: list[Membership], end: str
) -> None:
    task = factories.make_assignment(paper, reviewers[0])
    assert assigning.remind(edition, [task], press="one", by=chair.user, at=AT) == 1
    letter = Message.objects.get(kind="chair_reminder")
    assert objection(letter) is None
    if end == "a known decision":
        factories.announce(paper, at=AT)
    else:
        edition.deadlines.filter(phase="review").update(is_soft=False)
    later = AT + timedelta(days=100)
    with time_machine.travel(later, tick=False):
        assert objection(letter) == "a decision is known, or reviewing was closed, in the meantime"
        assert assigning.remind(edition, [task], press="two", by=chair.user, at=later) == 0
        audience = BY_KEY["open_reviews"].people(edition, Submission.objects.all(), later)
        assert [person.email for person in audience] == []


def test_whoever_is_late_by_an_hour_is_late(
    edition: Edition, paper: Submission, chair: Membership, reviewers: list[Membership], as_user: As
) -> None:
    due = edition.deadlines.get(phase="review").cutoff_at
    factories.make_assignment(paper, reviewers[0])
    address = f"/{edition.slug}/chair/progress/?segment=late"
    for at, names in ((due - timedelta(seconds=1), []), (due, [reviewers[0].name])):
        with time_machine.travel(at, tick=False):
            assert as_user(chair).get(address).context["names"] == names


def test_only_a_chair_without_conflict_handles(
    edition: Edition, secret: Submission, chair: Membership, other_chair: Membership
) -> None:
    with pytest.raises(Refused, match="cannot handle it"):
        assigning.set_handling_chair(secret, chair, by=other_chair.user, at=AT)
    assigning.set_handling_chair(secret, other_chair, by=other_chair.user, at=AT)
    secret.refresh_from_db()
    assert secret.handling_chair == other_chair


def test_the_page_refuses_a_reviewer_of_another_edition(
    edition: Edition, paper: Submission, chair: Membership, as_user: As
) -> None:
    foreign = factories.make_member(factories.make_edition("other-2026"))
    address = f"/{edition.slug}/chair/assign/submissions/1/"
    assert as_user(chair).post(address, {"member": foreign.pk}).status_code == 404
    assert Assignment.objects.count() == 0


def test_substitutes_are_ranked_with_reasons_and_the_others_named_with_theirs(
    edition: Edition, paper: Submission, chair: Membership, reviewers: list[Membership], as_user: As
) -> None:
    full, fits = (factories.make_member(edition, email=f"{name}@home-{name}.example") for name in ("full", "fits"))
    Membership.objects.filter(pk=full.pk).update(max_load=1)
    factories.make_assignment(factories.make_submission(edition), full)
    task = factories.make_assignment(paper, reviewers[0], promised_at=AT.date())
    factories.make_assignment(paper, reviewers[1])
    factories.make_assignment(paper, reviewers[2], declined_at=AT, refusal="time")
    page = as_user(chair).get(reverse("reviews:replace", args=(edition.slug, task.pk)))
    assert [(row.member, row.reasons.has_room) for row in page.context["candidates"]] == [(fits, True), (full, False)]
    assert page.context["candidates"][0].reasons.why.endswith("has 0 of 6 papers; as good as before.")
    assert page.context["left_out"] == [
        (reviewers[1], "reviews it already"),
        (reviewers[2], "refused this submission before"),
    ]
    assert "promised this review for" in page.content.decode()


def test_somebody_who_left_the_committee_can_be_replaced(
    edition: Edition, paper: Submission, chair: Membership, reviewers: list[Membership], as_user: As
) -> None:
    task = factories.make_assignment(paper, reviewers[0])
    Membership.objects.filter(pk=reviewers[0].pk).update(removed_at=AT)
    page = as_user(chair).get(reverse("reviews:replace", args=(edition.slug, task.pk)))
    assert [row.member for row in page.context["candidates"]] == reviewers[1:]


def test_the_rules_of_the_last_committed_proposal_hold_for_a_substitute(
    edition: Edition, paper: Submission, chair: Membership, reviewers: list[Membership], as_user: As
) -> None:
    for member in reviewers[1:]:
        MembershipAffiliation.objects.create(membership=member, institution="Argonne")
    task = factories.make_assignment(paper, reviewers[0])
    factories.make_assignment(paper, reviewers[1])
    address = reverse("reviews:replace", args=(edition.slug, task.pk))
    assert [row.member for row in as_user(chair).get(address).context["candidates"]] == [reviewers[2]]
    Proposal.objects.create(
        edition=edition,
        number=1,
        created_by=chair.user,
        created_at=AT,
        status=Proposal.Status.COMMITTED,
        settings={"one_per_institution": True, "one_senior": False, "load_price": 0.0},
    )
    assert as_user(chair).get(address).context["candidates"] == []
