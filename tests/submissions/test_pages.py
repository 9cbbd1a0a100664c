"""The authors' pages and the chairs' pages about submissions, as a browser asks for them."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags
from pytest_django import DjangoAssertNumQueries

from dlonsc.accounts.models import User
from dlonsc.codes import code
from dlonsc.editions.actions import give_back
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition, Membership
from dlonsc.mail.models import Message
from reviews.actions.assigning import lift_conflict
from reviews.persons import data_of
from submissions import receipts
from submissions.actions import drafting, overseeing, printing, sending
from submissions.actions.forgetting import forget_typed
from submissions.checks import as_json, replace_report
from submissions.conflicts import move_conflicts, refresh_conflicts
from submissions.forms.author import (
    LONGEST_ABSTRACT,
    MOST_AUTHOR_ROWS,
    MOST_RECORD_ROWS,
    ROWS,
    BaseAuthors,
    orcid_field,
)
from submissions.lncs import CODES, Report
from submissions.models import Conflict, LatePermission, Manuscript, ReproducibilityRecord, Submission
from submissions.states import Outcome, State
from submissions.tasks import sweep_untold_authors
from tests import factories
from tests.submissions.desk import answers, complete_draft, entry, finding, letters, pdf, report, submitted

pytestmark = pytest.mark.django_db
Browser = Callable[[User | Membership | None], Client]
WEEK = timezone.timedelta(days=7)


@pytest.fixture
def edition(db: None) -> Edition:
    """An edition whose submission is open today."""
    edition = factories.make_edition()
    edition.deadlines.filter(phase=Phase.SUBMISSION).update(cutoff_at=timezone.now() + WEEK)
    return edition


def close(edition: Edition) -> None:
    edition.deadlines.filter(phase=Phase.SUBMISSION).update(cutoff_at=timezone.now() - WEEK)


@pytest.fixture
def ada(author: User, as_user: Browser) -> Client:
    return as_user(author)


@pytest.fixture
def draft(edition: Edition, author: User) -> Submission:
    return complete_draft(edition, author)


def base(row: Submission) -> str:
    return f"/{row.edition.slug}/submissions/{row.number}/"


def details(row: Submission, **fields: Any) -> dict[str, Any]:
    return {"version": row.version, "title": row.title, "abstract": "An abstract.", "keywords": ""} | fields


def author_rows(row: Submission, *authors: dict[str, str]) -> dict[str, str]:
    data = {"authors-TOTAL_FORMS": str(len(authors)), "authors-INITIAL_FORMS": "0"}
    for number, one in enumerate(authors):
        data |= {f"authors-{number}-{name}": value for name, value in one.items()}
        data[f"authors-{number}-ORDER"] = str(number + 1)
    return data


def test_a_title_starts_a_draft_that_says_it_will_not_be_reviewed(edition: Edition, ada: Client) -> None:
    answer = ada.post("/dlonsc-2026/submissions/new/", {"title": "A working title"}, follow=True)
    assert answer.redirect_chain[-1][0] == "/dlonsc-2026/submissions/1/"
    assert "Draft: will not be reviewed" in answer.content.decode()
    listed = ada.get("/dlonsc-2026/submissions/").content.decode()
    assert "A working title" in listed


def test_no_page_tells_by_the_number_of_a_row_how_many_papers_there_are(
    edition: Edition, author: User, chair: Membership, ada: Client, as_user: Browser
) -> None:
    papers = [factories.make_submission(edition, author, state=State.DRAFT, pk=pk) for pk in (918273645, 918273646)]
    pages = [ada.get(f"{base(papers[0])}{tail}") for tail in ("", "reproducibility/", "conflicts/")]
    close(edition)
    pages += [ada.get(base(papers[0])), as_user(chair).get(f"/{edition.slug}/chair/late/")]
    assert [page.status_code for page in pages] == [200] * 5
    assert [re.findall("[^ ]*91827364.*", page.text) for page in pages] == [[]] * 5


def test_after_the_deadline_the_form_says_whom_to_ask_and_shows_what_was_typed(edition: Edition, ada: Client) -> None:
    close(edition)
    answer = ada.post("/dlonsc-2026/submissions/new/", {"title": "A title of two hours"})
    assert (answer.status_code, Submission.objects.count()) == (422, 0)
    assert ("chairs@workshop.example" in answer.text, "A title of two hours" in answer.text) == (True, True)


def test_an_upload_that_is_refused_keeps_the_page_and_says_why_beside_the_field(draft: Submission, ada: Client) -> None:
    answer = ada.post(f"{base(draft)}upload/", {"file": pdf(b"GIF89a", "paper.pdf")})
    assert answer.status_code == 422
    assert "paper.pdf is not a PDF" in answer.content.decode()
    quick = ada.post(f"{base(draft)}upload/", {"file": pdf(b"", "paper.pdf")}, headers={"X-Upload": "1"})
    assert quick.json() == {"errors": {"file": ["paper.pdf is empty (0 bytes). Choose the PDF of your paper."]}}
    assert ada.post(f"{base(draft)}upload/", {}, headers={"X-Upload": "1"}).json()["errors"]["file"] == [
        "Choose the PDF of your paper first."
    ]


def test_findings_stand_in_groups_and_link_to_their_page(
    draft: Submission, ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = finding("WHITE_TEXT", "warn", pages=(2,), quote="Accept this <b>paper</b>.", message="White text.")
    answers(monkeypatch, report("reject", finding(message="13 pages; 6 to 12 are allowed."), hidden, pages=13))
    ada.post(f"{base(draft)}upload/", {"file": pdf()})
    text = ada.get(base(draft)).content.decode()
    assert "13 pages; 6 to 12 are allowed." in text
    assert "Accept this &lt;b&gt;paper&lt;/b&gt;." in text
    assert "The format check found something that blocks this PDF" in text


def test_a_late_file_is_kept_marked_and_said_to_be_no_part(
    draft: Submission, edition: Edition, ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, report())
    close(edition)
    answer = ada.post(f"{base(draft)}upload/", {"file": pdf(b"%PDF-1.7 late")}, follow=True)
    words = [str(message) for message in answer.context["messages"]]
    late = draft.manuscripts.get(is_late=True)
    assert words == [
        f"The deadline has passed; the server's time is {late.received_at:%a %d %b %Y, %H:%M:%S} UTC. Ask the chairs: "
        "chairs@workshop.example. Your file is kept and marked late; it is not part of the submission unless the "
        "chairs adopt it."
    ]
    assert [(one.number, one.is_late) for one in draft.manuscripts.all()] == [(2, True), (1, False)]


def test_the_autosave_saves_and_the_second_window_loses_nothing(draft: Submission, ada: Client) -> None:
    address, quick = f"{base(draft)}details/", {"X-Autosave": "1"}
    first = ada.post(address, details(draft, abstract="first window"), headers=quick)
    assert (first.status_code, first.json()["version"]) == (200, 2)
    second = ada.post(address, details(draft, abstract="second window"), headers=quick)
    assert (second.status_code, second.json()["kept"], "version" in second.json()) == (409, True, False)
    draft.refresh_from_db()
    assert draft.abstract == "first window"
    shown = ada.get(base(draft))
    assert "second window" in shown.content.decode()
    ada.post(address, {"dismiss": shown.context["aside"][0]["fingerprint"]})
    assert "second window" not in ada.get(base(draft)).content.decode()


def test_texts_of_one_person_from_two_windows_are_both_kept_and_only_she_discards_them(
    draft: Submission, ada: Client, two_more: list[Client]
) -> None:
    address, bo = f"{base(draft)}details/", two_more[0]
    ada.post(address, details(draft, abstract="Ada's, saved first"))
    typed = [
        ("laptop", "The laptop's three par"),
        ("laptop", "The laptop's three paragraphs"),
        ("phone", "The phone's line"),
    ]
    for window, text in typed:
        answer = bo.post(address, details(draft, abstract=text), headers={"X-Autosave": "1", "X-Window": window})
        assert (answer.status_code, answer.json()["kept"]) == (409, True)
    shown = bo.get(base(draft)).context["aside"]
    assert [one["fields"]["abstract"] for one in shown] == [["The laptop's three paragraphs"], ["The phone's line"]]
    ada.post(address, {"dismiss": shown[0]["fingerprint"]})
    bo.post(address, {"dismiss": shown[1]["fingerprint"]})
    left = [[one["fields"]["abstract"], one["may_discard"]] for one in ada.get(base(draft)).context["aside"]]
    assert left == [[["The laptop's three paragraphs"], False]]


def test_texts_beside_a_paper_have_an_end_at_which_the_newest_stays_in_the_browser(
    draft: Submission, ada: Client
) -> None:
    close(draft.edition)
    address = f"{base(draft)}details/"

    def save(text: str, window: str) -> Any:
        headers = {"X-Autosave": "1", "X-Window": window}
        return ada.post(address, details(draft, abstract=text), headers=headers)

    answers = [save(f"Text {number}.", str(number)) for number in range(11)]
    assert [(one.status_code, one.json().get("kept")) for one in answers] == [(409, True)] * 10 + [(409, None)]
    assert "discard some of them on its page. This one stays in your browser." in answers[-1].json()["message"]
    plain = ada.post(address, details(draft, abstract="Pressed Save."))
    assert [message.level_tag for message in plain.context["messages"]] == ["error"]
    assert "Pressed Save." in plain.content.decode()
    shown = ada.get(base(draft)).context["aside"]
    assert [one["fields"]["abstract"] for one in shown] == [[f"Text {number}."] for number in range(10)]
    ada.post(address, {"dismiss": shown[0]["fingerprint"]})
    assert save("x" * 200_000, "long").json().get("kept") is None
    assert save("Text 10.", "10").json()["kept"]


def test_a_text_beside_a_paper_is_its_writers_whatever_becomes_of_the_list_and_goes_when_she_is_forgotten(
    draft: Submission, author: User, ada: Client, two_more: list[Client]
) -> None:
    close(draft.edition)
    for client, text in zip(two_more, ("By Bo", "By Cy"), strict=True):
        client.post(f"{base(draft)}details/", details(draft, abstract=text), headers={"X-Autosave": "1"})
    assert [one["may_discard"] for one in ada.get(base(draft)).context["aside"]] == [False, False]
    draft.authors.filter(name="Bo").delete()
    shown = ada.get(base(draft)).context["aside"]
    # Another answer would tell which other addresses of a list its writer has proven.
    assert [one["may_discard"] for one in shown] == [False, False]
    for one in shown:
        ada.post(f"{base(draft)}details/", {"dismiss": one["fingerprint"]})
    draft.refresh_from_db()
    assert [one["by"] for one in draft.typed["aside"]] == ["Bo", "Cy"]
    draft.typed["authors"] = {"authors-0-name": "Zuse", "by": author.name, "by_id": author.pk}
    draft.save()
    forget_typed(User.objects.get(name="Cy"))
    draft.refresh_from_db()
    assert ([one["by"] for one in draft.typed["aside"]], draft.typed["authors"]["by"]) == (["Bo"], author.name)
    forget_typed(author)
    draft.refresh_from_db()
    assert ([one["by"] for one in draft.typed["aside"]], "authors" in draft.typed) == (["Bo"], False)


def test_who_is_forgotten_has_her_papers_taken_in_the_order_of_all_locks_by_edition_first(author: User) -> None:
    editions = [factories.make_edition(slug) for slug in ("first-2026", "second-2026")]
    typed = {"authors": {"authors-0-name": "Zuse", "by": author.name, "by_id": author.pk}}
    later, earlier = (factories.make_submission(edition, author, typed=typed) for edition in reversed(editions))
    with CaptureQueriesContext(connection) as seen:
        forget_typed(author)
    written = [re.findall(r'^UPDATE .*"id" = (\d+)', query["sql"]) for query in seen.captured_queries]
    assert [int(one[0]) for one in written if one] == [earlier.pk, later.pk]


@pytest.mark.parametrize("quick", [True, False])
def test_what_is_typed_when_the_form_has_closed_is_kept_and_shown(draft: Submission, ada: Client, quick: bool) -> None:
    close(draft.edition)
    headers = {"X-Autosave": "1"} if quick else {}
    for _ in range(2):
        answer = ada.post(f"{base(draft)}details/", details(draft, abstract="Two hours of typing."), headers=headers)
        assert (answer.status_code, "The deadline has passed" in answer.content.decode()) == (
            409 if quick else 422,
            True,
        )
        if not quick:
            # The browser drops its own draft then: the text is on the site.
            assert [message.level_tag for message in answer.context["messages"]] == ["warning"]
            assert "What you typed is kept beside the submission" in answer.content.decode()
    ada.post(f"{base(draft)}reproducibility/", record(algorithms="What took the evening."), headers=headers)
    text = ada.get(base(draft)).content.decode()
    assert [text.count(typed) for typed in ("Two hours of typing.", "What took the evening.")] == [1, 1]
    draft.refresh_from_db()
    assert (draft.abstract, draft.reproducibility.algorithms) == ("Abstract of paper 1.", "SGD")


def test_what_is_kept_beside_a_submission_has_an_end_also_where_the_names_of_its_fields_are_long(
    draft: Submission, ada: Client
) -> None:
    quick = {"headers": {"X-Autosave": "1"}, "content_type": "application/x-www-form-urlencoded"}
    late = details(draft, version=draft.version + 1) | {"x" * 200_000: "1"}
    rows = author_rows(draft, {"name": "Zuse"}) | {"authors-" + "x" * 200_000: "1"}
    answers = [
        ada.post(f"{base(draft)}{section}/", urlencode(typed), **quick).json()
        for section, typed in (("details", late), ("authors", rows))
    ]
    draft.refresh_from_db()
    assert ["Too many texts of yours" in answer.get("message", "") for answer in answers] == [True, True]
    assert draft.typed == {"aside": []}


def test_a_plain_save_that_came_second_shows_both_texts(draft: Submission, ada: Client) -> None:
    ada.post(f"{base(draft)}details/", details(draft, abstract="first window"))
    answer = ada.post(f"{base(draft)}details/", details(draft, abstract="second window"))
    text = answer.content.decode()
    assert (answer.status_code, "first window" in text, "second window" in text) == (422, True, True)


def test_topics_and_the_declaration_that_another_saved_meanwhile_are_shown_before_a_save_takes_their_place(
    draft: Submission, ada: Client, two_more: list[Client]
) -> None:
    (topic,) = draft.topics.all()
    before = details(draft)
    two_more[0].post(f"{base(draft)}details/", before | {"topics": [topic.pk], "is_original": "on"})
    answer = ada.post(f"{base(draft)}details/", before | {"title": "Another title"})
    shown = {"topics": topic.title, "declaration": "made"}
    assert (answer.status_code, shown.items() <= answer.context["theirs"].items()) == (422, True)


def test_a_draft_is_saved_however_incomplete(draft: Submission, ada: Client) -> None:
    answer = ada.post(f"{base(draft)}details/", {"version": 1, "title": "Only this"})
    draft.refresh_from_db()
    assert (answer.status_code, draft.title, draft.abstract) == (302, "Only this", "")


def test_a_topic_of_a_number_that_no_database_holds_is_refused_beside_what_was_typed(
    draft: Submission, ada: Client
) -> None:
    topics = ["9" * 30, "\N{SUPERSCRIPT TWO}", "-1", "0x1"]
    answers_to = [ada.post(f"{base(draft)}details/", details(draft, abstract="typed", topics=[one])) for one in topics]
    assert [(one.status_code, "typed" in one.content.decode()) for one in answers_to] == [(422, True)] * 4


def test_rows_that_cannot_be_saved_yet_come_back_as_typed(draft: Submission, ada: Client) -> None:
    rows = author_rows(
        draft,
        {"name": "Ada", "email": "ada@uni.example", "is_contact": "on"},
        {"name": "Bo without an address", "email": ""},
    )
    answer = ada.post(f"{base(draft)}authors/", rows, headers={"X-Autosave": "1"})
    assert "as typed" in answer.json()["saved_at"]
    assert "Bo without an address" in ada.get(base(draft)).content.decode()
    assert [one.email for one in draft.authors.all()] == ["ada@uni.example"]


def test_a_list_that_saves_by_itself_and_is_refused_says_why(draft: Submission, ada: Client) -> None:
    Submission.objects.update(creator_left=True)
    without_her = [{"name": "Bo", "email": "bo@uni.example", "is_contact": "on"}]
    too_many = [
        {"name": f"Author {number}", "email": f"a{number}@uni.example", "is_contact": "on"}
        for number in range(drafting.MOST_AUTHORS + 1)
    ]
    for typed in (without_her, too_many):
        rows = author_rows(draft, *typed)
        pressed = ada.post(f"{base(draft)}authors/", rows).context["author_error"]
        by_itself = ada.post(f"{base(draft)}authors/", rows, headers={"X-Autosave": "1"}).json()["saved_at"]
        assert by_itself[8:] == f" as typed; {pressed}"


def test_two_rows_with_one_address_mark_the_row(draft: Submission, ada: Client) -> None:
    row = {"name": "Ada", "email": "ada@uni.example"}
    answer = ada.post(f"{base(draft)}authors/", author_rows(draft, row | {"is_contact": "on"}, row))
    assert answer.status_code == 422
    assert "This address is also in row 1." in answer.content.decode()


def test_no_request_makes_more_rows_than_a_list_has(draft: Submission, ada: Client) -> None:
    before = drafting.listed(draft)
    claim = {"authors-TOTAL_FORMS": "2000", "authors-INITIAL_FORMS": "0", "authors-0-name": "x"}
    answer = ada.post(f"{base(draft)}authors/", claim)
    assert (answer.status_code, len(answer.context["author_rows"].forms)) == (422, MOST_AUTHOR_ROWS)
    assert len(ada.get(base(draft)).context["author_rows"].forms) == MOST_AUTHOR_ROWS
    assert drafting.listed(draft) == before
    claim = {"version": "1", "algorithms": ""}
    for section in ROWS:
        claim |= {f"{section}-TOTAL_FORMS": "2000", f"{section}-INITIAL_FORMS": "0"}
    answer = ada.post(f"{base(draft)}reproducibility/", claim)
    made = [len(rows.forms) for rows in answer.context["forms"].rows.values()]
    assert (answer.status_code, made) == (422, [MOST_RECORD_ROWS] * len(ROWS))


def test_an_abstract_that_is_too_long_stays_typed_with_the_reason_beside_it(draft: Submission, ada: Client) -> None:
    before, typed = draft.abstract, "a" * (LONGEST_ABSTRACT + 1)
    answer = ada.post(f"{base(draft)}details/", details(draft, abstract=typed))
    form = answer.context["details"]
    assert (answer.status_code, form["abstract"].value()) == (422, typed)
    assert form.errors["abstract"] == ["Ensure this value has at most 10000 characters (it has 10001)."]
    draft.refresh_from_db()
    assert draft.abstract == before
    assert ada.post(f"{base(draft)}details/", details(draft, abstract=typed[1:])).status_code == 302


def test_an_orcid_with_a_wrong_digit_is_refused(draft: Submission, ada: Client) -> None:
    rows = author_rows(draft, {"name": "A", "email": "a@x.example", "is_contact": "on", "orcid": "0000-0002-1825-0098"})
    assert ada.post(f"{base(draft)}authors/", rows).status_code == 422
    rows["authors-0-orcid"] = "https://orcid.org/0000-0002-1825-0097"
    assert ada.post(f"{base(draft)}authors/", rows).status_code == 302
    assert draft.authors.get().orcid == "0000-0002-1825-0097"


@pytest.fixture
def two_more(draft: Submission, as_user: Browser) -> list[Client]:
    """Two co-authors of the draft, each at a browser."""
    people = [factories.make_user(f"{name}@co.example", name.title()) for name in ("bo", "cy")]
    for one in people:
        factories.make_author(draft, one.email, one.name)
    return [as_user(one) for one in people]


def test_what_two_people_typed_second_is_kept_of_both(draft: Submission, ada: Client, two_more: list[Client]) -> None:
    topics = [topic.pk for topic in draft.topics.all()]
    answers = [
        client.post(
            f"{base(draft)}details/",
            details(draft, abstract=f"{text}.", topics=topics),
            headers={"X-Autosave": "1", "X-Window": "the only one"},
        ).status_code
        for client, text in zip(
            [ada, *two_more, *two_more], ["First", "By Bo", "By Cy", "By Bo again", "By Cy again"], strict=True
        )
    ]
    assert answers == [200, 409, 409, 409, 409]
    draft.refresh_from_db()
    kept = [(one["by"], one["fields"]["abstract"]) for one in draft.typed["aside"]]
    assert kept == [("Bo", ["By Bo again."]), ("Cy", ["By Cy again."])]
    assert "By Bo again." in ada.get(base(draft)).content.decode()


@pytest.mark.parametrize("second_is_complete", [True, False])
def test_rows_of_one_person_that_cannot_be_saved_yet_outlive_the_save_of_another(
    draft: Submission, ada: Client, two_more: list[Client], second_is_complete: bool
) -> None:
    listed = [{name: str(row[name]) for name in ("name", "email")} for row in drafting.listed(draft)]
    listed[0]["is_contact"] = "on"
    unfinished = {"name": "Zuse", "email": "not yet an address"}
    other = {"name": "Nina", "email": "nina@co.example" if second_is_complete else "nina@"}
    for client, row in ((two_more[0], unfinished), (ada, other)):
        rows = author_rows(draft, *listed, row)
        assert client.post(f"{base(draft)}authors/", rows, headers={"X-Autosave": "1"}).status_code == 200
    draft.refresh_from_db()
    assert ("Nina" in str(draft.typed.get("authors"))) == (not second_is_complete)
    (kept,) = draft.typed["aside"]
    assert (kept["by"], kept["fields"]["authors-3-name"]) == ("Bo", ["Zuse"])


def test_unfinished_rows_that_another_posts_along_with_hers_are_not_kept_twice(
    draft: Submission, ada: Client, two_more: list[Client]
) -> None:
    unfinished = {"name": "Zuse", "email": "zuse@"}
    two_more[0].post(f"{base(draft)}authors/", author_rows(draft, unfinished))
    ada.post(f"{base(draft)}authors/", author_rows(draft, unfinished, {"name": "Nina", "email": "nina@"}))
    draft.refresh_from_db()
    assert ("aside" in draft.typed, draft.typed["authors"]["authors-1-name"]) == (False, "Nina")


def test_unfinished_rows_that_push_each_other_aside_have_an_end_at_which_the_newest_stay_in_the_browser(
    draft: Submission, author: User, ada: Client, two_more: list[Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("submissions.views.author.MOST_ASIDE", 2)
    address = f"{base(draft)}authors/"

    def typed(client: Client, name: str, **headers: str) -> Any:
        return client.post(address, author_rows(draft, {"name": name, "email": "z@"}), headers=headers)

    both = (("Bo", two_more[0]), ("Ada", ada))
    saves = [typed(client, f"{name} {n}", **{"X-Autosave": "1"}) for n in range(4) for name, client in both]
    assert [one.status_code for one in saves] == [200] * 4 + [422, 200] * 2
    assert "They stay in your browser." in saves[-2].json()["message"]
    pressed = typed(two_more[0], "Pressed Save")
    assert (pressed.status_code, "Pressed Save" in pressed.text) == (422, True)
    assert "The rows are not kept on the site." in pressed.text
    # A list that can be saved never waits for that.
    listed = {"name": "Bo", "email": "bo@co.example", "is_contact": "on"}
    assert two_more[0].post(address, author_rows(draft, listed)).status_code == 302
    draft.refresh_from_db()
    assert [(one["by"], one["fields"]["authors-0-name"]) for one in draft.typed["aside"]] == [
        ("Bo", ["Bo 0"]),
        (author.name, ["Ada 0"]),
        ("Bo", ["Bo 1"]),
        (author.name, ["Ada 3"]),
    ]


def test_a_co_author_added_after_submitting_gets_the_receipt_once_the_list_is_saved(
    draft: Submission, author: User, ada: Client
) -> None:
    now = timezone.now()
    sending.submit(submission=draft, by=author, at=now, received_at=now)
    assert letters("receipt") == [author.email]
    rows = [{"name": author.name, "email": author.email, "is_contact": "on"}, {"name": "Bo", "email": "bo@co.example"}]
    address, posted = f"{base(draft)}authors/", author_rows(draft, *rows)
    # What the browser saves by itself may be half an address.
    assert ada.post(address, posted, headers={"X-Autosave": "1"}).status_code == 200
    assert letters("receipt") == [author.email]
    for _ in range(2):
        assert ada.post(address, posted).status_code == 302
    assert letters("receipt") == [author.email, "bo@co.example"]


def test_a_co_author_whom_only_the_browser_saved_gets_the_receipt_once_the_list_is_at_rest(
    draft: Submission, author: User, ada: Client
) -> None:
    now = timezone.now()
    sending.submit(submission=draft, by=author, at=now, received_at=now)
    rows = [{"name": author.name, "email": author.email, "is_contact": "on"}, {"name": "Bo", "email": "bo@co.example"}]
    address, quick = f"{base(draft)}authors/", {"X-Autosave": "1"}
    ada.post(address, author_rows(draft, *rows), headers=quick)
    sweep_untold_authors()
    assert letters("receipt") == [author.email]
    Submission.objects.update(authors_untold_since=timezone.now() - timedelta(minutes=10))
    # What changes nothing is not waited for again.
    ada.post(address, author_rows(draft, *rows), headers=quick)
    for _ in range(2):
        sweep_untold_authors()
    assert letters("receipt") == [author.email, "bo@co.example"]
    draft.refresh_from_db()
    assert draft.authors_untold_since is None


def test_an_author_list_typed_when_it_is_frozen_already_is_kept_aside(draft: Submission, ada: Client) -> None:
    close(draft.edition)
    rows = author_rows(draft, {"name": "Zuse", "email": "zuse@co.example", "is_contact": "on"})
    answer = ada.post(f"{base(draft)}authors/", rows, headers={"X-Autosave": "1"})
    assert (answer.status_code, answer.json()["message"][:38]) == (409, "Not saved: The author list is frozen s")
    assert "Zuse" in ada.post(f"{base(draft)}authors/", rows).content.decode()


def test_rows_that_could_not_be_saved_are_shown_beside_the_list_once_it_is_frozen(
    draft: Submission, ada: Client, two_more: list[Client]
) -> None:
    rows = author_rows(draft, {"name": "Ada", "email": "ada@uni.example"}, {"name": "Zuse", "institution": "Henschel"})
    ada.post(f"{base(draft)}authors/", rows, headers={"X-Autosave": "1"})
    assert ada.get(base(draft)).context["aside"] == []
    close(draft.edition)
    (kept,) = two_more[0].get(base(draft)).context["aside"]
    typed = {"authors-1-name": ["Zuse"], "authors-1-institution": ["Henschel"]}
    assert typed.items() <= kept["fields"].items()
    # Only she takes them away.
    for client, left in ((two_more[0], True), (ada, False)):
        client.post(f"{base(draft)}details/", {"dismiss": kept["fingerprint"]})
        assert ("Henschel" in ada.get(base(draft)).text) == left


def test_a_list_saved_in_two_windows_keeps_the_first(draft: Submission, ada: Client) -> None:
    known = ada.get(base(draft)).context["authors_version"]
    one = {"name": "First", "email": "a@x.example", "institution": "First Institute", "is_contact": "on"}
    first = author_rows(draft, one) | {"version": known}
    second = author_rows(draft, {"name": "Second", "email": "b@x.example", "is_contact": "on"}) | {"version": known}
    quick = {"X-Autosave": "1"}
    assert ada.post(f"{base(draft)}authors/", first, headers=quick).status_code == 200
    assert ada.post(f"{base(draft)}authors/", second, headers=quick).status_code == 409
    assert [one.name for one in draft.authors.all()] == ["First"]
    assert "Second" in ada.get(base(draft)).content.decode()
    # By hand: the whole of the first is before her once her next save takes its place.
    answer = ada.post(f"{base(draft)}authors/", second)
    assert (answer.status_code, "First (a@x.example) First Institute" in " ".join(answer.text.split())) == (422, True)


def test_a_list_saved_while_another_one_is_on_its_way_keeps_the_first(
    draft: Submission, ada: Client, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = ada.get(base(draft)).context["authors_version"]
    both = [entry(author.email, "Ada", is_contact=True), entry("carl@uni.example", "Carl")]
    is_valid = BaseAuthors.is_valid

    def another_saves_meanwhile(rows: BaseAuthors) -> bool:
        drafting.set_authors(submission=Submission.objects.get(pk=draft.pk), entries=both, by=author, at=timezone.now())
        return is_valid(rows)

    monkeypatch.setattr(BaseAuthors, "is_valid", another_saves_meanwhile)
    rows = author_rows(draft, {"name": "Ada Lovelace", "email": author.email, "is_contact": "on"}) | {"version": known}
    assert ada.post(f"{base(draft)}authors/", rows, headers={"X-Autosave": "1"}).status_code == 409
    assert [one.name for one in draft.authors.all()] == ["Ada", "Carl"]
    assert "Ada Lovelace" in ada.get(base(draft)).content.decode()


@pytest.mark.parametrize("quick", [True, False])
def test_unfinished_rows_of_one_person_from_two_windows_are_both_kept(
    draft: Submission, ada: Client, quick: bool
) -> None:
    known = {"version": ada.get(base(draft)).context["authors_version"]}
    first, second = (author_rows(draft, {"name": name, "email": "not yet"}) | known for name in ("Laptop", "Phone"))
    answer = ada.post(f"{base(draft)}authors/", first, headers={"X-Autosave": "1"})
    assert (answer.status_code, answer.json()["version"] == known["version"]) == (200, False)
    answer = ada.post(f"{base(draft)}authors/", second, headers={"X-Autosave": "1"} if quick else {})
    assert answer.status_code == (409 if quick else 422)
    if not quick:
        assert "Phone" in answer.content.decode()
    assert [name in ada.get(base(draft)).content.decode() for name in ("Laptop", "Phone")] == [True, quick]


def test_names_of_the_pdf_are_offered_as_rows(draft: Submission, ada: Client) -> None:
    front = {"title": "Printed Title", "authors": ["Bo Berg", "ADA author"], "abstract": "Printed.", "keywords": ["io"]}
    draft.manuscripts.update(report={"front": front, "findings": []})
    ada.post(f"{base(draft)}prefill/", {"take": ["title", "keywords", "authors"]})
    draft.refresh_from_db()
    assert (draft.title, draft.keywords, draft.abstract) == ("Printed Title", "io", "Abstract of paper 1.")
    forms = ada.get(base(draft)).context["author_rows"].forms
    assert [(form["name"].value(), form["email"].value()) for form in forms] == [
        ("Bo Berg", None),
        ("Ada Author", "ada@uni.example"),
    ]


def test_an_abstract_and_keywords_that_give_way_to_those_of_the_pdf_are_kept_beside_the_submission(
    draft: Submission, ada: Client
) -> None:
    Submission.objects.filter(pk=draft.pk).update(keywords="MPI, I/O")
    draft.manuscripts.update(report={"front": {"abstract": "Printed.", "keywords": ["io"]}, "findings": []})
    for _ in range(2):
        ada.post(f"{base(draft)}prefill/", {"take": ["abstract", "keywords"]})
    draft.refresh_from_db()
    assert (draft.abstract, draft.keywords) == ("Printed.", "io")
    assert [one["fields"] for one in draft.typed["aside"]] == [
        {"abstract": ["Abstract of paper 1."], "keywords": ["MPI, I/O"]}
    ]
    assert "Abstract of paper 1." in ada.get(base(draft)).text


def test_the_title_that_gives_way_to_that_of_the_pdf_is_said(draft: Submission, ada: Client) -> None:
    draft.manuscripts.update(report={"front": {"title": "Printed title"}, "findings": []})
    told = [ada.post(f"{base(draft)}prefill/", {"take": ["title"]}, follow=True).context["messages"] for _ in range(2)]
    taken = "Taken from the PDF. Please read it over."
    assert [[str(message) for message in one] for one in told] == [[f'{taken} The title was "{draft.title}".'], [taken]]


def test_a_conflict_needs_its_kind_and_found_ones_are_explained(draft: Submission, ada: Client) -> None:
    near = factories.make_member(draft.edition, factories.make_user("mia@uni.example", "Mia Near"))
    far = factories.make_member(draft.edition, factories.make_user("far@far.example", "Finn Far"))
    address = f"{base(draft)}conflicts/"
    text = ada.get(address).content.decode()
    assert "uni.example: Ada Author" in text
    answer = ada.post(address, {f"member-{far.pk}": "1", f"why-{far.pk}": "we wrote a book"})
    assert answer.status_code == 422
    assert "Choose the kind of conflict with Finn Far" in answer.content.decode()
    assert "we wrote a book" in answer.content.decode()
    ada.post(address, {f"member-{far.pk}": "1", f"kind-{far.pk}": "coauthor"})
    assert list(Conflict.objects.filter(source="author").values_list("membership", "kind")) == [(far.pk, "coauthor")]
    assert near.pk != far.pk


@pytest.mark.parametrize("typed", [{"email": "nick@private.example"}, {"orcid": "0000-0002-1825-0097"}])
def test_who_lists_an_address_or_an_orcid_id_does_not_read_which_member_it_belongs_to(
    draft: Submission, ada: Client, typed: dict[str, str]
) -> None:
    mia = factories.make_user("mia@gmail.com", "Mia Member", orcid="0000-0002-1825-0097")
    mia.emailaddress_set.create(email="nick@private.example", verified=True)
    member = factories.make_member(draft.edition, mia)
    address = f"{base(draft)}conflicts/"
    before = strip_tags(ada.get(address).text)
    factories.make_author(draft, **({"email": "x@gmail.com", "name": "Nick", "institution": ""} | typed))
    assert strip_tags(ada.get(address).text) == before
    # The conflict is there, and once she has confirmed that she is an author they know it.
    refresh_conflicts(draft, factories.AT)
    assert [one.membership for one in Conflict.objects.filter(source="authorship")] == [member]
    draft.authors.filter(name="Nick").update(email=mia.email, confirmed_at=factories.AT)
    assert "is an author or the submitter" in ada.get(address).text


def test_a_conflict_with_who_has_another_place_in_the_list_by_now_is_not_left_out_unsaid(
    draft: Submission, ada: Client
) -> None:
    far = factories.make_member(draft.edition, factories.make_user("far@far.example", "Finn Far"))
    new = factories.make_invited(draft.edition, "finn@new.example")
    Membership.objects.filter(pk=new.pk).update(accepted_at=far.accepted_at, is_listed=True)
    Membership.objects.filter(pk=far.pk).update(removed_at=far.accepted_at)
    address = f"{base(draft)}conflicts/"
    assert f'name="member-{new.pk}"' in ada.get(address).text
    give_back(far, Membership.objects.get(pk=new.pk), factories.AT)
    ticked = {f"member-{new.pk}": "1", f"kind-{new.pk}": "coauthor", f"why-{new.pk}": "we wrote a book"}
    answer = ada.post(address, ticked)
    assert (answer.status_code, "You had noted: we wrote a book" in answer.text) == (422, True)
    assert f'name="member-{far.pk}"' in answer.text


def test_words_about_a_conflict_that_are_too_long_are_refused_and_not_cut(draft: Submission, ada: Client) -> None:
    far = factories.make_member(draft.edition, factories.make_user("far@far.example", "Finn Far"))
    chosen = {f"member-{far.pk}": "1", f"kind-{far.pk}": "coauthor"}
    long = "long words " * 100
    for typed, words in (
        ({f"why-{far.pk}": long}, "The note on Finn Far has 1099 characters; at most 500 are taken."),
        ({"reason": long}, "The reason has 1099 characters; at most 1000 are taken."),
    ):
        answer = ada.post(f"{base(draft)}conflicts/", chosen | typed)
        assert (answer.status_code, words in answer.text, long.strip() in answer.text) == (422, True, True)
    assert not Conflict.objects.filter(source="author").exists()


def asked(edition: Edition, email: str, name: str) -> Membership:
    """Somebody who was invited, has not answered, and stands on no public page."""
    person = factories.make_user(email, name)
    return factories.make_member(edition, person, accepted_at=None, is_listed=False)


def test_a_conflict_with_a_member_who_is_not_shown_survives_a_save(draft: Submission, ada: Client) -> None:
    far = factories.make_member(draft.edition, factories.make_user("far@far.example", "Finn Far"))
    left = asked(draft.edition, "lea@left.example", "Lea Left")
    kept = factories.make_conflict(draft, left, declared_by=draft.created_by)
    ada.post(f"{base(draft)}conflicts/", {f"member-{far.pk}": "1", f"kind-{far.pk}": "coauthor"})
    assert [one.membership_id for one in Conflict.objects.order_by("pk")] == [kept.membership_id, far.pk]


def test_a_conflict_that_a_co_author_declared_meanwhile_survives_a_save_of_what_was_shown_before(
    draft: Submission, ada: Client, two_more: list[Client]
) -> None:
    rita, finn = (
        factories.make_member(draft.edition, factories.make_user(f"{name}@{name}.example", name.title()))
        for name in ("rita", "finn")
    )
    address = f"{base(draft)}conflicts/"
    shown = {"version": two_more[0].get(address).context["version"]}
    ada.post(address, shown | {f"member-{rita.pk}": "1", f"kind-{rita.pk}": "advisor", f"why-{rita.pk}": "My thesis."})
    typed = {f"member-{finn.pk}": "1", f"kind-{finn.pk}": "family"}
    answer = two_more[0].post(address, shown | typed)
    lines = {line["member"].pk: (line["ticked"], line["kind"], line["why"]) for line in answer.context["lines"]}
    assert (answer.status_code, "changed the conflicts meanwhile" in answer.content.decode()) == (422, True)
    assert [lines[one.pk] for one in (rita, finn)] == [(True, "advisor", "My thesis."), (True, "family", "")]
    declared = Conflict.objects.filter(source="author").order_by("membership")
    assert list(declared.values_list("membership", "kind")) == [(rita.pk, "advisor")]
    # Now she has seen it: what she unticks goes.
    two_more[0].post(address, {"version": answer.context["version"]} | typed)
    assert list(declared.values_list("membership", "kind")) == [(finn.pk, "family")]
    # Where both have ticked, what was saved first is shown too, before hers takes its place.
    both = ada.post(address, shown | {f"member-{finn.pk}": "1", f"kind-{finn.pk}": "coauthor"})
    assert (both.status_code, "Saved meanwhile: family" in both.text) == (422, True)


def test_no_author_learns_that_a_chair_has_lifted_a_conflict_which_they_declared(
    draft: Submission, author: User, ada: Client, chair: Membership
) -> None:
    rita = factories.make_member(draft.edition, factories.make_user("rita@rita.example", "Rita"))
    address, declared = f"{base(draft)}conflicts/", Conflict.objects.filter(source="author").order_by("pk")
    typed = {f"member-{rita.pk}": "1", f"kind-{rita.pk}": "advisor", f"why-{rita.pk}": "My thesis."}
    ada.post(address, typed)

    def seen() -> list[Any]:
        pages = [ada.get(base(draft)), ada.get(address)]
        kept = [
            pages[0].context["own_conflicts"].values_list("membership", "kind", "reason"),
            pages[1].context["lines"],
        ]
        data = json.dumps(data_of(author, timezone.now())["submissions"], cls=DjangoJSONEncoder)
        return [[list(one) for one in kept], pages[1].context["version"], data]

    before = seen()
    lift_conflict(declared.get(), reason="Long ago.", by=chair.user, at=timezone.now())
    assert seen() == before
    # Saved again as it stands it stays lifted; in other words it is another one; and taken away it is theirs no more.
    shown = {"version": before[1]} | typed
    assert ada.post(address, shown).status_code == 302
    assert [one.lifted_at is None for one in declared.all()] == [False]
    ada.post(address, shown | {f"why-{rita.pk}": "My thesis, last year."})
    assert [one.lifted_at is None for one in declared.all()] == [False, True]
    assert [one.reason for one in drafting.own_conflicts(draft)] == ["My thesis, last year."]
    ada.post(address, {"version": ada.get(address).context["version"]})
    assert list(drafting.own_conflicts(draft)) == []


def test_what_a_chair_has_lifted_stays_so_with_her_reason_whether_authors_take_it_away_or_declare_it_again(
    draft: Submission, ada: Client, chair: Membership
) -> None:
    rita = factories.make_member(draft.edition, factories.make_user("rita@rita.example", "Rita"))
    address, declared = f"{base(draft)}conflicts/", Conflict.objects.filter(source="author")
    typed = {f"member-{rita.pk}": "1", f"kind-{rita.pk}": "advisor", f"why-{rita.pk}": "My thesis."}
    empty = ada.get(address).context["lines"]
    ada.post(address, typed)
    lift_conflict(declared.get(), reason="Long ago.", by=chair.user, at=timezone.now())
    shown = ada.get(address).context["lines"]

    def lifted() -> list[tuple[str, bool]]:
        return [(one.lift_reason, one.lifted_by == chair.user) for one in declared]

    ada.post(address, {"version": ada.get(address).context["version"]})
    assert (ada.get(address).context["lines"], lifted()) == (empty, [("Long ago.", True)])
    ada.post(address, typed)
    assert (ada.get(address).context["lines"], lifted()) == (shown, [("Long ago.", True)])
    # What is said in other words stands, also once they are these again.
    ada.post(address, {"version": ada.get(address).context["version"]})
    for words in ("My thesis, last year.", "My thesis."):
        ada.post(address, typed | {f"why-{rita.pk}": words, "version": ada.get(address).context["version"]})
        assert [one.reason for one in drafting.own_conflicts(draft)] == [words]
    assert [one.reason for one in declared.filter(lifted_at=None)] == ["My thesis."]


def test_a_conflict_that_stands_is_shown_before_a_lifted_one_that_came_with_another_place_of_hers(
    draft: Submission, ada: Client, chair: Membership
) -> None:
    place, other = (
        factories.make_member(draft.edition, factories.make_user(f"rita@{name}.example", "Rita")) for name in "ab"
    )
    typed = {f"member-{row.pk}": "1" for row in (place, other)} | {
        f"kind-{row.pk}": "advisor" for row in (place, other)
    }
    ada.post(f"{base(draft)}conflicts/", typed)
    lift_conflict(other.conflicts.get(), reason="Long ago.", by=chair.user, at=timezone.now())
    move_conflicts(other, place)
    Membership.objects.filter(pk=other.pk).update(removed_at=timezone.now())
    page = ada.get(f"{base(draft)}conflicts/")
    words = {"version": page.context["version"], f"member-{place.pk}": "1", f"kind-{place.pk}": "advisor"}
    ada.post(f"{base(draft)}conflicts/", words | {f"why-{place.pk}": "My thesis."})
    assert [one.reason for one in drafting.own_conflicts(draft)] == ["My thesis."]
    # A window from before says so, and writes nothing over it.
    assert ada.post(f"{base(draft)}conflicts/", words | {f"why-{place.pk}": "Hers."}).status_code == 422
    assert [one.reason for one in drafting.own_conflicts(draft)] == ["My thesis."]


def test_no_words_about_a_conflict_vanish_with_a_save(draft: Submission, ada: Client) -> None:
    far, near, spare = (
        factories.make_member(draft.edition, factories.make_user(f"{name}@{name}.example", name.title()))
        for name in ("far", "near", "spare")
    )
    address, one, two = f"{base(draft)}conflicts/", f"why-{far.pk}", f"why-{near.pk}"
    ticked = {f"member-{far.pk}": "1", f"kind-{far.pk}": "family", one: "My aunt."}
    # Beside a note the reason for all stays too.
    more = {f"member-{near.pk}": "1", f"kind-{near.pk}": "coauthor", "reason": "A large project."}
    assert ada.post(address, ticked | more).status_code == 302
    declared = Conflict.objects.filter(source="author").order_by("membership")
    kept = ["My aunt. A large project.", "A large project."]
    assert list(declared.values_list("reason", flat=True)) == kept
    # A note without a tick, or beside a tick for who is found by herself by now, is not left out unsaid.
    shown = {"version": ada.get(address).context["version"]} | ticked | more | {one: kept[0], two: kept[1]}
    answer = ada.post(address, shown | {f"why-{spare.pk}": "We wrote a book."})
    assert (answer.status_code, "You noted something on Spare without a tick" in answer.text) == (422, True)
    assert "We wrote a book." in answer.text
    factories.make_author(draft, "new@spare.example")
    late = {f"member-{spare.pk}": "1", f"kind-{spare.pk}": "coauthor", f"why-{spare.pk}": "We wrote a book."}
    answer = ada.post(address, shown | late)
    assert (answer.status_code, "You had noted: We wrote a book." in answer.text) == (422, True)
    assert list(declared.values_list("reason", flat=True)) == kept


def test_a_conflict_whose_reason_had_some_lines_is_saved_again_and_unticked_as_any_other(
    draft: Submission, ada: Client
) -> None:
    far = factories.make_member(draft.edition, factories.make_user("far@far.example", "Finn Far"))
    address, ticked = f"{base(draft)}conflicts/", {f"member-{far.pk}": "1", f"kind-{far.pk}": "coauthor"}
    ada.post(address, ticked | {"reason": "A project\r\nof many. " * 30})
    answers = []
    for chosen in (ticked, {f"kind-{far.pk}": "coauthor"}):
        shown = ada.get(address).context
        # As a browser sends what its field of one line shows.
        note = {f"why-{far.pk}": re.sub(r"[\r\n]", "", shown["lines"][0]["why"])}
        answers.append(ada.post(address, {"version": shown["version"]} | note | chosen).status_code)
    assert (answers, Conflict.objects.filter(source="author").exists()) == ([302, 302], False)


def test_a_declared_conflict_that_is_found_too_has_no_tick_and_stays(draft: Submission, ada: Client) -> None:
    mia = factories.make_member(draft.edition, factories.make_user("mia@uni.example", "Mia Near"))
    kept = factories.make_conflict(draft, mia, declared_by=draft.created_by)
    assert ada.post(f"{base(draft)}conflicts/", {}).status_code == 302
    assert list(Conflict.objects.filter(source="author")) == [kept]


def test_authors_see_nobody_who_was_asked_and_has_not_answered(draft: Submission, ada: Client) -> None:
    asked(draft.edition, "ines@invited.example", "Ines Invited")
    factories.make_member(draft.edition, factories.make_user("aron@accepted.example", "Aron Accepted"), is_listed=False)
    page = ada.get(f"{base(draft)}conflicts/").content.decode()
    assert [name for name in ("Aron Accepted", "Ines Invited") if name in page] == ["Aron Accepted"]


def record(**fields: str) -> dict[str, str]:
    data = {"version": "1", "algorithms": ""}
    for section in ("software", "datasets", "hardware", "benchmarks"):
        data |= {f"{section}-TOTAL_FORMS": "1", f"{section}-INITIAL_FORMS": "0"}
    return data | fields


def test_the_record_keeps_its_rows_and_can_be_copied(
    draft: Submission, edition: Edition, author: User, ada: Client
) -> None:
    data = record(**{"algorithms": "SGD", "software-0-name": "Horovod", "software-0-release": "0.19"})
    ada.post(f"{base(draft)}reproducibility/", data)
    saved = Submission.objects.get(pk=draft.pk).reproducibility
    assert saved.software == [{"name": "Horovod", "release": "0.19", "url": ""}]
    other = drafting.create_draft(edition=edition, title="Other", by=author, at=timezone.now())
    ada.post(f"{base(other)}reproducibility/copy/", {"from": code("submission", draft.pk)})
    assert Submission.objects.get(pk=other.pk).reproducibility.software == saved.software
    second = ada.post(f"{base(draft)}reproducibility/", record(algorithms="second"), headers={"X-Autosave": "1"})
    assert (second.status_code, second.json()["kept"]) == (409, True)


def test_rows_that_were_saved_before_stay_when_their_window_saves_again(draft: Submission, ada: Client) -> None:
    rows = {"software-0-name": "Horovod", "hardware-0-system": "A cluster"}
    for version in (1, 2):
        data = record(version=str(version), algorithms=f"SGD {version}", **rows)
        ada.post(f"{base(draft)}reproducibility/", data, headers={"X-Autosave": "1"})
    saved = Submission.objects.get(pk=draft.pk).reproducibility
    names = ([one["name"] for one in saved.software], [one["system"] for one in saved.hardware])
    assert (saved.algorithms, names) == ("SGD 2", (["Horovod"], ["A cluster"]))


def test_a_second_press_of_the_record_is_no_other_window_and_one_that_came_second_shows_both(
    draft: Submission, ada: Client
) -> None:
    typed = record(**{"algorithms": "Adam", "software-0-name": "PyTorch"})
    pressed = [ada.post(f"{base(draft)}reproducibility/", typed).status_code for _ in range(2)]
    answer = ada.post(f"{base(draft)}reproducibility/", record(algorithms="SGD"))
    shown = [words in " ".join(answer.text.split()) for words in ("<div> Adam", "<div> PyTorch", " SGD</textarea>")]
    assert (pressed, answer.status_code, shown) == ([302, 302], 422, [True, True, True])


def test_a_row_that_was_taken_out_stays_out_of_a_record_that_is_shown_again(draft: Submission, ada: Client) -> None:
    ada.post(f"{base(draft)}reproducibility/", record(algorithms="Adam, saved by a co-author"))
    taken_out = {"software-0-name": "PyTorch", "software-0-DELETE": "on"}
    answer = ada.post(f"{base(draft)}reproducibility/", record(algorithms="SGD", **taken_out))
    shown = re.findall(r'name="software-0-DELETE"\s+value="(.*?)"', answer.text)
    assert (answer.status_code, shown) == (422, ["on"])


def test_a_record_that_was_refused_and_came_second_is_told_so_before_it_takes_the_place_of_another(
    draft: Submission, ada: Client
) -> None:
    ada.post(f"{base(draft)}reproducibility/", record(algorithms="Adam, saved by a co-author"))
    refused = ada.post(f"{base(draft)}reproducibility/", record(algorithms="SGD", not_software="x" * 301))
    again = record(algorithms="SGD", version=str(refused.context["forms"].texts["version"].value()))
    answer = ada.post(f"{base(draft)}reproducibility/", again)
    assert (answer.status_code, "Adam, saved by a co-author" in answer.text) == (422, True)
    assert ReproducibilityRecord.objects.get(submission=draft).algorithms == "Adam, saved by a co-author"


def test_a_copied_record_keeps_what_stood_in_its_place_beside_the_submission(
    draft: Submission, edition: Edition, author: User, ada: Client
) -> None:
    ada.post(f"{base(draft)}reproducibility/", record(algorithms="SGD"))
    other = drafting.create_draft(edition=edition, title="Other", by=author, at=timezone.now())
    typed = record(**{"algorithms": "Adam, with warm-up", "software-0-name": "PyTorch", "not_hardware": "A proof."})
    ada.post(f"{base(other)}reproducibility/", typed)
    for _ in range(2):
        ada.post(f"{base(other)}reproducibility/copy/", {"from": code("submission", draft.pk)})
    other = Submission.objects.get(pk=other.pk)
    assert other.reproducibility.algorithms == "SGD"
    assert [(one["section"], one["by_id"], one["fields"]) for one in other.typed["aside"]] == [
        (
            "reproducibility",
            author.pk,
            {"algorithms": ["Adam, with warm-up"], "software-0-name": ["PyTorch"], "not_hardware": ["A proof."]},
        )
    ]
    page = ada.get(base(other)).text
    assert ("Adam, with warm-up" in page, "PyTorch" in page) == (True, True)


def test_a_record_is_not_copied_over_one_that_could_not_be_kept(
    draft: Submission, edition: Edition, author: User, ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada.post(f"{base(draft)}reproducibility/", record(algorithms="SGD"))
    other = drafting.create_draft(edition=edition, title="Other", by=author, at=timezone.now())
    ada.post(f"{base(other)}reproducibility/", record(algorithms="Adam"))
    monkeypatch.setattr("submissions.views.author.MOST_ASIDE", 0)
    page = ada.post(f"{base(other)}reproducibility/copy/", {"from": code("submission", draft.pk)}, follow=True).text
    other = Submission.objects.get(pk=other.pk)
    assert ("Too many texts of yours" in page, other.reproducibility.algorithms, other.typed) == (True, "Adam", {})


def test_submit_shows_what_reviewers_will_see_then_the_receipt_and_its_verification(
    draft: Submission, ada: Client, as_user: Browser
) -> None:
    assert "Submit paper 1" in ada.get(f"{base(draft)}submit/").content.decode()
    answer = ada.post(f"{base(draft)}submit/", follow=True)
    manuscript = draft.manuscripts.get()
    text = answer.content.decode()
    for words in (manuscript.sha256, "Ada Author", "Submitted: will be reviewed", f"{manuscript.size} bytes"):
        assert words in text
    ada.post(f"{base(draft)}submit/")
    assert letters() == ["ada@uni.example"]
    draft.refresh_from_db()
    code = receipts.code_of(draft, manuscript, at=factories.AT)
    found = as_user(None).get(f"/verify/{code}/")
    assert "This receipt is valid" in found.content.decode()
    assert "Ada Author" not in found.content.decode()
    forged = as_user(None).get(f"/verify/{code[:-2]}zz/")
    assert (forged.status_code, "not valid" in forged.content.decode()) == (404, True)


def test_a_receipt_says_of_a_pdf_that_a_chair_accepted_as_it_is_no_more_than_that(
    edition: Edition, author: User, chair: Membership, ada: Client
) -> None:
    row = submitted(edition, author)
    for overridden, words in (None, "something must be changed"), (timezone.now(), "accepted as it is by the chairs"):
        row.manuscripts.update(verdict="reject", overridden_at=overridden, overridden_by=overridden and chair.user)
        shown = " ".join(ada.get(f"{base(row)}receipt/").text.split())
        assert f"<dt>Format check</dt> <dd> {words} </dd>" in shown


def test_an_incomplete_draft_has_no_open_submit(draft: Submission, ada: Client) -> None:
    Submission.objects.filter(pk=draft.pk).update(abstract="")
    assert "Abstract is empty." in ada.get(f"{base(draft)}submit/").content.decode()
    assert ada.post(f"{base(draft)}submit/").status_code == 422
    assert ada.get(f"{base(draft)}receipt/").status_code == 404


def test_a_list_of_too_many_authors_writes_to_nobody_and_stays_as_typed(
    edition: Edition, author: User, ada: Client
) -> None:
    row = factories.make_submission(edition, author)
    others = [{"name": "N", "email": f"person{place}@target.example"} for place in range(50)]
    rows = author_rows(row, {"name": "Ada", "email": author.email, "is_contact": "on"}, *others)
    words = "A submission has at most 50 authors; this list has 51."
    answer = ada.post(f"{base(row)}authors/", rows)
    assert (answer.status_code, answer.context["author_error"]) == (422, words)
    assert "person49@target.example" in ada.get(base(row)).text
    assert (row.authors.count(), letters()) == (1, [])
    close(edition)
    asked = ada.post(f"{base(row)}authors/change/", rows | {"reason": "All of us."})
    assert (asked.status_code, words in asked.text, "person49@target.example" in asked.text) == (422, True, True)
    assert letters() == []
    ada.post(f"{base(row)}authors/change/", rows | {"reason": "All of us.", "authors-50-DELETE": "on"})
    assert len(letters("author_change")) == 50


@pytest.mark.parametrize(
    ("address", "field"), [("withdraw/", "reason"), ("questions/", "text"), ("authors/change/", "reason")]
)
def test_words_too_long_for_a_letter_stay_typed_with_the_error_beside_them(
    edition: Edition, author: User, ada: Client, chair: Membership, address: str, field: str
) -> None:
    row = factories.make_submission(edition, author)
    close(edition)
    rows = author_rows(row, {"name": "Ada", "email": author.email, "is_contact": "on"})
    answer = ada.post(base(row) + address, rows | {field: "long words " * 500})
    assert answer.status_code == 422
    assert "Ensure this value has at most 5000 characters" in answer.text
    assert ("long words " * 500).strip() in answer.text
    row.refresh_from_db()
    assert (row.state, letters()) == ("submitted", [])


@pytest.mark.parametrize(
    ("reopened", "words"),
    [(False, "A request is waiting for the chairs already."), (True, "The author list can still be changed directly.")],
)
@pytest.mark.parametrize("is_whole", [True, False])
def test_a_request_that_came_second_or_is_not_needed_stays_typed_with_the_reason_beside_it(
    edition: Edition, author: User, ada: Client, reopened: bool, words: str, is_whole: bool
) -> None:
    row = factories.make_submission(edition, author)
    if not reopened:
        close(edition)
        drafting.request_author_change(
            submission=row, entries=[entry("n@n.example", is_contact=True)], reason="R", by=author, at=timezone.now()
        )
    ada_and_new = {"name": "Ada", "email": author.email, "is_contact": "on"}, {"name": "New", "email": "n@x.example"}
    rows = author_rows(row, *ada_and_new)
    rows |= {"reason": "She did the work."} if is_whole else {"reason": "She did it.", "authors-1-email": "nowhere"}
    answer = ada.post(f"{base(row)}authors/change/", rows)
    assert (answer.status_code, rows["reason"] in answer.text) == (422, True)
    assert rows["authors-1-email"] in answer.text
    assert (words if is_whole else "Enter a valid email address.") in answer.text
    assert "<textarea" not in ada.get(f"{base(row)}authors/change/").text


def test_a_request_from_a_page_that_showed_an_older_list_takes_nobody_off_who_was_granted_since(
    edition: Edition, author: User, ada: Client, chair: Membership
) -> None:
    row = factories.make_submission(edition, author)
    close(edition)
    address, ada_row = f"{base(row)}authors/change/", {"name": "Ada", "email": author.email, "is_contact": "on"}
    shown = ada.get(address).context["authors_version"]
    request = drafting.request_author_change(
        submission=row,
        entries=[entry(author.email, "Ada", is_contact=True), entry("bo@b.example", "Bo")],
        reason="R",
        by=author,
        at=timezone.now(),
    )
    overseeing.decide_author_change(request=request, grant=True, answer="", by=chair.user, at=timezone.now())
    rows = author_rows(row, ada_row, {"name": "Cy", "email": "cy@c.example"}) | {"reason": "Cy ran it all."}
    # Neither by that press nor after another error on the way.
    for typed in (rows, rows | {"reason": ""}, rows):
        answer = ada.post(address, typed | {"version": shown})
        assert (answer.status_code, "cy@c.example" in answer.text) == (422, True)
        assert answer.context["is_newer_list"] is bool(typed["reason"])
    assert ("Bo (bo@b.example)" in answer.text, row.author_requests.count()) == (True, 1)
    ada.post(address, rows | {"version": answer.context["authors_version"]})
    assert [one["email"] for one in row.author_requests.get(decided_at=None).new_list] == [author.email, "cy@c.example"]


def test_a_withdrawal_that_came_second_keeps_its_reason_with_the_error_beside_it(
    edition: Edition, author: User, ada: Client
) -> None:
    row = factories.make_submission(edition, author)
    sending.withdraw(submission=row, reason="", by=author, at=timezone.now())
    answer = ada.post(f"{base(row)}withdraw/", {"reason": "We found an error in section 4."})
    words = "It is withdrawn already, or cannot be withdrawn any more."
    assert (answer.status_code, answer.context["withdraw"].errors) == (422, {"reason": [words]})
    assert ("We found an error in section 4." in answer.text, words in answer.text) == (True, True)
    decided = factories.make_submission(edition, author)
    factories.announce(decided)
    answer = ada.post(f"{base(decided)}withdraw/", {"reason": "We found an error in section 4."})
    assert (answer.status_code, "We found an error in section 4." in answer.text) == (422, True)
    assert "The decision is announced; write to the chairs to withdraw now." in answer.text


def test_an_answer_to_a_request_that_another_chair_answered_stays_typed(
    edition: Edition, author: User, chair: Membership, as_user: Browser
) -> None:
    row = factories.make_submission(edition, author)
    close(edition)
    request = drafting.request_author_change(
        submission=row, entries=[entry("n@n.example", is_contact=True)], reason="R", by=author, at=timezone.now()
    )
    typed = {"request": code("request", request.pk), "answer": "Please explain who she is.", "refuse": "1"}
    address = f"/{edition.slug}/chair/author-requests/"
    assert as_user(chair).post(address, typed).status_code == 302
    answer = as_user(chair).post(address, typed | {"answer": "With pleasure."})
    assert (answer.status_code, "This request was answered already." in answer.text) == (422, True)
    assert "With pleasure." in answer.text


def test_withdraw_restore_ask_and_confirm(draft: Submission, ada: Client, chair: Membership) -> None:
    draft.authors.update(confirmed_at=None)
    (hers,) = ada.get(base(draft)).context["to_confirm"]
    ada.post(f"{base(draft)}authors/confirm/", {"email": hers.email})
    assert ada.get(base(draft)).context["to_confirm"] == []
    ada.post(f"{base(draft)}questions/", {"text": "May we?"})
    assert letters("question") == ["chair@institute-a.example"]
    assert ada.post(f"{base(draft)}questions/", {"text": ""}).status_code == 422
    ada.post(f"{base(draft)}withdraw/", {"reason": ""})
    draft.refresh_from_db()
    assert draft.state == State.WITHDRAWN
    ada.post(f"{base(draft)}restore/")
    draft.refresh_from_db()
    assert draft.state == State.DRAFT


def test_waiting_authors_see_one_status_line_and_nothing_of_the_reviews(
    edition: Edition, author: User, ada: Client, reviewer: Membership
) -> None:
    row = factories.make_submission(edition, author)
    before = ada.get(base(row)).content.decode()
    factories.make_review(factories.make_assignment(row, reviewer))
    factories.announce(row, at=timezone.now() + WEEK)
    after = ada.get(base(row)).content.decode()
    assert "Decision due" in after
    cut = [text[text.index("<h1") : text.index("csrfmiddlewaretoken")] for text in (before, after)]
    assert cut[0] == cut[1]
    assert "Rita" not in after


@pytest.mark.parametrize("text", ["\u200b", "\u00ad", "\u202e", "\u3164", "\u0301", "\u200d", "\u2800 \ufeff"])
def test_a_title_or_name_of_which_nothing_is_seen_is_none(draft: Submission, ada: Client, text: str) -> None:
    begun = ada.post("/dlonsc-2026/submissions/new/", {"title": text})
    assert (begun.status_code, bool(begun.context["form"]["title"].errors)) == (422, True)
    saved = ada.post(f"{base(draft)}details/", details(draft, title=text))
    assert (saved.status_code, bool(saved.context["details"]["title"].errors)) == (422, True)
    rows = author_rows(draft, {"name": text, "email": "ada@uni.example", "is_contact": "on"})
    assert ada.post(f"{base(draft)}authors/", rows).status_code == 422
    ada.post("/account/", {"name": text})
    assert (Submission.objects.get().title, User.objects.filter(name=text).exists()) == (draft.title, False)


@pytest.mark.parametrize(
    ("pasted", "seen"),
    [
        ("Dis\u00adtri\u00adbuted\ttraining", "Distributed training"),
        ("\ufeffScaling\u200b laws", "Scaling laws"),
        ("Paper \u202eevil\u202c 1", "Paper evil 1"),
        ("\u2066Halo\u2069  exchange ", "Halo exchange"),
    ],
)
def test_what_cannot_be_seen_in_a_pasted_title_or_name_is_left_out_and_stops_nobody(
    draft: Submission, ada: Client, pasted: str, seen: str
) -> None:
    assert ada.post(f"{base(draft)}details/", details(draft, title=pasted)).status_code == 302
    rows = author_rows(draft, {"name": pasted, "email": "ada@uni.example", "is_contact": "on"})
    assert ada.post(f"{base(draft)}authors/", rows).status_code == 302
    assert (Submission.objects.get().title, [row.name for row in draft.authors.all()]) == (seen, [seen])


@pytest.mark.parametrize(
    "title", ["تعلم عميق", "למידה עמוקה", "می\u200cخواهم", "क्\u200dष", "Çğ e\u0301tude 深い学習", "I/O: 2×"]
)
def test_a_title_in_any_script_is_taken(draft: Submission, ada: Client, title: str) -> None:
    assert ada.post(f"{base(draft)}details/", details(draft, title=title)).status_code == 302
    assert Submission.objects.get().title == title


@pytest.mark.parametrize("page", ["supplements/", "upload/"])
@pytest.mark.parametrize("state", [State.WITHDRAWN, State.DESK_REJECTED])
def test_no_file_is_taken_for_what_was_withdrawn_or_returned_and_the_page_says_so(
    edition: Edition, author: User, ada: Client, state: State, page: str
) -> None:
    row = factories.make_submission(edition, author)
    Submission.objects.filter(pk=row.pk).update(state=state)
    answer = ada.post(base(row) + page, {"file": pdf()})
    assert (answer.status_code, answer.text.count("; restore it first.")) == (422, 1)
    assert (row.supplements.count(), row.manuscripts.count()) == (0, 1)


def test_supplements_are_added_downloaded_and_removed(draft: Submission, ada: Client) -> None:
    file = SimpleUploadedFile("evil.html", b"<script>", content_type="text/html")
    ada.post(f"{base(draft)}supplements/", {"file": file, "description": "Code"})
    supplement = draft.supplements.get()
    address = reverse("submissions:supplement", args=(draft.edition.slug, draft.number, supplement.pk))
    answer = ada.get(address)
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    ada.post(address)
    assert ada.get(address).status_code == 404


def test_after_the_deadline_a_changed_list_is_asked_for_on_its_page(
    edition: Edition, author: User, ada: Client, chair: Membership, as_user: Browser
) -> None:
    row = factories.make_submission(edition, author)
    close(edition)
    rows = author_rows(row, {"name": "New", "email": "new@n.example", "is_contact": "on"})
    assert ada.post(f"{base(row)}authors/change/", rows | {"reason": ""}).status_code == 422
    ada.post(f"{base(row)}authors/change/", rows | {"reason": "She did it."})
    request = row.author_requests.get()
    page = as_user(chair).get("/dlonsc-2026/chair/author-requests/").content.decode()
    assert "She did it." in page
    as_user(chair).post("/dlonsc-2026/chair/author-requests/", {"request": code("request", request.pk), "grant": "1"})
    assert [one.email for one in row.authors.all()] == ["new@n.example"]


def test_a_list_is_not_changed_while_the_decision_is_held_and_nothing_typed_is_lost(
    edition: Edition, author: User, ada: Client, chair: Membership, as_user: Browser
) -> None:
    row = factories.make_submission(edition, author)
    close(edition)
    rows = author_rows(row, {"name": "Ada", "email": "ada@new.example", "is_contact": "on"})
    ada.post(f"{base(row)}authors/change/", rows | {"reason": "My address was wrong."})
    Submission.objects.update(outcome=Outcome.REJECTED, announced_at=timezone.now() + timedelta(minutes=10))
    grant = {"request": code("request", row.author_requests.get().pk), "answer": "With pleasure.", "grant": "1"}
    address, browser = "/dlonsc-2026/chair/author-requests/", as_user(chair)
    answer = browser.post(address, grant)
    page = answer.content.decode()
    words = "The decision on this submission is being announced; stop the announcement first or wait until it is out."
    assert (answer.status_code, page.count(words), page.count("With pleasure.")) == (422, 1, 1)
    assert [one.email for one in row.authors.all()] == ["ada@uni.example"]
    Submission.objects.update(announced_at=timezone.now())
    assert browser.post(address, grant).status_code == 302
    assert [one.email for one in row.authors.all()] == ["ada@new.example"]


def test_triage_finds_by_code_and_its_csv_runs_no_formula(
    edition: Edition, author: User, chair: Membership, as_user: Browser
) -> None:
    bad = factories.make_submission(edition, author, title="=HYPERLINK(1)")
    one = {"code": "PAGES_MANY", "severity": "block", "message": "13 pages.", "pages": [13], "quote": "Rate it high."}
    bad.manuscripts.update(verdict="reject", report={"findings": [one]})
    factories.make_submission(edition, title="A good paper")
    browser = as_user(chair)
    shown = browser.get("/dlonsc-2026/chair/format/?code=PAGES_MANY").content.decode()
    assert ("=HYPERLINK(1)" in shown, "A good paper" in shown, "Rate it high." in shown) == (True, False, True)
    table = list(
        csv.reader(io.StringIO(browser.get("/dlonsc-2026/chair/format/export.csv").content.decode("utf-8-sig")))
    )
    assert [row[1] for row in table] == ["title", "'=HYPERLINK(1)", "A good paper"]
    address = "/dlonsc-2026/chair/format/1/"
    assert "13 pages." in browser.get(address).content.decode()
    browser.post(address, {"act": "override", "note": "Fine.", "shown": "1"})
    assert bad.manuscripts.get().override_note == "Fine."
    browser.post(address, {"act": "correct", "until": "2030-01-01T12:00", "text": "Please.", "shown": "1"})
    browser.post(address, {"act": "reject", "text": "No.", "shown": "1"})
    assert (letters("correct_pdf"), letters("desk_reject")) == (["ada@uni.example"], ["ada@uni.example"])


def test_a_chairs_words_about_the_format_stay_typed_when_they_came_too_late(
    edition: Edition, author: User, chair: Membership, as_user: Browser
) -> None:
    row = factories.make_submission(edition, author)
    row.manuscripts.update(verdict="reject", report={"findings": []})
    browser, address = as_user(chair), f"/{edition.slug}/chair/format/{row.number}/"
    note = {"act": "override", "note": "Two pages of references.", "shown": "1"}
    assert [browser.post(address, note).status_code for _ in range(2)] == [302, 302]
    answer = browser.post(address, note | {"note": "The annex counts not."})
    assert (answer.status_code, "The annex counts not." in answer.text) == (422, True)
    assert "It was accepted as it is already; the note that stands is another." in answer.text
    assert row.manuscripts.get().override_note == "Two pages of references."
    sending.withdraw(submission=row, reason="", by=author, at=timezone.now())
    for act in ("correct", "reject"):
        typed = {"act": act, "until": "2030-01-01T12:00", "text": "Please mend the margins.", "shown": "1"}
        answer = browser.post(address, typed)
        assert (answer.status_code, "Please mend the margins." in answer.text) == (422, True)
    assert (letters("correct_pdf"), letters("desk_reject")) == ([], [])


def test_what_a_chair_does_about_a_version_never_holds_for_a_newer_one_that_she_has_not_seen(
    edition: Edition, author: User, chair: Membership, as_user: Browser
) -> None:
    row = factories.make_submission(edition, author)
    row.manuscripts.update(verdict="reject", report={"findings": []})
    browser, address = as_user(chair), f"/{edition.slug}/chair/format/{row.number}/"
    seen = browser.get(address).context["manuscript"]
    newer = factories.make_manuscript(row, b"%PDF-1.7 another", verdict="reject", report={"findings": []})
    words = "The margins are as the annex asks."
    typed = {"shown": str(seen.number), "note": words, "text": words, "until": "2030-01-01T12:00"}
    for act in ("override", "correct", "reject"):
        answer = browser.post(address, typed | {"act": act})
        assert (answer.status_code, "Version 2 has come" in answer.text, words in answer.text) == (422, True, True)
    row.refresh_from_db()
    assert (row.state, letters(), row.manuscripts.exclude(override_note="").count()) == (State.SUBMITTED, [], 0)
    again = browser.post(address, typed | {"act": "override", "shown": str(newer.number)})
    assert (again.status_code, row.manuscripts.get(override_note=words)) == (302, newer)


def test_a_conflicted_chair_meets_the_paper_on_no_page(
    edition: Edition, author: User, chair: Membership, as_user: Browser
) -> None:
    row = factories.make_submission(edition, author, title="Not for her eyes")
    drafting.ask(submission=row, text="A question.", by=author, at=factories.AT)
    factories.make_manuscript(row, b"%PDF-1.7 late", is_late=True, is_current=False)
    factories.make_conflict(row, chair)
    browser = as_user(chair)
    for page in ("format/", "format/export.csv", "late/", "author-requests/", "questions/"):
        answer = browser.get(f"/dlonsc-2026/chair/{page}")
        assert (answer.status_code, "Not for her eyes" in answer.content.decode()) == (200, False)
    assert browser.get("/dlonsc-2026/chair/format/1/").status_code == 404
    late = row.manuscripts.get(is_late=True)
    assert browser.post("/dlonsc-2026/chair/late/", {"adopt": code("manuscript", late.pk)}).status_code == 404


def test_neither_the_list_of_tasks_nor_submit_tells_a_paper_with_a_later_date_the_date_of_all(
    edition: Edition, author: User, chair: Membership, ada: Client
) -> None:
    papers = complete_draft(edition, author), factories.announce(factories.make_submission(edition, author))
    close(edition)
    for paper, phase in zip(papers, ("submission", "camera_ready"), strict=True):
        LatePermission.objects.create(
            submission=paper,
            phase=phase,
            cutoff_at=datetime(2031, 5, 2, 12, tzinfo=UTC),
            reason="Fire.",
            given_by=chair.user,
            given_at=timezone.now(),
        )
    texts = [" ".join(strip_tags(ada.get(address).text).split()) for address in ("/me/", f"{base(papers[0])}submit/")]
    later = "Thu 1 May 2031, 23:59 AoE"
    assert re.findall(r"(Finish and submit it before|The date was|Camera-ready paper due) (.{25})", texts[0]) == [
        ("Finish and submit it before", later),
        ("Camera-ready paper due", later),
    ]
    assert re.findall(r"Until (.{25}).* you can still (.*?)\.", texts[1]) == [(later, "replace the PDF")]


def test_a_chair_who_brings_a_draft_back_reads_how_many_authors_are_told_and_not_how_many_are_listed(
    edition: Edition, author: User, chair: Membership, as_user: Browser
) -> None:
    row = complete_draft(edition, author)
    factories.make_author(row, "stranger@far.example", "A Stranger")
    sending.withdraw(submission=row, reason="", by=author, at=timezone.now())
    answer = as_user(chair).post(reverse("submissions:reinstate", args=[edition.slug, row.number]), follow=True)
    told = [str(message) for message in answer.context["messages"]]
    assert (told, letters("restored")) == (["Draft: will not be reviewed. Authors told: 1."], [author.email])


def test_an_author_reads_that_a_later_date_is_one_of_this_paper_alone(
    edition: Edition, author: User, chair: Membership, ada: Client
) -> None:
    permitted, other = (factories.make_submission(edition, author, state=State.DRAFT) for _ in range(2))
    factories.make_manuscript(permitted, is_late=True, is_current=False)
    close(edition)
    assert chair.user is not None
    LatePermission.objects.create(
        submission=permitted,
        phase="submission",
        cutoff_at=datetime(2031, 5, 2, 12, tzinfo=UTC),
        reason="Fire.",
        given_by=chair.user,
        given_at=timezone.now(),
    )
    home = ada.get("/dlonsc-2026/submissions/")
    assert {row["submission"].pk: bool(row["extended"]) for row in home.context["rows"]} == {
        permitted.pk: True,
        other.pk: False,
    }
    own = "The chairs gave this paper a later date of its own:"
    pages = [ada.get(f"/dlonsc-2026/submissions/{row.number}/").content.decode() for row in (permitted, other)]
    texts = [" ".join(page.split()) for page in (home.content.decode(), *pages)]
    assert [(own in text, "Thu 1 May 2031, 23:59 AoE" in text, "Fire." in text) for text in texts] == [
        (True, True, False),
        (True, True, False),
        (False, False, False),
    ]
    assert ["No PDF is part of" in text for text in texts] == [True, True, False]


def test_late_cases_are_adopted_and_permitted(
    edition: Edition, author: User, chair: Membership, as_user: Browser
) -> None:
    row, draft = factories.make_submission(edition, author), complete_draft(edition, author)
    factories.make_manuscript(row)
    late = factories.make_manuscript(row, b"%PDF-1.7 late", is_late=True, is_current=False)
    Manuscript.objects.filter(submission=row, number=2).update(is_current=True)
    close(edition)
    browser, address = as_user(chair), "/dlonsc-2026/chair/late/"
    assert "complete, never submitted" in browser.get(address).content.decode()
    browser.post(address, {"adopt": code("manuscript", late.pk)})
    browser.post(address, {"draft": draft.number})
    draft.refresh_from_db()
    assert (row.manuscripts.get(is_current=True).pk, draft.state) == (late.pk, State.SUBMITTED)
    given = {
        "give": "1",
        "submission": row.number,
        "phase": "submission",
        "until": "2031-05-01T23:59",
        "reason": "Fire.",
    }
    browser.post(address, given)
    assert "Permission given; the letter is on its way to 1 author." in browser.get(address).content.decode()
    assert LatePermission.objects.get().cutoff_at.isoformat() == "2031-05-02T12:00:00+00:00"
    assert browser.post(address, given | {"until": "2020-01-01T12:00"}).status_code == 200
    assert LatePermission.objects.count() == 1


def test_a_chair_reads_beside_the_field_that_authors_read_what_she_notes_on_their_paper(
    edition: Edition, author: User, ada: Client, chair: Membership, as_user: Browser
) -> None:
    row = factories.make_submission(edition, author)
    row.manuscripts.update(verdict="reject", report={"findings": []})
    browser, told = as_user(chair), "All authors of the paper read it."
    late, triage = f"/{edition.slug}/chair/late/", f"/{edition.slug}/chair/format/{row.number}/"
    assert [browser.get(address).text.count(told) for address in (late, triage)] == [1, 1]
    permission = {"give": "1", "submission": row.number, "phase": "submission", "until": "2030-01-01T12:00"}
    browser.post(late, permission | {"reason": "A fire in the laboratory."})
    browser.post(triage, {"act": "override", "note": "An annex was agreed.", "shown": "1"})
    texts = [*Message.objects.filter(kind="late_permission").values_list("text", flat=True), ada.get(base(row)).text]
    words = ("A fire in the laboratory.", "An annex was agreed.")
    assert [word in text for word, text in zip(words, texts, strict=True)] == [True, True]


def test_a_late_file_whose_draft_misses_more_is_not_offered_for_adoption(
    edition: Edition, author: User, chair: Membership, as_user: Browser
) -> None:
    draft = complete_draft(edition, author)
    draft.manuscripts.update(is_late=True, is_current=False)
    close(edition)
    browser, address = as_user(chair), "/dlonsc-2026/chair/late/"
    assert "Adopt for paper 1" in " ".join(browser.get(address).content.decode().split())
    Submission.objects.filter(pk=draft.pk).update(abstract="")
    page = " ".join(browser.get(address).content.decode().split())
    assert "Abstract is empty. Give the paper more time below" in page
    assert "Adopt for paper 1" not in page


def test_a_question_is_answered_to_all_authors(
    edition: Edition, author: User, chair: Membership, as_user: Browser
) -> None:
    row = factories.make_submission(edition, author)
    drafting.ask(submission=row, text="A question.", by=author, at=factories.AT)
    browser = as_user(chair)
    assert "waits for an answer" in browser.get("/dlonsc-2026/chair/questions/").content.decode()
    browser.post("/dlonsc-2026/chair/questions/", {"number": row.number, "text": "An answer."})
    assert "An answer." in as_user(author).get(base(row)).content.decode()


def test_no_page_says_of_a_paper_whose_decision_is_known_that_it_will_be_reviewed(
    edition: Edition, author: User, ada: Client, chair: Membership, as_user: Browser
) -> None:
    row, desk = submitted(edition, author), as_user(chair)
    pages = [(ada, f"{base(row)}{page}") for page in ("", "submit/", "receipt/")]
    pages += [(desk, f"/dlonsc-2026/chair/{page}/{row.number}/") for page in ("submissions", "format")]
    pages += [(ada, "/dlonsc-2026/submissions/"), (desk, "/dlonsc-2026/chair/format/")]
    words = "Submitted: will be reviewed"
    assert [words in client.get(page).text for client, page in pages] == [True] * 7
    factories.announce(row)
    shown = [client.get(page).text for client, page in pages]
    assert [(words in text, ">Accepted</span>" in text) for text in shown] == [(False, True)] * 7


def test_camera_ready_from_checklist_to_approval(
    edition: Edition,
    author: User,
    ada: Client,
    proceedings_chair: Membership,
    as_user: Browser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers(monkeypatch, report())
    row = factories.make_submission(edition, author)
    address = f"{base(row)}camera-ready/"
    assert ada.get(address).status_code == 404
    factories.announce(row)
    wrong = ada.post(f"{address}sources/", {"file": pdf(b"no zip", "s.zip")})
    assert (wrong.status_code, "not a zip archive" in wrong.content.decode()) == (422, True)
    assert ada.post(f"{address}nonsense/", {"file": pdf()}).status_code == 404
    ada.post(f"{address}pdf/", {"file": pdf(b"%PDF-1.7 final")})
    ada.post(f"{address}licence/", {"file": pdf(b"%PDF-1.7 licence")})
    item = row.camera_ready_items.get(kind="pdf")
    item.report = {"front": {"title": "Another Title", "authors": ["Ada Author"]}}
    item.save()
    form = {"running_head": "Proxy", "licence_signer": "Ada", "licence_signed_on": "2026-05-01", "alt_text_done": "on"}
    form["version"] = ada.get(address).context["form"]["version"].value()
    orcid = orcid_field(row.authors.get())
    assert ada.post(address, form | {orcid: "0000-0002-1825-0098"}).status_code == 422
    ada.post(address, form | {orcid: "0000-0002-1825-0097"})
    assert [words for words, done in ada.get(address).context["checklist"] if not done] == [
        "Source archive",
        "Title and authors as in the PDF",
    ]
    browser, page = as_user(proceedings_chair), "/dlonsc-2026/proceedings/1/"
    assert "Another Title" in browser.get(page).content.decode()
    assert "differs from record" in browser.get("/dlonsc-2026/proceedings/").content.decode()
    assert browser.post(page, {"act": "return", "item": code("item", item.pk), "text": ""}).status_code == 422
    browser.post(page, {"act": "return", "item": code("item", item.pk), "text": "Mend the title."})
    assert "Mend the title." in ada.get(address).content.decode()
    assert browser.post(page, {"act": "approve"}).status_code == 422
    file = browser.get(f"{page}files/{code('item', item.pk)}/")
    assert b"".join(file.streaming_content) == b"%PDF-1.7 final"  # type: ignore[attr-defined]


def test_camera_ready_details_that_a_co_author_saved_meanwhile_are_not_blanked_by_a_save_of_what_was_shown_before(
    edition: Edition, author: User, ada: Client, as_user: Browser
) -> None:
    bo = factories.make_user("bo@co.example", "Bo")
    row = factories.announce(factories.make_submission(edition, author))
    factories.make_author(row, bo.email, bo.name)
    address, orcid = f"{base(row)}camera-ready/", orcid_field(row.authors.get(position=1))
    shown = {"version": ada.get(address).context["form"]["version"].value()}
    ada.post(address, shown | {"running_head": "Out of the Proxy", orcid: "0000-0002-1825-0097"})
    typed = {"licence_signer": "Bo Berg"}
    answer = as_user(bo).post(address, shown | typed)
    assert (answer.status_code, answer.context["form"]["licence_signer"].value()) == (422, "Bo Berg")
    assert answer.context["theirs"] == {
        "Running head": "Out of the Proxy",
        "Licence signed by": "empty",
        "Signed on": "empty",
        "All figures have alternative texts": "no",
        f"ORCID iD of {author.name}": "0000-0002-1825-0097",
        "ORCID iD of Bo": "empty",
    }
    assert [row.camera_ready_details.running_head, row.authors.get(position=1).orcid] == [
        "Out of the Proxy",
        "0000-0002-1825-0097",
    ]
    seen = {"version": answer.context["form"]["version"].value(), "running_head": "Proxy"}
    assert as_user(bo).post(address, seen | typed).status_code == 302
    row.camera_ready_details.refresh_from_db()
    assert (row.camera_ready_details.running_head, row.camera_ready_details.licence_signer) == ("Proxy", "Bo Berg")


@pytest.fixture
def accepted_of_two(edition: Edition, author: User) -> Submission:
    row = factories.announce(factories.make_submission(edition, author))
    factories.make_author(row, "bo@co.example", "Bo")
    return row


def details_shown(ada: Client, row: Submission) -> tuple[str, dict[str, str], list[str]]:
    """Address and version of the camera-ready details as a page shows them, and the field of each author's iD."""
    address = f"{base(row)}camera-ready/"
    form = ada.get(address).context["form"]
    return address, {"version": form["version"].value()}, [one.name for one in form if one.name.startswith("orcid-")]


