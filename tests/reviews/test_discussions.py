"""The committee's discussion: who reads it, who is told of it when, and that nothing typed is lost or doubled."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from unittest.mock import patch

import pytest
import time_machine
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dlonsc.accounts.models import User
from dlonsc.codes import code
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.models import Entry
from dlonsc.mail import guards
from dlonsc.mail.digest import gather, next_gathering
from dlonsc.mail.guards import objection
from dlonsc.mail.ledger import drain
from dlonsc.mail.models import Message, State, Unsubscribed
from dlonsc.mail.transport import KeepInLedger
from reviews.actions import discussing, lettering, reviewing
from reviews.actions.assigning import Refused
from reviews.anew import tell_news_left
from reviews.models import Assignment, Comment, Discussion, LastRead, Review
from reviews.persons import data_of
from reviews.tasks import tell_late_conflicts
from submissions.models import Conflict, Submission
from submissions.states import State as SubmissionState
from tests import factories
from tests.factories import AT
from tests.mail.test_ledger import Clock, Scripted
from tests.visibility.test_side_doors import change_address

pytestmark = pytest.mark.django_db
Browser = Callable[[User | Membership | None], Client]


@dataclass
class Talk:
    paper: Submission
    rita: Membership
    hilda: Membership
    tasks: dict[str, Assignment]

    @property
    def row(self) -> Discussion:
        found = Discussion.objects.get(submission=self.paper)
        found.submission = self.paper
        return found


@pytest.fixture(autouse=True)
def then() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


def by(member: Membership) -> User:
    assert member.user is not None
    return member.user


@pytest.fixture
def talk(edition: Edition, chair: Membership) -> Talk:
    """A submission that two have reviewed, opened for discussion; the letters about that are out of the way."""
    paper = factories.make_submission(edition, title="Surrogates")
    paper.edition = chair.edition
    rita, hilda = (
        factories.make_member(edition, factories.make_user(f"{name.lower()}@{name.lower()}.example", name))
        for name in ("Rita", "Hilda")
    )
    tasks = {row.name: factories.make_assignment(paper, row) for row in (rita, hilda)}
    for label, task in enumerate(tasks.values(), start=1):
        factories.make_review(task, label=label, score=3 if label == 1 else -2)
    discussing.open_discussions(chair, [paper.number], by=by(chair), at=AT)
    Message.objects.all().delete()
    return Talk(paper, rita, hilda, tasks)


def say(
    talk: Talk, member: Membership, text: str, *, label: str = "Reviewer 1", minutes: int = 0, **more: bool
) -> Comment:
    return discussing.comment(talk.row, member, text=text, label=label, at=AT + timedelta(minutes=minutes), **more)


def told() -> list[tuple[str, str]]:
    return list(Message.objects.order_by("pk").values_list("to_email", "subject"))


def page_of(talk: Talk) -> str:
    return f"/{talk.paper.edition.slug}/reviews/{talk.paper.number}/discussion/"


def chairs_page_of(talk: Talk) -> str:
    return f"/{talk.paper.edition.slug}/chair/discussions/{talk.paper.number}/"


# --- Opening ---------------------------------------------------------------------------------------------------------


def test_opening_writes_each_reviewer_one_letter_that_lists_all(edition: Edition, chair: Membership) -> None:
    papers = [factories.make_submission(edition, title=title) for title in ("One", "Two", "Unreviewed")]
    rita, drafting = (factories.make_member(edition) for _ in range(2))
    for paper in papers[:2]:
        factories.make_review(factories.make_assignment(paper, rita))
    factories.make_review(factories.make_assignment(papers[0], drafting), submitted=False)
    numbers = [paper.number for paper in papers]
    assert discussing.open_discussions(chair, [*numbers, 999], by=by(chair), at=AT) == 2
    (letter,) = Message.objects.all()
    assert (letter.to_email, letter.subject) == (by(rita).email, f"[{edition.name}] 2 submissions to discuss")
    assert ("1. One" in letter.text, "2. Two" in letter.text, "Unreviewed" in letter.text) == (True, True, False)
    assert discussing.open_discussions(chair, numbers, by=by(chair), at=AT) == 0
    assert Message.objects.count() == 1


def test_the_letters_of_opened_discussions_tell_no_reviewer_with_which_papers_a_chair_is_in_conflict(
    edition: Edition, chair: Membership
) -> None:
    papers = [factories.make_submission(edition) for _ in range(3)]
    rita, other = factories.make_member(edition), factories.make_member(edition, chair=True)
    for paper in papers:
        factories.make_review(factories.make_assignment(paper, rita))
    for paper in papers[1:]:
        factories.make_conflict(paper, other)
    discussing.open_discussions(chair, [paper.number for paper in papers], by=by(chair), at=AT)
    assert told() == [(by(rita).email, f"[{edition.name}] 3 submissions to discuss")]


def test_a_chair_opens_nothing_that_she_is_in_conflict_with(talk: Talk, edition: Edition) -> None:
    other = factories.make_member(edition, email="own@else.example", chair=True)
    hidden = factories.make_submission(edition)
    factories.make_review(factories.make_assignment(hidden, talk.rita))
    factories.make_conflict(hidden, other)
    assert discussing.open_discussions(other, [hidden.number], by=by(other), at=AT) == 0
    assert not Discussion.objects.filter(submission=hidden).exists()


def test_nothing_is_opened_once_the_decision_is_announced(talk: Talk, edition: Edition, chair: Membership) -> None:
    late = factories.make_submission(edition)
    factories.make_review(factories.make_assignment(late, talk.rita))
    factories.announce(late)
    assert discussing.open_discussions(chair, [late.number], by=by(chair), at=AT) == 0


def test_the_list_shows_what_calls_for_talk_and_opens_what_is_ticked(
    talk: Talk, edition: Edition, chair: Membership, as_user: Browser
) -> None:
    split, calm = (factories.make_submission(edition, title=title) for title in ("Split", "Calm"))
    for paper, scores in ((split, (3, -1)), (calm, (2, 1))):
        for member, score in zip((talk.rita, talk.hilda), scores, strict=True):
            factories.make_review(factories.make_assignment(paper, member), score=score)
    browser, address = as_user(chair), f"/{edition.slug}/chair/discussions/"
    page = " ".join(browser.get(address).text.split())
    assert "These call for talk (1)" in page
    assert "3, -1: scores more than 2 apart" in page
    assert "Other submissions with reviews (1)" in page
    assert browser.post(address, {"number": [split.number, "x"]}).status_code == 302
    assert set(Discussion.objects.values_list("submission", flat=True)) == {talk.paper.pk, split.pk}


# --- Who reads -------------------------------------------------------------------------------------------------------


def test_it_opens_after_ones_own_review_and_not_before(talk: Talk, edition: Edition, as_user: Browser) -> None:
    say(talk, talk.rita, "I disagree with myself.")
    late = factories.make_member(edition, email="late@late.example")
    draft = factories.make_review(factories.make_assignment(talk.paper, late), submitted=False, label=3)
    browser = as_user(late)
    assert browser.get(page_of(talk)).status_code == 404
    assert "Discussion" not in browser.get(f"/{edition.slug}/reviews/").text
    Review.objects.filter(pk=draft.pk).update(submitted_at=AT)
    assert "I disagree with myself." in browser.get(page_of(talk)).text
    assert "Discussion (1 new)" in " ".join(browser.get(f"/{edition.slug}/reviews/").text.split())


def test_switched_off_nobody_reads_and_everybody_keeps_her_own(
    talk: Talk, edition: Edition, chair: Membership, as_user: Browser
) -> None:
    say(talk, talk.rita, "Quagga")
    home = f"/{edition.slug}/reviews/"
    assert page_of(talk) in as_user(talk.rita).get(home).text
    Edition.objects.update(committee_discusses=False)
    assert page_of(talk) not in as_user(talk.rita).get(home).text
    assert [as_user(who).get(page_of(talk)).status_code for who in (talk.rita, talk.hilda)] == [404, 404]
    assert as_user(chair).get(chairs_page_of(talk)).status_code == 404
    assert "Quagga" in as_user(talk.rita).get(f"/{edition.slug}/reviews/own/").text
    assert "switched off" in as_user(chair).get(f"/{edition.slug}/chair/discussions/").text


def test_ones_own_copy_holds_what_one_wrote_and_nobody_elses(talk: Talk) -> None:
    say(talk, talk.rita, "Quagga")
    say(talk, talk.hilda, "Zebrafish", label="Reviewer 2")
    told = json.dumps(data_of(by(talk.rita), AT), cls=DjangoJSONEncoder)
    assert ("Quagga" in told, "Zebrafish" in told) == (True, False)


def test_who_comes_into_conflict_finds_only_what_she_wrote(talk: Talk, edition: Edition, as_user: Browser) -> None:
    say(talk, talk.rita, "Mine stays.")
    say(talk, talk.hilda, "Hers is hers.", label="Reviewer 2")
    factories.make_conflict(talk.paper, talk.rita)
    browser = as_user(talk.rita)
    assert browser.get(page_of(talk)).status_code == 404
    assert browser.post(page_of(talk), {"text": "More"}).status_code == 404
    own = browser.get(f"/{edition.slug}/reviews/own/").text
    assert ("Mine stays." in own, "Hers is hers." in own) == (True, False)


def test_names_stand_beside_labels_only_where_the_edition_says_so(
    talk: Talk, chair: Membership, as_user: Browser
) -> None:
    say(talk, talk.hilda, "Hello", label="Reviewer 2")
    say(talk, chair, "Hello from the chairs", label="Chair")
    words = (f"Reviewer 2, {talk.hilda.name}", f"Chair, {chair.name}")
    shown = as_user(talk.rita).get(page_of(talk)).text
    assert [one in shown for one in words] == [True, True]
    Edition.objects.update(reviewers_see_each_other=False)
    shown = as_user(talk.rita).get(page_of(talk)).text
    assert [one in shown for one in words] == [False, True]
    assert talk.hilda.name not in shown
    assert words[0] in as_user(chair).get(chairs_page_of(talk)).text


# --- Writing ---------------------------------------------------------------------------------------------------------


def test_a_second_press_is_one_comment_and_markup_is_shown_as_text(talk: Talk, as_user: Browser) -> None:
    browser, typed = as_user(talk.rita), {"text": "**Bold** <script>alert(1)</script>"}
    for _ in range(2):
        assert browser.post(page_of(talk), typed).status_code == 302
    assert Comment.objects.count() == 1
    page = browser.get(page_of(talk)).text
    assert ("<strong>Bold</strong>" in page, "<script>alert" in page) == (True, False)
    assert Entry.objects.filter(verb="commented").count() == 1


@pytest.mark.parametrize("who", ["reviewer", "chair"])
def test_a_second_press_is_one_comment_where_another_has_written_in_between_and_an_answer_to_that_is_two(
    talk: Talk, chair: Membership, who: str, as_user: Browser
) -> None:
    browser, address = (as_user(chair), chairs_page_of(talk)) if who == "chair" else (as_user(talk.rita), page_of(talk))

    def since() -> str:
        found = re.search(r'name="since"\s+value="(\w*)"', browser.get(address).text)
        return found[1] if found else "no field"

    said, before = [], since()
    browser.post(address, {"text": "Agreed.", "since": before})
    say(talk, talk.hilda, "Is it sound?", label="Reviewer 2")
    for shown in (before, since()):
        browser.post(address, {"text": "Agreed.", "since": shown})
        said.append([row.text for row in talk.row.comments.all()])
    assert said == [["Agreed.", "Is it sound?"], ["Agreed.", "Is it sound?", "Agreed."]]


def test_words_that_were_a_comment_ask_all_reviewers_once_they_are_sent_again_as_a_question(
    talk: Talk, chair: Membership, as_user: Browser
) -> None:
    browser, typed = as_user(chair), {"text": "Is the benchmark public?"}
    for is_question in ({}, {"is_question": "on"}, {"is_question": "on"}):
        found = re.search(r'name="since"\s+value="(\w*)"', browser.get(chairs_page_of(talk)).text)
        assert found is not None
        browser.post(chairs_page_of(talk), typed | is_question | {"since": found[1]})
    subject = f"[{talk.paper.edition.name}] Paper {talk.paper.number}: a question of a chair"
    assert [row.kind for row in talk.row.comments.all()] == ["comment", "question"]
    asked = Message.objects.filter(subject=subject).values_list("to_email", flat=True)
    assert set(asked) == {by(talk.rita).email, by(talk.hilda).email}


@pytest.mark.parametrize(
    ("typed", "words"), [(" ", "Write something first."), ("x" * 10_001, "at most 10000 characters")]
)
def test_what_cannot_be_sent_is_refused_beside_the_field_with_all_that_was_typed(
    talk: Talk, as_user: Browser, typed: str, words: str
) -> None:
    answer = as_user(talk.rita).post(page_of(talk), {"text": typed})
    assert (answer.status_code, words in answer.text, Comment.objects.count()) == (422, True, 0)
    assert typed.strip() in answer.text


def test_closed_in_the_meantime_nothing_typed_is_lost(talk: Talk, chair: Membership, as_user: Browser) -> None:
    assert as_user(chair).post(chairs_page_of(talk), {"close": "1"}).status_code == 302
    answer = as_user(talk.rita).post(page_of(talk), {"text": "My long thought"})
    assert (answer.status_code, "My long thought" in answer.text) == (422, True)
    with pytest.raises(Refused):
        say(talk, talk.rita, "More")
    assert not discussing.close_discussion(talk.row, by=by(chair), at=AT)
    assert discussing.open_discussions(chair, [talk.paper.number], by=by(chair), at=AT) == 1
    assert say(talk, talk.rita, "More").pk


def posted_by(page: str, button: str, words: str) -> dict[str, str]:
    """What a browser sends when the button of a name is pressed while these words stand in the field of the page."""
    found = re.search(rf'<button[^>]*name="{button}"[^>]*>', page)
    assert found is not None
    hidden = dict(re.findall(r'type="hidden"\s+(?:form="comment"\s+)?name="(since|seen)"\s+value="(\w*)"', page))
    return hidden | {button: "1"} | ({"text": words} if 'form="comment"' in found[0] else {})


@pytest.mark.parametrize("who", ["reviewer", "chair"])
def test_words_that_stand_in_the_field_when_all_is_marked_as_read_stay_there(
    talk: Talk, chair: Membership, who: str, as_user: Browser
) -> None:
    say(talk, talk.hilda, "Hello", label="Reviewer 2")
    browser, address = (as_user(chair), chairs_page_of(talk)) if who == "chair" else (as_user(talk.rita), page_of(talk))
    answer = browser.post(address, posted_by(browser.get(address).text, "seen_only", "My long thought"))
    assert (answer.status_code, "My long thought" in answer.text) == (200, True)
    assert (LastRead.objects.count(), Comment.objects.count()) == (1, 1)
    assert "Mark all as read" not in answer.text


def test_a_discussion_is_not_closed_over_words_that_its_chair_has_not_sent(
    talk: Talk, chair: Membership, as_user: Browser
) -> None:
    browser, address = as_user(chair), chairs_page_of(talk)
    answer = browser.post(address, posted_by(browser.get(address).text, "close", "So we accept it."))
    shown = ["So we accept it." in answer.text, "Send it, or empty the field, and then close." in answer.text]
    assert (answer.status_code, shown, talk.row.is_open) == (422, [True, True], True)
    assert browser.post(address, posted_by(answer.text, "close", " ")).status_code == 302
    assert (talk.row.is_open, Comment.objects.count()) == (False, 0)


def reviewer_in_conflict(talk: Talk) -> None:
    factories.make_conflict(talk.paper, talk.rita)


def withdrawn(talk: Talk) -> None:
    Submission.objects.filter(pk=talk.paper.pk).update(state=SubmissionState.WITHDRAWN)


def taken_back(talk: Talk) -> None:
    Assignment.objects.filter(membership=talk.rita).update(removed_at=AT, removed_by=talk.tasks["Rita"].assigned_by)


def switched_off(talk: Talk) -> None:
    Edition.objects.update(committee_discusses=False)


@pytest.mark.parametrize("end", [reviewer_in_conflict, withdrawn, taken_back, switched_off])
def test_who_may_not_write_any_more_gets_back_what_she_typed_and_learns_nothing(
    end: Callable[[Talk], None], talk: Talk, as_user: Browser
) -> None:
    end(talk)
    browser, typed = as_user(talk.rita), {"text": "My long <b>thought</b>", "code": "Not for a page"}
    answer = browser.post(page_of(talk), typed)
    assert (answer.status_code, "My long &lt;b&gt;thought&lt;/b&gt;" in answer.text) == (404, True)
    assert ("Not for a page" in answer.text, talk.paper.title in answer.text) == (False, False)
    nowhere = browser.post(f"/{talk.paper.edition.slug}/reviews/999/discussion/", typed)
    assert without_tokens(nowhere.text) == without_tokens(answer.text)
    assert "What you sent" not in browser.get(page_of(talk)).text
    assert "My long" not in Client().post(page_of(talk), typed).text


def without_tokens(page: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"|nonce="[^"]+"', "", page)


def test_a_chair_in_conflict_gets_back_what_she_typed_alike_for_every_number(
    talk: Talk, edition: Edition, as_user: Browser
) -> None:
    other = factories.make_member(edition, email="own@else.example", chair=True)
    factories.make_conflict(talk.paper, other)
    browser, typed = as_user(other), {"text": "My long thought"}
    hidden, nowhere = (
        browser.post(f"/{edition.slug}/chair/discussions/{number}/", typed) for number in (talk.paper.number, 999)
    )
    assert (hidden.status_code, nowhere.status_code, "My long thought" in hidden.text) == (404, 404, True)
    assert without_tokens(nowhere.text) == without_tokens(hidden.text)


def test_a_changed_score_is_told_with_what_the_reviewer_says(talk: Talk, as_user: Browser) -> None:
    task = talk.tasks["Rita"]
    browser, room = as_user(talk.rita), f"/{talk.paper.edition.slug}/reviews/{talk.paper.number}"
    fields = reviewing.working_text(task.review) | {"score": -1}
    browser.post(f"{room}/", {**fields, "version": 1})
    review = Review.objects.get(assignment=task)
    assert "Why the score changes from Strong accept" in " ".join(browser.get(f"{room}/submit/").text.split())
    browser.post(f"{room}/submit/", {"version": review.version, "note": "Reviewer 2 is right."})
    (row,) = Comment.objects.all()
    assert (row.kind, row.label) == ("change", "Reviewer 1")
    assert row.text == "Score changed from 3 (Strong accept) to -1 (Weak reject).\n\nReviewer 2 is right."


def change_score(talk: Talk, browser: Client) -> tuple[str, int]:
    """A changed score, saved and not submitted yet: the page on which it is, and the version."""
    task, room = talk.tasks["Rita"], f"/{talk.paper.edition.slug}/reviews/{talk.paper.number}"
    browser.post(f"{room}/", {**reviewing.working_text(task.review), "score": -1, "version": 1})
    return f"{room}/submit/", Review.objects.get(assignment=task).version


@pytest.mark.parametrize(
    ("stale", "note", "words"),
    [
        (0, "Because " * 300, "Ensure this value has at most 2000 characters (it has 2399)."),
        (1, "Reviewer 2 is right.", "A newer text was saved meanwhile. Read it, then submit."),
    ],
)
def test_a_submission_that_is_refused_keeps_the_words_about_the_score(
    talk: Talk, as_user: Browser, stale: int, note: str, words: str
) -> None:
    browser = as_user(talk.rita)
    address, version = change_score(talk, browser)
    refused = browser.post(address, {"version": version - stale, "note": note})
    assert (refused.status_code, words in refused.text, note.strip() in refused.text) == (422, True, True)
    assert (Comment.objects.count(), Review.objects.get(assignment=talk.tasks["Rita"]).score) == (0, 3)
    # Not cut by the browser either.
    assert ("Why the score changes from Strong accept" in refused.text, "maxlength" in refused.text) == (True, False)


def test_words_about_a_score_that_came_after_the_discussion_closed_go_back_to_their_writer(
    talk: Talk, chair: Membership, as_user: Browser
) -> None:
    browser = as_user(talk.rita)
    address, version = change_score(talk, browser)
    discussing.close_discussion(talk.row, by=by(chair), at=AT)
    page = browser.post(address, {"version": version, "note": "Reviewer 2 is right."}, follow=True).text
    assert ("Your words were not sent" in page, "Reviewer 2 is right." in page) == (True, True)
    assert (Comment.objects.count(), Review.objects.get(assignment=talk.tasks["Rita"]).score) == (0, -1)


def test_words_about_a_score_come_back_when_reviewing_has_closed(talk: Talk, as_user: Browser) -> None:
    browser = as_user(talk.rita)
    address, version = change_score(talk, browser)
    factories.announce(talk.paper, at=AT)
    refused = browser.post(address, {"version": version, "note": "Reviewer 2 is right."})
    assert (refused.status_code, "Reviewer 2 is right." in refused.text) == (422, True)
    assert "reviews can no longer be changed" in refused.text


def test_without_a_discussion_a_changed_score_is_nobodys_news(talk: Talk, chair: Membership) -> None:
    discussing.close_discussion(talk.row, by=by(chair), at=AT)
    task = talk.tasks["Rita"]
    fields = reviewing.working_text(task.review) | {"score": -1}
    reviewing.save_review(assignment=task, fields=fields, based_on=1, by=by(talk.rita), at=AT)
    reviewing.submit_review(assignment=task, based_on=2, by=by(talk.rita), at=AT, note="Because")
    assert (Comment.objects.count(), Review.objects.get(assignment=task).score) == (0, -1)


def in_conflict(talk: Talk, chair: Membership) -> None:
    factories.make_conflict(talk.paper, chair)


def removed(talk: Talk, chair: Membership) -> None:
    Membership.objects.filter(pk=chair.pk).update(removed_at=AT)


@pytest.mark.parametrize("end", [in_conflict, removed])
def test_what_a_chair_wrote_stays_readable_to_her(
    end: Callable[[Talk, Membership], None], talk: Talk, chair: Membership, as_user: Browser
) -> None:
    address = f"/{talk.paper.edition.slug}/reviews/own/"
    assert as_user(chair).get(address).status_code == 404
    factories.make_comment(talk.paper, chair, "My long thought", label="Chair")
    end(talk, chair)
    page = as_user(chair).get(address)
    assert ("My long thought" in page.text, talk.paper.title in page.text) == (True, False)


def test_a_chair_finds_what_she_wrote_from_the_page_of_discussions(
    talk: Talk, chair: Membership, as_user: Browser
) -> None:
    slug = talk.paper.edition.slug
    found = []
    for _ in range(2):
        found.append(f'"/{slug}/reviews/own/"' in as_user(chair).get(f"/{slug}/chair/discussions/").text)
        factories.make_comment(talk.paper, chair, "My long thought", label="Chair")
    assert found == [False, True]


# --- Letters ---------------------------------------------------------------------------------------------------------


def test_the_others_get_one_letter_a_day_without_a_word_of_it(talk: Talk, chair: Membership) -> None:
    for minutes in (0, 20, 40):
        say(talk, talk.rita, f"Quagga {minutes}", minutes=minutes)
    name = talk.paper.edition.name
    assert told() == [
        (by(talk.hilda).email, f"[{name}] Paper {talk.paper.number}: discussion"),
        (by(chair).email, f"[{name}] Paper {talk.paper.number}: discussion"),
    ]
    assert not any("Quagga" in letter.text + letter.html for letter in Message.objects.all())
    drain(KeepInLedger(), seconds=5)
    say(talk, talk.rita, "Next day", minutes=24 * 60)
    assert Message.objects.count() == 4


def test_who_is_asked_gets_a_letter_at_once(talk: Talk, chair: Membership) -> None:
    say(talk, talk.rita, "What does @Reviewer 2 think? And @chairs?")
    say(talk, chair, "Is the benchmark public?", label="Chair", is_question=True)
    name, number = talk.paper.edition.name, talk.paper.number
    assert told() == [
        (by(talk.hilda).email, f"[{name}] Paper {number}: you are asked in the discussion"),
        (by(chair).email, f"[{name}] Paper {number}: you are asked in the discussion"),
        (by(talk.rita).email, f"[{name}] Paper {number}: a question of a chair"),
        (by(talk.hilda).email, f"[{name}] Paper {number}: a question of a chair"),
    ]


@pytest.mark.parametrize("end", ["no chair any more", "in conflict"])
def test_what_is_asked_of_the_chairs_reaches_another_one_when_who_opened_it_may_not_read_it_any_more(
    talk: Talk, edition: Edition, chair: Membership, end: str
) -> None:
    other = factories.make_member(edition, chair=True)
    barred = factories.make_member(edition, chair=True)
    factories.make_conflict(talk.paper, barred)
    if end == "in conflict":
        factories.make_conflict(talk.paper, chair)
    else:
        Membership.objects.filter(pk=chair.pk).update(is_chair=False)
    say(talk, talk.rita, "@chairs, this was printed before.")
    assert {row.to_email for row in Message.objects.filter(kind="discussion_news")} == {talk.hilda.email, other.email}


def test_news_that_were_read_or_may_not_be_read_any_more_do_not_leave(talk: Talk, chair: Membership) -> None:
    row = say(talk, talk.rita, "Hello")
    to_hilda, to_chair = Message.objects.order_by("pk")
    assert (objection(to_hilda), objection(to_chair)) == (None, None)
    discussing.mark_read(talk.row, talk.hilda, row)
    factories.make_conflict(talk.paper, chair)
    assert (objection(to_hilda), objection(to_chair)) == (
        "the discussion was read in the meantime",
        "a paper that it lists is none of hers any more",
    )


def test_news_of_a_day_stand_for_what_came_after_the_comment_that_was_read(talk: Talk, chair: Membership) -> None:
    User.objects.filter(pk=by(talk.hilda).pk).update(digest=True)
    first = say(talk, talk.rita, "Hello")
    discussing.mark_read(talk.row, talk.hilda, first)
    second = say(talk, talk.rita, "And another thing", minutes=60)
    letter = Message.objects.get(to_email=by(talk.hilda).email)
    assert (letter.state, objection(letter)) == (State.GATHERED, None)
    discussing.mark_read(talk.row, talk.hilda, second)
    say(talk, talk.hilda, "I see", label="Reviewer 2", minutes=61)
    assert objection(letter) == "the discussion was read in the meantime"


def test_what_came_after_the_letter_of_a_day_was_read_has_a_letter_the_next_day(
    talk: Talk, edition: Edition, chair: Membership
) -> None:
    first = say(talk, talk.rita, "Hello")
    drain(KeepInLedger(), seconds=5)
    discussing.mark_read(talk.row, talk.hilda, first)
    say(talk, talk.rita, "And another thing", minutes=60)
    # The chair has not read what her letter told of: that one stands for all.
    assert len(told()) == 2
    for hours in (2, 24, 25):
        tell_news_left(edition, at=AT + timedelta(hours=hours))
    letters = Message.objects.order_by("pk")[2:]
    assert [(letter.to_email, objection(letter)) for letter in letters] == [(by(talk.hilda).email, None)]


@pytest.mark.parametrize("digest", [True, False])
def test_while_a_letter_waits_that_tells_all_that_came_the_next_day_brings_no_other(
    talk: Talk, edition: Edition, digest: bool
) -> None:
    User.objects.filter(pk=by(talk.hilda).pk).update(digest=digest)
    first = say(talk, talk.rita, "Hello")
    discussing.mark_read(talk.row, talk.hilda, first)
    say(talk, talk.rita, "And another thing", minutes=60)
    tell_news_left(edition, at=AT + timedelta(hours=24))
    say(talk, talk.rita, "And a third", minutes=25 * 60)
    letter = Message.objects.get(to_email=by(talk.hilda).email)
    assert objection(letter) is None


@pytest.mark.parametrize("end", ["another address", "a conflict that was lifted"])
def test_news_that_were_kept_back_for_what_is_over_are_told_the_next_day_once(
    talk: Talk, edition: Edition, end: str
) -> None:
    say(talk, talk.rita, "Hello")
    if end == "another address":
        change_address(by(talk.hilda), "new@hilda.example")
    else:
        conflict = factories.make_conflict(talk.paper, talk.hilda)
    drain(KeepInLedger(), seconds=5)
    if end != "another address":
        Conflict.objects.filter(pk=conflict.pk).delete()
    before = set(Message.objects.values_list("pk", flat=True))
    for hours in (2, 24, 25, 48):
        tell_news_left(edition, at=AT + timedelta(hours=hours))
    (letter,) = Message.objects.exclude(pk__in=before)
    talk.hilda.refresh_from_db()
    assert (letter.to_email, objection(letter)) == (User.objects.get(pk=by(talk.hilda).pk).email, None)


def test_looking_for_news_that_are_left_costs_the_same_for_one_and_for_many_discussions(
    talk: Talk, edition: Edition, chair: Membership
) -> None:
    def costs() -> int:
        with CaptureQueriesContext(connection) as found:
            tell_news_left(edition, at=AT + timedelta(hours=24))
        return len(found)

    discussing.mark_read(talk.row, talk.hilda, say(talk, talk.rita, "Hello"))
    before = costs()
    for _ in range(3):
        paper = factories.make_submission(edition)
        for member in (talk.rita, talk.hilda):
            factories.make_review(factories.make_assignment(paper, member))
        discussing.open_discussions(chair, [paper.number], by=by(chair), at=AT)
        row = Discussion.objects.select_related("submission__edition").get(submission=paper)
        one = discussing.comment(row, talk.rita, text="Hello", label="Reviewer 1", at=AT)
        discussing.mark_read(row, talk.hilda, one)
    assert costs() == before


def test_nobody_is_told_the_next_day_of_what_she_has_read_or_wrote_herself(talk: Talk, edition: Edition) -> None:
    first = say(talk, talk.rita, "Hello")
    discussing.mark_read(talk.row, talk.hilda, first)
    say(talk, talk.hilda, "I see", label="Reviewer 2", minutes=60)
    count = Message.objects.count()
    tell_news_left(edition, at=AT + timedelta(hours=24))
    assert Message.objects.count() == count


def test_a_question_that_was_read_is_not_told_for_what_came_after_it(talk: Talk, chair: Membership) -> None:
    question = say(talk, talk.rita, "What does @Reviewer 2 think?")
    letter = Message.objects.get(to_email=by(talk.hilda).email)
    assert objection(letter) is None
    discussing.mark_read(talk.row, talk.hilda, question)
    say(talk, talk.rita, "Well?", minutes=60)
    assert objection(letter) == "the discussion was read in the meantime"


def two_opened(talk: Talk, edition: Edition, chair: Membership) -> list[Submission]:
    """Two papers with a review of Rita's, whose discussions one letter tells her of."""
    papers = [factories.make_submission(edition) for _ in range(2)]
    for paper in papers:
        factories.make_review(factories.make_assignment(paper, talk.rita))
    discussing.open_discussions(chair, [paper.number for paper in papers], by=by(chair), at=AT)
    return papers


