"""What a role or a paper that ended in the wrong moment must not do; each once differed from the reference model."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client

from dlonsc.accounts.models import User
from dlonsc.editions.actions import set_deadline
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition, Membership
from dlonsc.editions.upstairs import concerned_by
from dlonsc.history.models import Entry
from dlonsc.mail import ledger
from dlonsc.mail.models import Message, State
from reviews.access import decided_for_authors, decision_versions_overseen_by
from reviews.actions import assigning, deciding, discussing, lettering, reviewing
from reviews.invariants import breaches
from reviews.models import Announcement, Assignment, Comment, Decision
from reviews.persons import data_of
from submissions.access import authored_by, barred_from, in_conflict_with, overseen_by
from submissions.actions import drafting, overseeing, sending
from submissions.contacts import contacts
from submissions.models import Author, Submission
from submissions.states import State as SubmissionState
from tests import factories
from tests.factories import AT
from tests.mail.test_state_machine import Fate
from tests.submissions.desk import complete_draft, entry, pdf, refusal_of

pytestmark = pytest.mark.django_db
Browser = Callable[[User | Membership | None], Client]
HOLD = timedelta(minutes=10)
ENDS = ("here", "gone", "no reviewer", "barred")


@pytest.fixture
def paper(edition: Edition) -> Submission:
    row = factories.make_submission(edition, factories.make_user("ada@uni.example", "Ada"))
    factories.make_author(row, "cody@campus.example")
    return row


def announce(chair: Membership, paper: Submission, accepts: int = 1) -> Announcement:
    """Accepted, and held for ten minutes; submission is over."""
    assert chair.user is not None
    chair.edition.deadlines.filter(phase=Phase.SUBMISSION).update(cutoff_at=AT - timedelta(days=9))
    deciding.decide(paper, verdict="accept", note="", to_authors="", version=0, by=chair.user, at=AT)
    fingerprint = deciding.plan(chair).fingerprint
    return deciding.announce(
        chair, accepts=accepts, rejects=0, fingerprint=fingerprint, leave_undecided=False, by=chair.user, at=AT
    )


def the_post_leaves() -> dict[str, tuple[str, str]]:
    """What became of each decision letter after the hold, by address."""
    ledger.release_held(AT + HOLD)
    while message := ledger.claim(AT + HOLD):
        ledger.deliver_one(message, Fate(("sent", True), Counter()), clock=lambda: AT + HOLD)
    rows = Message.objects.filter(kind="decision")
    return {row.to_email: (State(row.state).value, row.answer) for row in rows}


# --- While an announcement is held --------------------------------------------------------------------------------


def test_a_paper_withdrawn_while_held_gets_no_letter_and_shows_no_decision(
    edition: Edition, chair: Membership, paper: Submission
) -> None:
    announce(chair, paper)
    sending.withdraw(submission=paper, reason="", by=paper.created_by, at=AT)
    words = ("cancelled", "the submission was withdrawn or returned in the meantime")
    assert the_post_leaves() == {"ada@uni.example": words, "cody@campus.example": words}
    paper.refresh_from_db()
    assert paper.outcome_known(AT + HOLD) == ""
    assert list(decided_for_authors(paper.created_by, AT + HOLD)) == []


def test_who_left_the_author_list_while_held_gets_no_letter_and_the_others_do(
    edition: Edition, chair: Membership, paper: Submission
) -> None:
    announce(chair, paper)
    paper.authors.get(email="cody@campus.example").delete()
    assert the_post_leaves() == {
        "ada@uni.example": ("sent", "sent"),
        "cody@campus.example": ("cancelled", "the recipient is no author of the submission any more"),
    }


@pytest.fixture
def own_date(edition: Edition, chair: Membership, paper: Submission) -> None:
    """The edition's date has passed; the paper has a later one of its own."""
    edition.deadlines.filter(phase=Phase.SUBMISSION).update(cutoff_at=AT - timedelta(days=9))
    paper.late_permissions.create(
        phase=Phase.SUBMISSION, cutoff_at=AT + timedelta(days=9), reason="Fire.", given_by=chair.user, given_at=AT
    )


