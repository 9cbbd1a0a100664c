"""Camera-ready: what is delivered, accepted, returned, approved; each letter once."""

import errno
import io
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dlonsc import codes
from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.models import Entry
from dlonsc.mail.models import Message
from submissions.actions import printing, sending
from submissions.checks import unchecked_items
from submissions.files import Stored, read, store
from submissions.guards import holds_for_author
from submissions.models import CameraReadyDetails, CameraReadyItem, CameraReadyKind, Submission
from submissions.states import Outcome, State
from submissions.tasks import sweep_checks
from tests import factories
from tests.factories import AFTER_DEADLINE, AT
from tests.submissions.desk import answers, finding, letters, pdf, refusal_of, report
from tests.submissions.test_files import archive

pytestmark = pytest.mark.django_db
Browser = Callable[[User | Membership | None], Client]
KINDS = (CameraReadyKind.PDF, CameraReadyKind.SOURCES, CameraReadyKind.LICENCE)


@pytest.fixture
def accepted(edition: Edition, author: User, monkeypatch: pytest.MonkeyPatch) -> Submission:
    answers(monkeypatch, report(pages=10))
    return factories.announce(factories.make_submission(edition, author))


def zipped(stream: io.BytesIO) -> SimpleUploadedFile:
    return SimpleUploadedFile("sources.zip", stream.getvalue())


def deliver(
    row: Submission, kind: CameraReadyKind, upload: SimpleUploadedFile | None = None, at: object = AT
) -> CameraReadyItem:
    ordinary = (
        zipped(archive("paper.tex")) if kind == CameraReadyKind.SOURCES else pdf(b"%PDF-1.7 final " + kind.encode())
    )
    return printing.deliver_item(
        submission=row,
        kind=kind,
        upload=upload or ordinary,
        by=row.created_by,
        at=at,  # type: ignore[arg-type]
        received_at=at,  # type: ignore[arg-type]
    )


def test_nothing_is_collected_before_the_acceptance_is_announced(edition: Edition, author: User) -> None:
    row = factories.announce(factories.make_submission(edition, author), at=AT + timedelta(days=1))
    assert "accepted submissions" in refusal_of(lambda: deliver(row, CameraReadyKind.PDF))
    rejected = factories.announce(factories.make_submission(edition), "rejected")
    assert "accepted submissions" in refusal_of(lambda: deliver(rejected, CameraReadyKind.PDF))


def test_the_board_of_a_proceedings_chair_holds_the_papers_of_her_edition_alone(
    accepted: Submission, author: User, proceedings_chair: Membership, as_user: Browser
) -> None:
    factories.announce(factories.make_submission(factories.make_edition("elsewhere"), author, title="Of another year"))
    page = as_user(proceedings_chair).get(reverse("submissions:proceedings", args=[accepted.edition.slug])).text
    assert (accepted.title in page, "Of another year" in page) == (True, False)


def test_versions_are_kept_and_each_is_confirmed(accepted: Submission) -> None:
    first = deliver(accepted, CameraReadyKind.PDF)
    second = deliver(accepted, CameraReadyKind.PDF, pdf(b"%PDF-1.7 final, corrected"))
    first.refresh_from_db()
    assert [(one.number, one.is_current) for one in (first, second)] == [(1, False), (2, True)]
    assert (second.pages, second.verdict) == (10, "accept")
    assert letters("camera_ready_received") == ["ada@uni.example"] * 2


def test_the_reviewed_file_is_caught_by_its_hash(accepted: Submission) -> None:
    reviewed = pdf(b"%PDF-1.7 made for a test")
    assert "byte for byte the PDF that was reviewed" in refusal_of(
        lambda: deliver(accepted, CameraReadyKind.PDF, reviewed)
    )
    assert accepted.camera_ready_items.count() == 0


@pytest.mark.parametrize("kind", [CameraReadyKind.PDF, CameraReadyKind.LICENCE])
def test_a_pdf_must_be_one(accepted: Submission, kind: CameraReadyKind) -> None:
    assert "not a PDF" in refusal_of(lambda: deliver(accepted, kind, pdf(b"GIF89a")))


def test_sources_that_would_leave_their_folder_are_refused(accepted: Submission) -> None:
    words = refusal_of(lambda: deliver(accepted, CameraReadyKind.SOURCES, zipped(archive("../../evil.tex"))))
    assert "outside the folder" in words


