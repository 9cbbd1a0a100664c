"""A chair writes to an audience: the right people, each once, with a reason, and nobody she may not know."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dlonsc.accounts.models import User
from dlonsc.codes import code
from dlonsc.editions.actions import resend_invitation
from dlonsc.editions.invitations import link_of
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.models import Entry
from dlonsc.mail.envelope import thread_id
from dlonsc.mail.guards import OnlyThis, objection
from dlonsc.mail.models import Campaign, Message, State
from reviews.actions import deciding
from reviews.actions import mailing as verbs
from reviews.actions.assigning import Refused
from reviews.audiences import AUDIENCES, BY_KEY
from reviews.emails.mailing import rendered
from reviews.letters import letters_for, shown_text
from reviews.models import Announcement, Decision, Mailing, Review
from submissions.models import Submission
from submissions.states import State as Life
from tests import factories
from tests.factories import AFTER_DEADLINE as AT

pytestmark = pytest.mark.django_db
Browser = Callable[[User | Membership | None], Client]


@pytest.fixture(autouse=True)
def _then() -> object:
    with time_machine.travel(AT, tick=False):
        yield


def by(chair: Membership) -> User:
    assert chair.user is not None
    return chair.user


def draft(chair: Membership, audience: str, text: str = "Dear {name}, {link}", subject: str = "Hello") -> Mailing:
    row = verbs.begin(chair, audience, by=by(chair), at=AT)
    verbs.write(row, subject=subject, text=text, version=1, at=AT)
    row.refresh_from_db()
    row.edition = chair.edition
    return row


def release(chair: Membership, row: Mailing, count: int | None = None) -> Campaign:
    run = verbs.dry_run(chair, row, AT)
    count = len(run.people) if count is None else count
    return verbs.release(chair, row, count=count, fingerprint=run.fingerprint, by=by(chair), at=AT)


def reasons(chair: Membership, audience: str) -> dict[str, str]:
    row = Mailing(edition=chair.edition, audience=audience, written_by=chair.user)
    return {person.email: person.reason for person in verbs.dry_run(chair, row, AT).people}


def test_each_audience_is_a_rule_with_its_reason(
    edition: Edition, chair: Membership, reviewers: list[Membership], author: User
) -> None:
    first, second, third = reviewers
    papers = [factories.make_submission(edition, author, title=f"Paper {n}") for n in range(5)]
    one, two, three, withdrawn, unsent = papers
    factories.make_review(factories.make_assignment(one, first))
    factories.make_assignment(two, second)
    factories.make_assignment(one, second)
    for row, state in ((withdrawn, Life.WITHDRAWN), (unsent, Life.DRAFT)):
        Submission.objects.filter(pk=row.pk).update(state=state)
    factories.announce(two, at=AT - timedelta(days=1))
    factories.announce(three, "rejected", at=AT - timedelta(days=1))
    factories.announce(one, at=AT + timedelta(minutes=5))
    factories.make_invited(edition)
    assert reasons(chair, "open_reviews") == {second.email: f"open reviews: 1 (of {one.number})"}
    assert reasons(chair, "finished") == {first.email: "submitted all reviews: 1"}
    assert set(reasons(chair, "members")) == {chair.email, *(row.email for row in reviewers)}
    assert list(reasons(chair, "silent")) == ["invited@somewhere.example"]
    assert reasons(chair, "drafts") == {author.email: f"answers for submission {unsent.number}, a draft"}
    assert reasons(chair, "withdrawn") == {author.email: f"author of submission {withdrawn.number}, withdrawn"}
    # Not before the announcement: the accepted one that is held is not among them.
    assert reasons(chair, "accepted") == {author.email: f"author of submission {two.number}, accepted and announced"}
    assert reasons(chair, "waiting") == {author.email: f"author of submission {one.number}, no decision known yet"}
    assert reasons(chair, "rejected") == {author.email: f"author of submission {three.number}, not accepted, announced"}
    assert list(reasons(chair, "camera_ready")) == [author.email]
    assert third.email not in reasons(chair, "finished")


def test_a_draft_that_was_withdrawn_before_it_was_submitted_writes_to_no_stranger_whom_its_creator_listed(
    edition: Edition, chair: Membership, author: User
) -> None:
    draft, paper = (factories.make_submission(edition, author, state=state) for state in (Life.DRAFT, Life.SUBMITTED))
    for row in (draft, paper):
        factories.make_author(row, f"stranger{row.number}@far.example")
        factories.make_author(row, f"bo{row.number}@b.example", confirmed_at=AT)
        Submission.objects.filter(pk=row.pk).update(state=Life.WITHDRAWN)
    people = verbs.dry_run(chair, Mailing(edition=edition, audience="withdrawn", written_by=chair.user), AT).people
    told = {row.number: [one.email for one in people if one.submissions == (row.pk,)] for row in (draft, paper)}
    assert told == {
        draft.number: [author.email, f"bo{draft.number}@b.example"],
        paper.number: [author.email, f"stranger{paper.number}@far.example", f"bo{paper.number}@b.example"],
    }


def test_each_role_of_the_committee_is_an_audience(
    edition: Edition, chair: Membership, reviewers: list[Membership]
) -> None:
    proceedings = factories.make_member(edition, email="p@uni.example", proceedings=True)
    both = factories.make_member(edition, email="both@uni.example", chair=True, reviewer=True)
    factories.make_member(edition, email="gone@uni.example", chair=True, reviewer=True, removed_at=AT)
    assert reasons(chair, "chairs") == {chair.email: "chair", both.email: "chair"}
    assert reasons(chair, "proceedings_chairs") == {proceedings.email: "proceedings chair"}
    assert reasons(chair, "reviewers") == dict.fromkeys([*(row.email for row in reviewers), both.email], "reviewer")


def test_every_placeholder_of_an_audience_has_a_value(
    edition: Edition, chair: Membership, reviewers: list[Membership], author: User
) -> None:
    paper = factories.make_submission(edition, author)
    factories.make_assignment(paper, reviewers[0])
    for audience in AUDIENCES:
        row = Mailing(edition=chair.edition, audience=audience.key, written_by=chair.user)
        for person in verbs.dry_run(chair, row, AT).people:
            assert set(audience.placeholders) <= set(person.values), audience.key


def test_only_the_invited_get_the_link_that_answers_for_them(edition: Edition, chair: Membership) -> None:
    invited = factories.make_invited(edition)
    row = draft(chair, "silent", text="See {link}")
    (person,) = verbs.dry_run(chair, row, AT).people
    looked_at = rendered(row, person)[1]
    assert link_of(invited) not in looked_at
    release(chair, row)
    letter = Message.objects.get(kind="mailing")
    assert (letter.text, shown_text(letter)) == (f"See {link_of(invited)}\n", looked_at)


def test_a_letter_with_the_link_of_an_earlier_invitation_does_not_leave(edition: Edition, chair: Membership) -> None:
    invited = factories.make_invited(edition)
    release(chair, draft(chair, "silent", text="See {link}"))
    resend_invitation(membership=invited, email="right@somewhere.example", by=by(chair), at=AT)
    assert isinstance(objection(Message.objects.get(kind="mailing")), OnlyThis)


def test_an_author_of_two_papers_gets_two_letters(edition: Edition, chair: Membership, author: User) -> None:
    for title in ("A", "B"):
        factories.make_submission(edition, author, title=title)
    release(chair, draft(chair, "submitted", "{number}. {title}"))
    assert sorted(row.text for row in Message.objects.filter(kind="mailing")) == ["1. A\n", "2. B\n"]


def test_a_letter_about_one_submission_stands_in_its_thread(
    edition: Edition, chair: Membership, author: User, reviewers: list[Membership]
) -> None:
    papers = [factories.make_submission(edition, author) for _ in range(2)]
    release(chair, draft(chair, "submitted", "{number}"))
    release(chair, draft(chair, "members"))
    letters = Message.objects.filter(kind__startswith="mailing")
    threads = {row.text.strip(): row.headers.get("References") for row in letters.filter(to_email=author.email)}
    assert threads == {str(paper.number): thread_id(f"{edition.slug}.{paper.number}") for paper in papers}
    to_members = letters.exclude(to_email=author.email)
    assert {row.headers.get("References") for row in to_members} == {None}


def test_a_chair_in_conflict_reaches_nobody_of_that_paper_and_finds_no_letter_about_it(
    edition: Edition,
    chair: Membership,
    other_chair: Membership,
    paper: Submission,
    secret: Submission,
    reviewers: list[Membership],
) -> None:
    factories.make_assignment(secret, reviewers[0])
    assert "zoe@zebra.example" not in reasons(chair, "submitted")
    assert reasons(chair, "open_reviews") == {}
    assert "zoe@zebra.example" in reasons(other_chair, "submitted")
    for audience in ("submitted", "open_reviews"):
        release(other_chair, draft(other_chair, audience))
    seen = letters_for(chair)
    assert {row.subject_label for row in seen} == {paper.label}
    assert not seen.filter(kind="mailing_tasks").exists()


def test_only_who_wrote_it_sees_it(
    edition: Edition, chair: Membership, other_chair: Membership, paper: Submission, as_user: Browser
) -> None:
    row = draft(chair, "submitted", "About the Zebrafish")
    page = f"/{edition.slug}/chair/mail/write/"
    answers = [as_user(one).get(f"{page}{code('mailing', row.pk)}/").status_code for one in (chair, other_chair)]
    assert answers == [200, 404]
    assert "Hello" not in as_user(other_chair).get(page).text


@pytest.mark.parametrize(
    ("subject", "text", "wrong"),
    [
        ("", "Hello", "The subject is empty."),
        ("Hello", " ", "The text is empty."),
        ("Hello {nmae}", "{reviews}", "Nobody can fill {nmae}, {reviews}."),
    ],
)
def test_what_is_not_complete_cannot_leave(
    chair: Membership, paper: Submission, subject: str, text: str, wrong: str
) -> None:
    row = draft(chair, "submitted", text, subject)
    assert verbs.dry_run(chair, row, AT).wrong == [wrong]
    with pytest.raises(Refused, match=r"is empty|Nobody can fill"):
        release(chair, row)
    assert Message.objects.count() == 0


def test_an_empty_audience_cannot_be_written_to(chair: Membership) -> None:
    row = draft(chair, "drafts")
    assert verbs.dry_run(chair, row, AT).wrong == ["Nobody is in this audience now."]


def test_the_number_must_be_typed_and_what_was_looked_at_must_stand(
    edition: Edition, chair: Membership, paper: Submission
) -> None:
    row = draft(chair, "submitted")
    with pytest.raises(Refused, match="You typed 7; it goes to 1"):
        release(chair, row, count=7)
    seen = verbs.dry_run(chair, row, AT)
    factories.make_author(paper, "new@uni.example", "New")
    with pytest.raises(Refused, match="You typed 1; it goes to 2"):
        verbs.release(chair, row, count=1, fingerprint=seen.fingerprint, by=by(chair), at=AT)
    with pytest.raises(Refused, match="changed since you looked"):
        verbs.release(chair, row, count=2, fingerprint=seen.fingerprint, by=by(chair), at=AT)
    assert (Message.objects.count(), Campaign.objects.count()) == (0, 0)


def test_a_second_press_sends_nothing(edition: Edition, chair: Membership, paper: Submission) -> None:
    row = draft(chair, "submitted")
    release(chair, row)
    with pytest.raises(Refused, match="released already"):
        release(chair, row)
    assert [letter.state for letter in Message.objects.all()] == [State.HELD]
    assert Entry.objects.filter(verb="mailing_released").count() == 1


def test_released_it_cannot_be_changed(chair: Membership, paper: Submission) -> None:
    row = draft(chair, "submitted")
    release(chair, row)
    with pytest.raises(Refused, match="released"):
        verbs.write(row, subject="Other", text="Other", version=2, at=AT)


def test_stop_keeps_every_letter_back(chair: Membership, paper: Submission) -> None:
    row = draft(chair, "submitted")
    release(chair, row)
    row.refresh_from_db()
    assert [verbs.stop(chair, row, by=by(chair), at=AT) for _ in range(2)] == [1, 0]
    assert [letter.state for letter in Message.objects.all()] == [State.CANCELLED]
    assert Entry.objects.filter(verb="mailing_stopped").count() == 1


def test_stopping_what_has_left_is_no_act(chair: Membership, paper: Submission) -> None:
    row = draft(chair, "submitted")
    release(chair, row)
    row.refresh_from_db()
    Message.objects.update(state=State.SENT)
    assert (verbs.stop(chair, row, by=by(chair), at=AT), Entry.objects.filter(verb="mailing_stopped").count()) == (0, 0)


def test_who_has_finished_before_it_leaves_gets_none_and_the_others_theirs(
    edition: Edition, chair: Membership, paper: Submission, reviewers: list[Membership]
) -> None:
    tasks = [factories.make_assignment(paper, member) for member in reviewers[:2]]
    release(chair, draft(chair, "open_reviews", "{papers}"))
    factories.make_review(tasks[0])
    done, waiting = Message.objects.order_by("pk")
    words = objection(done)
    assert isinstance(words, OnlyThis)
    assert (words, objection(waiting)) == ("what the letter asks for was done in the meantime", None)
    assert Review.objects.count() == 1


def deciding_on(chair: Membership, paper: Submission) -> Announcement:
    """Its decision, accept, announced and known from now on."""
    factories.make_decision(paper, by(chair))
    plan = deciding.plan(chair)
    before = AT - timedelta(minutes=chair.edition.hold_minutes)
    return deciding.announce(
        chair, accepts=1, rejects=0, fingerprint=plan.fingerprint, leave_undecided=True, by=by(chair), at=before
    )


def test_no_congratulations_leave_after_a_correction_to_reject(chair: Membership, paper: Submission) -> None:
    deciding_on(chair, paper)
    Message.objects.update(state=State.SENT)
    release(chair, draft(chair, "accepted", "Congratulations on {title}."))
    letter = Message.objects.get(kind="mailing")
    assert objection(letter) is None
    row = Decision.objects.select_related("submission__edition", "announcement").get()
    deciding.correct(row, verdict="reject", note="", to_authors="", version=row.version, by=by(chair), at=AT)
    words = objection(letter)
    assert isinstance(words, OnlyThis)
    assert words == "the recipient left those whom it is for in the meantime"


@pytest.mark.parametrize("audience", ["submitted", "withdrawn"])
def test_who_changed_sides_while_a_letter_is_held_gets_none(
    chair: Membership, paper: Submission, audience: str
) -> None:
    other = {"submitted": Life.WITHDRAWN, "withdrawn": Life.SUBMITTED}
    Submission.objects.update(state=audience)
    release(chair, draft(chair, audience))
    before = objection(Message.objects.get())
    Submission.objects.update(state=other[audience])
    assert (before, isinstance(objection(Message.objects.get()), OnlyThis)) == (None, True)


def test_who_left_the_committee_while_a_letter_is_held_gets_none_and_the_others_theirs(
    chair: Membership, reviewers: list[Membership]
) -> None:
    release(chair, draft(chair, "reviewers"))
    Membership.objects.filter(pk=reviewers[0].pk).update(removed_at=AT)
    gone = {row.to_email for row in Message.objects.all() if objection(row) is not None}
    assert gone == {by(reviewers[0]).email}


@pytest.mark.parametrize("audience", ["open_reviews", "finished"])
def test_a_reviewer_is_not_written_to_about_a_paper_that_she_may_not_open(
    edition: Edition, chair: Membership, paper: Submission, reviewers: list[Membership], audience: str
) -> None:
    tasks = [factories.make_assignment(paper, member) for member in reviewers[:3]]
    if audience == "finished":
        for task in tasks:
            factories.make_review(task)
    factories.make_conflict(paper, reviewers[0])
    Membership.objects.filter(pk=reviewers[1].pk).update(is_reviewer=False)
    assert set(reasons(chair, audience)) == {by(reviewers[2]).email}
    release(chair, draft(chair, audience, "{papers}"))
    factories.make_conflict(paper, reviewers[2])
    assert isinstance(objection(Message.objects.get()), OnlyThis)


@pytest.mark.parametrize("audience", ["open_reviews", "finished"])
def test_a_letter_that_waits_and_lists_a_paper_that_is_none_of_hers_any_more_does_not_leave(
    edition: Edition, chair: Membership, reviewers: list[Membership], audience: str
) -> None:
    tasks = [factories.make_assignment(factories.make_submission(edition), reviewers[0]) for _ in range(2)]
    for task in tasks if audience == "finished" else ():
        factories.make_review(task)
    release(chair, draft(chair, audience))
    letter = Message.objects.get(kind="mailing_tasks")
    assert objection(letter) is None
    factories.make_conflict(tasks[0].submission, reviewers[0])
    assert objection(letter) == "a paper that it lists is none of hers any more"


def test_the_next_one_tells_who_is_new_and_who_is_gone(edition: Edition, chair: Membership, author: User) -> None:
    old = factories.make_submission(edition, author, title="Old")
    release(chair, draft(chair, "submitted"))
    Submission.objects.filter(pk=old.pk).update(state=Life.WITHDRAWN)
    factories.make_submission(edition, factories.make_user("nina@uni.example", "Nina"), title="New")
    run = verbs.dry_run(chair, draft(chair, "submitted"), AT)
    assert ([one.name for one in run.new], run.gone, run.since) == (["Nina"], [author.name], AT)


def test_a_chair_sends_one_to_herself(chair: Membership, paper: Submission) -> None:
    row = draft(chair, "submitted", "Dear {name}")
    for _ in range(2):
        verbs.to_myself(chair, row, "", by=by(chair), at=AT)
    letter = Message.objects.get()
    assert (letter.to_email, letter.subject, letter.subject_label) == (by(chair).email, "Test: Hello", paper.label)
    row.refresh_from_db()
    assert row.released_at is None


@pytest.mark.parametrize("audience", ["members", "submitted", "open_reviews"])
def test_before_its_release_no_other_chair_reads_it_in_the_letter_that_its_writer_sends_herself(
    audience: str, chair: Membership, other_chair: Membership, paper: Submission, reviewers: list[Membership]
) -> None:
    factories.make_assignment(paper, reviewers[0])
    row = draft(chair, audience, "Not said yet")
    verbs.to_myself(chair, row, "", by=by(chair), at=AT)
    assert [letters_for(one).filter(text__contains="Not said yet").count() for one in (chair, other_chair)] == [1, 0]


def test_a_letter_of_tasks_that_a_chair_sends_herself_is_hidden_like_the_real_one(
    edition: Edition,
    chair: Membership,
    other_chair: Membership,
    paper: Submission,
    secret: Submission,
    reviewers: list[Membership],
) -> None:
    for task in (paper, secret):
        factories.make_assignment(task, reviewers[0])
    letter = verbs.to_myself(
        other_chair, draft(other_chair, "open_reviews", "{name}: {papers}"), "", by=by(other_chair), at=AT
    )
    assert letter is not None
    assert secret.title in letter.text
    assert (letter in letters_for(other_chair), letter in letters_for(chair)) == (True, False)


def test_a_title_that_changed_since_the_look_must_be_looked_at(chair: Membership, paper: Submission) -> None:
    row = draft(chair, "submitted", "{title}")
    run = verbs.dry_run(chair, row, AT)
    Submission.objects.filter(pk=paper.pk).update(title="Another title")
    with pytest.raises(Refused, match="Look at them again"):
        verbs.release(chair, row, count=1, fingerprint=run.fingerprint, by=by(chair), at=AT)
    assert Message.objects.count() == 0


def test_the_pages_lead_from_the_choice_to_the_release(
    edition: Edition, chair: Membership, paper: Submission, as_user: Browser
) -> None:
    browser, page = as_user(chair), f"/{edition.slug}/chair/mail/write/"
    assert "You have written nothing yet" in browser.get(page).text
    assert browser.post(page, {}).status_code == 422
    there = browser.post(page, {"audience": "submitted"}).headers["Location"]
    assert "The subject is empty." in browser.get(there).text
    typed = {"save": "1", "subject": "News", "text": "Dear {name} {strange}", "version": "1"}
    shown = browser.post(there, typed, follow=True)
    assert ("Nobody can fill {strange}." in shown.text, "Dear {name} {strange}" in shown.text) == (True, True)
    stale = browser.post(there, {**typed, "text": "Mine"})
    assert (stale.status_code, "Mine" in stale.text) == (422, True)
    shown = browser.post(there, {**typed, "text": "Dear {name}", "version": "2"}, follow=True)
    print_of = shown.context["run"].fingerprint
    assert f"because: author of submission {paper.number}" in shown.text
    wrong = browser.post(there, {"release": "1", "count": "9", "fingerprint": print_of})
    assert (wrong.status_code, wrong.context["release_form"].non_field_errors()) == (
        422,
        ["You typed 9; it goes to 1. Nothing was sent."],
    )
    done = browser.post(there, {"release": "1", "count": "1", "fingerprint": print_of}, follow=True)
    assert ("Held until" in done.text, Message.objects.get().state) == (True, State.HELD)
    twice = browser.post(there, {"release": "1", "count": "1", "fingerprint": print_of})
    assert (twice.status_code, "It is released already" in twice.text) == (422, True)
    assert "Letters kept back: 1" in browser.post(there, {"stop": "1"}, follow=True).text
    again = browser.post(there, {"again": "1"}, follow=True)
    assert ("Dear {name}" in again.text, Mailing.objects.count()) == (True, 2)


def typed(row: Mailing, text: str, **pressed: str) -> dict[str, object]:
    """What the page of a draft posts, whatever is pressed."""
    return {"subject": row.subject, "text": text, "version": row.version, **pressed}


def test_words_typed_and_not_saved_are_not_lost_by_a_release_and_no_older_text_leaves(
    chair: Membership, paper: Submission, as_user: Browser
) -> None:
    row, client = draft(chair, "submitted", "Old words."), as_user(chair)
    address = reverse("letters:mailing", args=(chair.edition.slug, row.pk))
    shown = client.get(address)
    # One form: whatever is pressed posts the words, with and without a script.
    assert shown.text.count('form="words"') == 5
    press = {"release": "1", "count": "1", "fingerprint": shown.context["run"].fingerprint}
    refused = client.post(address, typed(row, "New words.", **press))
    words = "Your new words are saved, and nothing is sent. Look at the letters as they are now."
    assert (refused.status_code, refused.context["release_form"].non_field_errors()) == (422, [words])
    assert ("New words." in refused.context["letter"][1], Message.objects.count()) == (True, 0)
    row.refresh_from_db()
    assert refused.context["form"]["version"].value() == row.version
    press["fingerprint"] = refused.context["run"].fingerprint
    assert client.post(address, typed(row, "New words.", **press)).status_code == 302
    assert Message.objects.get().text == "New words.\n"


def test_words_typed_and_not_saved_go_with_the_letter_to_oneself(
    chair: Membership, paper: Submission, as_user: Browser
) -> None:
    row = draft(chair, "submitted", "Old words.")
    address = reverse("letters:mailing", args=(chair.edition.slug, row.pk))
    assert as_user(chair).post(address, typed(row, "New words.", myself="1", letter="")).status_code == 302
    row.refresh_from_db()
    assert ("New words." in Message.objects.get().text, row.text) == (True, "New words.")


def test_a_letter_is_saved_while_it_is_typed_and_not_over_another_window(
    chair: Membership, paper: Submission, as_user: Browser
) -> None:
    row, client = draft(chair, "submitted", "Old words."), as_user(chair)
    address, headers = reverse("letters:mailing", args=(chair.edition.slug, row.pk)), {"X-Autosave": "1"}
    answers = [client.post(address, typed(row, text, count=""), headers=headers) for text in ("One.", "Two.", "")]
    assert [answer.status_code for answer in answers] == [200, 409, 422]
    assert answers[0].json()["version"] == row.version + 1
    row.refresh_from_db()
    assert (row.text, Message.objects.count()) == ("One.", 0)


@pytest.mark.parametrize("pressed", ["save", "release", "myself"])
def test_words_typed_in_an_old_window_after_the_release_are_shown_and_begin_a_new_letter(
    chair: Membership, paper: Submission, as_user: Browser, pressed: str
) -> None:
    row, client = draft(chair, "submitted", "Old words."), as_user(chair)
    address = reverse("letters:mailing", args=(chair.edition.slug, row.pk))
    release(chair, row)
    late = typed(row, "Typed too late.", count="1", fingerprint="x") | {pressed: "1"}
    shown = client.post(address, late)
    assert (shown.status_code, "Typed too late." in shown.text) == (422, True)
    assert [letter.text for letter in Message.objects.filter(kind="mailing")] == ["Old words.\n"]
    new = client.post(address, {"again": "1", "subject": "Hello", "text": "Typed too late."}, follow=True)
    assert new.context["form"]["text"].value() == "Typed too late."
    assert list(Mailing.objects.order_by("pk").values_list("text", flat=True)) == ["Old words.", "Typed too late."]


def test_a_released_page_asks_for_itself_while_letters_leave_and_not_longer(
    chair: Membership, paper: Submission, as_user: Browser
) -> None:
    row = draft(chair, "members")
    release(chair, row)
    address = reverse("letters:mailing", args=(chair.edition.slug, row.pk))
    client = as_user(chair)
    seen = []
    for state in (State.HELD, State.HANDED_OVER, State.SENT):
        Message.objects.update(state=state)
        page, part = client.get(address), client.get(f"{address}?fragment=1")
        texts = [answer.content.decode() for answer in (page, part)]
        seen.append([f'data-poll="{address}?fragment=1"' in text for text in texts])
        assert ["<html" in text for text in texts] == [True, False]
        assert ["Letters: " in text for text in texts] == [True, True]
    assert seen == [[True, True], [True, True], [False, False]]


def test_a_chair_who_came_into_conflict_reads_no_more_what_became_of_her_letters_about_tasks(
    chair: Membership, paper: Submission, reviewers: list[Membership], as_user: Browser
) -> None:
    factories.make_assignment(paper, reviewers[0])
    row = draft(chair, "open_reviews", "{papers}")
    release(chair, row)
    words = "what the letter asks for was done in the meantime"
    Message.objects.update(state=State.CANCELLED, answer=words)
    address = reverse("letters:mailing", args=(chair.edition.slug, row.pk))
    before = as_user(chair).get(address).text
    factories.make_conflict(paper, chair)
    after = as_user(chair).get(address).text
    assert [words in text for text in (before, after)] == [True, False]
    assert ["Stop: keep back" in text for text in (before, after)] == [True, True]


@pytest.mark.parametrize("state", [State.RETRY, State.SENT, State.CANCELLED])
def test_a_chair_who_stops_letters_that_she_may_not_know_of_any_more_does_not_read_what_became_of_them(
    chair: Membership, paper: Submission, reviewers: list[Membership], as_user: Browser, state: State
) -> None:
    factories.make_assignment(paper, reviewers[0])
    row = draft(chair, "open_reviews", "{papers}")
    release(chair, row)
    Message.objects.update(state=state)
    factories.make_conflict(paper, chair)
    browser, address = as_user(chair), reverse("letters:mailing", args=(chair.edition.slug, row.pk))
    assert "Letters kept back: 0." in browser.post(address, {"stop": "1"}, follow=True).text
    assert "stopped letters to an audience" in browser.get(reverse("reviews:history", args=(chair.edition.slug,))).text
    assert Message.objects.get().state == (State.CANCELLED if state == State.RETRY else state)


def test_audiences_are_named_once() -> None:
    assert len(BY_KEY) == len(AUDIENCES)
