"""One's own data: a whole copy without what others may not tell, and being forgotten without harm to the workshop."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from dlonsc.accounts.adapter import OPENING
from dlonsc.accounts.models import Affiliation, User, addresses_beside
from dlonsc.editions.actions import (
    accept_invitation,
    decline_invitation,
    invite,
    remove_member,
    resend_invitation,
)
from dlonsc.editions.invitations import token_of
from dlonsc.editions.models import Edition, Membership, MembershipAffiliation
from dlonsc.editions.pasted import Invitee
from dlonsc.history.models import Entry
from dlonsc.mail.ledger import ERASED, drain, kept_from_leaving
from dlonsc.mail.models import Message, State, Unsubscribed
from dlonsc.mail.transport import Answer, Outcome
from reviews import assignment
from reviews.actions import assigning, deciding, erasing, lettering, reviewing
from reviews.actions.assigning import Refused
from reviews.emails.reminding import Moment, remind_of_draft
from reviews.emails.subreviewing import post_invitation
from reviews.matching import Result
from reviews.models import Assignment, Proposal, Review, SubReviewer
from reviews.persons import data_of
from submissions.actions import drafting
from submissions.contacts import contacts
from submissions.models import Author, CameraReadyDetails, CameraReadyItem, Conflict, Submission
from tests import factories
from tests.factories import AFTER_DEADLINE as AT
from tests.mail.test_ledger import Clock, Scripted
from tests.reviews.chair.test_proposals import propose
from tests.submissions import desk

pytestmark = pytest.mark.django_db
Browser = Callable[[User | Membership | None], Client]


@pytest.fixture
def paper(edition: Edition, author: User) -> Submission:
    return factories.make_submission(edition, author, title="Elastic Reductions")


def letter(to: User, words: str, state: State = State.SENT) -> Message:
    return Message.objects.create(
        key=words, kind="receipt", to_email=to.email, subject=words, text=words, state=state, created_at=AT
    )


def unpacked(client: Client) -> tuple[dict[str, Any], dict[str, bytes]]:
    response = client.post("/me/data/download/")
    with zipfile.ZipFile(io.BytesIO(b"".join(response))) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return json.loads(files.pop("data.json")), files


@pytest.mark.parametrize("is_refused", [False, True])
def test_nobody_learns_from_her_data_that_she_was_named_as_a_sub_reviewer(
    paper: Submission, reviewer: Membership, chair: Membership, author: User, as_user: Browser, is_refused: bool
) -> None:
    browser = as_user(author)

    def shown() -> str:
        page = browser.get("/me/data/").content.decode()
        return page[page.index("<dl") : page.index("</dl>")]

    before = shown()
    refusal = {"decided_by": chair.user, "decided_at": AT, "ended_at": AT, "ending": "refused"} if is_refused else {}
    SubReviewer.objects.create(
        assignment=factories.make_assignment(paper, reviewer),
        name="Ada",
        email=author.email,
        institution="X",
        named_by=reviewer.user,
        named_at=AT,
        **refusal,
    )
    assert shown() == before


def test_an_authors_copy_holds_her_account_papers_files_and_letters(
    edition: Edition, paper: Submission, author: User, as_user: Browser
) -> None:
    Affiliation.objects.create(user=author, institution="Vistula Polytechnic")
    letter(author, "A receipt")
    data, files = unpacked(as_user(author))
    assert data["account"]["name"] == author.name
    assert [row["institution"] for row in data["affiliations"]] == ["Vistula Polytechnic"]
    assert [row["title"] for row in data["submissions"]] == ["Elastic Reductions"]
    assert [row["text"] for row in data["letters"]] == ["A receipt"]
    assert files == {f"files/{edition.slug}_{paper.number:03d}/version-1.pdf": b"%PDF-1.7 made for a test"}


def test_an_authors_copy_holds_what_she_delivered_declared_gave_reasons_for_and_did_not_save(
    edition: Edition, paper: Submission, author: User, reviewer: Membership, as_user: Browser
) -> None:
    other = factories.make_user("bo@co.example", "Bo")
    factories.make_author(paper, other.email)
    stored = {"size": 3, "uploaded_by": author, "number": 1}
    for kind in ("pdf", "sources"):
        sha256 = factories.store_bytes(kind.encode())
        CameraReadyItem.objects.create(submission=paper, kind=kind, sha256=sha256, original_name=kind, **stored)
    CameraReadyDetails.objects.create(submission=paper, running_head="Reductions", licence_signer="Ada")
    factories.make_conflict(paper, reviewer, kind="family", reason="My sister.")
    factories.make_conflict(factories.make_submission(edition), reviewer, reason="Of others.")
    drafting.request_author_change(
        submission=paper, entries=[desk.entry(author.email, is_contact=True)], reason="He left.", by=author, at=AT
    )
    paper.typed = {
        "authors": {"authors-0-name": "Half", "by": "Bo", "by_id": other.pk},
        "aside": [
            {"section": "details", "by": "Ada", "by_id": author.pk, "window": "w", "fields": {"abstract": ["Mine"]}},
            {"section": "details", "by": "Bo", "by_id": other.pk, "window": "w", "fields": {"abstract": ["His"]}},
        ],
    }
    paper.withdraw_reason = "Too early."
    paper.save()
    data, files = unpacked(as_user(author))
    (row,) = data["submissions"]
    folder = f"files/{edition.slug}_{paper.number:03d}"
    assert {name.removeprefix(f"{folder}/"): text for name, text in files.items() if "camera" in name} == {
        "camera-ready-pdf-1.pdf": b"pdf",
        "camera-ready-sources-1.zip": b"sources",
    }
    assert (row["camera_ready"]["running_head"], row["withdraw_reason"]) == ("Reductions", "Too early.")
    assert row["conflicts_declared"] == [{"membership__name": reviewer.name, "kind": "family", "reason": "My sister."}]
    assert [one["reason"] for one in row["author_list_requests"]] == ["He left."]
    assert [one["fields"] for one in data["typed_and_not_saved"]] == [{"abstract": ["Mine"]}]


def test_no_letter_that_opens_an_account_is_in_the_copy(paper: Submission, author: User) -> None:
    for kind in sorted(OPENING):
        letter(author, kind)
        Message.objects.filter(key=kind).update(kind=kind)
    letter(author, "A receipt")
    assert [row["text"] for row in data_of(author, AT)["letters"]] == ["A receipt"]


def test_who_proves_an_address_that_only_looks_alike_is_another_person(
    edition: Edition, author: User, chair: Membership, reviewer: Membership
) -> None:
    # PostgreSQL's UPPER makes one letter of i and of i without its dot.
    alike = factories.make_user("ada@un\u0131.example", "Adam Alike")
    letter(author, "Hers")
    named = SubReviewer.objects.create(
        assignment=factories.make_assignment(factories.make_submission(edition), reviewer),
        name="Ada",
        email=author.email,
        is_agreed=True,
        named_by=reviewer.user,
        named_at=AT,
        decided_by=chair.user,
        decided_at=AT,
    )
    assert data_of(alike, AT)["letters"] == []
    assert [list(erasing._sub_reviews(person)) for person in (alike, author)] == [[], [named]]
    assert addresses_beside(author.email) == {author.email}


def test_it_tells_no_reviewer_no_review_and_no_decision_before_its_time(
    edition: Edition, paper: Submission, author: User, chair: Membership, reviewer: Membership
) -> None:
    factories.make_review(factories.make_assignment(paper, reviewer), summary="Quagga")
    assert chair.user is not None
    deciding.decide(paper, verdict="accept", note="Quagga", to_authors="Quagga", version=0, by=chair.user, at=AT)
    before = json.dumps(data_of(author, AT), default=str)
    now = deciding.plan(chair)
    deciding.announce(
        chair, accepts=1, rejects=0, fingerprint=now.fingerprint, leave_undecided=False, by=chair.user, at=AT
    )
    held = json.dumps(data_of(author, AT), default=str)
    assert (held == before, "Quagga" in held, reviewer.name in held) == (True, False, False)
    Message.objects.update(state=State.SENT)
    assert "Quagga" in json.dumps(data_of(author, AT), default=str)


def test_the_page_does_not_tell_of_letters_that_wait(paper: Submission, author: User, as_user: Browser) -> None:
    browser = as_user(author)
    before = browser.get("/me/data/").context["plan"]
    letter(author, "Held", State.HELD)
    after = browser.get("/me/data/").context["plan"]
    assert (before.goes, before.stays, after.waiting) == (after.goes, after.stays, 1)


def test_a_reviewers_copy_holds_her_reviews_with_all_versions_and_nobody_elses(
    edition: Edition, paper: Submission, reviewer: Membership
) -> None:
    factories.make_review(factories.make_assignment(paper, reviewer), summary="Mine")
    other = factories.make_member(edition, email="other@else.example")
    factories.make_review(factories.make_assignment(paper, other), summary="Theirs")
    assert reviewer.user is not None
    data = data_of(reviewer.user, AT)
    assert [row["text"]["summary"] for row in data["reviews"]] == ["Mine"]
    assert [len(row["versions"]) for row in data["reviews"]] == [1]
    assert "Theirs" not in json.dumps(data, default=str)


def given_back(edition: Edition, reviewer: Membership) -> None:
    """A task that its reviewer gave back for a conflict, with a reason."""
    assert reviewer.user is not None
    task = factories.make_assignment(factories.make_submission(edition), reviewer)
    words = {"refusal": Assignment.Refusal.CONFLICT, "reason": "He is my husband."}
    reviewing.decline_assignment(assignment=task, **words, by=reviewer.user, at=AT)


def test_her_copy_holds_all_that_goes_with_a_place_and_with_the_account(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    assert chair.user is not None
    assert reviewer.user is not None
    person = reviewer.user
    given_back(edition, reviewer)
    MembershipAffiliation.objects.create(membership=reviewer, institution="Rita University")
    SocialAccount.objects.create(user=person, provider="orcid", uid="0000-0001", extra_data={"family": "Reviewer"})
    Authenticator.objects.create(user=person, type="totp", data={"secret": "Hidden"})
    Unsubscribed.objects.create(email=person.email, edition=edition.slug, since=AT)
    # Declined by the link, before the address belonged to an account.
    earlier = factories.make_edition("dlonsc-2025", name="DLonSC 2025")
    invited = [Invitee(1, "Rita R.", "rita@new.example", "")]
    row = invite(edition=earlier, people=invited, roles={}, note_text="", by=chair.user, at=AT)[0]
    assert decline_invitation(membership=row, reason="Too far.", suggestion="Bo", by=None, at=AT)
    person.emailaddress_set.create(email="rita@new.example", verified=True)
    data = data_of(person, AT)
    assert [(one["edition"], one["decline_reason"], one["affiliations"]) for one in data["committees"]] == [
        ("DLonSC 2026", "", [{"institution": "Rita University", "country": "", "domain": ""}]),
        ("DLonSC 2025", "Too far.", []),
    ]
    answered = {"promised_at": None, "declined_at": AT, "refusal": "conflict", "refusal_reason": "He is my husband."}
    assert data["committees"][0]["tasks_you_answered"] == [{"submission__number": 1} | answered]
    assert [(one["provider"], one["extra_data"]) for one in data["accounts_elsewhere"]] == [
        ("orcid", {"family": "Reviewer"})
    ]
    assert [one["type"] for one in data["second_factors"]] == ["totp"]
    assert "Hidden" not in json.dumps(data, default=str)
    assert data["reminders_stopped"] == [{"email": person.email, "edition": edition.slug, "since": AT}]


def test_an_invitation_that_went_to_a_wrong_address_first_is_in_no_copy_of_who_holds_that(
    edition: Edition, chair: Membership, reviewer: Membership, author: User
) -> None:
    assert chair.user is not None
    assert reviewer.user is not None
    remove_member(membership=reviewer, by=chair.user, at=AT)
    people = [Invitee(1, "Rita R.", author.email, "")]
    (row,) = invite(edition=edition, people=people, roles={}, note_text="", by=chair.user, at=AT)
    reviewer.user.emailaddress_set.create(email="rita@new.example", verified=True)
    row = resend_invitation(membership=row, email="rita@new.example", by=chair.user, at=AT)
    accept_invitation(membership=row, max_load=7, by=reviewer.user, at=AT)
    assert data_of(author, AT)["committees"] == []
    assert len(data_of(reviewer.user, AT)["committees"]) == 2


def test_what_was_said_to_the_chairs_in_another_invitation_is_in_no_copy_of_who_is_invited_at_the_right_address(
    edition: Edition, chair: Membership, author: User
) -> None:
    assert chair.user is not None
    people = [Invitee(1, "Ada Author", "ada@wrong.example", "")]
    (row,) = invite(edition=edition, people=people, roles={}, note_text="", by=chair.user, at=AT)
    assert decline_invitation(membership=row, reason="I am not she.", suggestion="Bo", by=None, at=AT)
    resend_invitation(membership=row, email=author.email, by=chair.user, at=AT, asked=True)
    (found,) = data_of(author, AT)["committees"]
    assert (found["decline_reason"], found["suggestion"]) == ("", "")
    row.refresh_from_db()
    assert (row.decline_reason, row.suggestion) == ("I am not she.", "Bo")


def give_up(user: User) -> None:
    browser, address = Client(), user.email
    browser.force_login(user)
    user.emailaddress_set.create(email="kept@else.example", verified=True)
    for act, email in (("action_primary", "kept@else.example"), ("action_remove", address)):
        assert browser.post("/accounts/email/", {act: "", "email": email}).status_code == 302


def be_erased(user: User) -> None:
    erasing.erase(user, by="the administrator", at=AT)


@pytest.mark.parametrize("leaves", [give_up, be_erased])
def test_who_comes_to_an_address_has_in_her_copy_no_letter_of_who_had_it_before(
    author: User, leaves: Callable[[User], None]
) -> None:
    address = author.email
    letter(author, "To the former owner")
    leaves(author)
    heir = factories.make_user("heir@new.example")
    heir.emailaddress_set.create(email=address, verified=True)
    Message.objects.create(key="To the heir", kind="receipt", to_email=address, text="To the heir", state=State.SENT)
    assert [row["text"] for row in data_of(heir, AT)["letters"]] == ["To the heir"]
    assert data_of(heir, AT)["committees"] == []


def test_who_comes_back_to_her_address_finds_her_letters_in_her_copy_and_those_to_nobody(author: User) -> None:
    letter(author, "A receipt")
    address = author.email
    give_up(author)
    Message.objects.create(key="nobody", kind="receipt", to_email=address, text="Meanwhile", state=State.SENT)
    author.emailaddress_set.create(email=address, verified=True)
    assert [row["text"] for row in data_of(author, AT)["letters"]] == ["A receipt", "Meanwhile"]


def test_a_claim_to_an_address_that_was_never_proven_takes_no_letters_with_it(author: User, stranger: User) -> None:
    letter(author, "A receipt")
    stranger.emailaddress_set.create(email=author.email, verified=False)
    browser = Client()
    browser.force_login(stranger)
    assert browser.post("/accounts/email/", {"action_remove": "", "email": author.email}).status_code == 302
    assert not stranger.emailaddress_set.filter(email=author.email).exists()
    assert [row["text"] for row in data_of(author, AT)["letters"]] == ["A receipt"]


def test_an_invitation_that_ended_is_in_no_copy_of_who_comes_to_its_address(
    edition: Edition, chair: Membership, reviewer: Membership, author: User
) -> None:
    assert chair.user is not None
    assert reviewer.user is not None
    remove_member(membership=reviewer, by=chair.user, at=AT)
    address = reviewer.user.email
    people = [Invitee(1, "Rita R.", address, "")]
    (row,) = invite(edition=edition, people=people, roles={}, note_text="", by=chair.user, at=AT)
    accept_invitation(membership=row, max_load=7, by=reviewer.user, at=AT)
    give_up(reviewer.user)
    author.emailaddress_set.create(email=address, verified=True)
    assert data_of(author, AT)["committees"] == []


def test_what_was_asked_of_who_had_an_address_before_is_in_no_copy_of_who_comes_to_it(
    edition: Edition, chair: Membership, author: User, stranger: User
) -> None:
    """Invitations that she declined, or never answered, belong to no account; nor does how many letters she had."""
    assert chair.user is not None
    address = author.email
    people = [Invitee(1, "Ada Author", address, "")]
    (row,) = invite(edition=edition, people=people, roles={}, note_text="", by=chair.user, at=AT)
    decline_invitation(membership=row, reason="Too far.", suggestion="Bo", by=author, at=AT)
    task = factories.make_assignment(factories.make_submission(edition), factories.make_member(edition))
    asked = factories.make_sub_reviewer(task, author)
    SubReviewer.objects.filter(pk=asked.pk).update(user=None, accepted_at=None, decline_reason="No time.")
    post_invitation(asked, AT)
    Message.objects.update(state=State.SENT)
    told = data_of(author, AT)
    assert [len(told[name]) for name in ("committees", "sub_reviews", "letters")] == [1, 1, 2]
    give_up(author)
    stranger.emailaddress_set.create(email=address, verified=True)
    told = data_of(stranger, AT)
    assert [told[name] for name in ("committees", "sub_reviews", "letters")] == [[], [], []]
    assert erasing.plan(stranger).stays[erasing.LETTERS] == 0


def test_no_reason_for_giving_a_task_back_stays_of_who_is_erased(edition: Edition, reviewer: Membership) -> None:
    assert reviewer.user is not None
    given_back(edition, reviewer)
    erasing.erase(reviewer.user, by="the administrator", at=AT)
    assert list(Assignment.objects.values_list("refusal", "refusal_reason")) == [("conflict", "")]
    assert list(Conflict.objects.values_list("kind", "reason", "lifted_at")) == [("other", "", None)]


def test_no_run_of_the_assignment_keeps_the_name_of_who_is_erased(
    edition: Edition, chair: Membership, reviewer: Membership, as_user: Browser
) -> None:
    assert reviewer.user is not None
    Membership.objects.filter(pk=reviewer.pk).update(max_load=1)
    for _ in range(2):
        factories.make_submission(edition)
    run = propose(chair, demand=1, partial=True)
    page = f"/{edition.slug}/chair/assign/proposals/{run.number}/"
    assert f"The only reviewer, {reviewer.name}, is full" in as_user(chair.user).get(page).text
    erasing.erase(reviewer.user, by="the administrator", at=AT)
    run.refresh_from_db()
    assert (run.inputs["names"], reviewer.name in json.dumps(run.result)) == (["Former member 1"], False)
    assert run.result["unmet"][0]["why"].startswith("The only reviewer, Former member 1, is full: 1 review short")
    answer = as_user(chair.user).get(page)
    assert (answer.status_code, reviewer.name in answer.text) == (200, False)


def test_no_run_that_failed_keeps_the_name_of_who_is_erased(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    assert reviewer.user is not None
    factories.make_submission(edition)
    run = propose(chair, demand=1)
    Proposal.objects.filter(pk=run.pk).update(result={"error": f"Reviewer {reviewer.name} has a minimum load of 3."})
    erasing.erase(reviewer.user, by="the administrator", at=AT)
    run.refresh_from_db()
    assert run.result == {"error": "Reviewer Former member 1 has a minimum load of 3."}


def test_a_run_that_is_under_way_ends_and_does_not_bring_back_the_name_of_who_is_erased(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    factories.make_submission(edition)
    solve = assignment.solve_frozen

    def solve_slowly(*problem: Any) -> Result:
        found = solve(*problem)
        assert reviewer.user is not None
        erasing.erase(reviewer.user, by="the administrator", at=AT)
        return replace(found, unmet=(replace(found.unmet[0], why=f"{reviewer.name} is full"),))

    with patch.object(assignment, "solve_frozen", solve_slowly):
        run = propose(chair, demand=2, partial=True)
    assert (run.status, run.result, run.inputs["names"]) == (
        "failed",
        {"error": erasing.LEFT_MEANWHILE},
        ["Former member 1"],
    )


def test_words_of_a_second_wish_stay_typed_with_the_reason_why_nobody_gets_them(author: User, as_user: Browser) -> None:
    browser, sent = as_user(author), []
    # The same words again are a second press; others are none, however quick.
    for seconds, words in enumerate(("Goodbye.", "Goodbye.", "And my papers, too.")):
        with time_machine.travel(AT + timedelta(seconds=seconds), tick=False):
            sent.append(browser.post("/me/data/", {"reason": words, "sure": "on"}))
    assert [answer.status_code for answer in sent] == [302, 302, 422]
    assert ("You have asked already" in sent[2].text, "And my papers, too." in sent[2].text) == (True, True)
    with time_machine.travel(AT + timedelta(days=1), tick=False):
        assert "<textarea" not in browser.get("/me/data/").text


def test_a_wish_reaches_each_administrator_once(author: User, as_user: Browser) -> None:
    factories.make_user("root@site.example", "Root", is_superuser=True)
    browser = as_user(author)
    assert browser.post("/me/data/", {"reason": "Please"}).status_code == 422
    for _ in range(2):
        assert browser.post("/me/data/", {"reason": "Please", "sure": "on"}).status_code == 302
    told = Message.objects.get(kind="erasure")
    assert (told.to_email, "Please" in told.text, author.email in told.text) == ("root@site.example", True, True)
    assert Entry.objects.filter(verb="erasure_requested").count() == 1
    assert "An administrator does it" in browser.get("/me/data/").text


def test_an_erased_person_cannot_come_back_and_the_workshop_stays_whole(
    edition: Edition, paper: Submission, reviewer: Membership, as_user: Browser
) -> None:
    person = reviewer.user
    assert person is not None
    factories.make_review(factories.make_assignment(paper, reviewer), summary="It stays.")
    waiting, sent = letter(person, "Waits", State.QUEUED), letter(person, "Left")
    browser = as_user(person)
    email = person.email
    call_command("erase_person", email, "--yes")
    person.refresh_from_db()
    reviewer.refresh_from_db()
    assert (person.name, person.is_active, person.has_usable_password()) == ("Former member", False, False)
    assert (reviewer.name, reviewer.email, reviewer.is_active) == ("Former member", "", False)
    assert Review.objects.get().summary == "It stays."
    for row, state in ((waiting, State.CANCELLED), (sent, State.SENT)):
        row.refresh_from_db()
        assert row.state == state
    assert browser.get("/me/data/").status_code == 302
    assert Entry.objects.filter(verb="erased", subject=f"user:{person.pk}").count() == 1
    assert not User.objects.filter(email__iexact=email).exists()


def test_names_in_author_lists_stay(paper: Submission, author: User) -> None:
    before = list(Author.objects.values_list("name", "email"))
    found = erasing.erase(author, by="the administrator", at=AT)
    assert found.stays[erasing.IN_AUTHOR_LISTS] == 1
    assert list(Author.objects.values_list("name", "email")) == before


def test_without_yes_nothing_changes(author: User, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("erase_person", author.email)
    author.refresh_from_db()
    assert (author.is_active, "Nothing was changed" in capsys.readouterr().out) == (True, True)


def test_the_only_chair_must_name_another_first(edition: Edition, chair: Membership) -> None:
    assert chair.user is not None
    with pytest.raises(Refused, match="only chair of"):
        erasing.erase(chair.user, by="the administrator", at=AT)
    with pytest.raises(CommandError, match="Nobody signs in"):
        call_command("erase_person", "nobody@else.example")


def test_two_people_are_not_mixed_up(paper: Submission, author: User, stranger: User) -> None:
    letter(stranger, "Not hers")
    erasing.erase(author, by="the administrator", at=AT)
    stranger.refresh_from_db()
    assert (stranger.is_active, Message.objects.get(key="Not hers").state) == (True, State.SENT)
    assert [row["text"] for row in data_of(stranger, AT)["letters"]] == ["Not hers"]


def test_an_erased_person_is_reminded_of_nothing_and_the_others_are(edition: Edition, author: User) -> None:
    draft, address = desk.complete_draft(edition, author), author.email
    draft.authors.update(confirmed_at=AT)
    other = factories.make_user("olga@uni.example", "Olga")
    shared = factories.make_submission(edition, other, state="draft")
    shared.authors.update(email=author.email, name="Ada", is_contact=True, confirmed_at=AT)
    cutoff = edition.deadlines.get(phase="submission").cutoff_at
    moment = Moment(edition.deadlines.get(phase="submission"), cutoff, timedelta(days=2))
    assert [contacts(row)[-1][0] for row in (draft, shared)] == [address, address]
    erasing.erase(author, by="the administrator", at=AT)
    draft.created_by.refresh_from_db()
    told = [letter.to_email for row in (draft, shared) for letter in remind_of_draft(row, moment, [], at=AT)]
    assert told == [other.email]
    # Back with a new account under the same address, she is written to again.
    factories.make_user(address, "Ada")
    assert [contacts(row)[-1][0] for row in (draft, shared)] == [address, address]


def test_no_table_beside_the_letters_keeps_the_address_of_who_is_erased(author: User, stranger: User) -> None:
    for person in (author, stranger):
        Unsubscribed.objects.create(email=person.email, edition="dlonsc-2026", since=AT)
    erasing.erase(author, by="the administrator", at=AT)
    assert list(Unsubscribed.objects.values_list("email", flat=True)) == [stranger.email]


@pytest.mark.parametrize("has_come_back", [True, False])
def test_no_row_of_an_invitation_keeps_the_name_of_who_is_erased(
    edition: Edition, chair: Membership, reviewer: Membership, has_come_back: bool
) -> None:
    assert chair.user is not None
    assert reviewer.user is not None
    reviewer.user.emailaddress_set.create(email="rita@new.example", verified=True)
    if has_come_back:
        remove_member(membership=reviewer, by=chair.user, at=AT)
    new, other = Invitee(1, "Rita R.", "rita@new.example", "New University"), Invitee(2, "Bo", "bo@uni.example", "Uni")
    rows = invite(edition=edition, people=[new, other], roles={}, note_text="", by=chair.user, at=AT)
    if has_come_back:
        assert accept_invitation(membership=rows[0], max_load=None, by=reviewer.user, at=AT)
    erasing.erase(reviewer.user, by="the administrator", at=AT)
    left = edition.memberships.exclude(pk=chair.pk).order_by("pk").values_list("name", "email", "removed_at")
    assert list(left) == [(erasing.NOBODY, "", AT), (erasing.NOBODY, "", AT), ("Bo", "bo@uni.example", None)]
    assert list(MembershipAffiliation.objects.values_list("institution", flat=True)) == ["Uni"]


@pytest.mark.parametrize("is_accepted", [True, False])
def test_the_link_of_an_invitation_to_who_is_erased_has_ended(
    edition: Edition, chair: Membership, reviewer: Membership, client: Client, is_accepted: bool
) -> None:
    assert chair.user is not None
    assert reviewer.user is not None
    reviewer.user.emailaddress_set.create(email="rita@new.example", verified=True)
    people = [Invitee(1, "Rita R.", "rita@new.example", "")]
    (row,) = invite(edition=edition, people=people, roles={}, note_text="", by=chair.user, at=AT)
    if is_accepted:
        accept_invitation(membership=row, max_load=None, by=reviewer.user, at=AT)
    erasing.erase(reviewer.user, by="the administrator", at=AT)
    assert client.get(reverse("editions:invitation", args=[token_of(row)])).status_code == 410


def test_what_is_handed_over_when_somebody_is_erased_is_not_tried_again(author: User) -> None:
    row, clock = letter(author, "Just leaving", State.QUEUED), Clock()
    Message.objects.update(not_before=AT)
    clock.now = AT

    def erase() -> None:
        erasing.erase(author, by="the administrator", at=clock.now)

    drain(Scripted(Answer(Outcome.LATER, "451 later"), meanwhile=erase), seconds=5, clock=clock, sleep=clock.sleep)
    clock.now += timedelta(minutes=5)
    transport = Scripted()
    drain(transport, seconds=5, clock=clock, sleep=clock.sleep)
    row.refresh_from_db()
    assert (transport.taken, row.state, row.answer) == ([], State.CANCELLED, ERASED)


def test_what_failed_is_not_sent_again_once_somebody_is_erased(
    edition: Edition, chair: Membership, author: User
) -> None:
    row = letter(author, "Failed", State.FAILED)
    Message.objects.update(edition=edition.slug)
    erasing.erase(author, by="the administrator", at=AT)
    assert chair.user is not None
    assert lettering.send_failed_again(chair, by=chair.user, at=AT) == (0, 1)
    row.refresh_from_db()
    assert row.state == State.FAILED


def test_the_decision_still_goes_to_the_address_in_the_author_list(
    edition: Edition, paper: Submission, author: User, chair: Membership
) -> None:
    address = author.email
    assert chair.user is not None
    deciding.decide(paper, verdict="accept", note="", to_authors="", version=0, by=chair.user, at=AT)
    now = deciding.plan(chair)
    deciding.announce(
        chair, accepts=1, rejects=0, fingerprint=now.fingerprint, leave_undecided=False, by=chair.user, at=AT
    )
    erasing.erase(author, by="the administrator", at=AT)
    held = Message.objects.get(kind="decision")
    assert (held.to_email, held.state, kept_from_leaving(held)) == (address, State.HELD, None)


@pytest.mark.parametrize("is_known", [True, False])
def test_no_name_typed_into_a_profile_tells_who_wrote_what_is_on_her_list_no_more(
    edition: Edition, chair: Membership, reviewer: Membership, paper: Submission, is_known: bool
) -> None:
    assert chair.user is not None
    assert reviewer.user is not None
    task = assigning.assign(paper, reviewer, by=chair.user, at=AT)
    if is_known:
        Message.objects.filter(kind="assigned").update(state=State.SENT)
    assigning.unassign(task, by=chair.user, at=AT)
    told = []
    for address in ("nobody@uni.example", paper.authors.get().email):
        named = [{"who": address, "kind": "other"}]
        reviewing.save_profile(
            membership=reviewer, interests={}, max_load=None, away="", publications="", conflicts=named,
            by=reviewer.user, at=AT,
        )  # fmt: skip
        told.append(json.dumps(data_of(reviewer.user, AT)["committees"], default=str).replace(address, "WHO"))
    assert reviewer.conflicts.count() == 1
    assert told[0] == told[1]


def test_the_other_chairs_are_told_of_a_chair_who_is_erased(chair: Membership, other_chair: Membership) -> None:
    assert chair.user is not None
    erasing.erase(chair.user, by="the administrator", at=AT)
    (told,) = Message.objects.filter(kind="chair_ended")
    assert told.to_email == "otto@institute-b.example"
    assert "the administrator has ended the role of Chantal Chair as a chair" in told.text