@pytest.mark.parametrize("held", [False, True])
def test_with_a_later_date_of_its_own_the_author_list_is_asked_for_whether_or_not_a_decision_is_held(
    chair: Membership, paper: Submission, own_date: None, as_user: Browser, held: bool
) -> None:
    if held:
        announce(chair, paper)
    entries = [entry("new@uni.example", "New", is_contact=True)]
    words = {"submission": paper, "entries": entries, "by": paper.created_by, "at": AT}
    assert refusal_of(lambda: drafting.set_authors(**words)).startswith("The author list is frozen since the deadline.")
    with time_machine.travel(AT, tick=False):
        shown = as_user(paper.created_by).get(f"/{paper.edition.slug}/submissions/{paper.number}/").context
    # Files are open until that date; nothing on the page tells of a held decision.
    is_open = {name: shown[name] for name in ("may_upload", "may_write", "may_list", "may_restore")}
    assert is_open == {"may_upload": True, "may_write": False, "may_list": False, "may_restore": False}
    assert shown["outcome"] == ""
    assert shown["status"].startswith("It may be replaced until the deadline.")
    asked = drafting.request_author_change(**words, reason="She did the work.")
    assert asked.decided_at is None


@pytest.mark.parametrize("page", ["", "authors/change/", "conflicts/", "reproducibility/", "../"])
def test_the_pages_of_a_paper_with_a_later_date_are_the_same_while_its_decision_is_held(
    chair: Membership, paper: Submission, own_date: None, as_user: Browser, page: str
) -> None:
    client, pages = as_user(paper.created_by), []
    with time_machine.travel(AT, tick=False):
        for _ in range(2):
            text = client.get(f"/{paper.edition.slug}/submissions/{paper.number}/{page}").content.decode()
            pages.append(re.sub(r'(csrfmiddlewaretoken" value|nonce)="[^"]*"', "", text))
            if len(pages) == 1:
                announce(chair, paper)
    assert pages[0] == pages[1]


@pytest.mark.parametrize(
    ("cutoff", "is_soft"), [(AT + timedelta(days=3), False), (AT - timedelta(days=3), True), (None, False)]
)
def test_nothing_is_announced_while_authors_may_still_change_by_themselves_what_ends_with_an_outcome(
    edition: Edition, chair: Membership, paper: Submission, cutoff: datetime | None, is_soft: bool
) -> None:
    date = edition.deadlines.filter(phase=Phase.SUBMISSION)
    if cutoff is None:
        date.delete()
    else:
        date.update(cutoff_at=cutoff, is_soft=is_soft)
    assert chair.user is not None
    deciding.decide(paper, verdict="accept", note="", to_authors="", version=0, by=chair.user, at=AT)
    seen = deciding.plan(chair)
    with pytest.raises(assigning.Refused, match="Submission is still open"):
        deciding.announce(
            chair, accepts=1, rejects=0, fingerprint=seen.fingerprint, leave_undecided=False, by=chair.user, at=AT
        )
    paper.refresh_from_db()
    assert (paper.outcome, Announcement.objects.count(), Message.objects.count()) == ("", 0, 0)
    assert drafting.may_list(paper, AT)


@pytest.mark.parametrize("held", [False, True])
def test_a_submitted_paper_withdrawn_after_the_edition_s_date_is_restored_by_nobody_but_the_chairs(
    chair: Membership, paper: Submission, own_date: None, held: bool
) -> None:
    if held:
        announce(chair, paper)
    sending.withdraw(submission=paper, reason="", by=paper.created_by, at=AT)
    assert "only the chairs can undo this" in Message.objects.filter(kind="withdrawn")[0].text
    words = refusal_of(lambda: sending.restore(submission=paper, by=paper.created_by, at=AT + HOLD))
    assert words == "The submission deadline has passed; ask the chairs."


def test_a_paper_withdrawn_with_an_outcome_never_comes_back_accepted(chair: Membership, paper: Submission) -> None:
    announce(chair, paper)
    stale = Submission.objects.get(pk=paper.pk)
    sending.withdraw(submission=paper, reason="", by=paper.created_by, at=AT)
    refusal_of(lambda: sending.restore(submission=stale, by=paper.created_by, at=AT))
    paper.refresh_from_db()
    assert paper.state == "withdrawn"