def test_an_orcid_id_goes_to_no_other_author_when_the_list_was_changed_under_the_open_form(
    accepted_of_two: Submission, author: User, ada: Client
) -> None:
    address, shown, (hers, bos) = details_shown(ada, accepted_of_two)
    typed = shown | {"running_head": "Proxy", hers: "0000-0001-5109-3700", bos: ""}
    bo = entry("bo@co.example", "Bo", orcid="0000-0002-1825-0097")
    entries = [bo, entry(author.email, "Ada", is_contact=True)]
    drafting.write_authors(accepted_of_two, entries, factories.AT, by=author)
    second = ada.post(address, typed)
    assert second.status_code == 422
    typed["version"] = second.context["form"]["version"].value()
    assert ada.post(address, typed | {bos: bo.orcid}).status_code == 302
    assert [one.orcid for one in accepted_of_two.authors.all()] == ["0000-0002-1825-0097", "0000-0001-5109-3700"]


def test_an_orcid_id_typed_for_an_author_who_left_the_list_is_shown_and_what_was_not_asked_for_stays(
    accepted_of_two: Submission, author: User, ada: Client
) -> None:
    address, shown, (hers, bos) = details_shown(ada, accepted_of_two)
    bo = entry("bo@new.example", "Bo", orcid="0000-0002-1825-0097")
    entries = [entry(author.email, "Ada", is_contact=True), bo]
    drafting.write_authors(accepted_of_two, entries, factories.AT, by=author)
    refused = ada.post(address, shown | {hers: "0000-0001-5109-3700", bos: "0000-0002-1694-233X"})
    words = "0000-0002-1694-233X was typed for an author whose address it does not hold any more"
    assert (refused.status_code, words in refused.content.decode()) == (422, True)
    assert [one.orcid for one in accepted_of_two.authors.all()] == ["", "0000-0002-1825-0097"]
    for _ in range(2):
        form = refused.context["form"]
        refused = ada.post(
            address, {field.name: field.value() or "" for field in form if field.name != "alt_text_done"}
        )
    assert refused.status_code == 302
    assert [one.orcid for one in accepted_of_two.authors.all()] == ["0000-0001-5109-3700", "0000-0002-1825-0097"]


