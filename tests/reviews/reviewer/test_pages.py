"""The reviewer's pages: who may open them, what they show, what they never show."""

import io
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pypdf import PdfReader, PdfWriter
from pypdf.errors import PdfReadError
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NullObject,
    NumberObject,
    TextStringObject,
)

from dlonsc.accounts.models import User
from dlonsc.codes import code
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Deadline, Edition, Membership
from dlonsc.history.models import Entry
from dlonsc.mail.models import Message
from reviews.actions import erasing, reviewing
from reviews.copies import CannotBlind, without_metadata
from reviews.forms.reviewer import ProfileForm
from reviews.models import Assignment, Review, ReviewVersion
from reviews.views.reviewer import plan
from submissions.files import path_of
from submissions.models import Conflict, Manuscript, Submission, Supplement
from submissions.states import State
from tests import factories
from tests.factories import AT

AsUser = Callable[[User | Membership | None], Client]
TEXT = {
    "summary": "It trains on 1024 nodes.",
    "strengths": "Measured with care.",
    "weaknesses": "One seed only.",
    "reproducibility": "Code and data are named.",
    "score": "2",
    "confidence": "3",
    "for_chairs": "Between us.",
}


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def assignment(edition: Edition, reviewer: Membership) -> Assignment:
    return factories.make_assignment(factories.make_submission(edition, title="Compressed gradients"), reviewer)


def address(name: str, *args: object) -> str:
    return reverse(f"reviews:{name}", args=["dlonsc-2026", *args])


# --- Access ----------------------------------------------------------------------------------------------------------

PER_PAPER = ["review", "preview", "submit", "versions", "refuse", "promise", "paper", "offline_form"]


@pytest.mark.parametrize("name", PER_PAPER)
def test_a_paper_opens_for_its_reviewer_only(
    name: str, edition: Edition, assignment: Assignment, as_user: AsUser, stranger: User
) -> None:
    other = factories.make_member(edition)
    barred = factories.make_member(edition)
    factories.make_assignment(assignment.submission, barred)
    factories.make_conflict(assignment.submission, barred)
    gone = factories.make_member(edition)
    factories.make_assignment(assignment.submission, gone)
    Membership.objects.filter(pk=gone.pk).update(removed_at=AT)
    author = assignment.submission.created_by
    where = address(name, assignment.submission.number)
    people = {"reviewer": assignment.membership, "other": other, "conflicted": barred, "removed": gone}
    statuses = {who: as_user(person).get(where).status_code for who, person in people.items()}
    statuses["stranger"] = as_user(stranger).get(where).status_code
    statuses["author"] = as_user(author).get(where).status_code
    assert statuses == {
        "reviewer": 200,
        "other": 404,
        "conflicted": 404,
        "removed": 404,
        "stranger": 404,
        "author": 404,
    }


def test_a_visitor_is_sent_to_sign_in_and_a_script_is_told(assignment: Assignment) -> None:
    page = Client().get(address("review", 1))
    script = Client().post(address("autosave", 1), TEXT | {"version": "0"}, headers={"X-Autosave": "1"})
    assert (page.status_code, page["Location"].split("?")[0]) == (302, reverse("account_login"))
    assert script.status_code == 403


def test_a_reviewer_who_turns_out_to_be_an_author_cannot_open_it(
    edition: Edition, assignment: Assignment, as_user: AsUser
) -> None:
    factories.make_author(assignment.submission, assignment.membership.email)
    assert as_user(assignment.membership).get(address("review", 1)).status_code == 404


def test_own_text_stays_readable_after_removal_and_shows_nobody_elses(
    edition: Edition, assignment: Assignment, as_user: AsUser, stranger: User
) -> None:
    factories.make_review(assignment, summary="mine, and mine alone")
    other = factories.make_assignment(assignment.submission, factories.make_member(edition))
    factories.make_review(other, summary="somebody else's")
    Membership.objects.filter(pk=assignment.membership_id).update(removed_at=AT)
    page = as_user(assignment.membership).get(address("own"))
    assert page.status_code == 200
    assert "mine, and mine alone" in page.text
    assert "somebody else&#x27;s" not in page.text
    assert as_user(stranger).get(address("own")).status_code == 404


# --- Others' reviews -------------------------------------------------------------------------------------------------


@pytest.fixture
def fellow(edition: Edition, assignment: Assignment) -> Review:
    peer = factories.make_member(edition, email="peer@p.example")
    row = factories.make_assignment(assignment.submission, peer)
    return factories.make_review(row, label=2, summary="fellow words", for_chairs="fellow secret")


def test_other_reviews_appear_only_after_ones_own(assignment: Assignment, fellow: Review, as_user: AsUser) -> None:
    client = as_user(assignment.membership)
    before = client.get(address("review", 1)).text
    factories.make_review(assignment, label=1)
    after = client.get(address("review", 1)).text
    assert ("fellow words" in before, "fellow words" in after) == (False, True)
    assert "fellow secret" not in after
    taken_back = {"removed_at": AT, "removed_by": assignment.assigned_by}
    Assignment.objects.filter(pk=fellow.assignment_id).update(**taken_back)
    assert "fellow words" not in client.get(address("review", 1)).text


def test_a_draft_of_ones_own_opens_nothing(assignment: Assignment, fellow: Review, as_user: AsUser) -> None:
    factories.make_review(assignment, label=1, submitted=False)
    assert "fellow words" not in as_user(assignment.membership).get(address("review", 1)).text


def test_names_of_co_reviewers_follow_the_setting(
    edition: Edition, assignment: Assignment, fellow: Review, as_user: AsUser
) -> None:
    factories.make_review(assignment, label=1)
    client, name = as_user(assignment.membership), fellow.assignment.membership.name
    named = name in client.get(address("review", 1)).text
    Edition.objects.update(reviewers_see_each_other=False)
    assert (named, name in client.get(address("review", 1)).text) == (True, False)