def test_a_paper_withdrawn_while_held_is_restored_like_any_other_once_submission_opens_again(
    edition: Edition, chair: Membership, paper: Submission, as_user: Browser
) -> None:
    other, opened = factories.make_submission(edition), AT + HOLD + HOLD
    assert chair.user is not None
    deciding.decide(other, verdict="accept", note="", to_authors="", version=0, by=chair.user, at=AT)
    row = announce(chair, paper, accepts=2)
    sending.withdraw(submission=paper, reason="", by=paper.created_by, at=AT)
    lettering.pause(edition, by=chair.user, at=AT)
    ledger.release_held(AT + HOLD)
    set_deadline(
        edition=edition,
        phase=Phase.SUBMISSION,
        announced=datetime.fromisoformat("2027-03-31T23:59"),
        zone="AoE",
        label="Technical paper due",
        grace_minutes=0,
        is_soft=False,
        is_public=True,
        by=chair.user,
        at=opened,
    )
    with time_machine.travel(opened, tick=False):
        page = as_user(paper.created_by).get(f"/{edition.slug}/submissions/{paper.number}/")
    assert page.context["may_restore"]
    assert sending.restore(submission=paper, by=paper.created_by, at=opened).state == SubmissionState.DRAFT
    # The decision is private again, and the letters of the other paper still leave.
    decided = Decision.objects.order_by("submission").values_list("submission", "announcement", "verdict")
    assert list(decided) == [(paper.pk, None, "accept"), (other.pk, row.pk, "accept")]
    lettering.resume(edition, by=chair.user, at=opened)
    words = ("cancelled", "the submission was withdrawn while its announcement was held")
    told = {other.authors.get().email: ("sent", "sent")}
    assert the_post_leaves() == told | dict.fromkeys(("ada@uni.example", "cody@campus.example"), words)
    assert breaches(opened) == []
    # Nothing tells who may read her own acts of a paper that she may not know.
    assert list(Entry.objects.filter(verb="announcement_stopped").values_list("subject", "by_id")) == [
        (paper.label, None)
    ]


def test_once_the_decision_is_known_authors_change_nothing_whatever_date_they_have(
    edition: Edition, chair: Membership, paper: Submission, own_date: None
) -> None:
    known = AT + HOLD
    before = Submission.objects.select_related("edition").get(pk=paper.pk)
    announce(chair, paper)
    details = {"title": "Another", "abstract": "x", "keywords": "", "topics": [], "is_original": True}
    now = Submission.objects.select_related("edition").get(pk=paper.pk)
    by = {"by": paper.created_by, "at": known}
    acts = [
        lambda: drafting.update_details(submission=before, version=before.version, **details, **by),
        lambda: drafting.declare_conflicts(submission=before, version="", declared=[], among=[], reason="", **by),
        lambda: sending.upload_manuscript(submission=now, upload=pdf(), received_at=known, **by),
        lambda: sending.add_supplement(submission=now, upload=pdf(), description="", received_at=known, **by),
    ]
    words = "The decision is announced; write to the chairs about any change now."
    assert [refusal_of(act) for act in acts] == [words] * 4
    assert (drafting.may_upload(now, AT), drafting.may_upload(now, known)) == (True, False)


def test_a_paper_with_a_decision_on_its_way_is_not_returned_without_review(
    edition: Edition, chair: Membership, paper: Submission
) -> None:
    announce(chair, paper)
    assert chair.user is not None
    by = chair.user
    words = refusal_of(lambda: overseeing.desk_reject(submission=paper, text="Out of scope.", by=by, at=AT))
    assert words.startswith("The decision on it is announced or held")
    assert Message.objects.filter(kind="desk_reject").count() == 0


# --- Who may not see a paper any more -----------------------------------------------------------------------------


@pytest.fixture
def tasks(edition: Edition, paper: Submission) -> dict[str, Membership]:
    """Four reviewers with an open review; three of them may not see the paper any more."""
    members = {
        name: factories.make_member(edition, email=f"{name[:4].strip()}@i-{name[:4].strip()}.example") for name in ENDS
    }
    for member in members.values():
        factories.make_assignment(paper, member)
    Membership.objects.filter(pk=members["gone"].pk).update(removed_at=AT)
    Membership.objects.filter(pk=members["no reviewer"].pk).update(is_reviewer=False, is_proceedings_chair=True)
    factories.make_conflict(paper, members["barred"])
    return members


def test_a_chairs_reminder_names_no_paper_to_who_may_not_see_it(
    edition: Edition, chair: Membership, paper: Submission, tasks: dict[str, Membership]
) -> None:
    assert chair.user is not None
    rows = list(Assignment.objects.all())
    assert assigning.remind(edition, rows, press="one", by=chair.user, at=AT) == 1
    assert [row.to_email for row in Message.objects.filter(kind="chair_reminder")] == [tasks["here"].email]


def test_a_moved_date_is_told_to_who_still_has_something_to_do(edition: Edition, tasks: dict[str, Membership]) -> None:
    assert [person.email for person in concerned_by(edition, Phase.REVIEW)] == [tasks["here"].email]


