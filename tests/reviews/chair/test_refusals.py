"""What a chair's pages answer to a stale page, a second press, a bad number or a pair that cannot be."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dlonsc.codes import code
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition, Membership
from dlonsc.mail.models import Message, State
from reviews.actions import assigning, reviewing
from reviews.actions.deciding import STILL_OPEN
from reviews.models import Announcement, Assignment, Decision, Review
from reviews.views.chair.announce import SecondChair
from submissions.models import Conflict, Submission
from submissions.states import State as SubmissionState
from tests import factories
from tests.factories import AFTER_DEADLINE as AT

As = Callable[[Membership | None], Client]
HELD = timedelta(minutes=10)


def told(response: Any) -> list[str]:
    """The words that one press leaves for the next page."""
    return [str(message) for message in get_messages(response.wsgi_request)]


def folded(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def browser(edition: Edition, chair: Membership, as_user: As) -> Client:
    return as_user(chair)


@pytest.fixture
def base(edition: Edition) -> str:
    return f"/{edition.slug}/chair"


# --- Assigning by hand -----------------------------------------------------------------------------------------------


def test_assign_and_take_back_by_a_press_each_with_one_letter(
    browser: Client, base: str, paper: Submission, reviewers: list[Membership]
) -> None:
    address, name = f"{base}/assign/submissions/1/", reviewers[0].name
    given = browser.post(address, {"member": reviewers[0].pk})
    assert (given.status_code, given["Location"]) == (302, address)
    assert told(given) == [f"{name} reviews submission 1. 1 letter written."]
    back = browser.post(address, {"member": reviewers[0].pk, "take_back": "1"})
    assert told(back)[-1] == f"{name} no longer reviews submission 1. 1 letter written."
    assert list(Message.objects.order_by("pk").values_list("kind", flat=True)) == ["assigned", "unassigned"]
    again = browser.post(address, {"member": reviewers[0].pk, "take_back": "1"})
    assert (again["Location"], told(again)[-1]) == (address, f"{name} no longer reviews submission 1.")
    assert Message.objects.count() == 2


def test_a_second_press_of_assign_says_so_and_writes_no_letter(
    browser: Client, base: str, paper: Submission, reviewers: list[Membership]
) -> None:
    for _ in range(2):
        answer = browser.post(f"{base}/assign/submissions/1/", {"member": reviewers[0].pk})
    assert told(answer)[-1] == f"{reviewers[0].name} already reviews submission 1."
    assert Message.objects.count() == 1


def test_a_press_leads_back_to_the_page_it_came_from(
    browser: Client, base: str, paper: Submission, reviewers: list[Membership]
) -> None:
    person = reviewers[0].pk
    address = f"{base}/assign/submissions/1/"
    assert browser.post(address, {"member": "x", "from_reviewer": person})["Location"] == (
        f"{base}/assign/reviewers/{person}/"
    )
    assert browser.post(address, {"member": "x", "from_reviewer": "x"})["Location"] == address
    assert Assignment.objects.count() == 0


def test_assigning_is_refused_to_who_is_no_reviewer_and_to_what_is_not_under_review(
    edition: Edition, browser: Client, base: str, paper: Submission, reviewers: list[Membership], chair: Membership
) -> None:
    factories.make_submission(edition, state=SubmissionState.DRAFT)
    no_reviewer = browser.post(f"{base}/assign/submissions/1/", {"member": chair.pk})
    assert told(no_reviewer) == [f"{chair.name} is not a reviewer of this edition."]
    draft = browser.post(f"{base}/assign/submissions/2/", {"member": reviewers[0].pk})
    assert told(draft)[-1] == "Submission 2 is not under review."
    assert Assignment.objects.count() == 0


def test_the_reviews_of_an_announced_submission_stay_as_they_are(
    browser: Client, base: str, paper: Submission, reviewers: list[Membership]
) -> None:
    task = factories.make_assignment(paper, reviewers[0])
    factories.announce(paper)
    answer = browser.post(f"{base}/assign/submissions/1/", {"member": reviewers[0].pk, "take_back": "1"})
    assert told(answer) == ["The decision on submission 1 is announced; its reviews stay as they are."]
    assert list(Assignment.objects.standing()) == [task]


def test_a_reviewers_page_lists_her_tasks_first_and_conflicts_last(
    edition: Edition, browser: Client, base: str, paper: Submission, reviewers: list[Membership], chair: Membership
) -> None:
    second, third = factories.make_submission(edition), factories.make_submission(edition)
    released = factories.announce(factories.make_submission(edition))
    assert chair.user is not None
    row = Announcement.objects.create(edition=edition, created_by=chair.user, created_at=AT, release_at=AT)
    factories.make_decision(released, chair.user, announcement=row)
    factories.make_conflict(paper, reviewers[0])
    factories.make_assignment(third, reviewers[0])
    page = browser.get(f"{base}/assign/reviewers/{reviewers[0].pk}/")
    assert [row.row.submission.number for row in page.context["candidates"]] == [third.number, second.number, 1]
    assert browser.get(f"{base}/assign/reviewers/999999/").status_code == 404


def replacing(task: Assignment) -> str:
    return reverse("reviews:replace", args=(task.submission.edition.slug, task.pk))


def test_the_page_of_substitutes_names_who_is_left_out_and_why(
    browser: Client, base: str, paper: Submission, reviewers: list[Membership]
) -> None:
    task = factories.make_assignment(paper, reviewers[0])
    factories.make_conflict(paper, reviewers[1])
    page = browser.get(replacing(task))
    assert [row.member for row in page.context["candidates"]] == [reviewers[2]]
    assert page.context["left_out"] == [(reviewers[1], "declared by the authors")]
    assert page.context["is_standing"]


def test_a_standing_task_is_replaced_and_a_refused_one_given_on(
    browser: Client, base: str, paper: Submission, reviewers: list[Membership]
) -> None:
    task = factories.make_assignment(paper, reviewers[0])
    refused = factories.make_assignment(paper, reviewers[1], declined_at=AT, refusal="competence")
    swapped = browser.post(replacing(task), {"member": reviewers[2].pk})
    assert told(swapped) == [f"{reviewers[2].name} replaces {reviewers[0].name}. 2 letters written."]
    given = browser.post(replacing(refused), {"member": reviewers[0].pk})
    assert told(given)[-1] == f"{reviewers[0].name} reviews submission 1. 1 letter written."
    assert {row.membership for row in Assignment.objects.standing()} == {reviewers[0], reviewers[2]}


def test_who_asks_a_substitute_for_a_task_that_another_chair_has_just_given_on_assigns_nobody_more(
    browser: Client, base: str, paper: Submission, chair: Membership, reviewers: list[Membership]
) -> None:
    task = factories.make_assignment(paper, reviewers[0])
    shown = browser.get(replacing(task)).text.partition("Ask instead")[0]
    typed = dict(re.findall(r'type="hidden"\s+name="(standing)"\s+value="(\w+)"', shown)) | {"member": reviewers[2].pk}
    assigning.replace(task, reviewers[1], by=chair.user, at=AT)
    letters = Message.objects.count()
    answer = browser.post(replacing(task), typed)
    assert told(answer) == [f"{reviewers[0].name} no longer reviews submission 1."]
    assert [row.membership for row in Assignment.objects.standing()] == [reviewers[1]]
    assert Message.objects.count() == letters


def test_a_review_that_is_submitted_under_a_chairs_open_page_goes_on_counting_when_she_presses_there(
    browser: Client, base: str, paper: Submission, chair: Membership, reviewers: list[Membership]
) -> None:
    task, name = factories.make_assignment(paper, reviewers[0]), reviewers[0].name

    def shown() -> dict[str, Any]:
        page = browser.get(replacing(task)).text.partition("Ask instead")[0]
        return dict(re.findall(r'type="hidden"\s+name="(\w+)"\s+value="(1)"', page)) | {"member": reviewers[1].pk}

    typed = shown()
    review = factories.make_review(task)
    back = {"member": reviewers[0].pk, "take_back": "1"}
    answers = [
        browser.post(replacing(task), typed),
        browser.post(f"{base}/assign/submissions/1/", back),
        browser.post(f"{base}/assign/submissions/1/", back | {"from_reviewer": reviewers[0].pk}),
    ]
    words = f"{name} has submitted the review of submission 1. It counts; nothing was changed."
    assert [told(answer)[-1] for answer in answers] == [words] * 3
    assert (list(Review.objects.submitted()), Message.objects.count()) == ([review], 0)
    # Who reads on the page that it is submitted may mean it.
    meant = browser.post(replacing(task), shown())
    assert told(meant)[-1] == f"{reviewers[1].name} replaces {name}. 2 letters written."
    assert not Review.objects.submitted().exists()


def test_of_two_chairs_who_give_on_one_refused_task_the_second_is_told_and_assigns_nobody_more(
    browser: Client, base: str, paper: Submission, chair: Membership, reviewers: list[Membership]
) -> None:
    task = factories.make_assignment(paper, reviewers[0], declined_at=AT, refusal="time")
    shown = browser.get(replacing(task)).text.partition("Ask instead")[0]
    typed = dict(re.findall(r'name="(reviewers)"\s+value="(\w+)"', shown))
    assigning.assign(paper, reviewers[1], by=chair.user, at=AT)
    letters = Message.objects.count()
    answers = [browser.post(replacing(task), typed | {"member": reviewers[place].pk}) for place in (2, 1)]
    assert told(answers[0]) == ["Who reviews submission 1 changed meanwhile. Nobody was asked; look again."]
    assert told(answers[1])[-1] == f"{reviewers[1].name} already reviews submission 1."
    assert [row.membership for row in Assignment.objects.standing()] == [reviewers[1]]
    assert Message.objects.count() == letters
    assert f"reviewed now by {reviewers[1].name}." in " ".join(browser.get(replacing(task)).text.split())


def test_a_substitute_in_conflict_is_refused_and_the_task_stays(
    browser: Client, base: str, paper: Submission, reviewers: list[Membership]
) -> None:
    task = factories.make_assignment(paper, reviewers[0])
    factories.make_conflict(paper, reviewers[1])
    answer = browser.post(replacing(task), {"member": reviewers[1].pk})
    assert f"{reviewers[1].name} has a conflict of interest with submission 1" in told(answer)[0]
    bad = browser.post(replacing(task), {"member": "nobody"})
    assert bad["Location"] == f"{base}/submissions/1/"
    assert list(Assignment.objects.standing()) == [task]
    assert Message.objects.count() == 0


# --- Conflicts -------------------------------------------------------------------------------------------------------


def test_a_conflict_is_set_once_and_needs_its_reason(
    browser: Client, base: str, paper: Submission, reviewers: list[Membership]
) -> None:
    address = f"{base}/conflicts/1/{reviewers[0].pk}/"
    empty = browser.post(address, {"kind": "coauthor", "reason": ""})
    assert (empty.status_code, list(empty.context["form"].errors)) == (422, ["reason"])
    done = browser.post(address, {"kind": "coauthor", "reason": "A joint paper"})
    assert told(done) == [f"{reviewers[0].name} is now in conflict with submission 1."]
    again = browser.post(address, {"kind": "coauthor", "reason": "A joint paper"})
    words = f"A chair has already set a conflict of {reviewers[0].name} with this submission."
    assert (again.status_code, again.context["form"].errors) == (422, {"reason": [words]})
    assert 'value="A joint paper"' in again.text
    assert Conflict.objects.count() == 1


def test_who_sets_a_conflict_of_her_own_comes_to_a_page_that_she_still_has(
    browser: Client, base: str, paper: Submission, chair: Membership
) -> None:
    given = {"kind": "coauthor", "reason": "A joint paper"}
    answer = browser.post(f"{base}/conflicts/1/{chair.pk}/", given, follow=True)
    assert (answer.redirect_chain, answer.status_code) == ([(f"{base}/conflicts/", 302)], 200)


def test_lifting_needs_a_reason_beside_the_conflict_that_is_meant(
    browser: Client, base: str, paper: Submission, reviewers: list[Membership]
) -> None:
    row = factories.make_conflict(paper, reviewers[0])
    address = f"{base}/conflicts/1/{reviewers[0].pk}/"
    empty = browser.post(address, {"lift": code("conflict", row.pk), "reason": ""})
    assert empty.status_code == 422
    assert [list(form.errors) for _, form, _ in empty.context["conflicts"]] == [["reason"]]
    done = browser.post(address, {"lift": code("conflict", row.pk), "reason": "Another person of that name"})
    assert told(done) == [f"Lifted: {row.get_source_display()}."]
    twice = browser.post(address, {"lift": code("conflict", row.pk), "reason": "Once more"})
    assert twice.status_code == 422
    assert [form.errors for _, form, _ in twice.context["conflicts"]] == [
        {"reason": ["This conflict has been lifted already."]}
    ]
    assert ("This conflict has been lifted already." in twice.text, 'value="Once more"' in twice.text) == (True, True)
    row.refresh_from_db()
    assert row.lift_reason == "Another person of that name"


def test_a_conflict_of_which_its_authors_say_more_under_the_open_page_is_not_lifted_by_what_was_said_before(
    browser: Client, base: str, paper: Submission, reviewers: list[Membership]
) -> None:
    row = factories.make_conflict(paper, reviewers[0], reason="We met once.")
    address = f"{base}/conflicts/1/{reviewers[0].pk}/"

    def lift(page: Any) -> Any:
        said = page.context["conflicts"][0][2]
        return browser.post(address, {"lift": code("conflict", row.pk), "said": said, "reason": "That is none."})

    shown = browser.get(address)
    Conflict.objects.filter(pk=row.pk).update(kind="advisor", reason="She was my advisor.")
    refused = lift(shown)
    assert (refused.status_code, "Its authors say another thing of it" in refused.text) == (422, True)
    assert ("She was my advisor." in refused.text, 'value="That is none."' in refused.text) == (True, True)
    assert Conflict.objects.get().lifted_at is None
    assert told(lift(refused)) == [f"Lifted: {row.get_source_display()}."]


@pytest.mark.parametrize("given", ["x", "²", "", "999999"])
def test_a_conflict_that_does_not_exist_cannot_be_lifted(
    browser: Client, base: str, paper: Submission, reviewers: list[Membership], given: str
) -> None:
    address = f"{base}/conflicts/1/{reviewers[0].pk}/"
    assert browser.post(address, {"lift": given, "reason": "A reason"}).status_code == 404


def test_a_conflict_of_another_pair_cannot_be_lifted_here(
    browser: Client, base: str, paper: Submission, reviewers: list[Membership]
) -> None:
    row = factories.make_conflict(paper, reviewers[1])
    address = f"{base}/conflicts/1/{reviewers[0].pk}/"
    assert browser.post(address, {"lift": code("conflict", row.pk), "reason": "A reason"}).status_code == 404
    assert Conflict.objects.filter(lifted_at__isnull=True).count() == 1


# --- Progress and handling -------------------------------------------------------------------------------------------


def test_reminding_writes_one_letter_a_press_and_only_for_what_is_open(
    browser: Client, base: str, paper: Submission, secret: Submission, reviewers: list[Membership]
) -> None:
    tasks = [factories.make_assignment(paper, member) for member in reviewers[:2]]
    hidden = factories.make_assignment(secret, reviewers[2])
    factories.make_review(tasks[1])
    given = {"task": [code("assignment", row.pk) for row in (*tasks, hidden)] + ["x", "²"], "press": "one"}
    first = browser.post(f"{base}/progress/remind/", given)
    assert told(first)[-1].startswith("Letters written: 1.")
    # The same page again, and a page opened anew.
    for press in ("one", "two"):
        again = browser.post(f"{base}/progress/remind/", {**given, "press": press})
        assert told(again)[-1] == "Nobody was reminded: all of these are done, closed, or were told within a day."
    assert [row.to_email for row in Message.objects.all()] == [reviewers[0].email]
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1), tick=False):
        browser.post(f"{base}/progress/remind/", {**given, "press": "three"})
    assert Message.objects.count() == 2


def test_nobody_is_reminded_of_a_review_whose_decision_is_announced(
    browser: Client, base: str, paper: Submission, reviewers: list[Membership]
) -> None:
    task = factories.make_assignment(paper, reviewers[0])
    factories.announce(paper)
    answer = browser.post(f"{base}/progress/remind/", {"task": code("assignment", task.pk), "press": "one"})
    assert told(answer)[-1].startswith("Nobody was reminded")
    assert Message.objects.count() == 0
    page = Client()
    assert reviewers[0].user is not None
    page.force_login(reviewers[0].user)
    home = page.get(f"/{paper.edition.slug}/reviews/").content.decode()
    assert ("Nothing is waiting for you." in home, "Not needed any more" in home, "Begin the review" in home) == (
        True, True, False,
    )  # fmt: skip


def test_a_reviewer_whose_papers_are_announced_without_her_has_not_finished(
    edition: Edition, browser: Client, base: str, paper: Submission, reviewers: list[Membership]
) -> None:
    Edition.objects.update(reviews_per_submission=3)
    for member in reviewers[:2]:
        factories.make_assignment(paper, member)
    task = factories.make_assignment(paper, reviewers[2])
    factories.make_review(task)
    factories.announce(paper)
    page = browser.get(f"{base}/progress/")
    words = folded(page)
    assert [person.row.is_finished for person in page.context["people"]] == [False, False, True]
    assert [words.count(badge) for badge in (">finished<", ">not needed any more<")] == [1, 2]
    assert "1 of 3 reviews submitted, 0 still needed, 2 not needed any more" in words


def test_who_was_reminded_within_a_day_is_marked_and_not_offered_again(
    browser: Client, base: str, paper: Submission, reviewers: list[Membership]
) -> None:
    tasks = [factories.make_assignment(paper, member) for member in reviewers[:2]]
    address = f"{base}/progress/?segment=open"
    before = browser.get(address)
    assert before.context["names"] == [row.name for row in reviewers[:2]]
    browser.post(f"{base}/progress/remind/", {"task": code("assignment", tasks[0].pk), "press": "one"})
    left = Message.objects.get()
    shown = before.context["letter"]
    assert (shown["to"], shown["subject"], shown["text"]) == (
        f"{reviewers[0].name} <{reviewers[0].email}>", left.subject, left.text,
    )  # fmt: skip
    page = browser.get(address)
    assert (page.context["names"], folded(page).count("reminded within a day")) == ([reviewers[1].name], 1)
    assert code("assignment", tasks[0].pk) not in folded(page).partition('id="remind"')[2].partition("</section>")[0]
    browser.post(f"{base}/progress/remind/", {"task": code("assignment", tasks[1].pk), "press": "two"})
    page = browser.get(address)
    assert (page.context["names"], "All of them were reminded within a day" in folded(page)) == ([], True)


def test_reminding_without_a_press_or_by_get_writes_nothing(
    browser: Client, base: str, paper: Submission, reviewers: list[Membership]
) -> None:
    task = factories.make_assignment(paper, reviewers[0])
    for answer in (
        browser.get(f"{base}/progress/remind/"),
        browser.post(f"{base}/progress/remind/", {"task": code("assignment", task.pk)}),
    ):
        assert answer["Location"] == f"{base}/progress/"
    assert Message.objects.count() == 0


def test_the_silent_are_those_with_nothing_saved_and_nothing_promised(
    browser: Client, base: str, paper: Submission, reviewers: list[Membership]
) -> None:
    tasks = [factories.make_assignment(paper, member) for member in reviewers]
    factories.make_review(tasks[0], submitted=False)
    for segment, people in (
        ("silent", reviewers[1:]),
        ("not_started", reviewers[1:]),
        ("open", reviewers),
        ("no such segment", []),
    ):
        page = browser.get(f"{base}/progress/", {"segment": segment})
        assert page.context["names"] == sorted(row.name for row in people)


def test_the_handling_chair_is_chosen_among_those_who_may_see_it(
    browser: Client, base: str, paper: Submission, chair: Membership, other_chair: Membership
) -> None:
    factories.make_conflict(paper, other_chair)
    address = f"{base}/submissions/1/handling/"
    refused = browser.post(address, {"handling_chair": other_chair.pk})
    assert refused["Location"] == f"{base}/submissions/1/"
    paper.refresh_from_db()
    assert paper.handling_chair is None
    assert told(browser.post(address, {"handling_chair": chair.pk})) == [f"Handling chair: {chair.name}."]
    paper.refresh_from_db()
    assert paper.handling_chair == chair
    assert told(browser.post(address, {"handling_chair": ""}))[-1] == "Handling chair: nobody in particular."
    paper.refresh_from_db()
    assert paper.handling_chair is None


# --- Decisions -------------------------------------------------------------------------------------------------------


def test_a_press_in_the_list_keeps_the_words_that_are_written_already(
    browser: Client, base: str, paper: Submission, chair: Membership
) -> None:
    assert chair.user is not None
    row = factories.make_decision(paper, chair.user, "reject", to_authors="Dear authors.", note="Weak.")
    given = {"number": "1", "verdict": "accept", "version": row.version}
    answer = browser.post(f"{base}/decisions/?q=paper", given)
    assert answer["Location"] == f"{base}/decisions/?q=paper#paper-1"
    row.refresh_from_db()
    assert (row.verdict, row.to_authors, row.note) == ("accept", "Dear authors.", "Weak.")


def test_a_stale_press_in_the_list_saves_nothing_over_the_other_chairs_decision(
    browser: Client, base: str, paper: Submission, other_chair: Membership
) -> None:
    assert other_chair.user is not None
    factories.make_decision(paper, other_chair.user, "reject")
    answer = browser.post(f"{base}/decisions/", {"number": "1", "verdict": "accept", "version": "0"})
    assert told(answer)[0].startswith("Another chair, or another window of yours, changed the decision on")
    assert Decision.objects.get().verdict == "reject"


@pytest.mark.parametrize(
    "given", [{"number": "1", "verdict": "perhaps", "version": "0"}, {"number": "1", "verdict": "accept"}]
)
def test_a_press_without_verdict_or_version_asks_for_a_choice(
    browser: Client, base: str, paper: Submission, given: dict[str, str]
) -> None:
    assert told(browser.post(f"{base}/decisions/", given)) == ["Choose Accept or Reject."]
    assert Decision.objects.count() == 0


@pytest.mark.parametrize("number", ["", "x", "²", "99"])
def test_a_press_for_no_submission_finds_nothing(browser: Client, base: str, paper: Submission, number: str) -> None:
    given = {"number": number, "verdict": "accept", "version": "0"}
    assert browser.post(f"{base}/decisions/", given).status_code == 404


def test_a_draft_cannot_be_decided(edition: Edition, browser: Client, base: str) -> None:
    factories.make_submission(edition, state=SubmissionState.DRAFT)
    answer = browser.post(f"{base}/decisions/1/", {"verdict": "accept", "version": "0"})
    assert answer.status_code == 422
    assert "Submission 1 is not under review." in folded(answer)
    assert Decision.objects.count() == 0


def test_the_page_of_one_submission_keeps_what_was_typed_when_it_cannot_be_saved(
    browser: Client, base: str, paper: Submission
) -> None:
    answer = browser.post(f"{base}/decisions/1/", {"verdict": "", "to_authors": "Typed words", "version": "0"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["verdict"])
    assert answer.context["form"]["to_authors"].value() == "Typed words"


def test_a_decision_is_taken_back_once_and_only_as_it_was_seen(
    browser: Client, base: str, paper: Submission, chair: Membership
) -> None:
    assert chair.user is not None
    row = factories.make_decision(paper, chair.user)
    address = f"{base}/decisions/1/"
    for stale in ("", "²", str(row.version + 1)):
        answer = browser.post(address, {"take_back": "1", "version": stale})
        assert told(answer)[-1].startswith("Another chair, or another window of yours, changed the decision on")
    assert Decision.objects.count() == 1
    done = browser.post(address, {"take_back": "1", "version": row.version})
    assert told(done)[-1] == "Submission 1 is undecided again."
    assert Decision.objects.count() == 0


def test_what_is_released_is_corrected_once_its_letters_have_left(
    browser: Client, base: str, paper: Submission, chair: Membership
) -> None:
    with time_machine.travel(AT, tick=False):
        browser.post(f"{base}/decisions/", {"number": "1", "verdict": "reject", "version": "0"})
        release(browser, base, accepts=0, rejects=1)
    row = Decision.objects.get()
    given = {"verdict": "accept", "to_authors": "We were wrong.", "version": row.version}
    with time_machine.travel(AT + HELD, tick=False):
        browser.force_login(chair.user)  # type: ignore[arg-type]
        waiting = browser.post(f"{base}/decisions/1/", given)
        assert waiting.status_code == 422
        assert "Letters of the earlier decision that may still leave: 1." in folded(waiting)
        Message.objects.update(state=State.SENT)
        shown = browser.post(f"{base}/decisions/1/", given)
        assert (shown.status_code, Message.objects.count()) == (200, 1)
        assert "Correct, and send 1 letter" in folded(shown)
        draft = shown.context["draft"].fingerprint
        other = browser.post(f"{base}/decisions/1/", given | {"to_authors": "Other words.", "draft": draft})
        assert (other.status_code, Message.objects.count()) == (200, 1)
        said = "Nothing is sent yet: the letter is not the one that was shown to you."
        assert [said in folded(page) for page in (shown, other)] == [False, True]
        done = browser.post(f"{base}/decisions/1/", given | {"draft": draft})
        letter = Message.objects.get(state=State.QUEUED)
        assert [letter.text] == [row.text for row in shown.context["draft"].letters]
        assert told(done)[-1] == "Corrected and announced. Letters that take the earlier one back: 1."
        Message.objects.update(state=State.SENT)
        stale = browser.post(f"{base}/decisions/1/", given | {"draft": draft})
        assert "The authors would read the same again." in folded(stale)
    assert stale.status_code == 422
    assert Decision.objects.get().verdict == "accept"


# --- Announcing ------------------------------------------------------------------------------------------------------


def release(browser: Client, base: str, **counts: int) -> Any:
    fingerprint = browser.get(f"{base}/announce/").context["plan"].fingerprint
    return browser.post(f"{base}/announce/", {**counts, "fingerprint": fingerprint})


def test_the_dry_run_is_searched_by_number_name_and_kind(
    edition: Edition, browser: Client, base: str, paper: Submission, chair: Membership
) -> None:
    assert chair.user is not None
    second = factories.make_submission(edition, title="Zonal flow")
    factories.make_author(second, "nora@uni.example", "Nora Second")
    factories.make_decision(paper, chair.user, "accept")
    factories.make_decision(second, chair.user, "reject")
    for query, places in (
        ({}, [1, 2, 3]),
        ({"q": "2"}, [2, 3]),
        ({"q": "NORA"}, [3]),
        ({"q": "zonal"}, [2, 3]),
        ({"kind": "accept"}, [1]),
        ({"q": "nothing like it"}, []),
    ):
        page = browser.get(f"{base}/announce/", query)
        assert [row.place for row in page.context["recipients"]] == places
    shown, letter = browser.get(f"{base}/announce/", {"letter": "3"}).context["letter"]
    assert shown.author.email == "nora@uni.example"
    assert letter.subject == f"[{edition.name}] Paper 2: decision"
    assert browser.get(f"{base}/announce/", {"q": "nothing like it"}).context["letter"] is None


def test_two_chairs_confirm_and_release_on_the_page(
    edition: Edition,
    browser: Client,
    base: str,
    paper: Submission,
    chair: Membership,
    other_chair: Membership,
    as_user: As,
) -> None:
    Edition.objects.update(needs_second_chair=True)
    assert chair.user is not None
    factories.make_decision(paper, chair.user)
    refused = release(browser, base, accepts=1, rejects=0)
    assert refused.status_code == 422
    assert "Another chair must confirm the letters of submission 1 first" in folded(refused)
    second = as_user(other_chair)
    stale = second.post(f"{base}/announce/", {"confirm": "1", "fingerprint": "of another day"})
    assert told(stale) == [
        "A decision, a review or an author list changed since you looked. Look at the letters again."
    ]
    fingerprint = second.get(f"{base}/announce/").context["plan"].fingerprint
    done = second.post(f"{base}/announce/", {"confirm": "1", "fingerprint": fingerprint})
    assert told(done)[-1] == "You confirmed the letters of 1 decision. Another chair can release them."
    assert release(browser, base, accepts=1, rejects=0).status_code == 302
    assert Announcement.objects.count() == 1


def test_where_two_chairs_release_each_reads_what_is_confirmed_and_what_waits_for_her(
    edition: Edition,
    browser: Client,
    base: str,
    paper: Submission,
    chair: Membership,
    other_chair: Membership,
    as_user: As,
) -> None:
    Edition.objects.update(needs_second_chair=True)
    assert chair.user is not None
    alone = factories.make_submission(edition, title="No other chair may read this one")
    factories.make_conflict(alone, other_chair)
    for row in (paper, alone):
        factories.make_decision(row, chair.user)
    second = as_user(other_chair)

    def said(client: Client) -> tuple[Any, list[str]]:
        acts = client.get(f"{base}/").context["next"]
        shown = client.get(f"{base}/announce/").context["second"]
        return shown, [act.words for act in acts if act.address == f"{base}/announce/"]

    waits = "1 decision needs a second chair to confirm its letters"
    assert said(browser) == (SecondChair(0, 1, 1, 2), [waits])
    assert said(second) == (SecondChair(0, 1, 0, 1), [waits])
    fingerprint = second.get(f"{base}/announce/").context["plan"].fingerprint
    second.post(f"{base}/announce/", {"confirm": "1", "fingerprint": fingerprint})
    assert said(browser) == (SecondChair(1, 0, 1, 2), ["2 decisions are ready to announce"])
    assert said(second) == (SecondChair(0, 1, 0, 0), [])
    page = folded(browser.get(f"{base}/announce/"))
    assert "1 decision is confirmed by another chair." in page
    assert "1 decision has no other chair who may read the letters, and need no confirmation." in page


def test_the_first_page_says_the_release_and_the_confirmation_before_what_is_missing(
    edition: Edition, browser: Client, base: str, paper: Submission, chair: Membership, other_chair: Membership
) -> None:
    assert chair.user is not None
    factories.make_decision(paper, chair.user)
    for _ in range(2):
        factories.make_submission(edition)
    factories.make_manuscript(paper, b"%PDF-1.7 late", number=2, is_current=False, is_late=True)

    def first() -> str:
        words: str = browser.get(f"{base}/").context["next"][0].words
        return words

    assert first() == "1 decision is ready to announce"
    Edition.objects.update(needs_second_chair=True)
    assert first() == "1 decision needs a second chair to confirm its letters"


def test_while_submission_is_open_both_pages_say_so_before_anything_is_typed(
    edition: Edition, browser: Client, base: str, paper: Submission, chair: Membership
) -> None:
    assert chair.user is not None
    factories.make_decision(paper, chair.user)
    dates = reverse("editions:dates", args=[edition.slug])
    with time_machine.travel(factories.AT, tick=False):
        browser.force_login(chair.user)
        first = browser.get(f"{base}/").context["next"][0]
        shown = browser.get(f"{base}/announce/")
        refused = release(browser, base, accepts=1, rejects=0)
    assert (first.words, first.address) == ("1 decision can be announced once submission is closed", dates)
    for page in (shown, refused):
        assert page.context["not_yet"] == STILL_OPEN
        assert f'{STILL_OPEN} <a class="button" href="{dates}">Dates</a>' in folded(page)
        assert 'name="accepts"' not in folded(page)
    assert Announcement.objects.count() == 0


def test_the_decisions_page_counts_apart_what_is_announced_already(
    edition: Edition, browser: Client, base: str, paper: Submission, chair: Membership
) -> None:
    assert chair.user is not None
    factories.make_decision(paper, chair.user, "accept")
    release(browser, base, accepts=1, rejects=0)
    for verdict in ("accept", "reject", "reject"):
        factories.make_decision(factories.make_submission(edition), chair.user, verdict)
    page = folded(browser.get(f"{base}/decisions/"))
    assert "3 to announce: 1 to accept, 2 to reject. 1 announced already, 0 undecided." in page
    assert "Acceptance rate 50 % of all that is decided." in page
    assert "Check and announce 3 decisions" in page


def test_counts_that_are_no_numbers_are_named_beside_their_fields(
    browser: Client, base: str, paper: Submission, chair: Membership
) -> None:
    assert chair.user is not None
    factories.make_decision(paper, chair.user)
    answer = browser.post(f"{base}/announce/", {"accepts": "one", "rejects": "-1", "fingerprint": "x"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["accepts", "rejects"])
    assert Announcement.objects.count() == 0


def test_stop_by_get_changes_nothing_and_too_late_it_says_so(
    browser: Client, base: str, paper: Submission, chair: Membership
) -> None:
    assert chair.user is not None
    factories.make_decision(paper, chair.user)
    with time_machine.travel(AT, tick=False):
        browser.force_login(chair.user)
        address = release(browser, base, accepts=1, rejects=0)["Location"]
        assert browser.get(f"{address}stop/")["Location"] == address
        assert browser.get(f"{address}?fragment=1").context["held"] is True
    with time_machine.travel(AT + HELD, tick=False):
        browser.force_login(chair.user)
        late = browser.post(f"{address}stop/")
        assert late["Location"] == address
        assert told(late)[-1].startswith("It is too late to stop")
        page = browser.get(address)
    assert (page.context["held"], page.context["release"].total, page.context["release"].sent) == (False, 1, 0)
    assert Decision.objects.get().announcement is not None


def test_a_stopped_announcement_says_who_stopped_it_to_each_chair_who_may_know_of_it_and_exists_for_nobody_else(
    browser: Client, base: str, paper: Submission, chair: Membership, other_chair: Membership, as_user: As
) -> None:
    assert chair.user is not None
    factories.make_decision(paper, chair.user)
    barred = factories.make_member(chair.edition, email="bea@institute-z.example", chair=True)
    factories.make_conflict(paper, barred)
    words = f"by {chair.user.name}, before its release."
    # In place of the panel of a page that was open meanwhile, without a page around it.
    panel = '<div class="stack" aria-live="polite"> <p> Stopped'
    with time_machine.travel(AT, tick=False):
        browser.force_login(chair.user)
        address = release(browser, base, accepts=1, rejects=0)["Location"]
        browser.post(f"{address}stop/")
        for person in (browser, as_user(other_chair)):
            assert words in folded(person.get(address))
            assert folded(person.get(f"{address}?fragment=1")).startswith(panel)
            assert person.post(f"{address}stop/")["Location"] == address
        stranger = as_user(barred)
        assert (stranger.get(address).status_code, stranger.post(f"{address}stop/").status_code) == (404, 404)
        assert browser.get(reverse("reviews:announcement", args=(chair.edition.slug, 999))).status_code == 404


def test_progress_counts_no_missing_reviewer_of_a_paper_whose_decision_is_known(
    edition: Edition, browser: Client, base: str, paper: Submission
) -> None:
    Edition.objects.update(reviews_per_submission=3)
    factories.announce(factories.make_submission(edition), at=AT - HELD)
    words = folded(browser.get(f"{base}/progress/"))
    assert (
        "0 of 6 reviews submitted, 3 still needed, 3 not needed any more because the decision is known. "
        "No reviewer yet: 3 of those still needed."
    ) in words
    assert browser.get(f"{base}/").context["tally"].unassigned == 3


def test_a_text_that_came_after_the_end_begins_no_review(
    edition: Edition, browser: Client, base: str, paper: Submission, reviewers: list[Membership]
) -> None:
    task, writer = factories.make_assignment(paper, reviewers[0]), reviewers[0].user
    assert writer is not None
    edition.deadlines.filter(phase=Phase.REVIEW).update(cutoff_at=AT, is_soft=False)
    late = reviewing.save_review(assignment=task, fields={"summary": "Late"}, based_on=0, by=writer, at=AT)
    assert (late.is_aside, late.review.version) == (True, 0)
    people = browser.get(f"{base}/progress/").context["people"]
    assert sum(person.row.started for person in people) == 0
    assert browser.get(f"{base}/progress/", {"segment": "not_started"}).context["tasks"] == [task]
    assert ">not started<" in folded(browser.get(f"{base}/submissions/1/"))


def test_a_late_file_is_asked_for_as_long_as_it_can_be_adopted(
    edition: Edition, browser: Client, base: str, paper: Submission
) -> None:
    factories.make_manuscript(paper)
    factories.make_manuscript(paper, b"%PDF-1.7 late", is_current=False, is_late=True)

    def asked_and_listed() -> tuple[list[str], int]:
        acts = browser.get(f"{base}/").context["next"]
        late = reverse("submissions:late", args=[edition.slug])
        return [act.words for act in acts if act.address == late], len(browser.get(late).context["late_files"])

    assert asked_and_listed() == (["1 submission has a late file"], 1)
    factories.announce(paper, at=AT - HELD)
    assert asked_and_listed() == ([], 0)