def test_a_list_of_opened_discussions_leaves_while_one_of_them_is_open(
    talk: Talk, edition: Edition, chair: Membership
) -> None:
    papers = two_opened(talk, edition, chair)
    letter, found = Message.objects.get(kind="discussion_opened"), []
    for row in Discussion.objects.filter(submission__in=papers):
        found.append(objection(letter))
        discussing.close_discussion(row, by=by(chair), at=AT)
    assert [*found, objection(letter)] == [None, None, "the discussions were closed in the meantime"]


def test_a_list_of_opened_discussions_does_not_leave_with_one_that_is_none_of_hers_any_more(
    talk: Talk, edition: Edition, chair: Membership
) -> None:
    papers = two_opened(talk, edition, chair)
    letter = Message.objects.get(kind="discussion_opened")
    assert (letter.guard["submissions"], objection(letter)) == ([paper.pk for paper in papers], None)
    factories.make_conflict(papers[0], talk.rita)
    assert objection(letter) == "a paper that it lists is none of hers any more"


@pytest.mark.parametrize("end", ["conflict", "other address", "closed"])
def test_of_a_list_of_opened_discussions_that_was_kept_back_those_that_are_left_are_told_once(
    talk: Talk, edition: Edition, chair: Membership, end: str
) -> None:
    papers = [factories.make_submission(edition, title=title) for title in ("Wombat", "Zebrafish")]
    for paper in papers:
        factories.make_review(factories.make_assignment(paper, talk.rita))
    discussing.open_discussions(chair, [paper.number for paper in papers], by=by(chair), at=AT)
    if end == "other address":
        change_address(by(talk.rita), "rita@new.example")
    else:
        factories.make_conflict(papers[0], talk.rita)
    if end == "closed":
        Discussion.objects.filter(submission=papers[1]).update(closed_at=AT, closed_by=by(chair))
    clock, transport = Clock(), Scripted()
    clock.now = AT
    drain(transport, seconds=5, clock=clock, sleep=clock.sleep)
    assert transport.taken == []
    for _ in range(2):
        tell_late_conflicts()
        drain(transport, seconds=5, clock=clock, sleep=clock.sleep)
    found = [
        ("Wombat" in letter.text, "Zebrafish" in letter.text, letter.to_email)
        for letter in Message.objects.filter(kind="discussion_opened", state=State.SENT)
    ]
    told_of = {
        "conflict": [(False, True, "rita@rita.example")],
        "other address": [(True, True, "rita@new.example")],
        "closed": [],
    }
    assert found == told_of[end]