@pytest.mark.parametrize(
    ("change", "status", "orcids"),
    [
        ({}, 302, ["0000-0001-5109-3700"]),
        ({"institution": "Elsewhere"}, 422, [""]),
        ({"name": "Ada A. Author"}, 422, [""]),
        ({"email": "ada@new.example"}, 422, [""]),
    ],
)
def test_an_orcid_id_typed_while_the_list_is_written_anew_is_saved_or_shown_again(
    edition: Edition, author: User, ada: Client, change: dict[str, str], status: int, orcids: list[str]
) -> None:
    row = factories.announce(factories.make_submission(edition, author))
    address, shown, (field,) = details_shown(ada, row)
    typed = shown | {"running_head": "Proxy", field: "0000-0001-5109-3700"}
    plain = printing.save_details

    def after_a_grant(**words: Any) -> object:
        (listed,) = drafting.listed(row)
        drafting.write_authors(row, [drafting.AuthorEntry(**listed | change)], factories.AT, by=author)
        return plain(**words)

    with patch("submissions.actions.printing.save_details", after_a_grant):
        answer = ada.post(address, typed)
    assert (answer.status_code, [one.orcid for one in row.authors.all()]) == (status, orcids)
    assert status == 302 or "0000-0001-5109-3700" in answer.content.decode()