# --- Writing ---------------------------------------------------------------------------------------------------------


def test_the_plain_save_keeps_whatever_was_typed(assignment: Assignment, as_user: AsUser) -> None:
    client = as_user(assignment.membership)
    answer = client.post(address("review", 1), {"summary": "half a sen", "score": "nonsense", "version": "0"})
    assert answer.status_code == 302
    review = Review.objects.get()
    assert (review.summary, review.score, review.submitted_at) == ("half a sen", None, None)
    assert "half a sen" in client.get(address("review", 1)).text


def test_autosave_answers_with_time_and_version(assignment: Assignment, as_user: AsUser) -> None:
    client = as_user(assignment.membership)
    answer = client.post(address("autosave", 1), TEXT | {"version": "0"}, headers={"X-Autosave": "1"})
    assert (answer.status_code, answer.json()) == (200, {"saved_at": "12:00:00 UTC", "version": 1})


def test_the_second_tab_is_warned_and_its_text_kept_aside(assignment: Assignment, as_user: AsUser) -> None:
    client = as_user(assignment.membership)
    client.post(address("autosave", 1), TEXT | {"version": "0"}, headers={"X-Autosave": "1"})
    late = TEXT | {"summary": "typed in the second tab", "version": "0"}
    answer = client.post(address("autosave", 1), late, headers={"X-Autosave": "1"})
    assert answer.status_code == 409
    assert (answer.json()["kept"], "version" in answer.json()) == (True, False)
    assert Review.objects.get().summary == TEXT["summary"]
    assert ReviewVersion.objects.get(is_aside=True).fields["summary"] == "typed in the second tab"
    assert "kept aside" in client.get(address("review", 1)).text
    assert "typed in the second tab" in client.get(address("versions", 1)).text


@pytest.mark.parametrize("way", ["review", "autosave"])
@pytest.mark.parametrize("end", ["taken away", "withdrawn", "closed", "left the committee"])
def test_what_is_typed_when_the_task_ends_is_kept_where_she_finds_it(
    assignment: Assignment, as_user: AsUser, end: str, way: str
) -> None:
    client, task = as_user(assignment.membership), Assignment.objects.filter(pk=assignment.pk)
    client.post(address("review", 1), {"summary": "First.", "version": "0"})
    if end == "taken away":
        task.update(removed_at=AT, removed_by=assignment.assigned_by)
    elif end == "withdrawn":
        Submission.objects.update(state=State.WITHDRAWN)
    elif end == "closed":
        Deadline.objects.filter(phase=Phase.REVIEW).update(is_soft=False, cutoff_at=AT - timedelta(seconds=1))
    else:
        Membership.objects.filter(pk=assignment.membership_id).update(removed_at=AT)
    answer = client.post(address(way, 1), {"summary": "First, and two hours more.", "version": "1"})
    if way == "autosave":
        assert (answer.status_code, answer.json()["kept"]) == (409, True)
    else:
        assert answer["Location"] == address("own")
    page = client.get(address("own"))
    assert "First, and two hours more." in page.text
    assert Review.objects.get().summary == "First."
    is_ended = f'data-leftovers="review-{code("assignment", assignment.pk)} "' in page.text
    assert is_ended == (end != "closed")


def test_a_window_that_goes_on_after_the_end_leaves_one_text_and_is_told_when_it_is_not_kept(
    assignment: Assignment, as_user: AsUser
) -> None:
    client, where = as_user(assignment.membership), address("autosave", 1)
    client.post(where, {"summary": "First.", "version": "0"})
    Assignment.objects.update(removed_at=AT, removed_by=assignment.assigned_by)
    for text in ("More.", "More and more."):
        answer = client.post(where, {"summary": text, "version": "1"}, headers={"X-Window": "one"})
        assert (answer.status_code, answer.json()["kept"]) == (409, True)
    assert [row.fields["summary"] for row in ReviewVersion.objects.filter(is_aside=True)] == ["More and more."]
    Assignment.objects.update(removed_at=None, removed_by=None)
    closed = {"is_soft": False, "cutoff_at": AT - timedelta(days=2)}
    Deadline.objects.filter(phase=Phase.REVIEW).update(**closed)
    answer = client.post(where, {"summary": "Late.", "version": "1"}, headers={"X-Window": "one"})
    assert (answer.status_code, answer.json()["kept"]) == (409, False)
    # Pressed: an error, by which the browser goes on keeping what it has.
    late = {"summary": "Two hours late.", "score": "0", "version": "1"}
    plain = client.post(address("review", 1), late, follow=True)
    assert [one.level_tag for one in plain.context["messages"]] == ["error"]
    # And for a browser that keeps nothing, the answer has it.
    assert plain.status_code == 409
    assert plain.context["sent"] == [("Summary", "Two hours late."), ("Score", 0)]
    assert ("Two hours late.</textarea>" in plain.text, "0</textarea>" in plain.text) == (True, True)


def test_a_change_of_a_submitted_review_that_was_not_submitted_is_found_when_the_task_is_gone(
    assignment: Assignment, as_user: AsUser
) -> None:
    client = as_user(assignment.membership)
    client.post(address("review", 1), TEXT | {"version": "0"})
    client.post(address("submit", 1), {"version": "1"})
    words = "Changed after it was submitted"
    assert words not in client.get(address("own")).text
    client.post(address("review", 1), TEXT | {"summary": "Two hours of second thoughts.", "version": "2"})
    Assignment.objects.update(removed_at=AT, removed_by=assignment.assigned_by)
    assert client.get(address("review", 1)).status_code == 404
    page = client.get(address("own")).text
    assert (words in page, "Two hours of second thoughts." in page, TEXT["summary"] in page) == (True, True, True)