@pytest.mark.parametrize("last", ["a chair keeps it back", "it was opened before"])
def test_of_the_letters_about_an_opened_discussion_the_last_one_says_whether_it_is_told_anew(
    talk: Talk, edition: Edition, chair: Membership, then: time_machine.Traveller, last: str
) -> None:
    papers = [factories.make_submission(edition, title=title) for title in ("Wombat", "Zebrafish")]
    for paper in papers:
        factories.make_review(factories.make_assignment(paper, talk.rita))
    clock, transport = Clock(), Scripted()
    clock.now = AT
    if last == "it was opened before":
        discussing.open_discussions(chair, [papers[1].number], by=by(chair), at=AT - timedelta(hours=1))
        drain(transport, seconds=5, clock=clock, sleep=clock.sleep)
        discussing.close_discussion(Discussion.objects.get(submission=papers[1]), by=by(chair), at=AT)
    discussing.open_discussions(chair, [paper.number for paper in papers], by=by(chair), at=AT)
    factories.make_conflict(papers[0], talk.rita)
    drain(transport, seconds=5, clock=clock, sleep=clock.sleep)
    tell_late_conflicts()
    if last == "a chair keeps it back":
        lettering.cancel(Message.objects.get(kind="discussion_opened", state=State.QUEUED), by=by(chair), at=AT)
        then.move_to(AT + timedelta(minutes=10))
        tell_late_conflicts()
    clock.now += timedelta(minutes=10)
    drain(transport, seconds=5, clock=clock, sleep=clock.sleep)
    sent = Message.objects.filter(kind="discussion_opened", state=State.SENT).values_list("text", flat=True)
    found = [("Wombat" in text, "Zebrafish" in text) for text in sent]
    assert found == {"a chair keeps it back": [], "it was opened before": [(False, True)] * 2}[last]