def three_then_thirty(make: Callable[[], object], ask: Callable[[], object], count: Any) -> list[int]:
    """The number of queries of a page with 3 rows and with 30."""
    numbers = []
    for rows in (3, 27):
        for _ in range(rows):
            make()
        # The first visit may renew the session.
        ask()
        with count() as queries:
            ask()
        numbers.append(len(queries))
    return numbers


@pytest.mark.parametrize("page", ["submissions/", "chair/format/", "chair/late/", "chair/questions/", "proceedings/"])
def test_lists_ask_the_database_as_often_for_thirty_rows_as_for_three(
    page: str,
    edition: Edition,
    author: User,
    chair: Membership,
    proceedings_chair: Membership,
    as_user: Browser,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    person: Any = {"submissions/": author, "proceedings/": proceedings_chair}.get(page, chair)
    is_late = page == "chair/late/"
    if is_late:
        close(edition)
    browser = as_user(person)

    def make() -> None:
        row = complete_draft(edition, author) if is_late else factories.make_submission(edition, author)
        factories.make_manuscript(row, b"%PDF-1.7 late", is_late=True, is_current=False)
        drafting.ask(submission=row, text="Why?", by=author, at=factories.AT)
        if page == "proceedings/":
            factories.announce(row)

    def ask() -> None:
        assert browser.get(f"/dlonsc-2026/{page}").status_code == 200

    few, many = three_then_thirty(make, ask, lambda: django_assert_max_num_queries(60))
    assert few == many


def test_a_change_of_the_list_names_who_was_there_and_who_comes(edition: Edition, author: User) -> None:
    row = factories.make_submission(edition, author)
    close(edition)
    request = drafting.request_author_change(
        submission=row, entries=[entry("n@n.example", "N", is_contact=True)], reason="R", by=author, at=timezone.now()
    )
    assert [one["email"] for one in request.old_list] == ["ada@uni.example"]
    assert [one["email"] for one in request.new_list] == ["n@n.example"]


def test_the_record_reads_the_same_for_everybody(draft: Submission) -> None:
    record = ReproducibilityRecord(
        submission=draft,
        algorithms="SGD",
        software=[{"name": "Horovod", "release": "0.19", "url": "https://horovod.example"}],
        datasets=[{"name": "Climate", "version": "2", "subset": "", "licence": "CC BY 4.0", "url": ""}],
        hardware=[{"system": "Delta", "nodes": "96", "cpu": "", "accelerator": "4 GPUs", "interconnect": ""}],
        not_applicable={"benchmarks": "A proof."},
    )
    assert [(row["title"], row["lines"], row["reason"]) for row in record.shown] == [
        ("Algorithms", [{"words": "SGD", "url": ""}], ""),
        ("Software", [{"words": "Horovod, release 0.19", "url": "https://horovod.example"}], ""),
        ("Data sets", [{"words": "Climate, version 2, licence CC BY 4.0", "url": ""}], ""),
        ("Hardware", [{"words": "Delta, 96 nodes, 4 GPUs", "url": ""}], ""),
        ("Benchmarks", [], "A proof."),
    ]


@pytest.mark.parametrize(("outcome", "words"), [("accepted", "Accepted"), ("rejected", "Not accepted")])
def test_after_the_announcement_the_state_is_the_outcome(
    edition: Edition, author: User, ada: Client, outcome: str, words: str
) -> None:
    row = factories.make_submission(edition, author)
    Submission.objects.filter(pk=row.pk).update(outcome=outcome, announced_at=timezone.now() - timedelta(hours=1))
    for page in (base(row), f"/{edition.slug}/submissions/"):
        text = " ".join(ada.get(page).text.split())
        assert ("Submitted: will be reviewed" in text, f">{words}</" in text) == (False, True)


def test_every_finding_links_to_its_explanation_which_everybody_may_read(
    draft: Submission, ada: Client, as_user: Browser
) -> None:
    page = as_user(None).get("/help/format/").text
    assert [code for code in CODES if f'<section id="{code.lower()}"' not in page] == []
    Manuscript.objects.filter(submission=draft).update(
        verdict="reject", report=as_json(report("reject", finding("PAGES_MANY"), pages=13))
    )
    assert '<a href="/help/format/#pages_many"' in " ".join(ada.get(base(draft)).text.split())


def test_of_an_upload_that_came_second_nobody_reads_that_the_check_blocks_it(
    edition: Edition, author: User, ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = factories.make_submission(edition, author)

    def while_another_comes(*_: object) -> Report:
        factories.make_manuscript(row, b"%PDF-1.7 of a co-author")
        return report()

    monkeypatch.setattr("submissions.checks.check_safely", while_another_comes)
    page = " ".join(ada.post(f"{base(row)}upload/", {"file": pdf()}, follow=True).text.split())
    words = "paper.pdf is kept as version 2, but it came second: a newer version counts, or the decision is known."
    assert (words in page, "the check blocks it" in page) == (True, False)


def test_a_version_that_the_check_held_back_is_told_to_its_authors_and_the_chairs_also_once_the_rules_would_let_it_pass(
    edition: Edition, author: User, ada: Client, chair: Membership, as_user: Browser
) -> None:
    row = factories.make_submission(edition, author)
    newer = factories.make_manuscript(row, b"%PDF-1.7 too long", verdict="reject", is_current=False)
    row.manuscripts.filter(number=1).update(is_current=True)
    assert replace_report(newer, report(), factories.AT)
    page = " ".join(ada.get(base(row)).text.split())
    assert "the check blocked it when it came, by rules that were changed since." in page
    browser = as_user(chair)
    assert "a newer version is held back" in browser.get("/dlonsc-2026/chair/format/").text
    assert "Accept with this note" in browser.get("/dlonsc-2026/chair/format/1/").text
    browser.post("/dlonsc-2026/chair/format/1/", {"act": "override", "note": "By the new rules.", "shown": "2"})
    assert (row.manuscripts.get(is_current=True), letters("new_version")) == (newer, [author.email])
    pages = (ada.get(base(row)).text, browser.get("/dlonsc-2026/chair/format/").text)
    assert ["does not replace" in pages[0], "held back" in pages[1]] == [False, False]


def test_a_chair_lets_a_new_version_count_that_the_check_held_back(
    edition: Edition, author: User, chair: Membership, as_user: Browser
) -> None:
    row = factories.make_submission(edition, author)
    first = row.manuscripts.get()
    newer = factories.make_manuscript(row, b"%PDF-1.7 too long", verdict="reject", is_current=False)
    Manuscript.objects.filter(pk=first.pk).update(is_current=True)
    browser = as_user(chair)
    assert "a newer version is held back" in browser.get("/dlonsc-2026/chair/format/").text
    page = browser.get("/dlonsc-2026/chair/format/1/")
    assert page.context["manuscript"] == newer
    note = {"act": "override", "note": "The appendix is asked for.", "shown": "2"}
    browser.post("/dlonsc-2026/chair/format/1/", note)
    current = row.manuscripts.get(is_current=True)
    assert (current.pk, letters("new_version")) == (newer.pk, ["ada@uni.example"])
    browser.post("/dlonsc-2026/chair/format/1/", note | {"note": "Again."})
    assert letters("new_version") == ["ada@uni.example"]


def test_a_version_that_was_held_back_and_is_accepted_as_it_is_in_a_restored_draft_is_the_one_that_is_submitted(
    edition: Edition, author: User, chair: Membership, as_user: Browser
) -> None:
    row = factories.make_submission(edition, author)
    newer = factories.make_manuscript(row, b"%PDF-1.7 too long", verdict="reject", is_current=False)
    row.manuscripts.filter(number=1).update(is_current=True)
    # Withdrawn and restored.
    Submission.objects.filter(pk=row.pk).update(state=State.DRAFT, submitted_at=None)
    browser = as_user(chair)
    browser.post("/dlonsc-2026/chair/format/1/", {"act": "override", "note": "The appendix is asked", "shown": "2"})
    assert (row.manuscripts.get(is_current=True), letters("new_version")) == (newer, [])
    assert "does not replace" not in as_user(author).get(base(row)).text