def test_a_camera_ready_paper_is_never_checked_as_blind(
    edition: Edition, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answers(monkeypatch, report())
    Edition.objects.filter(pk=edition.pk).update(blind=True)
    edition.refresh_from_db()
    row = factories.announce(factories.make_submission(edition, author))
    deliver(row, CameraReadyKind.PDF)
    assert [rules.blind for rules in asked] == [False]  # type: ignore[attr-defined]


def test_a_camera_ready_pdf_whose_worker_died_before_the_check_is_checked_by_the_sweeper(
    accepted: Submission, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(printing, "check_item", lambda *rest: None)
        item = deliver(accepted, CameraReadyKind.PDF)
    sweep_checks()
    item.refresh_from_db()
    assert (item.verdict, item.pages, unchecked_items()) == ("accept", 10, [])


def test_a_camera_ready_pdf_whose_check_failed_is_checked_again_for_a_day(
    accepted: Submission, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, report("unchecked", finding("UNCHECKED"), pages=None))
    item = deliver(accepted, CameraReadyKind.PDF)
    assert (item.verdict, unchecked_items()) == ("unchecked", [item.pk])
    CameraReadyItem.objects.filter(pk=item.pk).update(uploaded_at=timezone.now() - timedelta(hours=23))
    sweep_checks()
    assert unchecked_items() == [item.pk]
    CameraReadyItem.objects.filter(pk=item.pk).update(uploaded_at=timezone.now() - timedelta(hours=25))
    sweep_checks()
    item.refresh_from_db()
    assert ([one["code"] for one in item.report["findings"]], unchecked_items()) == (["UNCHECKED"], [])


def test_a_late_item_is_taken_and_marked(accepted: Submission) -> None:
    assert not deliver(accepted, CameraReadyKind.LICENCE, at=AFTER_DEADLINE).is_late
    assert deliver(accepted, CameraReadyKind.LICENCE, at=AFTER_DEADLINE + timedelta(days=60)).is_late


def test_an_item_is_returned_once_with_one_letter_and_a_new_version_starts_afresh(
    accepted: Submission, proceedings_chair: Membership
) -> None:
    item = deliver(accepted, CameraReadyKind.PDF)
    by = proceedings_chair.user
    assert "what to change" in refusal_of(lambda: printing.return_item(item=item, text=" ", by=by, at=AT))
    printing.return_item(item=item, text="The running head is cut.", by=by, at=AT)
    assert "returned already" in refusal_of(lambda: printing.return_item(item=item, text="Again.", by=by, at=AT))
    assert letters("camera_ready_returned") == ["ada@uni.example"]
    newer = deliver(accepted, CameraReadyKind.PDF, pdf(b"%PDF-1.7 mended"))
    assert (newer.accepted_at, newer.returned_at) == (None, None)
    assert "newer version" in refusal_of(lambda: printing.accept_item(item=item, by=by, at=AT))


def test_an_item_that_was_accepted_after_its_return_and_is_returned_again_is_told_again_and_only_what_holds_leaves(
    accepted: Submission, proceedings_chair: Membership
) -> None:
    item = deliver(accepted, CameraReadyKind.PDF)
    by = proceedings_chair.user
    for minute, text in enumerate(("The running head is cut.", "Its second figure is blurred.")):
        at = AT + timedelta(minutes=minute)
        printing.accept_item(item=item, by=by, at=at)
        printing.return_item(item=item, text=text, by=by, at=at)
    sent = Message.objects.filter(kind="camera_ready_returned").order_by("pk")
    assert ["blurred" in message.text for message in sent] == [False, True]
    assert [holds_for_author(message) is None for message in sent] == [False, True]
    printing.accept_item(item=item, by=by, at=AT + timedelta(hours=1))
    assert [holds_for_author(message) is None for message in sent] == [False, False]


def test_only_a_paper_with_all_items_accepted_is_approved_then_locked_with_a_final_receipt(
    accepted: Submission, proceedings_chair: Membership
) -> None:
    by = proceedings_chair.user
    items = [deliver(accepted, kind) for kind in KINDS]
    for item in items[:2]:
        printing.accept_item(item=item, by=by, at=AT)
    words = refusal_of(lambda: printing.approve(submission=accepted, by=by, at=AT))
    assert words == "Not accepted yet: Signed licence form."
    printing.accept_item(item=items[2], by=by, at=AT)
    printing.approve(submission=accepted, by=by, at=AT)
    assert "approved already" in refusal_of(lambda: printing.approve(submission=accepted, by=by, at=AT))
    assert "locked" in refusal_of(lambda: deliver(accepted, CameraReadyKind.PDF, pdf(b"%PDF-1.7 after")))
    assert letters("camera_ready_approved") == ["ada@uni.example"]
    printing.unlock(submission=accepted, by=by, at=AT)
    assert deliver(accepted, CameraReadyKind.PDF, pdf(b"%PDF-1.7 after")).number == 2


@pytest.mark.parametrize("what", ["details", "author list"])
def test_details_that_were_changed_under_the_open_page_are_looked_at_before_they_are_approved(
    accepted: Submission, proceedings_chair: Membership, as_user: Browser, what: str
) -> None:
    for kind in KINDS:
        printing.accept_item(item=deliver(accepted, kind), by=proceedings_chair.user, at=AT)
    client, address = as_user(proceedings_chair), f"/{accepted.edition.slug}/proceedings/{accepted.number}/"
    shown = client.get(address).context["version"]
    if what == "details":
        CameraReadyDetails.objects.update_or_create(submission=accepted, defaults={"running_head": "Anything"})
    else:
        accepted.authors.update(institution="Another University")
    for version, status, is_locked in ((shown, 422, False), (None, 302, True)):
        version = version or client.get(address).context["version"]
        assert client.post(address, {"act": "approve", "version": version}).status_code == status
        assert printing.is_locked(accepted) is is_locked


def test_who_approves_again_within_the_second_writes_a_receipt_again(
    accepted: Submission, proceedings_chair: Membership
) -> None:
    by = proceedings_chair.user
    for kind in KINDS:
        printing.accept_item(item=deliver(accepted, kind), by=by, at=AT)
    printing.approve(submission=accepted, by=by, at=AT)
    printing.unlock(submission=accepted, by=by, at=AT)
    printing.approve(submission=accepted, by=by, at=AT + timedelta(milliseconds=300))
    sent = Message.objects.filter(kind="camera_ready_approved").order_by("created_at")
    assert [holds_for_author(message) is None for message in sent] == [False, True]


def test_nothing_is_approved_accepted_or_returned_whose_acceptance_was_taken_back_under_the_open_page(
    accepted: Submission, proceedings_chair: Membership
) -> None:
    by, items = proceedings_chair.user, [deliver(accepted, kind) for kind in KINDS]
    for item in items:
        printing.accept_item(item=item, by=by, at=AT)
    Submission.objects.filter(pk=accepted.pk).update(outcome=Outcome.REJECTED)
    acts = (
        partial(printing.approve, submission=accepted),
        partial(printing.accept_item, item=items[0]),
        partial(printing.return_item, item=items[0], text="The running head is cut."),
    )
    words = {refusal_of(partial(act, by=by, at=AT)) for act in acts}
    assert words == {"This paper is not accepted any more; nothing was changed."}
    assert letters("camera_ready_approved") + letters("camera_ready_returned") == []


def test_an_item_of_an_approved_paper_is_not_returned_before_it_is_unlocked_and_the_text_stays_typed(
    accepted: Submission, proceedings_chair: Membership, as_user: Browser
) -> None:
    by = proceedings_chair.user
    items = [deliver(accepted, kind) for kind in KINDS]
    for item in items:
        printing.accept_item(item=item, by=by, at=AT)
    printing.approve(submission=accepted, by=by, at=AT)
    client = as_user(proceedings_chair)
    address = reverse("submissions:proceedings_paper", args=[accepted.edition.slug, accepted.number])
    sent = {"act": "return", "item": codes.code("item", items[0].pk), "text": "The running head is cut."}
    refused = client.post(address, sent)
    assert (refused.status_code, letters("camera_ready_returned")) == (422, [])
    assert "Unlock it first" in refused.content.decode()
    assert ">The running head is cut.</textarea>" in refused.content.decode()
    client.post(address, {"act": "unlock"})
    assert (client.post(address, sent).status_code, letters("camera_ready_returned")) == (302, ["ada@uni.example"])


def test_why_an_item_is_returned_stays_typed_when_a_newer_one_came_or_it_is_returned_already(
    accepted: Submission, proceedings_chair: Membership, as_user: Browser
) -> None:
    item, client = deliver(accepted, KINDS[0]), as_user(proceedings_chair)
    address = reverse("submissions:proceedings_paper", args=[accepted.edition.slug, accepted.number])
    sent = {"act": "return", "item": codes.code("item", item.pk), "text": "The running head is cut."}
    assert client.post(address, sent).status_code == 302
    for text in ("Its second figure is blurred.", "The third, too."):
        refused = client.post(address, sent | {"text": text})
        assert (refused.status_code, f"{text}</textarea>" in refused.text) == (422, True)
        accepted.camera_ready_items.update(is_current=False)
    assert letters("camera_ready_returned") == ["ada@uni.example"]


def test_an_item_is_not_accepted_while_it_is_written_what_to_change(
    accepted: Submission, proceedings_chair: Membership, as_user: Browser
) -> None:
    item, client = deliver(accepted, KINDS[0]), as_user(proceedings_chair)
    address = reverse("submissions:proceedings_paper", args=[accepted.edition.slug, accepted.number])
    sent = {"act": "accept", "item": codes.code("item", item.pk), "text": "The running head is cut."}
    refused = client.post(address, sent)
    assert (refused.status_code, ">The running head is cut.</textarea>" in refused.text) == (422, True)
    assert client.post(address, sent | {"text": ""}).status_code == 302
    item.refresh_from_db()
    assert item.accepted_at is not None


def test_an_item_that_was_returned_under_the_open_page_is_not_accepted_unseen(
    accepted: Submission, proceedings_chair: Membership, as_user: Browser
) -> None:
    item, client = deliver(accepted, KINDS[0]), as_user(proceedings_chair)
    address = reverse("submissions:proceedings_paper", args=[accepted.edition.slug, accepted.number])
    sent = {"act": "accept", "item": codes.code("item", item.pk)}
    assert 'name="returned"' not in client.get(address).text
    printing.return_item(item=item, text="The running head is cut.", by=proceedings_chair.user, at=AT)
    refused = client.post(address, sent)
    shown = [words in refused.text for words in ("It was returned meanwhile", "The running head is cut.")]
    assert (refused.status_code, shown) == (422, [True, True])
    item.refresh_from_db()
    assert (item.accepted_at, item.return_text) == (None, "The running head is cut.")
    assert 'name="returned"' in refused.text
    assert client.post(address, sent | {"returned": "1"}).status_code == 302


def test_no_page_says_that_title_and_authors_agree_with_a_pdf_that_could_not_be_read(
    accepted: Submission, proceedings_chair: Membership, as_user: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, report("reject", finding("MALFORMED"), pages=None))
    deliver(accepted, KINDS[0])
    slug, number = accepted.edition.slug, accepted.number
    for browser, page in (
        (as_user(proceedings_chair), f"/{slug}/proceedings/{number}/"),
        (as_user(accepted.created_by), f"/{slug}/submissions/{number}/camera-ready/"),
    ):
        shown = browser.get(page)
        assert dict(shown.context["checklist"])["Title and authors as in the PDF"] is False
        assert ("title and authors agree" in shown.text, "before this PDF can be submitted" in shown.text) == (
            False,
            False,
        )


def test_details_and_orcid_ids_are_saved_without_a_request(accepted: Submission) -> None:
    author = accepted.authors.get()
    details = printing.Details("Out of the Proxy", "Ada Author", None, alt_text_done=True)
    row = printing.save_details(
        submission=accepted,
        version=printing.version_of_details(accepted),
        details=details,
        orcids={author.email: "0000-0002-1825-0097"},
        by=accepted.created_by,
        at=AT,
    )
    author.refresh_from_db()
    assert (row.running_head, row.alt_text_done, author.orcid) == ("Out of the Proxy", True, "0000-0002-1825-0097")


def test_a_second_press_of_the_camera_ready_details_is_no_other_window(accepted: Submission) -> None:
    save = {
        "submission": accepted,
        "version": printing.version_of_details(accepted),
        "by": accepted.created_by,
        "at": AT,
    }
    details = printing.Details("Proxy", "Ada Author", AT.date(), alt_text_done=True)
    author = accepted.authors.get()
    for _ in range(2):
        printing.save_details(details=details, orcids={author.email: "0000-0002-1825-0097"}, **save)
    assert Entry.objects.filter(verb="changed the camera-ready details").count() == 1
    assert "Another window" in refusal_of(
        lambda: printing.save_details(details=details, orcids={author.email: ""}, **save)
    )


def test_a_file_that_comes_while_the_paper_is_approved_is_kept_and_does_not_count(
    accepted: Submission, proceedings_chair: Membership, as_user: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = proceedings_chair.user
    assert by is not None
    for kind in KINDS:
        printing.accept_item(item=deliver(accepted, kind), by=by, at=AT)
    received = letters("camera_ready_received")

    def approved_meanwhile(upload: SimpleUploadedFile) -> Stored:
        printing.approve(submission=accepted, by=by, at=AT)
        return store(upload)

    monkeypatch.setattr(sending, "store", approved_meanwhile)
    address = f"/dlonsc-2026/submissions/{accepted.number}/camera-ready/pdf/"
    answer = as_user(accepted.created_by).post(address, {"file": pdf(b"%PDF-1.7 too late")})
    words = "yours is kept as version 2 and does not count. Write to the chairs if it should."
    assert (answer.status_code, words in " ".join(answer.content.decode().split())) == (422, True)
    rows = accepted.camera_ready_items.filter(kind=CameraReadyKind.PDF).order_by("number")
    assert [(one.number, one.is_current, one.accepted_at) for one in rows] == [(1, True, AT), (2, False, None)]
    assert (read(rows[1].sha256), letters("camera_ready_received")) == (b"%PDF-1.7 too late", received)


def test_the_same_file_pressed_twice_is_one_version_and_one_letter(accepted: Submission) -> None:
    first = deliver(accepted, CameraReadyKind.LICENCE)
    assert deliver(accepted, CameraReadyKind.LICENCE, at=AT + timedelta(seconds=59)) == first
    assert letters("camera_ready_received") == ["ada@uni.example"]
    assert deliver(accepted, CameraReadyKind.LICENCE, at=AT + timedelta(seconds=60)).number == 2


def test_the_same_file_sent_again_after_its_return_is_delivered_and_stays_returned_for_nobody(
    accepted: Submission, proceedings_chair: Membership
) -> None:
    first = deliver(accepted, CameraReadyKind.LICENCE)
    printing.return_item(item=first, text="Not signed?", by=proceedings_chair.user, at=AT + timedelta(seconds=20))
    again = deliver(accepted, CameraReadyKind.LICENCE, at=AT + timedelta(seconds=40))
    assert (again.number, again.is_current, again.returned_at) == (2, True, None)
    assert letters("camera_ready_received") == ["ada@uni.example"] * 2


@pytest.mark.parametrize("quick", [True, False])
def test_a_disk_that_takes_no_more_is_told_beside_the_field_and_leaves_nothing(
    accepted: Submission, as_user: Browser, monkeypatch: pytest.MonkeyPatch, quick: bool
) -> None:
    draft = factories.make_submission(accepted.edition, accepted.created_by, state=State.DRAFT)
    accepted.edition.deadlines.filter(phase="submission").update(cutoff_at=timezone.now() + timedelta(days=1))

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("submissions.files.os.fsync", full)
    home, browser = "/dlonsc-2026/submissions", as_user(accepted.created_by)
    addresses = [
        f"{home}/{draft.number}/upload/",
        f"{home}/{draft.number}/supplements/",
        f"{home}/{accepted.number}/camera-ready/pdf/",
    ]
    for address in addresses:
        answer = browser.post(address, {"file": pdf(b"%PDF-1.7 new")}, headers={"X-Upload": "1"} if quick else {})
        words = "paper.pdf was not stored: the site cannot write files just now. Nothing was changed."
        assert (answer.status_code, words in answer.content.decode()) == (507, True), address
        if quick and "supplements" not in address:
            assert answer.json()["errors"]["file"][0].startswith(words)
    assert (draft.manuscripts.count(), draft.supplements.count(), accepted.camera_ready_items.count()) == (1, 0, 0)
    assert list(Path(settings.MEDIA_ROOT).glob("arriving-*")) == []