def test_who_wants_one_letter_a_day_gets_the_news_in_it_but_a_question_at_once(talk: Talk, chair: Membership) -> None:
    User.objects.filter(pk=by(talk.hilda).pk).update(digest=True)
    say(talk, talk.rita, "Hello")
    say(talk, chair, "Well?", label="Chair", is_question=True)
    states = Message.objects.filter(to_email=by(talk.hilda).email).order_by("pk").values_list("state", flat=True)
    assert list(states) == [State.GATHERED, State.QUEUED]


@pytest.mark.parametrize("leaves", ["before", "while it is sent"])
def test_who_left_the_reminders_gets_the_news_of_discussions_in_her_letter_of_the_day(
    talk: Talk, chair: Membership, then: time_machine.Traveller, leaves: str
) -> None:
    hilda = by(talk.hilda)
    User.objects.filter(pk=hilda.pk).update(digest=True)
    say(talk, talk.rita, "Hello")
    reminder = Message.objects.get(to_email=hilda.email)
    reminder.pk, reminder.key, reminder.return_token, reminder.kind = None, "a reminder", "of the reminder", "reminder"
    reminder.headers = {**reminder.headers, "List-Unsubscribe": "<https://x.example/>"}
    reminder.save()
    Message.objects.exclude(to_email=hilda.email).delete()
    clock = Clock()
    clock.now = next_gathering(AT)
    then.move_to(clock.now)

    def leave() -> None:
        Unsubscribed.objects.get_or_create(email=hilda.email, edition=talk.paper.edition.slug, since=AT)

    if leaves == "before":
        leave()
    transport = Scripted()
    with patch.object(guards, "_guards", guards._guards | {"reminder": lambda message: None}):
        gather(clock.now)
        leave()
        drain(transport, seconds=5, clock=clock, sleep=clock.sleep)
        gather(clock.now)
        drain(transport, seconds=5, clock=clock, sleep=clock.sleep)
    (letter,) = Message.objects.filter(kind="digest", state=State.SENT)
    assert ("Reviewer 1 has written" in letter.text, "No more reminders" in letter.text) == (True, False)
    assert len(transport.taken) == 1