def test_a_discussion_writes_to_reviewers_only(
    edition: Edition, chair: Membership, paper: Submission, tasks: dict[str, Membership]
) -> None:
    for task in Assignment.objects.all():
        factories.make_review(task)
    assert chair.user is not None
    assert discussing.open_discussions(chair, [paper.number], by=chair.user, at=AT) == 1
    assert [row.to_email for row in Message.objects.filter(kind="discussion_opened")] == [tasks["here"].email]


def test_no_discussion_is_opened_and_none_is_told_of_a_score_while_they_are_off(
    edition: Edition, chair: Membership, paper: Submission, reviewer: Membership
) -> None:
    task = factories.make_assignment(paper, reviewer)
    review = factories.make_review(task, score=1)
    factories.make_comment(paper, chair)
    Edition.objects.update(committee_discusses=False)
    off = Membership.objects.select_related("edition", "user").get(pk=chair.pk)
    assert chair.user is not None
    assert reviewer.user is not None
    assert discussing.open_discussions(off, [paper.number], by=chair.user, at=AT) == 0
    task = Assignment.objects.select_related("submission__edition", "membership").get(pk=task.pk)
    fields = reviewing.official_text(review) | {"score": -1}
    saved = reviewing.save_review(assignment=task, fields=fields, based_on=1, by=reviewer.user, at=AT).review
    reviewing.submit_review(assignment=task, based_on=saved.version, by=reviewer.user, at=AT)
    assert (Comment.objects.count(), Message.objects.count()) == (1, 0)


def test_a_discussion_of_a_withdrawn_paper_writes_to_no_reviewer(
    edition: Edition, chair: Membership, paper: Submission, reviewer: Membership
) -> None:
    factories.make_review(factories.make_assignment(paper, reviewer))
    talk = factories.make_comment(paper, chair).discussion
    Submission.objects.filter(pk=paper.pk).update(state="withdrawn", withdrawn_at=AT)
    talk.refresh_from_db()
    discussing.comment(talk, chair, text="Why?", label=discussing.CHAIR, is_question=True, at=AT)
    assert Message.objects.filter(kind="discussion_news", to_email=reviewer.email).count() == 0


# --- Whose paper it is --------------------------------------------------------------------------------------------

PAGES_OF_AN_AUTHOR = ("", "decision/", "camera-ready/", "pdf/1/", "receipt/")


@pytest.fixture
def without_creator(edition: Edition, chair: Membership, paper: Submission) -> Submission:
    """Accepted and known; a chair has granted that who started it is no author."""
    assert chair.user is not None
    cody = factories.make_user("cody@campus.example")
    at = factories.AFTER_DEADLINE
    asked = drafting.request_author_change(
        submission=paper, entries=[entry(cody.email, is_contact=True)], reason="Ada is none.", by=cody, at=at
    )
    overseeing.decide_author_change(request=asked, grant=True, answer="", by=chair.user, at=at)
    factories.make_decision(paper, chair.user)
    factories.announce(paper)
    return paper


def test_who_started_a_paper_and_left_its_author_list_reads_and_changes_nothing_of_it(
    without_creator: Submission, as_user: Browser
) -> None:
    paper = without_creator
    base = f"/{paper.edition.slug}/submissions/{paper.number}/"
    found = {}
    for person in (paper.created_by, User.objects.get(email="cody@campus.example")):
        client = as_user(person)
        found[person.email] = [client.get(f"{base}{page}").status_code for page in PAGES_OF_AN_AUTHOR]
    assert found == {"ada@uni.example": [404] * 5, "cody@campus.example": [200] * 5}
    client = as_user(paper.created_by)
    acts = {"withdraw/": {"reason": "x"}, "camera-ready/": {"licence_signer": "x"}, "questions/": {"text": "x"}}
    assert [client.post(f"{base}{page}", data).status_code for page, data in acts.items()] == [404] * 3
    assert data_of(paper.created_by, AT)["submissions"] == []
    assert contacts(paper) == [("cody@campus.example", "cody@campus.example")]


def test_who_started_a_paper_stays_in_conflict_with_it_after_leaving_its_list(
    edition: Edition, without_creator: Submission
) -> None:
    member = factories.make_member(edition, without_creator.created_by, chair=True)
    assert list(Submission.objects.filter(in_conflict_with(member))) == [without_creator]
    assert list(Submission.objects.filter(barred_from(without_creator.created_by))) == [without_creator]
    assert list(overseen_by(member)) == []


