"""Sub-reviewers: named by a reviewer, agreed to by a chair, one paper and one draft, and never a word too much."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import signing
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.http import urlencode

from dlonsc.accounts.models import Affiliation, User
from dlonsc.codes import code
from dlonsc.editions.calendar import Phase
from dlonsc.editions.invitations import LINK_LASTS
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.models import Entry
from dlonsc.mail.envelope import thread_id
from dlonsc.mail.guards import objection
from dlonsc.mail.ledger import drain
from dlonsc.mail.models import Message
from dlonsc.mail.models import State as LetterState
from dlonsc.mail.transport import KeepInLedger
from reviews import subreviewers
from reviews.access import sub_reviewed_by
from reviews.actions import assigning, erasing, reviewing, subreviewing
from reviews.actions.assigning import Refused
from reviews.emails import subreviewing as emails
from reviews.letters import letters_for, shown_text
from reviews.models import Assignment, Review, ReviewVersion, SubReviewer, SubReviewerQuerySet
from reviews.persons import data_of
from reviews.tasks import tell_late_conflicts
from reviews.views.subreviewing import ASIDE
from submissions.models import Conflict, ConflictSource, Submission
from submissions.states import State
from tests import factories
from tests.factories import AFTER_DEADLINE, AT
from tests.visibility.test_side_doors import change_address

pytestmark = pytest.mark.django_db
Browser = Callable[[User | Membership | None], Client]
SUE = "sue@suburb.example"
TEXT = {"summary": "Sue's summary.", "strengths": "Sound.", "weaknesses": "Short.", "reproducibility": "Yes."}


@pytest.fixture(autouse=True)
def then() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(AFTER_DEADLINE, tick=False) as traveller:
        yield traveller


@pytest.fixture
def edition(db: None) -> Edition:
    return factories.make_edition(sub_reviewers=True)


@dataclass
class Case:
    paper: Submission
    rita: Membership
    task: Assignment
    chair: Membership


def by(member: Membership) -> User:
    assert member.user is not None
    return member.user


@pytest.fixture
def case(edition: Edition, chair: Membership, author: User, reviewer: Membership) -> Case:
    paper = factories.make_submission(edition, author, title="Elastic Reductions")
    return Case(paper, reviewer, factories.make_assignment(paper, reviewer), chair)


@pytest.fixture
def sue() -> User:
    return factories.make_user(SUE, "Sue Sub")


def name(case: Case, *, email: str = SUE, who: str = "Sue Sub", institution: str = "Suburb College") -> SubReviewer:
    return subreviewing.name_sub_reviewer(
        case.task, name=who, email=email, institution=institution, why="My student.", by=by(case.rita), at=AT
    )


def agreed(case: Case, **named: str) -> SubReviewer:
    row = name(case, **named)
    subreviewing.agree(row, chair=case.chair, reason="", at=AT)
    return row


def accepted(case: Case, sue: User) -> SubReviewer:
    row = agreed(case)
    subreviewing.accept(row, by=sue, at=AT)
    Message.objects.all().delete()
    return row


def saved(row: SubReviewer, sue: User, *, based_on: int = 0, **fields: object) -> reviewing.Saved:
    return subreviewing.save(row, fields=TEXT | fields, based_on=based_on, by=sue, at=AT)


def known() -> int:
    """What stands for the text on a page that was opened now."""
    return subreviewing.shared(Review.objects.get()).version


def told() -> list[tuple[str, str]]:
    """(kind, address) of all letters, in their order."""
    return list(Message.objects.order_by("pk").values_list("kind", "to_email"))


def page_of(case: Case, tail: str = "") -> str:
    return f"/{case.paper.edition.slug}/sub-review/{case.paper.number}/{tail}"


def link_in(letter: Message) -> str:
    found = re.search(r"/invitation/sub-review/[^\s/]+/", letter.text)
    assert found is not None
    return found.group()


# --- Naming ----------------------------------------------------------------------------------------------------------


def test_naming_asks_the_chairs_and_tells_nobody_else(case: Case) -> None:
    name(case)
    assert told() == [("sub_reviewer_named", by(case.chair).email)]
    assert [row.verb for row in Entry.objects.about(case.paper.label)] == ["sub_reviewer_named"]


def test_only_the_handling_chair_is_asked_where_one_is_named(case: Case, other_chair: Membership) -> None:
    Submission.objects.update(handling_chair=other_chair)
    case.task.submission.refresh_from_db()
    name(case)
    assert told() == [("sub_reviewer_named", by(other_chair).email)]


def test_a_chair_in_conflict_is_not_asked_and_finds_nothing(
    case: Case, other_chair: Membership, as_user: Browser
) -> None:
    factories.make_conflict(case.paper, other_chair)
    row = name(case)
    slug = case.paper.edition.slug
    assert told() == [("sub_reviewer_named", by(case.chair).email)]
    listed = as_user(other_chair).get(f"/{slug}/chair/sub-reviewers/").content.decode()
    assert "Sue Sub" not in listed
    assert as_user(other_chair).get(reverse("reviews:sub_reviewer", args=(slug, row.pk))).status_code == 404
    assert not letters_for(other_chair).exists()
    assert "sub-reviewer waits" not in as_user(other_chair).get(f"/{slug}/chair/").content.decode()
    assert "1 sub-reviewer waits for your answer" in as_user(case.chair).get(f"/{slug}/chair/").content.decode()


@pytest.mark.parametrize("end", ["by the reviewer", "answered by another chair"])
def test_what_asks_a_chair_does_not_leave_once_nobody_is_asked_any_more(
    case: Case, other_chair: Membership, end: str
) -> None:
    row = name(case)
    letter = Message.objects.get(to_email=by(case.chair).email)
    assert objection(letter) is None
    if end == "by the reviewer":
        subreviewing.end_by_reviewer(row, by=by(case.rita), at=AT)
    else:
        subreviewing.refuse(row, chair=other_chair, reason="", at=AT)
    assert objection(letter) == "it was answered, or ended, in the meantime"


def test_one_stands_per_task(case: Case) -> None:
    first = name(case)
    asked = told()
    assert (name(case), told()) == (first, asked)  # pressed twice
    with pytest.raises(Refused, match="named somebody already"):
        name(case, email="other@other.example")
    with pytest.raises(IntegrityError), transaction.atomic():
        SubReviewer.objects.create(
            assignment=case.task, name="X", email="x@x.example", institution="X", named_by=by(case.rita), named_at=AT
        )
    subreviewing.end_by_reviewer(first, by=by(case.rita), at=AT)
    assert name(case, email="other@other.example").pk != first.pk


def test_ending_before_a_chair_has_answered_writes_to_nobody(case: Case) -> None:
    row = name(case)
    Message.objects.all().delete()
    assert subreviewing.end_by_reviewer(row, by=by(case.rita), at=AT) is True
    assert subreviewing.end_by_reviewer(row, by=by(case.rita), at=AT) is False
    assert told() == []


def test_the_reviewers_page_answers_alike_whoever_is_named(case: Case, author: User, as_user: Browser) -> None:
    """An author of the paper, a chair, a fellow reviewer: in a blind edition a refusal would tell who they are."""
    fellow = factories.make_member(case.paper.edition, email="fellow@fellow.example")
    factories.make_assignment(case.paper, fellow)
    address = f"/{case.paper.edition.slug}/reviews/{case.paper.number}/sub-reviewer/"
    seen = set()
    for email in (author.email, by(case.chair).email, by(fellow).email, SUE):
        with transaction.atomic():
            client = as_user(case.rita)
            posted = client.post(address, {"name": "N", "email": email, "institution": "I", "why": ""})
            shown = client.get(address).content.decode().replace(email, "ADDRESS")
            shown = re.sub(r'value="[^"]*"|csrf-token" content="[^"]*"|data-csrf="[^"]*"', "", shown)
            seen.add((posted.status_code, posted.headers["Location"], shown))
            SubReviewer.objects.all().delete()
    assert len(seen) == 1


def test_her_own_address_is_refused_and_what_was_typed_stands_in_the_form(case: Case, as_user: Browser) -> None:
    address = f"/{case.paper.edition.slug}/reviews/{case.paper.number}/sub-reviewer/"
    body = {"name": "Me Myself", "email": by(case.rita).email.upper(), "institution": "Home", "why": "Busy"}
    response = as_user(case.rita).post(address, body)
    assert response.status_code == 422
    assert "Me Myself" in response.content.decode()
    assert SubReviewer.objects.count() == 0


def another_is_named(case: Case) -> None:
    name(case)


def reviewing_is_closed(case: Case) -> None:
    case.paper.edition.deadlines.filter(phase=Phase.REVIEW).update(is_soft=False, cutoff_at=AT)


def her_review_is_submitted(case: Case) -> None:
    factories.make_review(case.task)


@pytest.mark.parametrize(
    ("meanwhile", "why"),
    [
        (another_is_named, "You have named somebody already."),
        (reviewing_is_closed, "The chairs have closed reviewing."),
        (her_review_is_submitted, "Your review is submitted;"),
    ],
)
def test_whom_she_names_too_late_stands_on_the_page_with_the_reason_and_her_words(
    case: Case, meanwhile: Callable[[Case], None], why: str, as_user: Browser
) -> None:
    meanwhile(case)
    typed = {"name": "Tom Third", "email": "tom@third.example", "institution": "Third", "why": "He knows meshes."}
    where = f"/{case.paper.edition.slug}/reviews/{case.paper.number}/sub-reviewer/"
    answer = as_user(case.rita).post(where, typed)
    shown = answer.text[answer.text.index("<main") :]
    assert (answer.status_code, why in shown, [words for words in typed.values() if words not in shown]) == (
        422,
        True,
        [],
    )


def test_while_the_switch_is_off_her_review_tells_of_nobody_who_writes_with_her(
    case: Case, sue: User, as_user: Browser
) -> None:
    """The page to end her part is away too, and she reads and writes nothing."""
    accepted(case, sue)
    page = f"/{case.paper.edition.slug}/reviews/{case.paper.number}/"
    assert "Sue Sub" in as_user(case.rita).get(page).text
    Edition.objects.update(sub_reviewers=False)
    assert "Sue Sub" not in as_user(case.rita).get(page).text


def test_without_the_switch_nobody_names_anybody(case: Case, as_user: Browser) -> None:
    Edition.objects.update(sub_reviewers=False)
    slug, number = case.paper.edition.slug, case.paper.number
    assert as_user(case.rita).get(f"/{slug}/reviews/{number}/sub-reviewer/").status_code == 404
    assert "sub-reviewer" not in as_user(case.rita).get(f"/{slug}/reviews/{number}/").content.decode()


# --- A chair's answer ------------------------------------------------------------------------------------------------


def test_agreeing_invites_once_and_the_letter_names_no_submission(case: Case) -> None:
    row = name(case)
    Message.objects.all().delete()
    subreviewing.agree(row, chair=case.chair, reason="", at=AT)
    with pytest.raises(Refused, match="answered"):
        subreviewing.agree(row, chair=case.chair, reason="", at=AT)
    assert told() == [("sub_reviewer_invitation", SUE)]
    letter = Message.objects.get()
    assert "Rita Reviewer" in letter.text
    assert [word for word in ("Elastic", "Ada", f"paper {case.paper.number}") if word in letter.text] == []


def test_an_author_by_any_address_is_never_agreed_to(case: Case, author: User) -> None:
    factories.make_author(case.paper, "second@campus.example", "Sam Second")
    twin = factories.make_user("twin@home.example", "Twin")
    EmailAddress.objects.create(user=twin, email="second@campus.example", verified=True)
    for email in (author.email, "SECOND@campus.example", "twin@home.example"):
        row = name(case, email=email)
        with pytest.raises(Refused, match="author"):
            subreviewing.agree(row, chair=case.chair, reason="All the same", at=AT)
        subreviewing.refuse(row, chair=case.chair, reason="", at=AT)


def test_members_in_conflict_chairs_and_its_reviewers_are_never_agreed_to(case: Case, other_chair: Membership) -> None:
    barred = factories.make_member(case.paper.edition, email="barred@barred.example")
    factories.make_conflict(case.paper, barred, reason="family")
    fellow = factories.make_member(case.paper.edition, email="fellow@fellow.example")
    factories.make_assignment(case.paper, fellow)
    for member, words in ((barred, "in conflict"), (fellow, "reviews this"), (other_chair, "is a chair")):
        row = name(case, email=by(member).email)
        with pytest.raises(Refused, match=words):
            subreviewing.agree(row, chair=case.chair, reason="All the same", at=AT)
        subreviewing.refuse(row, chair=case.chair, reason="", at=AT)


def test_a_shared_institution_is_agreed_to_only_with_a_reason(case: Case, sue: User) -> None:
    Affiliation.objects.create(user=sue, institution="Example University")
    row = name(case)
    assert subreviewers.findings(row).weighs == ["Same institution as an author (Example University: Ada Author)."]
    with pytest.raises(Refused, match="Say why"):
        subreviewing.agree(row, chair=case.chair, reason=" ", at=AT)
    subreviewing.agree(row, chair=case.chair, reason="Another city", at=AT)
    assert (row.is_agreed, row.reason) == (True, "Another city")


def test_the_same_domain_or_name_as_an_author_is_found(case: Case) -> None:
    row = name(case, email="x@cs.uni.example", who="ada  author")
    assert subreviewers.findings(row).weighs == [
        "An author of the submission has the same name.",
        "Same mail domain as an author (uni.example: Ada Author).",
    ]


def test_a_refusal_reaches_the_reviewer_without_its_reason(case: Case, as_user: Browser) -> None:
    row = name(case)
    Message.objects.all().delete()
    subreviewing.refuse(row, chair=case.chair, reason="Quagga: she works with Ada", at=AT)
    assert told() == [("sub_reviewer_refused", by(case.rita).email)]
    letter = Message.objects.get()
    shown = as_user(case.rita).get(f"/{case.paper.edition.slug}/reviews/{case.paper.number}/sub-reviewer/")
    assert "A chair did not agree" in shown.content.decode()
    assert ("Quagga" in letter.text + letter.html, "Quagga" in shown.content.decode()) == (False, False)
    assert not any("Quagga" in str(row.detail) for row in Entry.objects.all())


@pytest.mark.parametrize("was_agreed", [True, False])
def test_a_chairs_reason_that_came_after_anothers_answer_stands_on_the_page_that_says_so(
    case: Case, other_chair: Membership, as_user: Browser, was_agreed: bool
) -> None:
    row = name(case)
    (subreviewing.agree if was_agreed else subreviewing.refuse)(row, chair=other_chair, reason="", at=AT)
    address = reverse("reviews:sub_reviewer", args=[case.paper.edition.slug, row.pk])
    page = as_user(case.chair).post(address, {"answer": "refuse", "reason": "She left in anger."})
    words = page.content.decode()
    assert page.status_code == 422
    assert ("She left in anger." in words, "This was answered, or ended, in the meantime." in words) == (True, True)


@pytest.mark.parametrize("answer", ["agree", "refuse"])
@pytest.mark.parametrize("end", ["ended by the reviewer", "submitted"])
def test_a_chairs_reason_that_came_after_the_naming_had_ended_stands_on_the_page_that_says_so(
    case: Case, as_user: Browser, answer: str, end: str
) -> None:
    row = name(case)
    if end == "submitted":
        factories.make_review(case.task, submitted=False)
        reviewing.submit_review(assignment=case.task, based_on=1, by=by(case.rita), at=AT)
    else:
        subreviewing.end_by_reviewer(row, by=by(case.rita), at=AT)
    address = reverse("reviews:sub_reviewer", args=[case.paper.edition.slug, row.pk])
    page = as_user(case.chair).post(address, {"answer": answer, "reason": "She left in anger."})
    why = {"agree": "can no longer be written with somebody", "refuse": "This was answered, or ended, in the meantime."}
    shown = ["She left in anger." in page.text, why[answer] in page.text]
    assert (page.status_code, shown) == (422, [True, True])


def test_the_chair_who_named_somebody_does_not_decide(case: Case, other_chair: Membership) -> None:
    both = factories.make_member(case.paper.edition, email="both@both.example", chair=True, reviewer=True)
    task = factories.make_assignment(case.paper, both)
    row = subreviewing.name_sub_reviewer(task, name="Sue", email=SUE, institution="S", why="", by=by(both), at=AT)
    with pytest.raises(Refused, match="another chair"):
        subreviewing.agree(row, chair=both, reason="", at=AT)
    subreviewing.agree(row, chair=other_chair, reason="", at=AT)
    assert row.decided_by == other_chair.user


# --- The invitation --------------------------------------------------------------------------------------------------


def test_looking_at_the_invitation_changes_nothing_and_declining_needs_no_account(case: Case) -> None:
    row = agreed(case)
    address = link_in(Message.objects.get(kind="sub_reviewer_invitation"))
    browser = Client()
    assert browser.get(address).status_code == 200
    assert browser.head(address).status_code in {200, 405}
    row.refresh_from_db()
    assert (row.accepted_at, row.ended_at) == (None, None)
    browser.post(address, {"answer": "accept"})
    row.refresh_from_db()
    assert row.accepted_at is None
    browser.post(address, {"answer": "decline", "reason": "No time"})
    browser.post(address, {"answer": "decline", "reason": "Other words"})
    row.refresh_from_db()
    assert (row.ending, row.decline_reason) == ("declined", "No time")
    assert told()[2:] == [("sub_reviewer_answered", by(case.rita).email)]
    assert "You declined" in browser.get(address).content.decode()


def test_other_words_of_who_has_declined_already_stand_on_the_page_with_the_reason_why_nobody_gets_them(
    case: Case,
) -> None:
    row = agreed(case)
    address = reverse("reviews:sub_invitation", args=[subreviewers.token_of(row)])

    def declined(reason: str) -> tuple[int, bool]:
        answer = Client().post(address, {"answer": "decline", "reason": reason}, follow=True)
        return answer.status_code, reason in answer.text

    assert [declined("") for _ in range(2)] == [(200, True)] * 2
    assert declined("I work with one of the authors.") == (200, True)
    row.refresh_from_db()
    assert (row.ending, row.decline_reason) == ("declined", "")


def test_a_sub_reviewers_link_ends_by_time() -> None:
    with time_machine.travel(AT, tick=False):
        token = subreviewers.token_of(SubReviewer(pk=7))
    with time_machine.travel(AT + LINK_LASTS, tick=False):
        assert subreviewers.read_token(token) == 7
    with time_machine.travel(AT + LINK_LASTS + timedelta(seconds=2), tick=False):
        assert subreviewers.read_token(token) is None


def test_a_link_tells_not_how_many_were_named_before_and_one_of_an_older_letter_is_still_read() -> None:
    token = subreviewers.token_of(SubReviewer(pk=7))
    held = json.loads(signing.b64_decode(token.split(":")[0].encode()))
    assert held == code("sub_reviewer", 7)
    assert [subreviewers.read_token(one) for one in (token, signing.dumps(7, salt=subreviewers.SALT))] == [7, 7]


def test_an_acceptance_that_comes_a_moment_too_late_is_refused_and_told_to_nobody(
    case: Case, sue: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = agreed(case)
    ended = SubReviewer.objects.get()
    Message.objects.all().delete()

    def open_then_ended(at: datetime) -> SubReviewerQuerySet:
        """The row was open when asked, and ends before it is taken up."""
        found = SubReviewer.objects.filter(pk=row.pk)
        subreviewing.end_by_reviewer(ended, by=by(case.rita), at=AT)
        monkeypatch.setattr(found, "invited", lambda: found, raising=False)
        return found

    monkeypatch.setattr(subreviewing, "open_sub_reviews", open_then_ended)
    with pytest.raises(Refused, match="has ended"):
        subreviewing.accept(row, by=sue, at=AT)
    row.refresh_from_db()
    assert (row.accepted_at, row.user) == (None, None)
    assert told() == []
    assert "sub_reviewer_accepted" not in [entry.verb for entry in Entry.objects.about(case.paper.label)]


def test_who_declines_what_has_ended_is_told_so_and_the_reviewer_hears_nothing(case: Case, sue: User) -> None:
    row = agreed(case)
    subreviewing.accept(row, by=sue, at=AT)
    other = SubReviewer.objects.get()
    Message.objects.all().delete()
    with pytest.raises(Refused, match="has ended"):
        subreviewing.decline(other, reason="No time", by=None, at=AT)
    shown = Client().post(
        reverse("reviews:sub_invitation", args=[subreviewers.token_of(row)]),
        {"answer": "decline", "reason": "I am in conflict with them."},
    )
    assert ("This invitation has ended." in shown.text, "I am in conflict with them." in shown.text) == (True, True)
    row.refresh_from_db()
    assert (row.ended_at, row.decline_reason, told()) == (None, "", [])


def test_a_forged_link_is_404_and_that_of_an_ended_row_has_ended(case: Case) -> None:
    row = agreed(case)
    browser = Client()
    other_purpose = signing.dumps(row.pk, salt="dlonsc.editions.invitation")
    for token in ("x", other_purpose, subreviewers.token_of(row)[:-2] + "aa"):
        assert browser.get(f"/invitation/sub-review/{token}/").status_code == 404
    address = reverse("reviews:sub_invitation", args=[subreviewers.token_of(row)])
    subreviewing.end_by_reviewer(row, by=by(case.rita), at=AT)
    assert browser.get(address).status_code == 410
    assert "Rita" not in browser.get(address).content.decode()
    signature = subreviewers.token_of(row).rsplit(":", 1)[1]
    assert len(signature) * 6 >= 128


def test_only_who_has_proven_the_address_accepts_and_the_page_keeps_the_way_back(
    case: Case, sue: User, stranger: User, as_user: Browser
) -> None:
    agreed(case)
    address = link_in(Message.objects.get(kind="sub_reviewer_invitation"))
    assert f"/accounts/login/?{urlencode({'next': address})}" in Client().get(address).content.decode()
    as_user(stranger).post(address, {"answer": "accept"})
    assert SubReviewer.objects.accepted().count() == 0
    browser = as_user(sue)
    for _ in range(2):
        assert browser.post(address, {"answer": "accept"}).status_code == 302
    assert SubReviewer.objects.accepted().get().user == sue
    assert told()[2:] == [("sub_reviewer_answered", by(case.rita).email)]
    assert page_of(case) in browser.get(address).content.decode()
    assert as_user(stranger).get(address).status_code == 410


def test_for_an_account_that_turns_out_to_be_an_authors_the_invitation_ends_as_it_may_end_for_anybody(
    case: Case, as_user: Browser
) -> None:
    factories.make_author(case.paper, "ada@home.example")
    twin = factories.make_user(SUE, "Ada at home")
    other = agreed(case)
    address = reverse("reviews:sub_invitation", args=[subreviewers.token_of(other)])
    subreviewing.end_by_reviewer(other, by=by(case.rita), at=AT)
    ended = as_user(twin).post(address, {"answer": "accept"}, follow=True)
    told_of_the_other = told()[-1]
    row = agreed(case)
    EmailAddress.objects.create(user=twin, email="ada@home.example", verified=True)
    address = reverse("reviews:sub_invitation", args=[subreviewers.token_of(row)])
    shown = as_user(twin).post(address, {"answer": "accept"}, follow=True)
    row.refresh_from_db()
    assert (row.ending, row.accepted_at) == ("barred", None)
    assert (shown.status_code, shown.text.partition("<main")[2]) == (410, ended.text.partition("<main")[2])
    assert told()[-2:] == [told_of_the_other, ("sub_reviewer_answered", by(case.rita).email)]


def test_a_reviewer_reads_alike_of_who_declined_and_of_who_may_not_know_the_submission(
    case: Case, as_user: Browser
) -> None:
    subreviewing.decline(agreed(case), reason="", by=None, at=AT)
    address = reverse("reviews:name_sub_reviewer", args=[case.paper.edition.slug, case.paper.number])
    read = []
    for ending in ("declined", "barred"):
        SubReviewer.objects.update(ending=ending)
        page = as_user(case.rita).get(address)
        read.append(page.text.partition('id="past"')[2])
    assert ("Sue Sub" in read[0], read[0]) == (True, read[1])


def test_an_own_text_taken_up_after_the_hand_over_is_told_to_stay_beside(
    case: Case, sue: User, as_user: Browser
) -> None:
    row = accepted(case, sue)
    saved(row, sue)
    subreviewing.hand_over(row, by=sue, at=AT)
    address = reverse("reviews:sub_versions", args=[case.paper.edition.slug, case.paper.number])
    shown = as_user(sue).post(address, {"number": "1"}, follow=True)
    assert [str(words) for words in shown.context["messages"]] == [ASIDE]


def test_the_invitation_does_not_leave_once_it_has_ended(case: Case) -> None:
    row = agreed(case)
    letter = Message.objects.get(kind="sub_reviewer_invitation")
    assert objection(letter) is None
    subreviewing.end_by_reviewer(row, by=by(case.rita), at=AT)
    assert objection(letter) == "the invitation has ended, or was answered, in the meantime"


def test_a_chair_reads_the_letter_without_the_link_that_acts(case: Case) -> None:
    row = agreed(case)
    text = shown_text(Message.objects.get(kind="sub_reviewer_invitation"))
    assert "/invitation/sub-review/(personal link)/" in text
    assert subreviewers.token_of(row) not in text


def test_an_invitation_waits_on_her_own_page(case: Case, sue: User, stranger: User, as_user: Browser) -> None:
    agreed(case)
    assert "asks you to write a review" in as_user(sue).get("/me/").content.decode()
    assert "asks you to write a review" not in as_user(stranger).get("/me/").content.decode()


# --- Writing ---------------------------------------------------------------------------------------------------------


def test_she_sees_her_one_paper_and_writes_the_reviewers_draft(case: Case, sue: User, as_user: Browser) -> None:
    accepted(case, sue)
    browser = as_user(sue)
    assert "Elastic Reductions" in browser.get("/me/").content.decode()
    assert "Ada Author" in browser.get(page_of(case)).content.decode()
    assert browser.get(page_of(case, "paper.pdf")).status_code == 200
    answer = browser.post(page_of(case, "autosave/"), TEXT | {"version": "0", "score": "2"})
    assert answer.json()["version"] == known()
    review = Review.objects.get(assignment=case.task)
    assert (review.summary, review.score, review.submitted_at) == ("Sue's summary.", 2, None)
    assert review.versions.get().saved_by == sue
    own = as_user(case.rita).get(f"/{case.paper.edition.slug}/reviews/{case.paper.number}/").content.decode()
    assert "Sue&#x27;s summary." in own


def test_a_blind_edition_shows_her_no_author(case: Case, sue: User, as_user: Browser) -> None:
    accepted(case, sue)
    Edition.objects.update(blind=True)
    assert "Ada Author" not in as_user(sue).get(page_of(case)).content.decode()


def test_she_never_reads_and_never_loses_the_confidential_note(case: Case, sue: User, as_user: Browser) -> None:
    reviewing.save_review(
        assignment=case.task, fields={"summary": "Mine", "for_chairs": "Quagga"}, based_on=0, by=by(case.rita), at=AT
    )
    row = accepted(case, sue)
    browser = as_user(sue)
    pages = [browser.get(page_of(case)).content.decode()]
    browser.post(page_of(case, "autosave/"), TEXT | {"version": known(), "for_chairs": "Overwritten"})
    assert (Review.objects.get().summary, Review.objects.get().for_chairs) == ("Sue's summary.", "Quagga")
    pages += [browser.get(page_of(case, tail)).content.decode() for tail in ("", "history/", "ready/")]
    subreviewing.hand_over(row, by=sue, at=AT)
    pages += [browser.get(page_of(case, tail)).content.decode() for tail in ("", "history/")]
    pages.append(browser.get(f"/{case.paper.edition.slug}/sub-review/own/").content.decode())
    pages.append(json.dumps(data_of(sue, AT), cls=DjangoJSONEncoder))
    assert [page for page in pages if "Quagga" in page] == []


def test_two_who_write_at_once_lose_nothing(case: Case, sue: User) -> None:
    row = accepted(case, sue)
    saved(row, sue)
    reviewing.save_review(assignment=case.task, fields={"summary": "Rita's"}, based_on=1, by=by(case.rita), at=AT)
    late = saved(row, sue, based_on=1, summary="Sue's second")
    assert late.is_aside
    kept = [(one.fields["summary"], one.saved_by, one.is_aside) for one in ReviewVersion.objects.order_by("number")]
    assert kept == [
        ("Sue's summary.", sue, False),
        ("Rita's", by(case.rita), False),
        ("Sue's second", sue, True),
    ]
    assert saved(row, sue, based_on=1, summary="Sue's second").is_aside
    assert ReviewVersion.objects.count() == 3


def test_a_note_that_the_reviewer_saves_meanwhile_lays_no_text_of_hers_aside_and_does_not_show(
    case: Case, sue: User, as_user: Browser
) -> None:
    row, browser = accepted(case, sue), as_user(sue)
    saved(row, sue)
    before = _plain(browser, page_of(case))
    noted = TEXT | {"for_chairs": "Quagga"}
    later = AT + timedelta(hours=1)
    reviewing.save_review(assignment=case.task, fields=noted, based_on=1, by=by(case.rita), at=later)
    assert _plain(browser, page_of(case)) == before
    version = known()
    answer = browser.post(page_of(case, "autosave/"), TEXT | {"version": version})
    assert answer.json() == {"saved_at": f"{AT:%H:%M:%S} UTC", "version": version}
    answer = browser.post(page_of(case, "autosave/"), TEXT | {"summary": "Sue's second", "version": version})
    assert (answer.status_code, answer.json()["version"]) == (200, known())
    review = Review.objects.get()
    assert (review.summary, review.for_chairs) == ("Sue's second", "Quagga")


def test_a_save_of_hers_reads_only_the_newest_of_many_texts(case: Case, sue: User) -> None:
    row = accepted(case, sue)
    for number in range(100):
        saved(row, sue, based_on=known() if number else 0, summary=f"Word {number}")
    with CaptureQueriesContext(connection) as found:
        assert not saved(row, sue, based_on=known(), summary="The last word").is_aside
    texts = [one["sql"] for one in found if '"reviews_reviewversion"."fields"' in one["sql"] and "SELECT" in one["sql"]]
    assert texts
    assert [sql for sql in texts if "LIMIT" not in sql] == []


def test_a_note_alone_shows_no_text_and_an_emptied_one_is_none_of_before(case: Case, sue: User) -> None:
    row = accepted(case, sue)
    note = {"for_chairs": "Quagga"}
    reviewing.save_review(assignment=case.task, fields=note, based_on=0, by=by(case.rita), at=AT)
    assert subreviewing.shared(Review.objects.get()) == subreviewing.Shared()
    assert not saved(row, sue, based_on=0).is_aside
    # More of her notes than are read at a time.
    for version in range(2, 2 * subreviewing.A_FEW):
        fields = TEXT | {"for_chairs": f"Quagga {version}"}
        reviewing.save_review(
            assignment=case.task, fields=fields, based_on=version, by=by(case.rita), at=AFTER_DEADLINE
        )
    assert subreviewing.shared(Review.objects.get()).since == AT
    assert not subreviewing.save(row, fields={}, based_on=known(), by=sue, at=AT).is_aside
    assert saved(row, sue, based_on=0, summary="From a page of before").is_aside


def test_she_cannot_submit(case: Case, sue: User, as_user: Browser) -> None:
    row = accepted(case, sue)
    saved(row, sue, score=2, confidence=3)
    browser = as_user(sue)
    slug, number = case.paper.edition.slug, case.paper.number
    assert browser.post(f"/{slug}/reviews/{number}/submit/", {"version": "1"}).status_code == 404
    browser.post(page_of(case), TEXT | {"version": "1", "then": "submit"})
    assert Review.objects.submitted().count() == 0


def test_handing_over_tells_the_reviewer_once_and_what_she_adds_stays_hers(
    case: Case, sue: User, as_user: Browser
) -> None:
    row = accepted(case, sue)
    with pytest.raises(Refused, match="Nothing is written"):
        subreviewing.hand_over(row, by=sue, at=AT)
    saved(row, sue)
    for _ in range(2):
        subreviewing.hand_over(row, by=sue, at=AT)
    assert told() == [("sub_reviewer_ready", by(case.rita).email)]
    browser = as_user(sue)
    before = {tail: _plain(browser, page_of(case, tail)) for tail in ("", "history/")}
    reviewing.save_review(
        assignment=case.task,
        fields=TEXT | {"summary": "Quagga", "for_chairs": "Quagga"},
        based_on=1,
        by=by(case.rita),
        at=AT + timedelta(hours=1),
    )
    assert {tail: _plain(browser, page_of(case, tail)) for tail in before} == before
    assert browser.get(page_of(case, "ready/")).status_code == 404


def _plain(browser: Client, address: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"|(csrf-token" content|data-csrf)="[^"]*"', "",
                  browser.get(address).content.decode())  # fmt: skip


def test_what_an_open_page_sends_after_the_hand_over_is_kept_aside(case: Case, sue: User) -> None:
    row = accepted(case, sue)
    saved(row, sue)
    subreviewing.hand_over(row, by=sue, at=AT)
    late = saved(row, sue, based_on=1, summary="One more thought")
    assert (late.is_aside, Review.objects.get().summary) == (True, "Sue's summary.")
    assert ReviewVersion.objects.filter(fields__summary="One more thought", is_aside=True).count() == 1


def test_what_a_sub_reviewer_typed_late_does_not_stand_among_the_reviewers_own_texts(
    case: Case, sue: User, as_user: Browser
) -> None:
    row = accepted(case, sue)
    saved(row, sue)
    subreviewing.hand_over(row, by=sue, at=AT)
    saved(row, sue, based_on=1, summary="One more thought")
    assert "One more thought" not in as_user(case.rita).get(reverse("reviews:own", args=[case.paper.edition.slug])).text


def test_the_reviewers_copy_says_of_each_text_whose_it_is(case: Case, sue: User) -> None:
    row = accepted(case, sue)
    saved(row, sue)
    reviewing.save_review(assignment=case.task, fields={"summary": "Rita's"}, based_on=1, by=by(case.rita), at=AT)
    subreviewing.hand_over(row, by=sue, at=AT)
    saved(row, sue, based_on=1, summary="One more thought")
    (found,) = data_of(by(case.rita), AT)["reviews"]
    told = {(one["fields"]["summary"], one["by"], one["is_aside"]) for one in found["versions"]}
    assert told == {
        ("Sue's summary.", "Sue Sub", False),
        ("Rita's", case.rita.name, False),
        ("One more thought", "Sue Sub", True),
    }


@pytest.mark.parametrize("saves", [0, 1], ids=["nothing saved before", "saved before"])
def test_what_an_open_page_sends_once_reviewing_is_closed_is_kept_for_her(
    saves: int, case: Case, sue: User, as_user: Browser
) -> None:
    row = accepted(case, sue)
    for _ in range(saves):
        saved(row, sue)
    case.paper.edition.deadlines.filter(phase=Phase.REVIEW).update(
        cutoff_at=AFTER_DEADLINE - timedelta(hours=1), is_soft=False
    )
    browser = as_user(sue)
    by_itself = browser.post(page_of(case, "autosave/"), TEXT | {"summary": "By itself", "version": saves})
    assert (by_itself.status_code, by_itself.json()) == (409, {"message": subreviewing.CLOSED, "kept": True})
    plain = browser.post(page_of(case), TEXT | {"summary": "Pressed", "version": saves}, follow=True)
    assert plain.redirect_chain == [(page_of(case, "history/"), 302)]
    assert [str(message) for message in plain.context["messages"]] == [subreviewing.CLOSED]
    assert [one["fields"]["summary"] for one in plain.context["versions"]] == ["Pressed", "By itself"] + [
        "Sue's summary."
    ] * saves
    asides = ReviewVersion.objects.filter(is_aside=True)
    assert (asides.count(), set(asides.values_list("saved_by", flat=True))) == (2, {sue.pk})
    review = Review.objects.get()
    assert (review.version, review.summary) == (saves, "Sue's summary." if saves else "")


def test_what_an_open_page_sends_days_after_the_end_is_told_not_to_be_kept(
    case: Case, sue: User, as_user: Browser
) -> None:
    saved(accepted(case, sue), sue)
    case.paper.edition.deadlines.filter(phase=Phase.REVIEW).update(
        cutoff_at=AFTER_DEADLINE - timedelta(days=3), is_soft=False
    )
    typed = TEXT | {"summary": "Days late", "version": 1}
    by_itself = as_user(sue).post(page_of(case, "autosave/"), typed)
    assert (by_itself.status_code, by_itself.json()["kept"]) == (409, False)
    plain = as_user(sue).post(page_of(case), typed, follow=True)
    assert [(one.level_tag, "too late" in str(one)) for one in plain.context["messages"]] == [("error", True)]
    assert (plain.status_code, "Days late</textarea>" in plain.text) == (409, True)
    assert not ReviewVersion.objects.filter(is_aside=True).exists()


def close_reviewing(case: Case) -> None:
    rows = case.paper.edition.deadlines.filter(phase=Phase.REVIEW)
    rows.update(cutoff_at=AFTER_DEADLINE - timedelta(hours=1), is_soft=False)


def hand_over(case: Case) -> None:
    row = SubReviewer.objects.get()
    subreviewing.hand_over(row, by=User.objects.get(email=SUE), at=AT)


def write_on(case: Case) -> None:
    change_text(case)


@pytest.mark.parametrize("end", [close_reviewing, hand_over, write_on])
def test_a_window_that_goes_on_leaves_one_text_of_a_sub_reviewer_and_her_newest(
    end: Callable[[Case], None], case: Case, sue: User, as_user: Browser
) -> None:
    saved(accepted(case, sue), sue)
    end(case)
    browser = as_user(sue)
    for number in range(1, 8):
        typed = TEXT | {"summary": f"Word {number}", "version": "1"}
        answer = browser.post(page_of(case, "autosave/"), typed, headers={"X-Window": "one"})
        assert (answer.status_code, answer.json()["kept"]) == (409, True)
        if number == 3 and end is not close_reviewing:
            fields = TEXT | {"summary": "Rita's second"}
            version = Review.objects.get().version
            reviewing.save_review(assignment=case.task, fields=fields, based_on=version, by=by(case.rita), at=AT)
    browser.post(page_of(case, "autosave/"), TEXT | {"summary": "Mine", "version": "1"}, headers={"X-Window": "two"})
    asides = ReviewVersion.objects.filter(is_aside=True, saved_by=sue)
    kept = [] if end is not write_on else ["Word 3"]
    assert [one.fields["summary"] for one in asides.order_by("number")] == [*kept, "Word 7", "Mine"]


def change_text(case: Case) -> None:
    fields = TEXT | {"summary": "Rita's"}
    reviewing.save_review(assignment=case.task, fields=fields, based_on=1, by=by(case.rita), at=AT)


def change_note(case: Case) -> None:
    fields = TEXT | {"for_chairs": "Quagga"}
    reviewing.save_review(assignment=case.task, fields=fields, based_on=1, by=by(case.rita), at=AT)


@pytest.mark.parametrize("change", [change_text, change_note])
@pytest.mark.parametrize("summary", ["Sue's summary.", "One more thought"])
def test_after_the_hand_over_no_answer_tells_whether_the_reviewer_changed_anything(
    change: Callable[[Case], None], summary: str, case: Case, sue: User, as_user: Browser
) -> None:
    row = accepted(case, sue)
    saved(row, sue)
    subreviewing.hand_over(row, by=sue, at=AT)
    answers = []
    for did in (lambda case: None, change):
        with transaction.atomic():
            did(case)
            browser = as_user(sue)
            typed = TEXT | {"summary": summary, "version": "1"}
            kept = [browser.post(page_of(case, "autosave/"), typed) for _ in range(2)]
            plain = browser.post(page_of(case), typed)
            shown = _plain(browser, page_of(case, "history/"))
            answers.append((
                [(answer.status_code, answer.content) for answer in kept],
                (plain.status_code, plain.headers["Location"], plain.content),
                shown,
            ))  # fmt: skip
            transaction.set_rollback(True)
    assert answers[0] == answers[1]
    assert [(status, set(json.loads(body))) for status, body in answers[0][0]] == [(409, {"message", "kept"})] * 2


def test_an_old_text_of_hers_is_taken_up_again_and_none_of_the_reviewers(
    case: Case, sue: User, as_user: Browser
) -> None:
    row = accepted(case, sue)
    saved(row, sue, summary="First")
    reviewing.save_review(assignment=case.task, fields={"summary": "Rita's"}, based_on=1, by=by(case.rita), at=AT)
    saved(row, sue, based_on=known(), summary="Second")
    browser = as_user(sue)
    assert browser.post(page_of(case, "history/"), {"number": "1"}).status_code == 302
    assert Review.objects.get().summary == "First"
    assert "Rita" not in browser.get(page_of(case, "history/")).content.decode().replace("Rita Reviewer", "")
    assert browser.post(page_of(case, "history/"), {"number": "4"}).status_code == 404


# --- The end ---------------------------------------------------------------------------------------------------------


def submit(case: Case) -> None:
    review = Review.objects.get(assignment=case.task)
    full = TEXT | {"score": 2, "confidence": 3}
    saved_now = reviewing.save_review(
        assignment=case.task, fields=full, based_on=review.version, by=by(case.rita), at=AT
    )
    reviewing.submit_review(
        assignment=case.task, based_on=saved_now.review.version, by=by(case.rita), at=AFTER_DEADLINE
    )


def closed_to(case: Case, person: User, as_user: Browser) -> bool:
    browser = as_user(person)
    return {browser.get(page_of(case, tail)).status_code for tail in ("", "paper.pdf", "history/", "withdraw/")} == {
        404
    }


def test_once_the_review_is_submitted_she_reads_what_she_typed_and_nothing_else(
    case: Case, sue: User, as_user: Browser
) -> None:
    row = accepted(case, sue)
    saved(row, sue)
    submit(case)
    row.refresh_from_db()
    assert (row.ending, told()) == ("submitted", [("sub_reviewer_ended", SUE)])
    assert closed_to(case, sue, as_user)
    own = as_user(sue).get(f"/{case.paper.edition.slug}/sub-review/own/").content.decode()
    assert ("Sue&#x27;s summary." in own or "Sue’s summary." in own or "Sue's summary." in own) is True
    assert "Elastic" not in own


def give_back(case: Case) -> None:
    reviewing.decline_assignment(assignment=case.task, refusal="time", reason="", by=by(case.rita), at=AT)


def take_back(case: Case) -> None:
    assigning.unassign(case.task, by=by(case.chair), at=AT)


def end_by_chair(case: Case) -> None:
    subreviewing.end_by_chair(SubReviewer.objects.get(), by=by(case.chair), at=AT)


def end_by_reviewer(case: Case) -> None:
    subreviewing.end_by_reviewer(SubReviewer.objects.get(), by=by(case.rita), at=AT)


def withdraw_paper(case: Case) -> None:
    Submission.objects.update(state=State.WITHDRAWN, withdrawn_at=AT)


def remove_reviewer(case: Case) -> None:
    Membership.objects.filter(pk=case.rita.pk).update(removed_at=AT)


def bring_reviewer_into_conflict(case: Case) -> None:
    factories.make_conflict(case.paper, case.rita)


def make_reviewer_an_author(case: Case) -> None:
    """By an address that she has proven besides the one of the committee."""
    EmailAddress.objects.create(user=by(case.rita), email="rita@home.example", verified=True)
    factories.make_author(case.paper, "Rita@Home.example", "R. Reviewer")


def make_reviewer_the_creator(case: Case) -> None:
    Submission.objects.update(created_by=by(case.rita))


def switch_off(case: Case) -> None:
    Edition.objects.update(sub_reviewers=False)


def make_her_an_author(case: Case) -> None:
    factories.make_author(case.paper, SUE)


def bring_her_into_conflict(case: Case) -> None:
    member = factories.make_member(case.paper.edition, User.objects.get(email=SUE))
    factories.make_conflict(case.paper, member)


def assign_her(case: Case) -> None:
    member = factories.make_member(case.paper.edition, User.objects.get(email=SUE))
    factories.make_assignment(case.paper, member)


@pytest.mark.parametrize(
    "end",
    [
        give_back, take_back, end_by_chair, end_by_reviewer, withdraw_paper, remove_reviewer,
        bring_reviewer_into_conflict, make_reviewer_an_author, make_reviewer_the_creator, switch_off,
        make_her_an_author, bring_her_into_conflict, assign_her,
    ],
)  # fmt: skip
def test_her_access_ends_at_the_next_request_and_her_text_stays(
    end: Callable[[Case], None], case: Case, sue: User, as_user: Browser
) -> None:
    row = accepted(case, sue)
    saved(row, sue)
    assert not closed_to(case, sue, as_user)
    end(case)
    assert closed_to(case, sue, as_user)
    assert list(sub_reviewed_by(sue)) == []
    assert "summary." in as_user(sue).get(f"/{case.paper.edition.slug}/sub-review/own/").content.decode()
    with pytest.raises(reviewing.ReviewingError):
        saved(row, sue, based_on=1, summary="Too late")


def test_who_types_on_while_her_part_ends_gets_her_words_back(case: Case, sue: User, as_user: Browser) -> None:
    row = accepted(case, sue)
    own, leftovers = f"/{case.paper.edition.slug}/sub-review/own/", f"sub-review-{code('sub_reviewer', row.pk)}"
    browser = as_user(sue)
    assert leftovers not in browser.get(own).text
    assert f'data-leftovers="{leftovers}"' in browser.get(page_of(case)).text
    end_by_chair(case)
    answer = browser.post(page_of(case), TEXT | {"summary": "Two hours of work", "version": "0"})
    assert (answer.status_code, "Two hours of work" in answer.text, case.paper.title in answer.text) == (
        404,
        True,
        False,
    )
    # What a script could not save waits in her browser, and comes out on the page of what she wrote.
    page = browser.get(own)
    assert (f'data-leftovers="{leftovers} "' in page.text, "js/leftover.js" in page.text) == (True, True)


def test_a_save_that_waited_for_the_end_of_her_part_gives_her_words_back(
    case: Case, sue: User, as_user: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = accepted(case, sue)
    monkeypatch.setattr(subreviewing, "sub_reviewed_by", lambda user: SubReviewer.objects.none())
    answer = as_user(sue).post(page_of(case), TEXT | {"summary": "Two hours of work", "version": "0"})
    assert (answer.status_code, "Two hours of work" in answer.text) == (404, True)
    assert row.pk


@pytest.mark.parametrize("end", [make_reviewer_an_author, make_reviewer_the_creator])
def test_nothing_more_is_written_for_a_reviewer_who_turns_out_to_be_an_author(
    end: Callable[[Case], None], case: Case, sue: User, as_user: Browser
) -> None:
    row = accepted(case, sue)
    saved(row, sue)
    end(case)
    answer = as_user(sue).post(page_of(case, "autosave/"), TEXT | {"summary": "Quagga", "version": "1"})
    assert answer.status_code == 404
    with pytest.raises(reviewing.ReviewingError):
        saved(row, sue, based_on=1, summary="Quagga")
    own = as_user(case.rita).get(f"/{case.paper.edition.slug}/reviews/own/")
    assert (own.status_code, "Quagga" in own.content.decode()) == (200, False)
    assert ReviewVersion.objects.count() == 1


def test_her_access_ends_months_after_the_event(
    case: Case, sue: User, as_user: Browser, then: time_machine.Traveller
) -> None:
    accepted(case, sue)
    Edition.objects.update(committee_months=6)
    then.move_to(datetime(2027, 2, 1, tzinfo=UTC))
    assert closed_to(case, sue, as_user)


def test_she_gives_it_back_and_the_reviewer_is_told(case: Case, sue: User, as_user: Browser) -> None:
    accepted(case, sue)
    assert as_user(sue).post(page_of(case, "withdraw/")).status_code == 302
    assert told() == [("sub_reviewer_answered", by(case.rita).email)]
    assert SubReviewer.objects.get().ending == "withdrew"


@pytest.mark.parametrize("bar", [bring_reviewer_into_conflict, make_reviewer_an_author, remove_reviewer])
@pytest.mark.parametrize("what", ["refuse", "decline", "withdraw", "end_by_chair"])
def test_no_letter_goes_to_a_reviewer_who_may_no_longer_open_the_paper(
    what: str, bar: Callable[[Case], None], case: Case, sue: User
) -> None:
    row = name(case)
    if what != "refuse":
        subreviewing.agree(row, chair=case.chair, reason="", at=AT)
    if what in {"withdraw", "end_by_chair"}:
        subreviewing.accept(row, by=sue, at=AT)
    Message.objects.all().delete()
    bar(case)
    row = SubReviewer.objects.get()
    acts: dict[str, Callable[[], object]] = {
        "refuse": lambda: subreviewing.refuse(row, chair=case.chair, reason="", at=AT),
        "decline": lambda: subreviewing.decline(row, reason="", by=None, at=AT),
        "withdraw": lambda: subreviewing.withdraw(row, by=sue, at=AT),
        "end_by_chair": lambda: subreviewing.end_by_chair(row, by=by(case.chair), at=AT),
    }
    acts[what]()
    row.refresh_from_db()
    assert row.ended_at == AT
    assert by(case.rita).email not in [email for _, email in told()]


def test_her_copy_tells_a_reviewer_who_may_no_longer_open_the_paper_nothing_of_whom_she_named(
    case: Case, sue: User
) -> None:
    row = agreed(case)
    bring_reviewer_into_conflict(case)
    before = data_of(by(case.rita), AT)["sub_reviewers_you_named"]
    subreviewing.decline(row, reason="Too near to me.", by=sue, at=AT)
    assert data_of(by(case.rita), AT)["sub_reviewers_you_named"] == before


def test_her_copy_tells_a_sub_reviewer_who_turns_out_to_be_an_author_not_when_the_review_came(
    case: Case, sue: User
) -> None:
    saved(accepted(case, sue), sue)
    make_her_an_author(case)
    before = data_of(sue, AT)["sub_reviews"]
    submit(case)
    assert data_of(sue, AT)["sub_reviews"] == before


def test_who_turns_out_to_be_an_author_gets_no_letter_that_the_review_of_her_paper_came(case: Case, sue: User) -> None:
    saved(accepted(case, sue), sue)
    make_her_an_author(case)
    submit(case)
    letter = Message.objects.get(kind="sub_reviewer_ended")
    assert objection(letter) == "she may not know of the submission any more"


def test_a_late_conflict_is_flagged_for_the_chairs(case: Case, sue: User, as_user: Browser) -> None:
    accepted(case, sue)
    address = f"/{case.paper.edition.slug}/chair/sub-reviewers/"
    assert "Has come into conflict" not in as_user(case.chair).get(address).content.decode()
    make_her_an_author(case)
    assert "Has come into conflict" in as_user(case.chair).get(address).content.decode()


def test_a_sub_reviewer_is_not_assigned_to_the_same_paper(case: Case, sue: User) -> None:
    accepted(case, sue)
    member = factories.make_member(case.paper.edition, sue)
    with pytest.raises(Refused, match="as a sub-reviewer"):
        assigning.assign(case.paper, member, by=by(case.chair), at=AFTER_DEADLINE)
    assert not Conflict.objects.exists()


# --- Credit ----------------------------------------------------------------------------------------------------------


def test_chairs_read_with_whom_a_review_was_written_and_fellows_where_they_read_names(
    case: Case, sue: User, author: User, as_user: Browser
) -> None:
    row = accepted(case, sue)
    saved(row, sue)
    submit(case)
    slug, number = case.paper.edition.slug, case.paper.number
    fellow = factories.make_member(case.paper.edition)
    factories.make_review(factories.make_assignment(case.paper, fellow))
    for page in (f"/{slug}/chair/submissions/{number}/", f"/{slug}/chair/decisions/{number}/"):
        assert "Written with Sue Sub, Suburb College" in as_user(case.chair).get(page).content.decode()
    review = f"/{slug}/reviews/{number}/"
    assert "written with Sue Sub" in " ".join(as_user(fellow).get(review).content.decode().split())
    Edition.objects.update(reviewers_see_each_other=False)
    assert "Sue Sub" not in as_user(fellow).get(review).content.decode()
    factories.make_decision(case.paper, by(case.chair))
    factories.announce(case.paper)
    assert "Sue Sub" not in as_user(author).get(f"/{slug}/submissions/{number}/decision/").content.decode()


def test_the_front_matter_names_who_wrote_after_the_notification(
    case: Case, sue: User, other_chair: Membership, as_user: Browser, then: time_machine.Traveller
) -> None:
    row = accepted(case, sue)
    saved(row, sue)
    submit(case)
    address = f"/{case.paper.edition.slug}/chair/sub-reviewers/export.csv"
    assert as_user(case.chair).get(address).status_code == 404
    then.move_to(datetime(2026, 4, 20, tzinfo=UTC))
    lines = as_user(case.chair).get(address).content.decode("utf-8-sig").split("\r\n")
    assert lines == ["name,institution", "Sue Sub,Suburb College", ""]
    factories.make_conflict(case.paper, other_chair)
    assert "Sue" not in as_user(other_chair).get(address).content.decode()


def test_who_typed_nothing_gets_no_credit(case: Case, sue: User) -> None:
    accepted(case, sue)
    factories.make_review(case.task)
    assert subreviewers.written_with([case.task]) == {}


def test_she_gets_a_certificate_after_the_event(
    case: Case, sue: User, as_user: Browser, then: time_machine.Traveller
) -> None:
    row = accepted(case, sue)
    saved(row, sue)
    submit(case)
    then.move_to(datetime(2026, 7, 1, tzinfo=UTC))
    shown = as_user(sue).get(f"/{case.paper.edition.slug}/reviews/certificate/").content.decode()
    assert "Sue Sub" in shown


def test_no_certificate_tells_who_turns_out_to_be_an_author_that_the_review_of_her_paper_is_submitted(
    case: Case, sue: User, as_user: Browser, then: time_machine.Traveller
) -> None:
    saved(accepted(case, sue), sue)
    factories.make_author(case.paper, sue.email)
    address, found = f"/{case.paper.edition.slug}/reviews/certificate/", []
    for _ in range(2):
        then.move_to(datetime(2026, 7, 1, tzinfo=UTC))
        found.append(as_user(sue).get(address).status_code)
        then.move_to(AT)
        if len(found) == 1:
            submit(case)
    assert found == [404, 404]


# --- Herself ---------------------------------------------------------------------------------------------------------


def test_her_copy_holds_what_she_typed_and_no_naming_before_the_invitation(case: Case, sue: User) -> None:
    row = name(case)
    assert data_of(sue, AT)["sub_reviews"] == []
    subreviewing.agree(row, chair=case.chair, reason="Between chairs", at=AT)
    subreviewing.accept(row, by=sue, at=AT)
    saved(row, sue)
    (found,) = data_of(sue, AT)["sub_reviews"]
    assert (found["name"], found["institution"]) == ("Sue Sub", "Suburb College")
    assert [one["fields"]["summary"] for one in found["versions"]] == ["Sue's summary."]
    copy = json.dumps(data_of(sue, AT), cls=DjangoJSONEncoder)
    assert ("Between chairs" in copy, "My student" in copy) == (False, False)
    named = data_of(by(case.rita), AT)["sub_reviewers_you_named"]
    assert [(one["name"], one["why"]) for one in named] == [("Sue Sub", "My student.")]


def test_the_chairs_page_asks_the_database_as_often_for_four_rows_as_for_one(
    case: Case, as_user: Browser, sue: User
) -> None:
    browser, address = as_user(case.chair), reverse("reviews:sub_reviewers", args=[case.paper.edition.slug])

    def asked() -> tuple[int, list[list[str]]]:
        browser.get(address)
        with CaptureQueriesContext(connection) as queries:
            lines = browser.get(address).context["waiting"]
        return len(queries), [line.found.weighs for line in lines]

    name(case)
    once, _ = asked()
    for number in (2, 3, 4):
        writer = factories.make_user(f"author{number}@campus.example", f"Author {number}")
        paper = factories.make_submission(case.paper.edition, writer)
        member = factories.make_member(case.paper.edition)
        helper = factories.make_user(f"helper{number}@college.example")
        Affiliation.objects.create(user=helper, institution="Example University")
        more = Case(paper, member, factories.make_assignment(paper, member), case.chair)
        name(more, email=helper.email, who=f"Helper {number}")
    found = [[f"Same institution as an author (Example University: Author {number})."] for number in (2, 3, 4)]
    assert asked() == (once, [[], *found])


def test_erasing_somebody_who_was_never_invited_tells_the_reviewer_nothing(case: Case, sue: User) -> None:
    row = name(case)
    Message.objects.all().delete()
    erasing.erase(sue, by="root", at=AT)
    row.refresh_from_db()
    assert (row.name, row.ended_at, told()) == (erasing.NOBODY, AT, [])


def test_erasing_who_writes_tells_the_reviewer_that_she_is_alone(case: Case, sue: User) -> None:
    accepted(case, sue)
    erasing.erase(sue, by="root", at=AT)
    assert [to for _, to in told()] == [by(case.rita).email]


def test_nobody_is_agreed_to_once_reviewing_is_closed(case: Case) -> None:
    row = name(case)
    reviewing_is_closed(case)
    Message.objects.all().delete()
    with pytest.raises(Refused, match="Reviewing is closed; nothing was sent"):
        subreviewing.agree(SubReviewer.objects.get(pk=row.pk), chair=case.chair, reason="", at=AFTER_DEADLINE)
    assert (SubReviewer.objects.waiting().count(), told()) == (1, [])


@pytest.mark.parametrize("over", [False, True])
def test_erasing_the_reviewer_tells_who_writes_with_her_that_it_is_over(case: Case, sue: User, over: bool) -> None:
    row = accepted(case, sue)
    if over:
        Submission.objects.update(state=State.WITHDRAWN)
    erasing.erase(by(case.rita), by="root", at=AT)
    row.refresh_from_db()
    # A paper that is withdrawn has ended her part before, and that is no news of today.
    assert (row.ending, told()) == (("", []) if over else ("task", [("sub_reviewer_ended", SUE)]))


def test_erasure_takes_her_name_and_ends_her_part(case: Case, sue: User) -> None:
    row = accepted(case, sue)
    saved(row, sue)
    assert erasing.plan(sue).goes["names and addresses as a sub-reviewer"] == 1
    erasing.erase(sue, by="root", at=AT)
    row.refresh_from_db()
    assert (row.name, row.email, row.institution, row.ending) == (erasing.NOBODY, "", "", "withdrew")
    assert ReviewVersion.objects.get().fields["summary"] == "Sue's summary."
    waiting = Message.objects.filter(to_email=SUE, state=LetterState.QUEUED)
    assert not waiting.exists()


def test_letters_of_a_sub_review_stand_in_the_thread_of_the_paper_but_for_who_has_not_accepted(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    paper = factories.make_submission(edition)
    row = factories.make_sub_reviewer(
        factories.make_assignment(paper, reviewer), factories.make_user("sue@sue.example")
    )
    # As she was before she answered.
    row.user = row.accepted_at = None
    letters = [emails.post_named(row, chair, AT), emails.post_invitation(row, AT), emails.post_refused(row, AT)]
    thread = thread_id(f"{edition.slug}.{paper.number}")
    assert [letter.headers.get("References") for letter in letters if letter] == [thread, None, thread]


def test_nobody_agrees_to_a_person_of_her_own_by_setting_the_other_chairs_conflict(
    case: Case, other_chair: Membership
) -> None:
    chair = case.chair
    assert chair.user is not None
    row = name(case)
    SubReviewer.objects.filter(pk=row.pk).update(named_by=chair.user)
    row.refresh_from_db()
    factories.make_conflict(case.paper, other_chair, source=ConflictSource.CHAIR, declared_by=chair.user)
    with pytest.raises(Refused, match="another chair decides"):
        subreviewing.agree(row, chair=chair, reason="", at=AT)
    Conflict.objects.update(declared_by=other_chair.user)
    subreviewing.agree(row, chair=chair, reason="", at=AT)
    row.refresh_from_db()
    assert row.is_agreed


# --- A new address ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reader", ["the reviewer", "the sub-reviewer"])
def test_a_letter_about_a_sub_reviewer_follows_its_reader_to_her_new_address_once(
    case: Case, sue: User, reader: str
) -> None:
    row = accepted(case, sue)
    saved(row, sue)
    if reader == "the reviewer":
        subreviewing.hand_over(row, by=sue, at=AT)
        change_address(by(case.rita), "new@here.example")
    else:
        subreviewing.end_by_chair(row, by=by(case.chair), at=AT)
        Message.objects.exclude(kind="sub_reviewer_ended").delete()
        change_address(sue, "new@here.example")
    kind = Message.objects.get().kind
    drain(KeepInLedger(), seconds=5)
    for _ in range(2):
        tell_late_conflicts()
        drain(KeepInLedger(), seconds=5)
    letters = Message.objects.filter(kind=kind).order_by("pk").values_list("to_email", "state")
    assert list(letters)[1:] == [("new@here.example", "sent")]