def test_a_chair_in_conflict_is_never_written_to_and_finds_no_letter(talk: Talk, edition: Edition) -> None:
    own = factories.make_member(edition, email="own@else.example", chair=True)
    factories.make_conflict(talk.paper, own)
    Discussion.objects.update(opened_by=by(own))
    say(talk, talk.rita, "@chairs, what now?")
    assert by(own).email not in {to for to, _ in told()}


# --- Unread ----------------------------------------------------------------------------------------------------------


def test_marks_go_forward_only_and_only_in_their_own_discussion(
    talk: Talk, edition: Edition, chair: Membership, as_user: Browser
) -> None:
    first = say(talk, talk.hilda, "One", label="Reviewer 2")
    second = say(talk, talk.hilda, "Two", label="Reviewer 2")
    other = factories.make_comment(factories.make_submission(edition), talk.hilda)
    browser = as_user(talk.rita)
    for seen in (*(code("comment", one.pk) for one in (second, first, other)), "x", "9" * 30):
        assert browser.post(page_of(talk), {"seen_only": "1", "seen": seen}).status_code == 302
    mark = LastRead.objects.get(membership=talk.rita)
    assert (mark.comment_id, mark.discussion_id) == (second.pk, talk.row.pk)
    browser = as_user(chair)
    assert "3 unread" in browser.get(f"/{edition.slug}/chair/discussions/").text
    browser.post(chairs_page_of(talk), {"seen_only": "1", "seen": code("comment", second.pk)})
    assert "1 unread" in browser.get(f"/{edition.slug}/chair/discussions/").text
    browser.post(chairs_page_of(talk).replace("/1/", "/2/"), {"seen_only": "1", "seen": code("comment", other.pk)})
    page = browser.get(f"/{edition.slug}/chair/discussions/").text
    assert "unread" not in page.partition("<main")[2].partition("<h2")[0]


