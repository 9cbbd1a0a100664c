"""Drafts: a title is enough, nothing typed is lost, lists are frozen by the calendar."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.test import Client
from django.utils import timezone

from dlonsc.accounts.models import User
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.models import Entry
from dlonsc.mail.models import Message
from dlonsc.mail.models import State as Letter
from reviews.access import assigned_to
from reviews.actions import deciding
from submissions.access import authored_by
from submissions.actions import drafting, overseeing, printing, sending
from submissions.actions.drafting import Declared
from submissions.actions.moves import Refused, Stale
from submissions.models import Author, AuthorListRequest, CameraReadyDetails, ConflictSource, Submission
from submissions.states import Outcome, State
from tests import factories
from tests.factories import AFTER_DEADLINE, AT
from tests.submissions.desk import complete_draft, entry, letters, pdf, refusal_of, submitted

pytestmark = pytest.mark.django_db


def test_a_title_is_enough_and_numbers_count_within_the_edition(edition: Edition, author: User) -> None:
    other = factories.make_edition("other-2026")
    rows = [
        drafting.create_draft(edition=where, title=f"Title {number}", by=author, at=AT)
        for number, where in enumerate((edition, edition, other))
    ]
    assert [(row.edition_id, row.number, row.state) for row in rows] == [
        (edition.pk, 1, "draft"),
        (edition.pk, 2, "draft"),
        (other.pk, 1, "draft"),
    ]
    assert [(row.name, row.email, row.is_contact) for row in rows[0].authors.all()] == [
        ("Ada Author", "ada@uni.example", True)
    ]


def test_a_draft_started_by_a_second_press_is_the_same_one(edition: Edition, author: User) -> None:
    def press(title: str, minutes: int) -> int:
        at = AT + timedelta(minutes=minutes)
        return drafting.create_draft(edition=edition, title=title, by=author, at=at).number

    assert [press("A title", 0), press("A title", 0), press("Another", 0), press("A title", 2)] == [1, 1, 2, 3]


def test_a_number_taken_in_the_same_moment_is_counted_on(
    edition: Edition, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, tried = drafting.write_draft, []
    factories.make_submission(edition, state=State.DRAFT, complete=False)

    def counted_too_early(edition: Edition, number: int, title: str, by: User, at: datetime) -> Submission:
        tried.append(number if tried else 1)
        return write(edition, tried[-1], title, by, at)

    monkeypatch.setattr(drafting, "write_draft", counted_too_early)
    row = drafting.create_draft(edition=edition, title="Second", by=author, at=AT)
    assert (tried, row.number) == ([1, 2], 2)


def test_an_account_has_twenty_drafts_at_a_time_in_an_edition(
    edition: Edition, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafting, "MOST_DRAFTS", 2)
    other = factories.make_edition("other-2026")
    for title, where in (("One", edition), ("Two", edition), ("One", other)):
        drafting.create_draft(edition=where, title=title, by=author, at=AT)
    words = refusal_of(lambda: drafting.create_draft(edition=edition, title="T", by=author, at=AT))
    assert words == "You have 2 drafts here. Submit one of them, or withdraw one, before another."
    Submission.objects.filter(edition=edition, number=1).update(state=State.WITHDRAWN)
    assert drafting.create_draft(edition=edition, title="T", by=author, at=AT).number == 3


@pytest.fixture
def beside_a_draft(edition: Edition, author: User, monkeypatch: pytest.MonkeyPatch) -> Submission:
    """A withdrawn paper whose starter has one draft, and may have one."""
    monkeypatch.setattr(drafting, "MOST_DRAFTS", 1)
    row = drafting.create_draft(edition=edition, title="First", by=author, at=AT)
    sending.withdraw(submission=row, reason="", by=author, at=AT)
    drafting.create_draft(edition=edition, title="Second", by=author, at=AT)
    return row


def test_nothing_withdrawn_is_restored_as_a_draft_beyond_the_twenty(beside_a_draft: Submission, author: User) -> None:
    restore = partial(sending.restore, submission=beside_a_draft, at=AT)
    assert refusal_of(lambda: restore(by=author)).startswith("You have 1 drafts here.")
    sending.withdraw(submission=Submission.objects.get(title="Second"), reason="", by=author, at=AT)
    assert restore(by=author).state == State.DRAFT


def test_a_co_author_who_restores_a_draft_does_not_read_how_many_its_starter_has(
    edition: Edition, beside_a_draft: Submission
) -> None:
    bo = factories.make_user("bo@co.example")
    factories.make_author(beside_a_draft, bo.email)
    restore = partial(sending.restore, submission=beside_a_draft, at=AT)
    # Her own are counted, and no other.
    mine = drafting.create_draft(edition=edition, title="Mine", by=bo, at=AT)
    assert refusal_of(lambda: restore(by=bo)).startswith("You have 1 drafts here.")
    sending.withdraw(submission=mine, reason="", by=bo, at=AT)
    assert restore(by=bo).state == State.DRAFT


def test_the_drafts_of_who_was_taken_off_keep_neither_her_from_another_nor_its_authors_from_restoring(
    beside_a_draft: Submission, author: User
) -> None:
    Submission.objects.filter(pk=beside_a_draft.pk).update(creator_left=True)
    other = factories.make_user("bo@co.example")
    assert sending.restore(submission=beside_a_draft, by=other, at=AT).state == State.DRAFT
    Submission.objects.filter(title="Second").update(creator_left=True)
    assert drafting.create_draft(edition=beside_a_draft.edition, title="Third", by=author, at=AT).number == 3


def test_no_draft_starts_after_the_deadline(edition: Edition, author: User) -> None:
    words = refusal_of(lambda: drafting.create_draft(edition=edition, title="Late", by=author, at=AFTER_DEADLINE))
    assert "deadline has passed" in words
    assert Submission.objects.count() == 0


def details(row: Submission, **fields: object) -> dict[str, object]:
    known = {
        "submission": row,
        "version": row.version,
        "title": "T",
        "abstract": "A",
        "keywords": "K",
        "topics": [],
        "is_original": False,
        "by": row.created_by,
        "at": AT,
    }
    return known | fields


def test_of_two_windows_the_second_is_told_and_gets_the_newer_text(edition: Edition, author: User) -> None:
    row = factories.make_submission(edition, author, state=State.DRAFT)
    drafting.update_details(**details(row, version=1, abstract="first"))
    with pytest.raises(Stale) as raised:
        drafting.update_details(**details(row, version=1, abstract="second"))
    assert raised.value.theirs["abstract"] == "first"
    row.refresh_from_db()
    assert (row.abstract, row.version) == ("first", 2)


def test_authors_keep_their_order_and_their_confirmation(edition: Edition, author: User) -> None:
    row = drafting.create_draft(edition=edition, title="T", by=author, at=AT)
    entries = [entry("Bo@b.example", "Bo"), entry("ada@uni.example", "Ada A.", is_contact=True)]
    drafting.set_authors(submission=row, entries=entries, by=author, at=AT)
    assert [(a.position, a.email, a.name, a.is_contact, a.confirmed_at) for a in row.authors.all()] == [
        (1, "bo@b.example", "Bo", False, None),
        (2, "ada@uni.example", "Ada A.", True, AT),
    ]


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([], "at least one author"),
        ([entry("a@x.example", is_contact=True), entry("A@x.example")], "Row 2: A@x.example is also in row 1"),
        ([entry("a@x.example")], "exactly one author as contact"),
        ([entry(f"a{place}@x.example") for place in range(51)], "at most 50 authors; this list has 51"),
        ([entry("a@x.example", is_contact=True), entry("b@x.example", is_contact=True)], "exactly one author"),
    ],
)
def test_an_author_list_that_cannot_be_printed_is_refused_and_changes_nothing(
    edition: Edition, author: User, entries: list[drafting.AuthorEntry], words: str
) -> None:
    row = drafting.create_draft(edition=edition, title="T", by=author, at=AT)
    before = drafting.listed(row)
    found = refusal_of(lambda: drafting.set_authors(submission=row, entries=entries, by=author, at=AT))
    assert words in found
    assert drafting.listed(row) == before


def test_after_the_deadline_the_list_is_frozen_and_a_request_tells_everybody_once(
    edition: Edition, author: User, chair: Membership
) -> None:
    row = submitted(edition, author)
    entries = [entry("ada@uni.example", "Ada", is_contact=True), entry("new@n.example", "New")]
    assert "frozen" in refusal_of(
        lambda: drafting.set_authors(submission=row, entries=entries, by=author, at=AFTER_DEADLINE)
    )
    request = drafting.request_author_change(
        submission=row, entries=entries, reason="She did half of it.", by=author, at=AFTER_DEADLINE
    )
    assert letters("author_change") == ["ada@uni.example", "new@n.example"]
    assert letters("author_change_chair") == ["chair@institute-a.example"]
    assert [a.email for a in row.authors.all()] == ["ada@uni.example"]
    overseeing.decide_author_change(request=request, grant=True, answer="", by=chair.user, at=AFTER_DEADLINE)
    assert list(Author.objects.filter(submission=row).values_list("email", flat=True)) == [
        "ada@uni.example",
        "new@n.example",
    ]
    assert "answered already" in refusal_of(
        lambda: overseeing.decide_author_change(
            request=request, grant=False, answer="", by=chair.user, at=AFTER_DEADLINE
        )
    )
    assert letters("author_change_decided") == ["ada@uni.example", "new@n.example"]


def test_a_refused_request_changes_no_list(edition: Edition, author: User, chair: Membership) -> None:
    row = submitted(edition, author)
    request = drafting.request_author_change(
        submission=row,
        entries=[entry("new@n.example", is_contact=True)],
        reason="Why not.",
        by=author,
        at=AFTER_DEADLINE,
    )
    overseeing.decide_author_change(request=request, grant=False, answer="No.", by=chair.user, at=AFTER_DEADLINE)
    assert [a.email for a in row.authors.all()] == ["ada@uni.example"]


def asked_for_ben(row: Submission, author: User) -> AuthorListRequest:
    return drafting.request_author_change(
        submission=row,
        entries=[entry("ada@uni.example", "Ada", is_contact=True), entry("ben@n.example", "Ben")],
        reason="Forgotten.",
        by=author,
        at=AFTER_DEADLINE,
    )


def test_a_request_is_not_granted_over_a_list_that_was_changed_since(
    edition: Edition, author: User, chair: Membership
) -> None:
    row = submitted(edition, author)
    request = asked_for_ben(row, author)
    factories.make_author(row, "dora@uni.example", "Dora")
    decide = partial(overseeing.decide_author_change, request=request, answer="", by=chair.user, at=AFTER_DEADLINE)
    assert "Dora (dora@uni.example). Granting would undo that" in refusal_of(lambda: decide(grant=True))
    assert list(row.authors.values_list("email", flat=True)) == ["ada@uni.example", "dora@uni.example"]
    decide(grant=False)
    assert row.author_requests.get().is_granted is False


def test_no_author_list_changes_under_an_approved_camera_ready_paper_before_it_is_unlocked(
    edition: Edition, author: User, chair: Membership
) -> None:
    row = factories.announce(submitted(edition, author))
    request = asked_for_ben(row, author)
    details = CameraReadyDetails.objects.create(
        submission=row, is_locked=True, approved_by=chair.user, approved_at=AFTER_DEADLINE
    )
    decide = partial(overseeing.decide_author_change, request=request, answer="", by=chair.user, at=AFTER_DEADLINE)
    assert "approved and locked with the list as it stands" in refusal_of(lambda: decide(grant=True))
    assert (row.authors.count(), letters("author_change_decided")) == (1, [])
    printing.unlock(submission=details.submission, by=chair.user, at=AFTER_DEADLINE)
    decide(grant=True)
    assert list(row.authors.values_list("email", flat=True)) == ["ada@uni.example", "ben@n.example"]


def test_an_approval_from_before_an_acceptance_was_taken_back_ends_with_another_author_list(
    edition: Edition, author: User, chair: Membership
) -> None:
    row = factories.announce(submitted(edition, author))
    CameraReadyDetails.objects.create(
        submission=row, is_locked=True, approved_by=chair.user, approved_at=AFTER_DEADLINE
    )
    Submission.objects.filter(pk=row.pk).update(outcome=Outcome.REJECTED)
    request = asked_for_ben(row, author)
    overseeing.decide_author_change(request=request, grant=True, answer="", by=chair.user, at=AFTER_DEADLINE)
    details = CameraReadyDetails.objects.get(submission=row)
    assert (row.authors.count(), details.is_locked, details.approved_at) == (2, False, None)


def test_who_left_the_list_by_another_way_is_not_told_what_became_of_a_request(
    edition: Edition, author: User, chair: Membership
) -> None:
    row = submitted(edition, author)
    factories.make_author(row, "bo@co.example", "Bo")
    request = asked_for_ben(row, author)
    # Submission opens again, Ada changes the list herself and writes on; a chair can only refuse the request now.
    row.authors.get(email="bo@co.example").delete()
    overseeing.decide_author_change(
        request=request, grant=False, answer="It is done.", by=chair.user, at=AFTER_DEADLINE
    )
    assert letters("author_change") == ["ada@uni.example", "ben@n.example", "bo@co.example"]
    assert letters("author_change_decided") == ["ada@uni.example", "ben@n.example"]


def test_who_is_taken_off_by_a_granted_request_is_told(edition: Edition, author: User, chair: Membership) -> None:
    row = submitted(edition, author)
    factories.make_author(row, "bo@co.example", "Bo")
    request = asked_for_ben(row, author)
    overseeing.decide_author_change(request=request, grant=True, answer="", by=chair.user, at=AFTER_DEADLINE)
    assert letters("author_change_decided") == ["ada@uni.example", "ben@n.example", "bo@co.example"]


def test_orcid_ids_given_for_print_survive_the_grant_of_a_request(
    edition: Edition, author: User, chair: Membership
) -> None:
    row = submitted(edition, author)
    request = asked_for_ben(row, author)
    row.authors.update(orcid="0000-0002-1825-0097")
    overseeing.decide_author_change(request=request, grant=True, answer="", by=chair.user, at=AFTER_DEADLINE)
    assert list(row.authors.values_list("email", "orcid")) == [
        ("ada@uni.example", "0000-0002-1825-0097"),
        ("ben@n.example", ""),
    ]


def test_a_request_needs_a_reason_and_waits_alone(edition: Edition, author: User) -> None:
    row = submitted(edition, author)
    ask = {"submission": row, "entries": [entry("n@n.example", is_contact=True)], "by": author, "at": AFTER_DEADLINE}
    assert "Say why" in refusal_of(lambda: drafting.request_author_change(reason=" ", **ask))
    drafting.request_author_change(reason="Because.", **ask)
    assert "waiting" in refusal_of(lambda: drafting.request_author_change(reason="Again.", **ask))
    early = {**ask, "at": AT}
    assert "directly" in refusal_of(lambda: drafting.request_author_change(reason="Because.", **early))


def test_many_conflicts_need_a_reason_and_others_are_never_removed(edition: Edition, author: User) -> None:
    row = factories.make_submission(edition, author, state=State.DRAFT)
    members = [factories.make_member(edition) for _ in range(edition.conflicts_need_reason_above + 1)]
    by_chair = factories.make_conflict(row, members[0], source=ConflictSource.CHAIR)
    declared = [Declared(member, "coauthor") for member in members]
    declare = {"submission": row, "among": members, "by": author, "at": AT}
    first = declare | {"declared": declared, "version": ""}
    assert "say why" in refusal_of(lambda: drafting.declare_conflicts(reason="", **first))
    drafting.declare_conflicts(reason="A large project.", **first)
    known = drafting.version_of_conflicts(row, members)
    drafting.declare_conflicts(declared=declared[:1], version=known, reason="", **declare)
    own = row.conflicts.filter(source=ConflictSource.AUTHOR)
    assert [conflict.membership_id for conflict in own] == [members[0].pk]
    assert row.conflicts.filter(pk=by_chair.pk, lifted_at__isnull=True).exists()


def test_a_second_press_of_the_conflicts_or_the_author_list_is_no_other_window(edition: Edition, author: User) -> None:
    row = factories.make_submission(edition, author, state=State.DRAFT)
    member = factories.make_member(edition)
    declare = {"submission": row, "version": "", "among": [member], "reason": "", "by": author, "at": AT}
    entries = [entry(author.email, is_contact=True), entry("Bo@co.example")]
    listing = {"submission": row, "version": drafting.version_of_authors(row), "by": author, "at": AT}
    for _ in range(2):
        drafting.declare_conflicts(declared=[Declared(member, "advisor", "My thesis.")], **declare)
        drafting.set_authors(entries=entries, **listing)
    assert [one.kind for one in row.conflicts.filter(source=ConflictSource.AUTHOR)] == ["advisor"]
    for verb in ("declared conflicts", "changed the author list"):
        assert Entry.objects.filter(verb=verb).count() == 1
    assert "Another window" in refusal_of(lambda: drafting.declare_conflicts(declared=[], **declare))
    assert "Another window" in refusal_of(lambda: drafting.set_authors(entries=entries[:1], **listing))
    row.typed = {"authors": {"authors-2-name": "Zuse", "by": author.name, "by_id": author.pk}}
    row.save()
    assert "Another window" in refusal_of(lambda: drafting.set_authors(entries=entries, **listing))


def test_a_conflict_with_somebody_the_form_does_not_show_stays_and_is_not_counted(
    edition: Edition, author: User
) -> None:
    row = factories.make_submission(edition, author, state=State.DRAFT)
    shown, hidden = factories.make_member(edition), factories.make_member(edition)
    edition.conflicts_need_reason_above = row.edition.conflicts_need_reason_above = 1
    declare = {"submission": row, "version": "", "reason": "", "by": author, "at": AT}
    drafting.declare_conflicts(declared=[Declared(hidden, "advisor")], among=[shown, hidden], **declare)
    drafting.declare_conflicts(declared=[Declared(shown, "coauthor")], among=[shown], **declare)
    assert {one.membership_id: one.kind for one in row.conflicts.all()} == {hidden.pk: "advisor", shown.pk: "coauthor"}


def test_the_record_is_saved_by_version_and_says_what_is_missing(edition: Edition, author: User) -> None:
    row = drafting.create_draft(edition=edition, title="T", by=author, at=AT)
    values = {"algorithms": "SGD", "not_applicable": {"hardware": "A proof."}}
    record = drafting.save_reproducibility(submission=row, version=1, values=values, by=author, at=AT)
    assert (record.version, record.missing) == (2, ["software", "datasets", "benchmarks"])
    with pytest.raises(Stale):
        drafting.save_reproducibility(submission=row, version=1, values={"algorithms": "x"}, by=author, at=AT)


def test_a_question_goes_to_chairs_without_conflict_only(
    edition: Edition, author: User, chair: Membership, other_chair: Membership
) -> None:
    row = submitted(edition, author)
    factories.make_conflict(row, other_chair)
    drafting.ask(submission=row, text="May we add a page?", by=author, at=AT)
    assert letters("question") == ["chair@institute-a.example"]
    overseeing.answer(submission=row, text="No.", by=chair.user, at=AT)
    assert letters("answer") == ["ada@uni.example"]
    assert [(q.text, q.from_chairs) for q in row.questions.all()] == [("May we add a page?", False), ("No.", True)]


def test_a_co_author_sees_the_paper_once_the_address_is_verified_and_never_before(
    edition: Edition, author: User
) -> None:
    row = submitted(edition, author)
    factories.make_author(row, "Bo@b.example", "Bo")
    bo = factories.make_user("bo@b.example", "Bo", verified=False)
    assert list(authored_by(bo)) == []
    bo.emailaddress_set.update(verified=True)
    bo = User.objects.get(pk=bo.pk)
    assert list(authored_by(bo)) == [row]
    drafting.confirm_authorship(submission=row, email=bo.email, by=bo, at=AT)
    assert row.authors.get(name="Bo").confirmed_at == AT


def test_every_verb_leaves_a_line_in_the_history(edition: Edition, author: User) -> None:
    row = complete_draft(edition, author)
    drafting.set_authors(
        submission=row, entries=[entry("ada@uni.example", "Ada Lovelace", is_contact=True)], by=author, at=AT
    )
    line = Entry.objects.get(subject=row.label, verb="changed the author list")
    assert [one["name"] for one in line.detail["after"]] == ["Ada Lovelace"]


def test_a_late_permission_opens_one_paper_until_its_instant(edition: Edition, author: User, chair: Membership) -> None:
    rows = [complete_draft(edition, author), submitted(edition, author)]
    until = AFTER_DEADLINE + timedelta(days=1)
    after = until + timedelta(hours=3)
    for row in rows:
        overseeing.give_late_permission(
            submission=row, phase=Phase.SUBMISSION, cutoff=until, reason="Fire.", by=chair.user, at=AFTER_DEADLINE
        )
    # Of what was submitted it opens the files alone.
    assert [drafting.may_write(row, AFTER_DEADLINE) for row in rows] == [True, False]
    assert [drafting.may_upload(row, AFTER_DEADLINE) for row in rows] == [True, True]
    assert [act(row, after) for act in (drafting.may_write, drafting.may_upload) for row in rows] == [False] * 4
    assert letters("late_permission") == ["ada@uni.example"] * 2
    told = Message.objects.filter(kind="late_permission").order_by("pk").values_list("text", flat=True)
    assert ["its files can be replaced until then" in text for text in told] == [False, True]


def test_a_corrected_pdf_that_was_asked_for_opens_the_upload_and_nothing_that_reviewers_hold(
    edition: Edition, author: User, chair: Membership, reviewer: Membership
) -> None:
    row = submitted(edition, author)
    factories.make_assignment(row, reviewer)
    assert chair.user is not None
    overseeing.ask_for_corrected_pdf(
        manuscript=row.manuscripts.get(),
        text="Fonts.",
        until=AFTER_DEADLINE + timedelta(days=2),
        by=chair.user,
        at=AFTER_DEADLINE,
    )
    by = {"submission": row, "by": author, "at": AFTER_DEADLINE}
    veto = {"declared": [Declared(reviewer, "other")], "among": [reviewer], "reason": "", "version": ""}
    acts = [
        lambda: drafting.declare_conflicts(**veto, **by),
        lambda: drafting.update_details(**details(row, title="Another", at=AFTER_DEADLINE)),
        lambda: drafting.save_reproducibility(version=1, values={"algorithms": "Another"}, **by),
    ]
    assert ["The deadline has passed" in refusal_of(act) for act in acts] == [True] * 3
    assert list(assigned_to(reviewer).values_list("submission", flat=True)) == [row.pk]
    sent = sending.upload_manuscript(upload=pdf(), received_at=AFTER_DEADLINE, **by)
    assert (sent.is_late, sent.manuscript.number) == (False, 2)


def test_a_second_press_or_an_earlier_time_gives_nothing_and_writes_no_letter(
    edition: Edition, author: User, chair: Membership
) -> None:
    row = submitted(edition, author)
    until = AFTER_DEADLINE + timedelta(days=1)

    def give(cutoff: datetime) -> None:
        overseeing.give_late_permission(
            submission=row,
            phase=drafting.Phase.SUBMISSION,
            cutoff=cutoff,
            reason="Fire.",
            by=chair.user,
            at=AFTER_DEADLINE,
        )

    give(until)
    words = f"Paper {row.number} has until Sun 5 Apr 2026, 23:59 AoE already. Nobody was told."
    for cutoff in (until, until - timedelta(hours=1)):
        with pytest.raises(Refused) as refusal:
            give(cutoff)
        assert (refusal.value.words, refusal.value.field) == (words, "until")
    assert (row.late_permissions.count(), letters("late_permission")) == (1, ["ada@uni.example"])
    text = Message.objects.get(kind="late_permission").text
    minute = "Sun 5 Apr 2026, 23:59 AoE (Mon 6 Apr 2026, 11:59 UTC; that minute is included)"
    assert f"more time for the submission: until {minute}." in text


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.DESK_REJECTED])
def test_more_time_is_given_to_nothing_that_is_taken_back_or_returned(
    edition: Edition, author: User, chair: Membership, state: State
) -> None:
    row = submitted(edition, author)
    Submission.objects.filter(pk=row.pk).update(state=state)
    until = {"cutoff": AFTER_DEADLINE + timedelta(days=1), "phase": drafting.Phase.SUBMISSION, "reason": "Fire."}
    words = refusal_of(
        lambda: overseeing.give_late_permission(submission=row, **until, by=chair.user, at=AFTER_DEADLINE)
    )
    assert (words, row.late_permissions.count(), letters("late_permission")) == (
        f"Paper {row.number} is {Submission(state=state).get_state_display().lower()}: take that back first.",
        0,
        [],
    )


def test_more_time_is_not_given_for_an_approved_camera_ready_paper_before_it_is_unlocked(
    edition: Edition, author: User, chair: Membership
) -> None:
    row = factories.announce(submitted(edition, author))
    CameraReadyDetails.objects.create(submission=row, is_locked=True, approved_by=chair.user, approved_at=AT)
    until = {"cutoff": AFTER_DEADLINE + timedelta(days=90), "phase": Phase.CAMERA_READY, "reason": "Fire."}
    words = refusal_of(
        lambda: overseeing.give_late_permission(submission=row, **until, by=chair.user, at=AFTER_DEADLINE)
    )
    assert (words, letters("late_permission")) == (
        "The camera-ready paper is approved and locked: its authors could deliver nothing. More time can be given once "
        "the proceedings chair has unlocked it.",
        [],
    )


def test_a_question_or_an_answer_pressed_twice_is_written_once(
    edition: Edition, author: User, chair: Membership, as_user: Callable[[User], Client]
) -> None:
    row = submitted(edition, author)
    assert chair.user is not None
    by = {drafting.ask: author, overseeing.answer: chair.user}
    for act in (drafting.ask, overseeing.answer):
        press = partial(act, submission=row, by=by[act])
        press(text="Four pages more?", at=AT)
        words = refusal_of(partial(press, text=" Four pages more?", at=AT + timedelta(seconds=1)))
        assert words == "This was sent a moment ago already; nothing was written twice."
        press(text="And references?", at=AT)
        press(text="Four pages more?", at=AT + timedelta(minutes=2))
    assert row.questions.count() == 6
    client, address = as_user(author), f"/{edition.slug}/submissions/{row.number}/questions/"
    shown = [client.post(address, {"text": "Hello?"}, follow=True).content.decode() for _ in range(2)]
    assert ["sent a moment ago already" in text for text in shown] == [False, True]


def test_the_same_words_to_what_the_other_side_has_written_since_are_an_answer_and_no_second_press(
    edition: Edition, author: User, chair: Membership
) -> None:
    row = submitted(edition, author)
    acts = [(drafting.ask, "Appendix?", author), (overseeing.answer, "Yes.", chair.user)]
    acts += [(drafting.ask, "And references?", author), acts[1]]
    for second, (act, text, by) in enumerate(acts):
        act(submission=row, text=text, by=by, at=AT + timedelta(seconds=second))
    assert [one.text for one in row.questions.all()] == ["Appendix?", "Yes.", "And references?", "Yes."]


def test_a_corrected_pdf_asked_for_twice_gives_one_permission_and_one_letter(
    edition: Edition, author: User, chair: Membership
) -> None:
    row = submitted(edition, author)
    assert chair.user is not None

    def press(seconds: int, until: datetime) -> None:
        overseeing.ask_for_corrected_pdf(
            manuscript=row.manuscripts.get(),
            text="Fonts.",
            until=until,
            by=chair.user,
            at=AFTER_DEADLINE + timedelta(seconds=seconds),
        )

    until = AFTER_DEADLINE + timedelta(days=9)
    press(0, until)
    assert refusal_of(lambda: press(1, until)) == "This was sent a moment ago already; nothing was written twice."
    assert (row.late_permissions.count(), letters("correct_pdf")) == (1, [author.email])
    press(2, until + timedelta(days=1))
    assert row.late_permissions.count() == 2


def test_nobody_is_asked_for_what_a_known_decision_would_refuse(
    edition: Edition, author: User, chair: Membership
) -> None:
    row = submitted(edition, author)
    factories.announce(row)
    assert chair.user is not None
    until = timezone.now() + timedelta(days=9)
    words = {"until": until, "by": chair.user, "at": timezone.now()}
    assert "the paper is decided" in refusal_of(
        lambda: overseeing.ask_for_corrected_pdf(manuscript=row.manuscripts.get(), text="Fonts.", **words)
    )
    assert "The decision is announced" in refusal_of(
        lambda: overseeing.give_late_permission(
            submission=row, phase=Phase.SUBMISSION, cutoff=until, reason="Fonts", by=chair.user, at=timezone.now()
        )
    )
    assert (row.late_permissions.count(), letters("correct_pdf")) == (0, [])


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.DESK_REJECTED])
def test_no_corrected_pdf_is_asked_for_where_none_could_count(
    edition: Edition, author: User, chair: Membership, state: State
) -> None:
    row = submitted(edition, author)
    Submission.objects.filter(pk=row.pk).update(state=state)
    assert chair.user is not None
    words = refusal_of(
        lambda: overseeing.ask_for_corrected_pdf(
            manuscript=row.manuscripts.get(),
            text="Fonts.",
            until=AFTER_DEADLINE + timedelta(days=9),
            by=chair.user,
            at=AFTER_DEADLINE,
        )
    )
    assert words == overseeing.REVIEWED_STAYS
    assert (row.late_permissions.count(), letters("correct_pdf")) == (0, [])


@pytest.mark.parametrize("known", ["not decided", "rejected", "held", "accepted"])
def test_more_time_for_the_camera_ready_paper_is_given_only_once_its_acceptance_is_known(
    edition: Edition, author: User, chair: Membership, known: str
) -> None:
    row, by = submitted(edition, author), chair.user
    assert by is not None
    if known != "not decided":
        when = AFTER_DEADLINE + timedelta(minutes=10) if known == "held" else AFTER_DEADLINE
        factories.announce(row, "rejected" if known == "rejected" else "accepted", when)

    def give() -> None:
        overseeing.give_late_permission(
            submission=row,
            phase=Phase.CAMERA_READY,
            cutoff=AFTER_DEADLINE + timedelta(days=90),
            reason="Travel.",
            by=by,
            at=AFTER_DEADLINE,
        )

    if known == "accepted":
        give()
    else:
        words = "More time for the camera-ready paper can be given once its acceptance is announced."
        assert refusal_of(give) == words
    assert letters("late_permission") == ([author.email] if known == "accepted" else [])


def test_a_list_is_not_changed_while_letters_with_the_decision_still_wait(
    edition: Edition, author: User, chair: Membership
) -> None:
    edition.hold_minutes = 0
    edition.save()
    chair.edition = edition
    row, by, at = submitted(edition, author), chair.user, AFTER_DEADLINE
    assert by is not None
    new = [entry("bo@co.example", "Bo", is_contact=True)]
    request = drafting.request_author_change(submission=row, entries=new, reason="Address.", by=author, at=at)
    factories.make_decision(row, by)
    fingerprint = deciding.plan(chair).fingerprint
    deciding.announce(chair, accepts=1, rejects=0, fingerprint=fingerprint, leave_undecided=True, by=by, at=at)

    def grant() -> None:
        overseeing.decide_author_change(request=request, grant=True, answer="", by=by, at=at)

    assert refusal_of(grant).startswith("Letters with the decision on this submission still wait to leave")
    assert [one.email for one in row.authors.all()] == [author.email]
    Message.objects.filter(kind="decision").update(state=Letter.SENT)
    grant()
    assert [one.email for one in row.authors.all()] == ["bo@co.example"]
