"""Ways past the pages to what one may not know: letters that wait, copies, counts, and those who look as another."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dlonsc.accounts.models import User
from dlonsc.codes import code
from dlonsc.editions import actions as editions
from dlonsc.editions import reading
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Deadline, Edition, Membership, long_past_events
from dlonsc.history.models import Entry
from dlonsc.mail import ledger
from dlonsc.mail.envelope import Envelope
from dlonsc.mail.guards import OTHER_ADDRESS
from dlonsc.mail.models import Campaign, Message
from dlonsc.mail.transport import Answer, Outcome
from reviews.actions import assigning, deciding, erasing, lettering, mailing, proposing, reviewing, subreviewing
from reviews.emails.chairing import post_conflict_lifted, post_late_conflict
from reviews.emails.subreviewing import post_named
from reviews.late_conflicts import taken_back
from reviews.models import Assignment, Review, ReviewVersion, SubReviewer
from reviews.tasks import tell_late_conflicts
from reviews.views.chair.history import entries_for
from submissions.access import overseen_by
from submissions.actions import drafting, overseeing
from submissions.conflicts import refresh_conflicts
from submissions.models import Conflict
from submissions.states import State
from submissions.tasks import sweep_conflicts
from tests import factories
from tests.editions.desk import confirmed
from tests.factories import AT

pytestmark = pytest.mark.django_db
As = Callable[[User | Membership | None], Client]


class Server:
    """Takes every letter that the last look lets go."""

    def deliver(self, envelope: Envelope, look: Callable[[], bool]) -> Answer:
        return Answer(Outcome.SENT, "250 ok") if look() else Answer(Outcome.STOPPED, "")

    def close(self) -> None:
        return None


def sent_to(*people: Membership | User) -> list[str]:
    """The kinds of letters that have left for these people once all that may leave has left."""
    ledger.drain(Server(), seconds=5)
    users = [one.user if isinstance(one, Membership) else one for one in people]
    emails = [user.email for user in users if user]
    return sorted(Message.objects.filter(to_email__in=emails, state="sent").values_list("kind", flat=True))


def move(browser: Client, deadline: Deadline) -> None:
    """A chair moves a date and writes to those whom it concerns."""
    words = {
        "announced": "2027-05-20T23:59", "zone": deadline.zone, "label": deadline.label, "grace_minutes": "0",
        "is_public": "on", "tell": "1", "version": str(deadline.version),
    }  # fmt: skip
    if deadline.is_soft:
        words["is_soft"] = "on"
    browser.post(f"/{deadline.edition.slug}/chair/dates/{deadline.phase}/", confirmed(words))


def date_of(edition: Edition, phase: Phase) -> Deadline:
    found = edition.due(phase)
    assert found is not None
    return found


# --- Dates -----------------------------------------------------------------------------------------------------------


def test_a_moved_camera_ready_date_tells_nobody_of_a_decision_that_is_held(
    edition: Edition, chair: Membership, as_user: As
) -> None:
    Edition.objects.filter(pk=edition.pk).update(hold_minutes=60)
    papers = [factories.make_submission(edition, factories.make_user(f"{word}@x.example")) for word in ("yes", "no")]
    for paper, verdict in zip(papers, ("accept", "reject"), strict=True):
        assert chair.user is not None
        factories.make_decision(paper, chair.user, verdict)
    chair.edition.refresh_from_db()
    now = deciding.plan(chair)
    deciding.announce(
        chair, accepts=1, rejects=1, fingerprint=now.fingerprint, leave_undecided=False, by=chair.user,
        at=timezone.now(),
    )  # fmt: skip
    move(as_user(chair), date_of(edition, Phase.CAMERA_READY))
    assert list(Message.objects.filter(kind="date_changed").values_list("to_email", flat=True)) == []


def test_the_letters_of_a_moved_date_tell_a_chair_in_conflict_not_who_reviews_and_who_is_accepted(
    edition: Edition, chair: Membership, other_chair: Membership, reviewer: Membership, as_user: As
) -> None:
    author = factories.make_user("two@papers.example")
    hidden, known = (factories.make_submission(edition, author) for _ in range(2))
    factories.make_conflict(hidden, chair)
    factories.make_assignment(hidden, reviewer)
    factories.announce(known, "rejected")
    move(as_user(other_chair), date_of(edition, Phase.REVIEW))
    factories.announce(hidden, "accepted")
    move(as_user(other_chair), date_of(edition, Phase.CAMERA_READY))
    assert Message.objects.filter(kind="date_changed").count() == 2
    page = as_user(chair).get(f"/{edition.slug}/chair/mail/").content.decode()
    assert reviewer.user is not None
    assert (reviewer.user.email in page, author.email in page) == (False, False)


# --- Addresses that are not proven, names that are typed -------------------------------------------------------------


def test_an_address_that_is_not_proven_tells_nothing_of_its_owner(
    edition: Edition, reviewer: Membership, stranger: User, as_user: As
) -> None:
    paper = factories.make_submission(edition, state=State.DRAFT)
    factories.make_author(paper, "co@uni.example")
    assert reviewer.user is not None
    SubReviewer.objects.create(
        assignment=factories.make_assignment(paper, reviewer), name="S", email="sue@uni.example", institution="X",
        named_by=reviewer.user, named_at=AT,
    )  # fmt: skip
    Message.objects.create(key="k", to_email="co@uni.example", subject="s", text="t", state="sent")
    before = erasing.plan(stranger)
    browser = as_user(stranger)
    for email in ("co@uni.example", "sue@uni.example"):
        browser.post("/accounts/email/", {"action_add": "", "email": email})
    assert EmailAddress.objects.filter(user=stranger, verified=False).count() == 2
    after = erasing.plan(stranger)
    assert (after.goes | {"sessions": 0}, after.stays, after.waiting) == (before.goes, before.stays, before.waiting)


def test_erasing_who_wrote_down_anothers_address_takes_nothing_from_the_other(
    edition: Edition, reviewer: Membership, stranger: User
) -> None:
    letter = Message.objects.create(
        key="k", edition=edition.slug, kind="decision", to_email="co@uni.example", subject="s", text="t", state="held",
        not_before=timezone.now() + timedelta(hours=1),
    )  # fmt: skip
    EmailAddress.objects.create(user=stranger, email="co@uni.example", verified=False)
    erasing.erase(stranger, by="administrator", at=timezone.now())
    letter.refresh_from_db()
    assert letter.state == "held"


def test_a_name_in_a_profile_tells_not_what_its_bearer_wrote(
    edition: Edition, reviewer: Membership, as_user: As
) -> None:
    factories.make_submission(edition, factories.make_user("alice@s.example", "Alice Secret"), state=State.DRAFT)
    assert reviewer.user is not None
    named = [{"who": "Alice Secret", "kind": "other"}, {"who": "Bert Nobody", "kind": "other"}]
    reviewing.save_profile(
        membership=reviewer, interests={}, max_load=None, away="", publications="", conflicts=named, by=reviewer.user,
        at=AT,
    )  # fmt: skip
    assert reviewer.conflicts.count() == 1
    browser = as_user(reviewer)
    answer = browser.post(reverse("persons:download"))
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    told = json.loads(archive.read("data.json"))["committees"][0]
    assert told["declared_conflicts"] == named
    assert "<strong>1</strong>" not in browser.get(reverse("reviews:profile", args=[edition.slug])).content.decode()


# --- Letters that wait while a conflict comes up ---------------------------------------------------------------------


def test_a_letter_to_a_chair_that_waits_does_not_leave_once_she_is_in_conflict(
    edition: Edition, chair: Membership, reviewer: Membership, author: User
) -> None:
    paper = factories.make_submission(edition, author, title="Wombat")
    task = factories.make_assignment(paper, reviewer)
    assert reviewer.user is not None
    drafting.ask(submission=paper, text="When?", by=author, at=AT)
    row = SubReviewer.objects.create(
        assignment=task, name="S", email="sue@uni.example", institution="X", named_by=reviewer.user, named_at=AT
    )
    post_named(row, chair, AT)
    conflict = factories.make_conflict(paper, reviewer)
    post_late_conflict(task, "a friend", chair, AT)
    assert chair.user is not None
    post_conflict_lifted(conflict, chair, by=chair.user, at=AT)
    reviewing.decline_assignment(assignment=task, refusal="time", reason="busy", by=reviewer.user, at=AT)
    waiting = sorted(Message.objects.filter(to_email=chair.user.email).values_list("kind", flat=True))
    assert waiting == ["assignment_refused", "conflict_lifted", "late_conflict", "question", "sub_reviewer_named"]
    factories.make_conflict(paper, chair)
    assert sent_to(chair) == []


def test_without_a_conflict_all_of_them_leave(edition: Edition, chair: Membership, author: User) -> None:
    paper = factories.make_submission(edition, author)
    drafting.ask(submission=paper, text="When?", by=author, at=AT)
    assert sent_to(chair) == ["question"]


def test_a_letter_of_a_task_that_waits_does_not_leave_once_its_reviewer_is_in_conflict(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    paper = factories.make_submission(edition, title="Wombat")
    assert chair.user is not None
    assigning.assign(paper, reviewer, by=chair.user, at=AT)
    factories.make_conflict(paper, reviewer)
    assert sent_to(reviewer) == []


def test_the_tasks_that_are_left_of_a_letter_that_was_kept_back_are_told_once(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    papers = [factories.make_submission(edition, title=title) for title in ("Wombat", "Zebrafish")]
    assert chair.user is not None
    assigning.commit(edition, add=[(paper, reviewer) for paper in papers], remove=[], by=chair.user, at=AT)
    factories.make_conflict(papers[0], reviewer)
    assert sent_to(reviewer) == []
    for _ in range(2):
        tell_late_conflicts()
    assert sent_to(reviewer) == ["assigned"]
    letter = Message.objects.get(kind="assigned", state="sent")
    assert ("Wombat" in letter.text, "Zebrafish" in letter.text) == (False, True)


def test_nobody_learns_of_a_paper_by_losing_a_task_that_she_was_never_told_of(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    paper = factories.make_submission(edition, title="Wombat")
    assert chair.user is not None
    task = assigning.assign(paper, reviewer, by=chair.user, at=AT)
    conflict = factories.make_conflict(paper, reviewer)
    assert sent_to(reviewer) == []
    assigning.unassign(task, by=chair.user, at=AT)
    assert sent_to(reviewer) == []
    # Nor once the conflict is lifted: nothing was ever asked of her.
    Conflict.objects.filter(pk=conflict.pk).update(lifted_at=AT, lifted_by=chair.user)
    tell_late_conflicts()
    assert sent_to(reviewer) == []


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("end", ["in conflict", "taken back"])
def test_a_task_that_she_was_never_told_of_opens_nothing_when_it_ends(
    edition: Edition, chair: Membership, reviewer: Membership, as_user: As, end: str, left: bool
) -> None:
    paper = factories.make_submission(edition, title="Wombat")
    assert chair.user is not None
    task = assigning.assign(paper, reviewer, by=chair.user, at=AT)
    factories.make_conflict(paper, reviewer)
    assert sent_to(reviewer) == []
    if end == "taken back":
        assigning.unassign(task, by=chair.user, at=AT)
    if left:
        Membership.objects.filter(pk=reviewer.pk).update(removed_at=AT)
    browser, typed = as_user(reviewer), {"summary": "Is it there?", "version": "0"}
    for name in ("review", "autosave"):
        for number in (paper.number, paper.number + 1):
            assert browser.post(reverse(f"reviews:{name}", args=[edition.slug, number]), typed).status_code == 404
    page = browser.get(reverse("reviews:own", args=[edition.slug]))
    assert (page.status_code, "data-leftovers" in page.text) == (404 if left else 200, False)
    assert not Review.objects.exists()
    # What had been kept of her before begins nothing: no letter tells her what she lost.
    factories.make_review(task, submitted=False)
    ReviewVersion.objects.update(is_aside=True)
    Conflict.objects.update(lifted_at=AT, lifted_by=chair.user)
    Assignment.objects.update(removed_at=AT, removed_by=chair.user)
    assert taken_back([task.pk]) == []
    ReviewVersion.objects.update(is_aside=False)
    assert taken_back([task.pk]) == [task]
    # What she knew is not told again of a paper that is hidden from her by now, or that she has again.
    Conflict.objects.update(lifted_at=None, lifted_by=None)
    assert taken_back([task.pk]) == []
    Conflict.objects.all().delete()
    factories.make_assignment(paper, reviewer)
    assert taken_back([task.pk]) == []


def test_a_former_reviewer_who_was_told_of_her_task_finds_what_she_still_has(
    edition: Edition, chair: Membership, reviewer: Membership, as_user: As
) -> None:
    assert chair.user is not None
    task = assigning.assign(factories.make_submission(edition), reviewer, by=chair.user, at=AT)
    assert sent_to(reviewer) == ["assigned"]
    Membership.objects.filter(pk=reviewer.pk).update(removed_at=timezone.now())
    browser, own = as_user(reviewer), reverse("reviews:own", args=[edition.slug])
    assert f'data-leftovers="review-{code("assignment", task.pk)} "' in browser.get(own).text
    late = reverse("reviews:autosave", args=[edition.slug, task.submission.number])
    assert browser.post(late, {"summary": "Two hours more.", "version": "0"}).status_code == 409
    assert "Two hours more." in browser.get(own).text


def test_a_task_that_was_taken_back_is_told_also_when_its_letter_is_kept_back_for_another(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    papers = [factories.make_submission(edition, title=title) for title in ("Aardvark", "Wombat", "Zebrafish")]
    assert chair.user is not None
    task = assigning.assign(papers[0], reviewer, by=chair.user, at=AT)
    assert sent_to(reviewer) == ["assigned"]
    assigning.commit(edition, add=[(paper, reviewer) for paper in papers[1:]], remove=[task], by=chair.user, at=AT)
    factories.make_conflict(papers[1], reviewer)
    assert sent_to(reviewer) == ["assigned"]
    for _ in range(2):
        tell_late_conflicts()
    assert sent_to(reviewer) == ["assigned", "assigned"]
    last = Message.objects.filter(kind="assigned", state="sent").order_by("-pk")[0]
    assert [title in last.text for title in ("Aardvark", "Wombat", "Zebrafish")] == [True, False, True]


def test_a_reviewer_in_conflict_is_not_told_that_her_sub_reviewer_is_ready(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    task = factories.make_assignment(factories.make_submission(edition, title="Wombat"), reviewer)
    helper = factories.make_user("sue@uni.example", "Sue")
    row = factories.make_sub_reviewer(task, helper, typed="text")
    subreviewing.hand_over(row, by=helper, at=AT)
    assert Message.objects.filter(kind="sub_reviewer_ready").count() == 1
    factories.make_conflict(task.submission, reviewer)
    assert sent_to(reviewer) == []


def take_back(task: Assignment, at: datetime) -> None:
    Assignment.objects.filter(pk=task.pk).update(removed_at=at, removed_by=task.assigned_by)


def decide(task: Assignment, at: datetime) -> None:
    factories.announce(task.submission, at=at)


def come_into_conflict(task: Assignment) -> None:
    factories.make_conflict(task.submission, task.membership)


def lose_the_role(task: Assignment) -> None:
    Membership.objects.filter(pk=task.membership_id).update(is_reviewer=False)


def lose_the_paper(task: Assignment) -> None:
    """Withdrawn; what is decided of it then was held, and is told to nobody."""
    task.submission.state = State.WITHDRAWN
    task.submission.save()


@pytest.mark.parametrize("end", [come_into_conflict, lose_the_role, lose_the_paper])
@pytest.mark.parametrize("became", [take_back, decide])
def test_who_has_a_paper_no_more_learns_neither_by_a_save_nor_from_her_texts_what_became_of_it(
    became: Callable[[Assignment, datetime], None],
    end: Callable[[Assignment], None],
    edition: Edition,
    reviewer: Membership,
    as_user: As,
) -> None:
    task, browser = factories.make_assignment(factories.make_submission(edition), reviewer), as_user(reviewer)
    where = [reverse(f"reviews:{name}", args=[edition.slug, task.submission.number]) for name in ("autosave", "review")]

    def told(*texts: str) -> list[object]:
        typed = [{"summary": text, "version": "1"} for text in texts]
        answers = [browser.post(*one) for one in zip(where, typed, strict=True)]
        page = browser.get(reverse("reviews:own", args=[edition.slug])).text
        badges = re.findall(r'class="badge[^>]*>([^<]*)<', page.partition("<article")[2].partition("</article>")[0])
        return [answers[0].json(), answers[1].status_code, badges]

    browser.post(where[0], {"summary": "First.", "version": "0"})
    end(task)
    before = told("Second.", "Third.")
    became(task, timezone.now() - timedelta(days=2))
    assert told("Fourth.", "Fifth.") == before


def change_address(user: User, email: str) -> None:
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    User.objects.filter(pk=user.pk).update(email=email)


def test_a_letter_of_tasks_follows_its_reviewer_to_her_new_address(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    assert chair.user is not None
    assert reviewer.user is not None
    assigning.assign(factories.make_submission(edition), reviewer, by=chair.user, at=AT)
    old = reviewer.user.email
    change_address(reviewer.user, "rita@new.example")
    assert sent_to(reviewer) == []
    for _ in range(2):
        tell_late_conflicts()
    ledger.drain(Server(), seconds=5)
    states = set(Message.objects.filter(kind="assigned").values_list("to_email", "state"))
    assert states == {(old, "cancelled"), ("rita@new.example", "sent")}


def test_no_letter_that_waits_goes_to_an_address_that_its_reader_has_left(
    edition: Edition, chair: Membership, reviewer: Membership, author: User
) -> None:
    paper = factories.make_submission(edition, author)
    task = factories.make_assignment(paper, reviewer)
    helper = factories.make_user("sue@uni.example", "Sue")
    row = factories.make_sub_reviewer(task, helper, typed="text")
    assert chair.user is not None
    assert reviewer.user is not None
    drafting.ask(submission=paper, text="When?", by=author, at=AT)
    subreviewing.hand_over(row, by=helper, at=AT)
    assigning.remind(edition, [task], press="one", by=chair.user, at=AT)
    for user in (chair.user, reviewer.user):
        change_address(user, f"{user.pk}@new.example")
    ledger.drain(Server(), seconds=5)
    letters = Message.objects.order_by("kind").values_list("kind", "state", "answer")
    kinds = ("chair_reminder", "question", "sub_reviewer_ready")
    assert list(letters) == [(kind, "cancelled", OTHER_ADDRESS) for kind in kinds]


def test_letters_to_a_chair_follow_her_to_her_new_address_once_and_only_while_she_may_know_what_they_tell(
    edition: Edition, chair: Membership, other_chair: Membership, author: User
) -> None:
    paper, hidden = (factories.make_submission(edition, author) for _ in range(2))
    assert chair.user is not None
    assert other_chair.user is not None
    conflict = factories.make_conflict(paper, factories.make_member(edition))
    assigning.lift_conflict(conflict, reason="Long ago", by=other_chair.user, at=AT)
    editions.set_roles(
        membership=factories.make_member(edition), roles={"is_chair": True}, title="", by=other_chair.user, at=AT
    )
    drafting.ask(submission=hidden, text="When?", by=author, at=AT)
    words = dict(Message.objects.filter(to_email=chair.user.email).values_list("kind", "text"))
    change_address(chair.user, "chantal@new.example")
    assert sent_to(chair) == []
    chair.user.refresh_from_db()
    factories.make_conflict(hidden, chair)
    for _ in range(2):
        tell_late_conflicts()
        assert sent_to(chair) == ["conflict_lifted", "new_chair"]
    sent = Message.objects.filter(to_email="chantal@new.example", state="sent")
    assert {row.kind: row.text for row in sent} == {kind: words[kind] for kind in ("conflict_lifted", "new_chair")}
    assert len({row.message_id for row in Message.objects.all()}) == Message.objects.count()


@pytest.mark.parametrize("when", ["before the first submission", "long after the event"])
def test_letters_to_a_chair_follow_her_also_before_there_is_a_submission_and_long_after_the_event(
    edition: Edition, chair: Membership, other_chair: Membership, when: str
) -> None:
    assert chair.user is not None
    assert other_chair.user is not None
    if when == "long after the event":
        factories.make_submission(edition)
        Edition.objects.filter(pk=edition.pk).update(committee_months=6)
        edition.deadlines.filter(phase=Phase.EVENT).update(cutoff_at=timezone.now() - timedelta(days=400))
        assert long_past_events(timezone.now()).filter(edition=edition).exists()
    editions.set_roles(
        membership=factories.make_member(edition), roles={"is_chair": True}, title="", by=other_chair.user, at=AT
    )
    change_address(chair.user, "chantal@new.example")
    assert sent_to(chair) == []
    chair.user.refresh_from_db()
    for _ in range(2):
        tell_late_conflicts()
        assert sent_to(chair) == ["new_chair"]


def test_a_letter_that_waits_leaves_when_its_reader_only_prefers_another_of_her_addresses(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    factories.make_assignment(factories.make_submission(edition), reviewer)
    moved_to(edition, chair, datetime(2027, 5, 10, 23, 59))  # noqa: DTZ001
    assert reviewer.user is not None
    old = Message.objects.get(kind="date_changed").to_email
    EmailAddress.objects.filter(user=reviewer.user).delete()
    EmailAddress.objects.create(user=reviewer.user, email=old, verified=True)
    EmailAddress.objects.create(user=reviewer.user, email="rita@new.example", verified=True, primary=True)
    User.objects.filter(pk=reviewer.user.pk).update(email="rita@new.example")
    ledger.drain(Server(), seconds=5)
    assert Message.objects.get(kind="date_changed").state == "sent"


def moved_to(edition: Edition, chair: Membership, announced: datetime) -> None:
    assert chair.user is not None
    due = date_of(edition, Phase.REVIEW)
    editions.set_deadline(
        edition=edition, phase=Phase.REVIEW, announced=announced, zone=due.zone, label=due.label, grace_minutes=0,
        is_soft=due.is_soft, is_public=due.is_public, by=chair.user, at=AT, tell=True,
    )  # fmt: skip


def test_a_date_that_is_moved_away_and_back_is_told_once(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    factories.make_assignment(factories.make_submission(edition), reviewer)
    for day in (10, 20, 10):
        moved_to(edition, chair, datetime(2027, 5, day, 23, 59))  # noqa: DTZ001
    assert sent_to(reviewer) == ["date_changed"]
    states = Message.objects.filter(kind="date_changed").order_by("pk").values_list("state", flat=True)
    assert list(states) == ["cancelled", "cancelled", "sent"]


def test_an_answer_does_not_go_to_who_left_the_author_list(edition: Edition, chair: Membership, author: User) -> None:
    paper = factories.make_submission(edition, author)
    other = factories.make_author(paper, "bob@uni.example", "Bob")
    assert chair.user is not None
    overseeing.answer(submission=paper, text="Confidential", by=chair.user, at=AT)
    other.delete()
    ledger.drain(Server(), seconds=5)
    sent = Message.objects.filter(kind="answer", state="sent").values_list("to_email", flat=True)
    assert list(sent) == [author.email]


def test_a_chair_who_comes_back_is_told_to_the_others(
    edition: Edition, chair: Membership, other_chair: Membership
) -> None:
    assert chair.user is not None
    assert other_chair.user is not None
    third = factories.make_member(edition, factories.make_user("third@x.example"), chair=True, removed_at=AT)
    assert editions.restore_member(membership=third, by=chair.user, at=AT)
    assert list(Message.objects.filter(kind="new_chair").values_list("to_email", flat=True)) == [other_chair.user.email]


def test_a_letter_of_a_task_leaves_while_the_task_is_hers(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    paper = factories.make_submission(edition)
    assert chair.user is not None
    assigning.assign(paper, reviewer, by=chair.user, at=AT)
    assert sent_to(reviewer) == ["assigned"]


def test_a_question_reaches_a_chair_at_her_account(edition: Edition, chair: Membership, author: User) -> None:
    Membership.objects.filter(pk=chair.pk).update(email="invited@elsewhere.example")
    drafting.ask(submission=factories.make_submission(edition, author), text="When?", by=author, at=AT)
    assert chair.user is not None
    assert Message.objects.get(kind="question").to_email == chair.user.email


# --- Conflicts that nobody has written down yet ----------------------------------------------------------------------


def test_who_becomes_a_chair_is_in_conflict_at_her_first_request(
    edition: Edition, chair: Membership, as_user: As
) -> None:
    paper = factories.make_submission(edition, factories.make_user("ada@uni.example"))
    factories.announce(paper)
    late = factories.make_member(edition, factories.make_user("new@uni.example"))
    roles = {"is_chair": True, "is_reviewer": True}
    assert chair.user is not None
    editions.set_roles(membership=late, roles=roles, title="", by=chair.user, at=AT)
    assert as_user(late).get(f"/{edition.slug}/chair/submissions/{paper.number}/").status_code == 404


@pytest.mark.parametrize("state", [State.SUBMITTED, State.WITHDRAWN, State.DESK_REJECTED])
def test_the_sweep_finds_conflicts_with_papers_of_every_state(edition: Edition, state: State) -> None:
    paper = factories.make_submission(edition, factories.make_user("ada@uni.example"), state=state)
    late = factories.make_member(edition, factories.make_user("new@uni.example"), chair=True)
    sweep_conflicts()
    assert not overseen_by(late).filter(pk=paper.pk).exists()


def test_persons_named_in_a_profile_are_found_in_papers_that_come_later(edition: Edition, chair: Membership) -> None:
    Membership.objects.filter(pk=chair.pk).update(declared_conflicts=[{"who": "alice@s.example", "kind": "family"}])
    paper = factories.make_submission(edition, factories.make_user("alice@s.example"))
    assert overseen_by(chair).filter(pk=paper.pk).exists()
    tell_late_conflicts()
    assert not overseen_by(chair).filter(pk=paper.pk).exists()


def test_an_author_with_a_members_orcid_is_that_member(edition: Edition, chair: Membership) -> None:
    User.objects.filter(pk=chair.user_id).update(orcid="0000-0002-1825-0097")
    paper = factories.make_submission(edition, factories.make_user("ada@uni.example"))
    factories.make_author(paper, "private@gmail.com", "C. Chair", orcid="0000-0002-1825-0097", institution="Elsewhere")
    refresh_conflicts(paper, AT)
    assert not overseen_by(chair).filter(pk=paper.pk).exists()


def test_every_other_chair_is_told_of_a_new_one(edition: Edition, chair: Membership, other_chair: Membership) -> None:
    member = factories.make_member(edition, factories.make_user("third@x.example"))
    assert chair.user is not None
    assert other_chair.user is not None
    editions.set_roles(membership=member, roles={"is_chair": True}, title="", by=chair.user, at=AT)
    assert list(Message.objects.filter(kind="new_chair").values_list("to_email", flat=True)) == [other_chair.user.email]


# --- Those who look, and what they leave behind ----------------------------------------------------------------------


@pytest.mark.parametrize("past", [{"removed_at": AT}, {"declined_at": AT, "accepted_at": None}])
def test_history_of_looking_names_no_former_member_who_helps_with_a_hidden_paper(
    edition: Edition,
    chair: Membership,
    other_chair: Membership,
    reviewer: Membership,
    as_user: As,
    past: dict[str, object],
) -> None:
    Edition.objects.filter(pk=edition.pk).update(sub_reviewers=True)
    hidden = factories.make_submission(edition)
    factories.make_conflict(hidden, chair)
    helper = factories.make_user("sub@s.example", "Suzanna Sub")
    factories.make_member(edition, helper, **past)
    factories.make_sub_reviewer(factories.make_assignment(hidden, reviewer), helper)
    as_user(other_chair).post(reverse("reviews:look_as", args=[edition.slug]), {"person": helper.pk})
    assert Entry.objects.get(verb="looked_as").subject == hidden.label
    assert "Suzanna Sub" not in as_user(chair).get(f"/{edition.slug}/chair/history/").content.decode()


def test_a_chair_who_copies_with_anothers_eyes_is_named_herself(
    edition: Edition, chair: Membership, reviewer: Membership, as_user: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_OF_A_CHAIR", 2)
    for _ in range(3):
        factories.make_assignment(factories.make_submission(edition), reviewer)
    browser = as_user(chair)
    assert reviewer.user is not None
    browser.post(reverse("reviews:look_as", args=[edition.slug]), {"person": reviewer.user.pk})
    for paper in edition.submissions.all():
        browser.get(f"/{edition.slug}/reviews/{paper.number}/")
    assert Entry.objects.get(verb="opened_unusually_much").by == str(chair.user)


def test_when_the_rules_were_confirmed_is_not_told_to_a_chair_in_conflict(
    edition: Edition, chair: Membership, other_chair: Membership, reviewer: Membership, as_user: As
) -> None:
    factories.make_conflict(factories.make_submission(edition), chair)
    Membership.objects.filter(pk=reviewer.pk).update(rules_at=None)
    home = as_user(reviewer).get(reverse("reviews:home", args=[edition.slug])).content.decode()
    assert reverse("reviews:rules", args=[edition.slug]) in home
    as_user(reviewer).post(reverse("reviews:rules", args=[edition.slug]))
    pages = {one: as_user(one).get(f"/{edition.slug}/chair/history/").content.decode() for one in (chair, other_chair)}
    assert ["confirm" in pages[chair], "confirm rules" in pages[other_chair]] == [False, True]


def test_whether_the_rules_were_confirmed_tells_a_chair_in_conflict_not_who_reviews_a_hidden_paper(
    edition: Edition, chair: Membership, other_chair: Membership, reviewer: Membership, as_user: As
) -> None:
    hidden, shown = factories.make_submission(edition), factories.make_submission(edition)
    factories.make_conflict(hidden, chair)
    factories.make_assignment(hidden, reviewer)
    browsers = {one: as_user(one) for one in (chair, other_chair)}
    for browser in browsers.values():
        browser.post(reverse("reviews:look_as", args=[edition.slug]), {"person": reviewer.user_id})

    def seen(one: Membership) -> list[object]:
        board, page = (f"/{edition.slug}/chair/committee/{part}" for part in ("", f"{reviewer.pk}/"))
        own = as_user(one)
        row = next(row for row in own.get(board).context["rows"] if row["member"] == reviewer)
        told = own.get(page).content.decode()
        home = browsers[one].get(reverse("reviews:home", args=[edition.slug])).content.decode()
        return [row["lacks_rules"], "not confirmed yet" in told, reverse("reviews:rules", args=[edition.slug]) in home]

    def told() -> list[list[object]]:
        found = []
        for at in (None, AT):
            Membership.objects.filter(pk=reviewer.pk).update(rules_at=at)
            found += [seen(chair), seen(other_chair)]
        return found

    expected = [[False] * 3, [True, True, False], [False] * 3, [False] * 3]
    assert told() == expected
    # Nor right after she has got one that the chair may know: that she had confirmed before tells of another.
    factories.make_assignment(shown, reviewer)
    assert told() == expected


def test_acts_that_name_no_paper_are_told_to_who_did_them_and_to_chairs_without_a_conflict(
    edition: Edition, chair: Membership, other_chair: Membership
) -> None:
    paper = factories.make_submission(edition)
    factories.announce(paper)
    campaign = Campaign.objects.create(edition=edition.slug, kind="decision", title="Decisions")
    letter = Message.objects.create(
        key="k", edition=edition.slug, kind="assigned", to_email="a@x.example", subject="s", text="t", state="failed"
    )
    # Of no kind that lists tasks, and filed under no paper.
    mailed = Message.objects.create(
        key="m", edition=edition.slug, kind="mailing", to_email="b@x.example", subject="s", text="t", state="failed"
    )
    assert chair.user is not None
    assert other_chair.user is not None
    for weight, one in enumerate((chair.user, other_chair.user)):
        proposing.set_weights(edition, {"text": weight}, by=one, at=AT)
        lettering.pause(edition, campaign=campaign, by=one, at=AT)
        lettering.pause(edition, by=one, at=AT)
        Message.objects.update(state="failed")
        lettering.send_again(letter, by=one, at=AT)
        lettering.send_again(mailed, by=one, at=AT)
        row = mailing.begin(Membership.objects.get(user=one), "accepted", by=one, at=AT)
        mailing._note("mailing_released", edition, one, AT, audience=row.audience)

    def told(reader: Membership) -> list[tuple[str, str]]:
        verbs = ("mailing_released", "letter_sent_again", "letters_paused", "change_weights")
        return sorted(entries_for(reader).filter(verb__in=verbs).values_list("by", "verb"))

    everything = told(chair)
    assert len(everything) == 12
    factories.make_conflict(paper, chair)
    hers = [act for act in everything if act[0] == str(chair.user)]
    assert told(chair) == sorted([*hers, (str(other_chair.user), "letters_paused")])


def test_a_text_of_her_own_carries_the_title_only_while_she_may_see_it(
    edition: Edition, reviewer: Membership, as_user: As
) -> None:
    paper = factories.make_submission(edition, title="Wombat")
    factories.make_review(factories.make_assignment(paper, reviewer), summary="Dormouse")
    address = reverse("reviews:own", args=[edition.slug])
    assert "Wombat" in as_user(reviewer).get(address).content.decode()
    factories.make_conflict(paper, reviewer)
    page = as_user(reviewer).get(address).content.decode()
    assert ("Wombat" in page, "Dormouse" in page) == (False, True)


def test_what_was_said_last_to_one_person_is_not_read_by_the_next_one_at_the_same_browser(
    chair: Membership, stranger: User, as_user: As
) -> None:
    """She pressed and closed the window before the next page was there; later her session is ended from elsewhere."""
    paper = factories.make_submission(chair.edition)
    decide = reverse("reviews:decide", args=[chair.edition.slug, paper.number])
    typed = {"verdict": "reject", "version": "0", "note": "", "to_authors": ""}
    browser, said = as_user(chair), "Reject. Private until announced."
    assert browser.post(decide, typed).status_code == 302
    browser.session.flush()
    browser.post("/accounts/login/", {"login": stranger.email, "password": factories.PASSWORD})
    assert (browser.session["_auth_user_id"], said in browser.get("/me/").content.decode()) == (str(stranger.pk), False)
    # To herself it is said on her next page.
    browser.force_login(chair.user)
    browser.post(decide, typed | {"version": "1", "note": "Once more"})
    assert said in browser.get("/me/").content.decode()