def test_who_writes_or_changes_her_score_has_not_read_what_her_page_did_not_show(
    talk: Talk, chair: Membership, as_user: Browser
) -> None:
    browser, home = as_user(talk.rita), f"/{talk.paper.edition.slug}/reviews/"
    shown = say(talk, talk.hilda, "Hello", label="Reviewer 2")
    question = say(talk, chair, "Is the benchmark public?", label="Chair", is_question=True)
    letters = Message.objects.filter(to_email=by(talk.rita).email).order_by("pk")
    found = [[objection(letter) for letter in letters]]

    def look() -> None:
        found.append([objection(letter) for letter in letters])
        page = browser.get(page_of(talk)).text
        found.append(["2 new" in browser.get(home).text, "1 new" in browser.get(home).text, "Mark all as read" in page])

    address, version = change_score(talk, browser)
    browser.post(address, {"version": version, "note": ""})
    look()
    browser.post(page_of(talk), {"text": "So do I.", "since": code("comment", shown.pk)})
    look()
    browser.post(page_of(talk), {"seen_only": "1", "seen": code("comment", question.pk)})
    look()
    was_read = "the discussion was read in the meantime"
    assert found == [
        [None, None],
        [None, None],
        [True, False, True],
        [None, None],
        [False, True, True],
        [was_read, was_read],
        [False, False, False],
    ]


@pytest.mark.parametrize("count", [1, 12])
def test_pages_ask_a_constant_number_of_queries(
    talk: Talk, edition: Edition, chair: Membership, as_user: Browser, count: int
) -> None:
    for number in range(count):
        say(talk, talk.hilda, f"Comment {number}", label="Reviewer 2")
        factories.make_comment(factories.make_submission(edition), talk.hilda)
    asked = []
    for who, address in ((talk.rita, page_of(talk)), (chair, f"/{edition.slug}/chair/discussions/")):
        browser = as_user(who)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address).status_code == 200
        asked.append(len(queries))
    assert [asked[0] <= 28, asked[1] <= 32] == [True, True], asked