def test_a_paper_opens_to_who_is_listed_under_another_proven_address_and_a_draft_to_who_started_it(
    edition: Edition, paper: Submission
) -> None:
    ada = paper.created_by
    ada.emailaddress_set.create(email="Ada@home.example", verified=True)
    paper.authors.filter(email=ada.email).update(email="ada@HOME.example")
    draft = factories.make_submission(edition, ada, state=SubmissionState.DRAFT)
    draft.authors.update(email="cody@campus.example")
    assert list(authored_by(ada)) == [paper, draft]


def test_who_submits_for_others_keeps_the_paper_until_another_takes_her_off(edition: Edition) -> None:
    ada, cody = factories.make_user("ada@uni.example"), factories.make_user("cody@campus.example")
    draft = complete_draft(edition, ada)
    others = [entry(cody.email, is_contact=True)]
    drafting.set_authors(submission=draft, entries=others, by=ada, at=AT)
    sending.submit(submission=draft, by=ada, at=AT, received_at=AT)
    assert (list(authored_by(ada)), list(authored_by(cody))) == ([draft], [draft])
    for listed in ([entry(cody.email, is_contact=True), entry(ada.email)], others):
        drafting.set_authors(submission=draft, entries=listed, by=cody, at=AT)
    assert (list(authored_by(ada)), list(authored_by(cody))) == ([], [draft])


def test_who_started_a_paper_is_taken_off_also_under_an_address_that_she_has_not_proven(edition: Edition) -> None:
    ada, cody = factories.make_user("ada@uni.example", "Ada Lovelace"), factories.make_user("cody@campus.example")
    draft = complete_draft(edition, ada)
    contact = entry(cody.email, is_contact=True)
    hers = entry("ada@new.example", "ada  LOVELACE")
    drafting.set_authors(submission=draft, entries=[contact, hers], by=ada, at=AT)
    for listed, keeps in (([contact, hers], [draft]), ([contact], [])):
        drafting.set_authors(submission=draft, entries=listed, by=cody, at=AT)
        assert list(authored_by(ada)) == keeps
    ada.name = cody.name
    ada.save()
    drafting.set_authors(submission=draft, entries=[contact, entry("x@campus.example")], by=cody, at=AT)
    assert list(authored_by(ada)) == [], "the name of an account opens nothing"


def test_a_co_author_who_prints_the_name_of_who_started_the_paper_otherwise_takes_nobody_off(edition: Edition) -> None:
    ada, cody = factories.make_user("ada@uni.example", "Ada Lovelace"), factories.make_user("cody@campus.example")
    draft = complete_draft(edition, ada)
    contact = entry(cody.email, is_contact=True)
    listed = [contact, entry("ada@new.example", "Ada Lovelace")]
    drafting.set_authors(submission=draft, entries=listed, by=ada, at=AT)
    for printed in ("Ada Lovelac", "Ada M. Lovelace"):
        listed = [contact, entry("ada@new.example", printed)]
        drafting.set_authors(submission=draft, entries=listed, by=cody, at=AT)
        assert list(authored_by(ada)) == [draft]
    drafting.set_authors(submission=draft, entries=[contact], by=cody, at=AT)
    assert list(authored_by(ada)) == [], "her row is known by its address after its name was changed"


@pytest.mark.parametrize("has_account", [True, False])
def test_the_name_of_another_author_keeps_nobody_in_whose_own_row_was_taken_off(
    edition: Edition, *, has_account: bool
) -> None:
    ada, cody = factories.make_user("ada@uni.example", "Ada"), factories.make_user("cody@campus.example", "Cody")
    bo = factories.make_user("bo@campus.example", "Bo", verified=has_account)
    draft = complete_draft(edition, ada)
    others = [entry(cody.email, "Cody", is_contact=True), entry(bo.email, "Bo")]
    drafting.set_authors(submission=draft, entries=[*others, entry(ada.email, "Ada")], by=ada, at=AT)
    ada.name = "Bo"
    ada.save()
    draft.refresh_from_db()
    drafting.set_authors(submission=draft, entries=others, by=cody, at=AT)
    assert list(authored_by(ada)) == []