def test_an_ended_task_opens_no_door_to_others_and_keeps_no_empty_form(
    assignment: Assignment, as_user: AsUser, stranger: User, chair: Membership
) -> None:
    Assignment.objects.update(removed_at=AT, removed_by=assignment.assigned_by)
    text = {"summary": "Something.", "version": "0"}
    for name in ("review", "autosave"):
        statuses = [as_user(person).post(address(name, 1), text).status_code for person in (stranger, chair)]
        assert [*statuses, as_user(assignment.membership).post(address(name, 1), {}).status_code] == [404, 404, 404]
    assert not Review.objects.exists()


def test_an_older_text_can_be_taken_up_again(assignment: Assignment, as_user: AsUser) -> None:
    client = as_user(assignment.membership)
    for version, words in enumerate(("one", "two")):
        client.post(address("review", 1), TEXT | {"summary": words, "version": str(version)})
    client.post(address("versions", 1), {"number": "1"})
    assert Review.objects.get().summary == "one"
    assert ReviewVersion.objects.count() == 3


def test_an_older_text_that_meets_a_newer_one_is_not_called_the_newest(
    assignment: Assignment, as_user: AsUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = as_user(assignment.membership)
    for version, words in enumerate(("one", "two")):
        client.post(address("review", 1), TEXT | {"summary": words, "version": str(version)})
    save = reviewing.save_review

    def after_another(**words: Any) -> reviewing.Saved:
        save(**words | {"fields": TEXT | {"summary": "three", "score": 2, "confidence": 3}, "based_on": 2})
        return save(**words)

    monkeypatch.setattr(reviewing, "save_review", after_another)
    answer = client.post(address("versions", 1), {"number": "1"}, follow=True)
    assert Review.objects.get().summary == "three"
    assert ("is the newest text again" in answer.text, "A newer text was saved" in answer.text) == (False, True)


@pytest.mark.parametrize("number", ["", "9", "x", "99999999999999999999", "-1"])
def test_a_version_that_does_not_exist_is_not_found(assignment: Assignment, as_user: AsUser, number: str) -> None:
    factories.make_review(assignment, submitted=False)
    assert as_user(assignment.membership).post(address("versions", 1), {"number": number}).status_code == 404


def test_saving_and_submitting_are_two_acts(assignment: Assignment, as_user: AsUser) -> None:
    client = as_user(assignment.membership)
    saved = client.post(address("review", 1), TEXT | {"version": "0", "then": "submit"})
    assert saved["Location"] == address("submit", 1)
    assert Review.objects.get().submitted_at is None
    confirm = client.get(address("submit", 1)).text
    assert "Compressed gradients" in confirm
    assert "Accept" in confirm
    done = client.post(address("submit", 1), {"version": "1"})
    assert done["Location"] == address("review", 1)
    assert Review.objects.get().submitted_at == AT


def test_the_confirmation_says_what_is_missing_and_offers_no_button(assignment: Assignment, as_user: AsUser) -> None:
    client = as_user(assignment.membership)
    client.post(address("review", 1), TEXT | {"version": "0", "score": "", "strengths": ""})
    page = client.get(address("submit", 1)).text
    assert 'href="/dlonsc-2026/reviews/1/#id_score"' in page
    assert 'href="/dlonsc-2026/reviews/1/#id_strengths"' in page
    assert 'href="/dlonsc-2026/reviews/1/#id_summary"' not in page
    assert "Submit the review of 1" not in page


def test_script_in_a_review_is_shown_as_text(assignment: Assignment, as_user: AsUser) -> None:
    client = as_user(assignment.membership)
    client.post(address("review", 1), TEXT | {"summary": "<script>alert(1)</script>", "version": "0"})
    assert "<script>alert" not in client.get(address("preview", 1)).text


def test_giving_back_needs_words_and_leaves_the_list(assignment: Assignment, as_user: AsUser) -> None:
    client = as_user(assignment.membership)
    refused = client.post(address("refuse", 1), {"refusal": "conflict", "reason": ""})
    assert refused.status_code == 422
    done = client.post(address("refuse", 1), {"refusal": "conflict", "reason": "We share a grant."})
    assert done["Location"] == address("home")
    assert client.get(address("review", 1)).status_code == 404
    assert Conflict.objects.count() == 1


def test_after_submitting_giving_back_is_not_offered_and_says_whom_to_write_to(
    assignment: Assignment, as_user: AsUser
) -> None:
    client = as_user(assignment.membership)
    assert address("refuse", 1) in client.get(address("review", 1)).text
    factories.make_review(assignment)
    assert address("refuse", 1) not in client.get(address("review", 1)).text
    page = client.get(address("refuse", 1))
    assert ("write to the chairs" in page.text, "<textarea" in page.text) == (True, False)
    refused = client.post(address("refuse", 1), {"refusal": "conflict", "reason": "We share a grant."})
    assert (refused.status_code, "We share a grant." in refused.text) == (422, True)
    assert Assignment.objects.standing().count() == 1


@pytest.mark.parametrize("until", ["2026-02-28", "2027-03-01", "soon"])
def test_a_promise_must_be_a_day_to_come(assignment: Assignment, as_user: AsUser, until: str) -> None:
    assert as_user(assignment.membership).post(address("promise", 1), {"until": until}).status_code == 422
    assert Assignment.objects.get().promised_at is None


def test_a_promise_shows_on_the_list(assignment: Assignment, as_user: AsUser) -> None:
    client = as_user(assignment.membership)
    client.post(address("promise", 1), {"until": "2026-04-15"})
    assert "15 Apr 2026" in client.get(address("home")).text


# --- Double-blind ----------------------------------------------------------------------------------------------------


def pdf_with_author() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(439, 666)
    writer.add_metadata({"/Author": "Ada Author", "/Title": "Written by Ada Author"})
    writer.xmp_metadata = b'<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/">Ada Author</x:xmpmeta>'
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_metadata_leaves_and_pages_stay() -> None:
    data = pdf_with_author()
    clean = without_metadata(data)
    assert b"Ada Author" in data
    assert b"Ada Author" not in clean
    assert len(PdfReader(io.BytesIO(clean)).pages) == 1


def test_the_makers_of_its_figures_images_and_notes_leave_too() -> None:
    """What TeX keeps of each figure that it puts in, Exif in a photograph, the name on a note, and what stands inside
    other objects."""
    writer = PdfWriter()
    page = writer.add_blank_page(439, 666)
    names = DictionaryObject({NameObject("/Author"): TextStringObject("Ada Author")})
    figure, photo, packet = DecodedStreamObject(), DecodedStreamObject(), DecodedStreamObject()
    figure.set_data(b"q Q")
    figure[NameObject("/PTEX.FileName")] = TextStringObject("(Ada Author) figure.pdf")
    figure[NameObject("/PTEX.InfoDict")] = writer._add_object(names)
    image = b"\xff\xd8\xff\xe0\x00\x04ok\xff\xe1\x00\x0cAda Author\xff\xda\x00\x02\xff\x00\xff\xd9"
    photo.set_data(image)
    photo[NameObject("/Filter")] = NameObject("/DCTDecode")
    packet.set_data(b"Ada Author")
    note = {"/Subtype": NameObject("/Text"), "/Rect": ArrayObject(), "/T": TextStringObject("Ada Author")}
    page[NameObject("/Annots")] = ArrayObject([DictionaryObject({NameObject(key): one for key, one in note.items()})])
    inner = DictionaryObject({NameObject("/Metadata"): writer._add_object(packet)})
    page[NameObject("/Resources")] = DictionaryObject(
        {
            NameObject("/XObject"): ArrayObject([writer._add_object(figure), writer._add_object(photo)]),
            NameObject("/Properties"): DictionaryObject({NameObject("/MC0"): inner}),
        }
    )
    out = io.BytesIO()
    writer.write(out)
    clean = without_metadata(out.getvalue())
    assert (out.getvalue().count(b"Ada Author"), clean.count(b"Ada Author")) == (5, 0)
    # The image itself is the same.
    assert image[:8] + image[22:] in clean


def test_what_a_pdf_holds_beside_its_pages_names_nobody_either() -> None:
    """Sources that are attached to it as a whole or to a note, and the small picture of a page as it was before."""

    def stream(text: bytes) -> IndirectObject:
        one = DecodedStreamObject()
        one.set_data(text)
        return writer._add_object(one)

    writer = PdfWriter()
    page = writer.add_blank_page(439, 666)
    writer.add_attachment("Ada Author.tex", b"Ada Author")
    held = DictionaryObject({NameObject("/F"): stream(b"Ada Author")})
    file = {"/Type": NameObject("/Filespec"), "/UF": TextStringObject("Ada Author.csv"), "/EF": held}
    attached = writer._add_object(DictionaryObject({NameObject(key): one for key, one in file.items()}))
    note = {"/Subtype": NameObject("/FileAttachment"), "/Rect": ArrayObject(), "/FS": attached}
    page[NameObject("/Annots")] = ArrayObject([DictionaryObject({NameObject(key): one for key, one in note.items()})])
    page[NameObject("/AF")] = ArrayObject([attached])
    page[NameObject("/Thumb")] = stream(b"Ada Author")
    # What a page only calls so stays.
    font = DictionaryObject({NameObject("/Type"): NameObject("/Font"), NameObject("/BaseFont"): NameObject("/Wombat")})
    fonts = DictionaryObject({NameObject("/EF"): font, NameObject("/AF"): font, NameObject("/Thumb"): font})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    out = io.BytesIO()
    writer.write(out)
    clean = without_metadata(out.getvalue())
    assert (out.getvalue().count(b"Ada Author"), clean.count(b"Ada Author")) == (6, 0)
    assert clean.count(b"/Wombat") == 3


def test_a_photograph_that_is_packed_once_more_and_a_signature_name_nobody_either() -> None:
    writer = PdfWriter()
    page = writer.add_blank_page(439, 666)
    image = b"\xff\xd8\xff\xe1\x00\x0cAda Author\xff\xda\x00\x02\xff\x00\xff\xd9"
    photo = DecodedStreamObject()
    photo.set_data(zlib.compress(image))
    photo[NameObject("/Filter")] = ArrayObject([NameObject("/FlateDecode"), NameObject("/DCTDecode")])
    colours = DictionaryObject({NameObject("/ColorTransform"): NumberObject(0)})
    photo[NameObject("/DecodeParms")] = ArrayObject([NullObject(), colours])
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/XObject"): writer._add_object(photo)})
    signed = {
        "/ByteRange": ArrayObject(),
        "/Name": TextStringObject("Ada Author"),
        "/Contents": TextStringObject("Ada"),
    }
    page[NameObject("/V")] = DictionaryObject({NameObject(key): one for key, one in signed.items()})
    out = io.BytesIO()
    writer.write(out)
    clean = without_metadata(out.getvalue())
    resources: Any = PdfReader(io.BytesIO(clean)).pages[0]["/Resources"]
    found = resources["/XObject"]
    assert (found["/Filter"], found["/DecodeParms"]) == ("/DCTDecode", {"/ColorTransform": 0})
    # The image itself is the same.
    assert (found._data, b"Ada" in clean) == (image[:2] + image[16:], False)


def test_a_packed_image_that_unfolds_to_far_more_is_not_unfolded_for_a_blind_copy() -> None:
    writer = PdfWriter()
    page = writer.add_blank_page(439, 666)
    bomb = DecodedStreamObject()
    bomb.set_data(zlib.compress(bytes(8_000_000)))
    bomb[NameObject("/Filter")] = ArrayObject([NameObject("/FlateDecode"), NameObject("/DCTDecode")])
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/XObject"): writer._add_object(bomb)})
    out = io.BytesIO()
    writer.write(out)
    with pytest.raises(CannotBlind, match="unfolds"):
        without_metadata(out.getvalue())


def test_a_blind_edition_shows_no_author_anywhere(edition: Edition, reviewer: Membership, as_user: AsUser) -> None:
    author = factories.make_user("ada.author@campus.example", "Ada Author")
    submission = factories.make_submission(edition, author, title="Compressed gradients")
    factories.make_manuscript(submission, pdf_with_author(), original_name="Ada-Author.pdf")
    factories.make_assignment(submission, reviewer)
    Supplement.objects.create(
        submission=submission,
        sha256=factories.store_bytes(b"PK"),
        size=2,
        original_name="ada-author.zip",
        uploaded_by=author,
    )
    client = as_user(reviewer)

    def leaks() -> list[str]:
        found = []
        for name in ("home", "review", "preview", "submit", "paper", "supplement", "download_all", "offline_form"):
            args = [1, 1] if name == "supplement" else [] if name in {"home", "download_all"} else [1]
            args = [1, Supplement.objects.get().pk] if name == "supplement" else args
            answer = client.get(address(name, *args))
            body = answer.getvalue() if answer.streaming else answer.content
            if (
                "author" in str(answer.headers).lower()
                or b"ada author" in body.lower()
                or b"ada-author" in body.lower()
            ):
                found.append(name)
        return found

    assert leaks() == ["review", "paper", "download_all"]
    Edition.objects.update(blind=True)
    assert leaks() == []


def test_a_pdf_that_cannot_be_cleaned_is_not_shown_blind(
    edition: Edition, assignment: Assignment, as_user: AsUser
) -> None:
    client = as_user(assignment.membership)
    assert client.get(address("paper", 1)).status_code == 200
    Edition.objects.update(blind=True)
    answer = client.get(address("paper", 1))
    assert (answer.status_code, b"made for a test" in answer.content) == (409, False)


@pytest.mark.parametrize("error", [IndexError, KeyError, ZeroDivisionError, NotImplementedError, PdfReadError])
def test_a_damaged_pdf_takes_no_other_paper_out_of_a_blind_archive(
    edition: Edition, reviewer: Membership, as_user: AsUser, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    Edition.objects.update(blind=True)
    for title in ("One", "Two"):
        paper = factories.make_submission(edition, title=title)
        factories.make_manuscript(paper, pdf_with_author() + title.encode())
        factories.make_assignment(paper, reviewer)

    def read(stream: io.BytesIO) -> PdfReader:
        if stream.getvalue().endswith(b"One"):
            raise error("damaged")
        return PdfReader(stream)

    monkeypatch.setattr("reviews.copies.PdfReader", read)
    archive = zipfile.ZipFile(io.BytesIO(as_user(reviewer).get(address("download_all")).getvalue()))
    assert archive.namelist() == [
        "001_one_not-available.txt",
        "001_one_review.txt",
        "002_two.pdf",
        "002_two_review.txt",
    ]


def test_a_supplement_that_is_a_pdf_leaves_without_metadata_where_reviewing_is_blind(
    edition: Edition, assignment: Assignment, as_user: AsUser
) -> None:
    file = Supplement.objects.create(
        submission=assignment.submission,
        sha256=factories.store_bytes(pdf_with_author()),
        size=len(pdf_with_author()),
        original_name="appendix",
        uploaded_by=assignment.submission.created_by,
    )
    helper = factories.make_sub_reviewer(assignment, factories.make_user("sue@far.example")).user
    doors = ((as_user(assignment.membership), "supplement"), (as_user(helper), "sub_supplement"))
    Edition.objects.update(sub_reviewers=True)

    def named() -> list[bool]:
        bodies = [client.get(address(name, 1, file.pk)).getvalue() for client, name in doors]
        assert all(body.startswith(b"%PDF") for body in bodies)
        return [b"Ada Author" in body for body in bodies]

    assert named() == [True, True]
    Edition.objects.update(blind=True)
    assert named() == [False, False]


@pytest.mark.parametrize("name", ["files.tar", "files.zip", "check.py"])
def test_a_supplement_that_only_holds_a_pdf_or_names_one_reaches_reviewers_whole_where_reviewing_is_blind(
    edition: Edition, assignment: Assignment, as_user: AsUser, name: str
) -> None:
    """Taken for the PDF in it, an archive lost all its other files."""
    body, pdf = io.BytesIO(b'MAGIC = b"%PDF-"'), pdf_with_author()
    if name == "files.tar":
        with tarfile.open(fileobj=body, mode="w") as archive:
            member = tarfile.TarInfo("figure.pdf")
            member.size = len(pdf)
            archive.addfile(member, io.BytesIO(pdf))
    elif name == "files.zip":
        with zipfile.ZipFile(body, "w") as packed:
            packed.writestr("figure.pdf", pdf)
    Edition.objects.update(blind=True)
    file = Supplement.objects.create(
        submission=assignment.submission,
        sha256=factories.store_bytes(body.getvalue()),
        size=len(body.getvalue()),
        original_name=name,
        uploaded_by=assignment.submission.created_by,
    )
    answer = as_user(assignment.membership).get(address("supplement", 1, file.pk))
    assert (answer.status_code, answer.getvalue()) == (200, body.getvalue())


@pytest.mark.parametrize(("name", "ending"), [("Poster A.Lovelace", ""), ("code.tar.GZ", ".gz"), ("lovelace", "")])
def test_no_name_comes_to_reviewers_by_the_end_of_a_supplements_file_name(
    edition: Edition, assignment: Assignment, as_user: AsUser, name: str, ending: str
) -> None:
    Edition.objects.update(blind=True)
    file = Supplement.objects.create(
        submission=assignment.submission,
        sha256=factories.store_bytes(b"A poster"),
        size=8,
        original_name=name,
        uploaded_by=assignment.submission.created_by,
    )
    answer = as_user(assignment.membership).get(address("supplement", 1, file.pk))
    assert answer.headers["Content-Disposition"].endswith(f'_supplement-{file.sha256[:8]}{ending}"')


def test_an_archive_names_what_it_cannot_blind_and_never_holds_the_original(
    edition: Edition, assignment: Assignment, as_user: AsUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    Edition.objects.update(blind=True)
    monkeypatch.setattr("reviews.copies.reviewers_copy", Mock(side_effect=FileNotFoundError))
    archive = zipfile.ZipFile(io.BytesIO(as_user(assignment.membership).get(address("download_all")).getvalue()))
    assert archive.namelist() == ["001_compressed-gradients_review.txt", "MISSING-FILES.txt"]
    assert "001_compressed-gradients.pdf" in archive.read("MISSING-FILES.txt").decode()


def test_the_file_name_is_number_and_short_title(assignment: Assignment, as_user: AsUser) -> None:
    answer = as_user(assignment.membership).get(address("paper", 1))
    assert "001_compressed-gradients.pdf" in answer["Content-Disposition"]


def test_download_all_holds_every_paper_and_a_form(edition: Edition, reviewer: Membership, as_user: AsUser) -> None:
    for title in ("One", "Два", "Three"):
        factories.make_assignment(factories.make_submission(edition, title=title), reviewer)
    answer = as_user(reviewer).get(address("download_all"))
    archive = zipfile.ZipFile(io.BytesIO(answer.getvalue()))
    assert archive.testzip() is None
    assert archive.namelist() == [
        "001_one.pdf",
        "001_one_review.txt",
        "002_submission.pdf",
        "002_submission_review.txt",
        "003_three.pdf",
        "003_three_review.txt",
    ]
    assert archive.read("001_one.pdf") == b"%PDF-1.7 made for a test"


# --- Home and profile ------------------------------------------------------------------------------------------------


def queries(client: Client, where: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(where).status_code == 200
    return len(seen)


@pytest.mark.parametrize("blind", [False, True])
def test_an_archive_comes_whole_and_names_the_file_that_is_missing(
    edition: Edition, reviewer: Membership, as_user: AsUser, blind: bool
) -> None:
    Edition.objects.filter(pk=edition.pk).update(blind=blind)
    for title in ("First", "Second", "Third"):
        paper = factories.make_submission(edition, title=title)
        writer, data = PdfWriter(), io.BytesIO()
        writer.add_blank_page(width=100, height=100)
        writer.add_metadata({"/Title": title})
        writer.write(data)
        factories.make_manuscript(paper, data.getvalue())
        factories.make_assignment(paper, reviewer)
    path_of(Manuscript.objects.get(submission__title="Second", is_current=True).sha256).unlink()
    body = b"".join(as_user(reviewer).get(address("download_all")))
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        texts = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".txt")}
        papers = [name for name in archive.namelist() if name.endswith(".pdf")]
    assert (len(papers), len(texts)) == (2, 4)
    assert [line for line in texts["MISSING-FILES.txt"].splitlines() if line.endswith(".pdf")] == ["002_second.pdf"]


def test_the_list_of_tasks_costs_the_same_with_3_and_30(
    edition: Edition, reviewer: Membership, as_user: AsUser
) -> None:
    client = as_user(reviewer)

    def grow(to: int) -> int:
        while reviewer.assignments.count() < to:
            submission = factories.make_submission(edition)
            submission.topics.set(edition.topics.all())
            row = factories.make_assignment(submission, reviewer)
            if row.pk % 2:
                factories.make_review(row, submitted=row.pk % 3 == 0)
        return queries(client, address("home"))

    grow(3)
    assert grow(3) == grow(30)


def test_the_archive_costs_the_same_with_3_and_30(edition: Edition, reviewer: Membership, as_user: AsUser) -> None:
    client = as_user(reviewer)

    def grow(to: int) -> int:
        while reviewer.assignments.count() < to:
            row = factories.make_assignment(factories.make_submission(edition), reviewer)
            factories.make_review(row, submitted=False)
        with CaptureQueriesContext(connection) as seen:
            client.get(address("download_all")).getvalue()
        return len(seen)

    grow(3)
    assert grow(3) == grow(30)


def test_the_review_page_costs_the_same_with_3_and_30_fellows(
    edition: Edition, assignment: Assignment, as_user: AsUser
) -> None:
    client = as_user(assignment.membership)
    factories.make_review(assignment)

    def grow(to: int) -> int:
        while assignment.submission.assignments.count() < to:
            row = factories.make_assignment(assignment.submission, factories.make_member(edition))
            factories.make_review(row)
        return queries(client, address("review", 1))

    grow(3)
    assert grow(3) == grow(30)


@pytest.mark.parametrize(
    ("open_tasks", "left", "words"),
    [
        (0, timedelta(days=9), "Nothing is waiting for you."),
        (1, timedelta(days=9), "1 review to write, 9 days left."),
        (4, timedelta(days=9), "4 reviews, 9 days: about one every two days."),
        (6, timedelta(days=3), "6 reviews, 3 days: about two a day."),
        (4, timedelta(days=5), "4 reviews, 5 days: about one a day."),
        (2, timedelta(hours=5), "2 reviews to write, less than a day left."),
    ],
)
def test_the_plan_is_one_sentence(edition: Edition, open_tasks: int, left: timedelta, words: str) -> None:
    due = edition.due(Phase.REVIEW)
    assert due is not None
    assert plan(open_tasks, due, due.cutoff_at - left) == words


def test_after_the_date_the_plan_asks_for_a_day(edition: Edition) -> None:
    due = edition.due(Phase.REVIEW)
    assert plan(2, due, datetime(2026, 5, 1, tzinfo=UTC)).startswith("2 reviews to write; the date has passed.")


def test_drafts_come_before_what_is_done(edition: Edition, reviewer: Membership, as_user: AsUser) -> None:
    for number in range(3):
        row = factories.make_assignment(factories.make_submission(edition), reviewer)
        if number == 0:
            factories.make_review(row)
    text = as_user(reviewer).get(address("home")).text
    order = [text.index(f'id="task-{number}"') for number in (2, 3, 1)]
    assert order == sorted(order)


def test_the_profile_is_kept_and_bad_lines_are_named(edition: Edition, reviewer: Membership, as_user: AsUser) -> None:
    client, topic = as_user(reviewer), edition.topics.first()
    assert topic is not None
    data = {"max_load": "4", f"topic_{topic.pk}": "2", "conflicts": "ada@uni.example: coauthor\nBo: enemy"}
    refused = client.post(address("profile"), data)
    assert refused.status_code == 422
    assert "Line 2" in refused.text
    assert "Bo: enemy" in refused.text
    kept = client.post(address("profile"), data | {"conflicts": "ada@uni.example: coauthor\nBo Author"})
    assert kept.status_code == 302
    reviewer.refresh_from_db()
    assert (reviewer.max_load, reviewer.profile_at) == (4, AT)
    assert reviewer.declared_conflicts == [
        {"who": "ada@uni.example", "kind": "coauthor"},
        {"who": "Bo Author", "kind": "other"},
    ]


def test_a_profile_that_came_second_takes_nobody_out_and_loses_no_word_of_either(
    edition: Edition, reviewer: Membership, as_user: AsUser
) -> None:
    client, topic = as_user(reviewer), edition.topics.first()
    assert topic is not None
    first = client.get(address("profile")).context["form"]["version"].value()
    one = {
        "version": first,
        "conflicts": "ada@uni.example: coauthor",
        "publications": "On nets",
        f"topic_{topic.pk}": "2",
    }
    two = {"version": first, "conflicts": "Bo Author: other", "max_load": "2"}
    # Pressed twice, it is one save and nobody is told of another window.
    assert [client.post(address("profile"), one).status_code for _ in range(2)] == [302, 302]
    answer = client.post(address("profile"), two)
    reviewer.refresh_from_db()
    assert (answer.status_code, reviewer.publications, reviewer.max_load) == (422, "On nets", None)
    assert answer.context["theirs"] == [
        ("At most this many submissions", ""),
        ("Your publications", "On nets"),
        (topic.title, "My own field"),
    ]
    form = answer.context["form"]
    assert form["conflicts"].value() == "Bo Author: other\nada@uni.example: coauthor"
    again = two | {name: form[name].value() for name in ("version", "conflicts")}
    assert client.post(address("profile"), again).status_code == 302
    reviewer.refresh_from_db()
    assert ([row["who"] for row in reviewer.declared_conflicts], reviewer.max_load) == (
        ["Bo Author", "ada@uni.example"],
        2,
    )
    # A form that has lost its fields on the way takes nothing out either.
    assert client.post(address("profile"), {}).status_code == 422
    reviewer.refresh_from_db()
    assert len(reviewer.declared_conflicts) == 2


def chosen(page: str) -> dict[str, str]:
    """What a browser sends of each list of topics: what is selected or, where nothing is, what stands first."""
    lists = re.findall(r'<select name="(topic_\d+)".*?</select>', page, re.DOTALL)
    found = {}
    for name in lists:
        options = page.partition(f'<select name="{name}"')[2].partition("</select>")[0]
        selected = re.search(r'value="(-?\d)" selected', options) or re.search(r'value="(-?\d)"', options)
        assert selected is not None
        found[name] = selected[1]
    return found


def test_a_topic_of_which_she_has_said_nothing_stays_so_when_her_profile_is_saved(
    edition: Edition, reviewer: Membership, as_user: AsUser
) -> None:
    client, (first, *others) = as_user(reviewer), edition.topics.order_by("pk")
    said = []
    for meant in ({}, {f"topic_{first.pk}": "-1"}, {}):
        page = client.get(address("profile"))
        typed = {"version": page.context["form"]["version"].value(), "away": f"{len(said)} days"}
        assert client.post(address("profile"), typed | chosen(page.text) | meant).status_code == 302
        said.append(dict(reviewer.interests.values_list("topic", "value")))
    assert (len(others) > 0, said) == (True, [{}, {first.pk: -1}, {first.pk: -1}])


def test_a_newer_profile_that_takes_no_paper_at_all_says_so(reviewer: Membership, as_user: AsUser) -> None:
    client = as_user(reviewer)
    assert client.post(address("profile"), {"version": "", "max_load": "0"}).status_code == 302
    answer = client.post(address("profile"), {"version": "", "away": "In May"})
    assert answer.context["theirs"] == [("At most this many submissions", "0"), ("Days away", "")]


def test_conflicts_that_a_chair_set_are_counted_and_not_named(
    edition: Edition, reviewer: Membership, as_user: AsUser
) -> None:
    barred = factories.make_submission(edition, title="Not for her eyes")
    factories.make_conflict(barred, reviewer, source="chair", reason="Ada Author is a friend")
    page = as_user(reviewer).get(address("profile")).text
    assert "Set by a chair: 1 submission." in page
    assert "Not for her eyes" not in page
    assert "Ada Author" not in page


def test_a_note_about_conflicts_that_cannot_be_sent_stays_typed(reviewer: Membership, as_user: AsUser) -> None:
    client, where = as_user(reviewer), f"/{reviewer.edition.slug}/reviews/profile/conflicts/"
    for typed, words in (("long words " * 500, "at most 4000 characters"), (" ", "This field is required.")):
        answer = client.post(where, {"text": typed})
        assert (answer.status_code, words in answer.text, typed.strip() in answer.text) == (422, True, True)


def test_a_profile_and_a_note_to_the_chairs_that_are_typed_on_one_page_do_not_lose_each_other(
    edition: Edition, reviewer: Membership, chair: Membership, as_user: AsUser
) -> None:
    client, note = as_user(reviewer), "I left in 2019."
    page = client.get(address("profile"))
    form = page.text[page.text.rindex("<form", 0, page.text.index('name="away"')) :].partition("</form>")[0]
    # One form holds both; the button says where it goes.
    assert [name in form for name in ('name="publications"', 'name="text"', "Send to the chairs")] == [True] * 3
    typed = {"version": "", "away": "In May", "publications": "On meshes", "text": note} | chosen(page.text)
    sent = client.post(f"{address('profile')}conflicts/", typed)
    assert (sent.status_code, [words in sent.text for words in ("In May", "On meshes", note)]) == (
        200,
        [True, True, False],
    )
    refused = client.post(f"{address('profile')}conflicts/", typed | {"text": ""})
    assert (refused.status_code, "On meshes" in refused.text) == (422, True)
    saved = client.post(address("profile"), typed)
    assert (saved.status_code, note in saved.text, "is not sent yet" in saved.text) == (200, True, True)
    reviewer.refresh_from_db()
    assert (reviewer.away, reviewer.publications) == ("In May", "On meshes")
    assert Message.objects.filter(kind="conflict_correction").count() == 1
    # What differs in nothing, or was never there, is not spoken of.
    same = typed | {"version": saved.context["form"]["version"].value()}
    assert client.post(f"{address('profile')}conflicts/", same | {"text": "And more."}).status_code == 302


def test_what_stands_on_the_page_after_a_note_was_sent_has_a_page_to_come_back_to(
    edition: Edition, reviewer: Membership, chair: Membership, as_user: AsUser
) -> None:
    client, sent = as_user(reviewer), f"{address('profile')}conflicts/"
    page = client.get(sent)
    assert (page.status_code, f'action="{address("profile")}"' in page.text) == (200, True)
    # Who is signed out under it signs in, and goes on at the address of the page: its script puts the words back there.
    away = Client().post(address("profile"), {"away": "In May"}, headers={"referer": f"http://testserver{sent}"})
    assert (away.status_code, away["Location"].partition("next=")[2]) == (302, sent)


def test_nothing_of_a_reviewers_profile_that_is_saved_while_she_is_erased_comes_back(
    edition: Edition, reviewer: Membership, as_user: AsUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, topic = reviewer.user, edition.topics.first()
    assert person is not None
    assert topic is not None

    def erased_meanwhile(form: ProfileForm) -> list[dict[str, str]]:
        erasing.erase(person, by="an administrator", at=AT)
        return [{"who": "ada@uni.example", "kind": "coauthor"}]

    monkeypatch.setattr(ProfileForm, "clean_conflicts", erased_meanwhile)
    typed = {"version": "", "away": "In May", "publications": "On meshes", f"topic_{topic.pk}": "2"}
    answer = as_user(reviewer).post(address("profile"), typed)
    assert (answer.status_code, "On meshes" in answer.text) == (404, True)
    reviewer.refresh_from_db()
    kept = (reviewer.away, reviewer.publications, reviewer.declared_conflicts, list(reviewer.interests.all()))
    assert kept == ("", "", [], [])


def test_a_note_about_conflicts_that_is_sent_twice_is_one_letter_to_each_chair(
    edition: Edition, reviewer: Membership, chair: Membership, as_user: AsUser
) -> None:
    client, where = as_user(reviewer), f"/{edition.slug}/reviews/profile/conflicts/"
    for moment, words in enumerate(("I left in 2019.", "I left in 2019.", "And never came back.")):
        with time_machine.travel(AT + timedelta(seconds=moment), tick=False):
            client.post(where, {"text": words})
    letters = Message.objects.filter(kind="conflict_correction").order_by("pk")
    assert [words in letter.text for letter, words in zip(letters, ("in 2019.", "never"), strict=True)] == [True, True]
    assert Entry.objects.filter(verb="ask_conflict_correction").count() == 2


def test_a_person_of_too_long_a_name_is_refused_and_not_cut(reviewer: Membership, as_user: AsUser) -> None:
    line = "A long name " * 20 + ": coauthor"
    answer = as_user(reviewer).post(address("profile"), {"conflicts": f"Bo Author\n{line}"})
    assert (answer.status_code, answer.context["form"].errors) == (
        422,
        {"conflicts": ["Line 2: a name or an address has at most 200 characters; this one has 239."]},
    )
    assert line in answer.text


@pytest.mark.parametrize("source", ["author", "member", "institution", "domain", "authorship"])
def test_a_profile_tells_not_how_many_papers_fit_what_was_typed_into_it(
    edition: Edition, reviewer: Membership, as_user: AsUser, source: str
) -> None:
    def body() -> str:
        text = as_user(reviewer).get(address("profile")).text
        return text[text.index('id="found"') : text.index("</details>", text.index('id="found"'))].split("csrf")[0]

    before = body()
    factories.make_conflict(factories.make_submission(edition), reviewer, source=source)
    assert body() == before


def test_a_note_about_conflicts_of_the_only_chair_stays_on_the_page_and_says_that_nobody_has_it(
    edition: Edition, as_user: AsUser
) -> None:
    member = factories.make_member(edition, chair=True, reviewer=True)
    page = as_user(member).post(f"/{edition.slug}/reviews/profile/conflicts/", {"text": "We never met."})
    assert ("You are the only chair: it would go to nobody." in page.text, "We never met." in page.text) == (True, True)
    assert ("The chairs have your note" in page.text, Message.objects.count()) == (False, 0)