def test_who_submits_for_others_is_not_taken_off_with_an_author_of_her_name(edition: Edition) -> None:
    ada, cody = factories.make_user("ada@uni.example", "Wei Wang"), factories.make_user("cody@campus.example", "Cody")
    namesake = factories.make_user("wei@campus.example", "Wei Wang")
    draft = complete_draft(edition, ada)
    contact = entry(cody.email, is_contact=True)
    drafting.set_authors(submission=draft, entries=[contact, entry(namesake.email, "Wei Wang")], by=ada, at=AT)
    drafting.confirm_authorship(submission=draft, email=namesake.email, by=namesake, at=AT)
    draft.refresh_from_db()
    drafting.set_authors(submission=draft, entries=[contact], by=cody, at=AT)
    assert list(authored_by(ada)) == [draft]


@pytest.mark.parametrize("by_herself", [True, False])
def test_what_becomes_of_a_draft_tells_nobody_whether_an_address_has_an_account(
    edition: Edition, *, by_herself: bool
) -> None:
    ada, cody = factories.make_user("ada@uni.example", "Ada"), factories.make_user("cody@campus.example", "Cody")
    factories.make_user("known@campus.example", "Somebody")
    contact, found = entry(cody.email, is_contact=True), []
    for guess in ("known@campus.example", "unknown@campus.example"):
        draft = complete_draft(edition, ada)
        drafting.set_authors(submission=draft, entries=[contact, entry(ada.email, "Ada")], by=ada, at=AT)
        guessed = [contact, entry(guess, "Ada")]
        for listed, by in ((guessed, ada if by_herself else cody), ([contact], cody)):
            drafting.set_authors(submission=draft, entries=listed, by=by, at=AT)
            found.append(authored_by(ada).filter(pk=draft.pk).exists())
    assert found[:2] == found[2:]


def test_who_submits_for_others_keeps_the_paper_when_a_change_of_its_list_is_granted(
    edition: Edition, chair: Membership
) -> None:
    ada, cody = factories.make_user("ada@uni.example", "Ada"), factories.make_user("cody@campus.example", "Cody")
    paper = factories.make_submission(edition, ada)
    paper.authors.update(email=cody.email, name=cody.name)
    assert chair.user is not None
    at, both = factories.AFTER_DEADLINE, [entry(cody.email, is_contact=True), entry("eve@campus.example")]
    asked = drafting.request_author_change(submission=paper, entries=both, reason="Eve helped.", by=cody, at=at)
    overseeing.decide_author_change(request=asked, grant=True, answer="", by=chair.user, at=at)
    assert list(authored_by(ada)) == [paper]


def test_nobody_shuts_herself_out_of_a_paper_by_its_list(paper: Submission) -> None:
    cody, others = factories.make_user("cody@campus.example"), [entry("ada@uni.example", is_contact=True)]
    words = refusal_of(lambda: drafting.set_authors(submission=paper, entries=others, by=cody, at=AT))
    assert words == drafting.LEFT_OUT
    assert [row.email for row in paper.authors.all()] == ["ada@uni.example", "cody@campus.example"]


# --- What somebody typed ------------------------------------------------------------------------------------------


def test_what_an_earlier_decision_said_stays_with_the_chairs(
    edition: Edition, chair: Membership, other_chair: Membership, paper: Submission, as_user: Callable[..., Client]
) -> None:
    for version, by in enumerate((chair, other_chair)):
        assert by.user is not None
        deciding.decide(
            paper,
            verdict="accept",
            note=f"Reason of {by.name}",
            to_authors=f"Words of {by.name}",
            version=version,
            by=by.user,
            at=AT,
        )
    deciding.take_back(Decision.objects.get(), version=2, by=by.user, at=AT)
    page = as_user(chair).get(f"/{edition.slug}/chair/decisions/{paper.number}/").text
    for one in (chair, other_chair):
        assert (f"Reason of {one.name}" in page, f"Words of {one.name}" in page) == (True, True)
    factories.make_conflict(paper, other_chair)
    assert decision_versions_overseen_by(chair).count() == 2
    assert decision_versions_overseen_by(other_chair).count() == 0


def test_a_question_stays_in_the_copy_of_who_is_no_author_any_more(paper: Submission, chair: Membership) -> None:
    cody = factories.make_user("cody@campus.example")
    assert chair.user is not None
    drafting.ask(submission=paper, text="Is an appendix allowed?", by=cody, at=AT)
    overseeing.answer(submission=paper, text="Up to four pages.", by=chair.user, at=AT)
    Author.objects.filter(email="cody@campus.example").delete()
    factories.make_conflict(paper, chair)
    assert [row["text"] for row in data_of(cody, AT)["questions_and_answers"]] == ["Is an appendix allowed?"]
    assert [row["text"] for row in data_of(chair.user, AT)["questions_and_answers"]] == ["Up to four pages."]
