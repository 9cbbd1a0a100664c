"""Whatever a browser posts is answered: NULs of pasted text are taken out before they reach a row, and no number is too
long or too strange. PostgreSQL stores no NUL; the embedded default would.
"""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from hypothesis import given
from hypothesis import strategies as st

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership
from dlonsc.posted import LONGEST_TEXT, WithoutNul, too_long, whole_number
from reviews.models import Review
from submissions.models import Submission
from tests import factories
from tests.factories import AT
from tests.submissions import desk

AsUser = Callable[[User | Membership | None], Client]
TYPED = "Pasted\x00 from a PDF"


def as_the_view_has_it(view: Callable[..., Any], data: dict[str, Any]) -> HttpRequest:
    request = RequestFactory().post("/", data)
    WithoutNul(lambda request: HttpResponse()).process_view(request, view, (), {})
    return request


def test_a_view_reads_no_nul_in_any_field_and_every_value_of_it() -> None:
    file = SimpleUploadedFile("paper.pdf", b"%PDF\x00")
    request = as_the_view_has_it(lambda request: None, {"a\x00": ["\x00one", "two"], "b": "t\x00wo\x00", "file": file})
    assert list(request.POST.lists()) == [("a", ["one", "two"]), ("b", ["two"])]
    assert request.FILES["file"].read() == b"%PDF\x00"


def test_a_line_break_is_one_sign_however_a_browser_sends_it() -> None:
    request = as_the_view_has_it(lambda request: None, {"a": "one\r\ntwo\rthree\n\r\n", "b": ["x\r\n", "y"]})
    assert list(request.POST.lists()) == [("a", ["one\ntwo\nthree\n\n"]), ("b", ["x\n", "y"])]


@pytest.mark.django_db
def test_what_a_browser_lets_into_a_field_is_not_too_long_for_it(
    paper: Submission, author: User, as_user: AsUser
) -> None:
    """It counts a line break once, and sends two signs for it."""
    lines = "A line.\r\n" * 600
    typed = lines + "x" * (5_000 - len(lines.replace("\r\n", "\n")))
    with time_machine.travel(AT, tick=False):
        address = reverse("submissions:ask", args=[paper.edition.slug, paper.number])
        assert as_user(author).post(address, {"text": typed}).status_code == 302
    assert len(paper.questions.get().text) == 5_000


@pytest.mark.django_db
def test_a_text_without_end_is_not_stored_and_stands_on_the_page_that_says_so(
    paper: Submission, reviewer: Membership, as_user: AsUser
) -> None:
    task = factories.make_assignment(paper, reviewer)
    address = reverse("reviews:review", args=[paper.edition.slug, paper.number])
    with time_machine.travel(AT, tick=False):
        client = as_user(reviewer)
        data = {"version": "0", "save": "1", "strengths": "Short words."}
        refused = client.post(address, data | {"summary": "So many words. " + "x" * LONGEST_TEXT})
        assert (refused.status_code, "So many words. xxx" in refused.text) == (413, True)
        assert "at most 200,000 characters; this was more: summary" in refused.text
        assert "Short words." in refused.text
        assert not Review.objects.filter(assignment=task).exists()
        by_itself = client.post(address, data | {"summary": "x" * (LONGEST_TEXT + 1)}, headers={"X-Autosave": "1"})
        assert by_itself.json()["message"].startswith("Not saved: summary has more than 200,000 characters.")
        taken = client.post(address, data | {"summary": "So many words. ".ljust(LONGEST_TEXT, "x")})
    assert taken.status_code == 302
    assert len(Review.objects.get(assignment=task).summary) == LONGEST_TEXT


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "is_shown"), [("深度学习很好。", True), ("Übel!", True), ("x" * 101, True), ("mzxw6ytboi", False)]
)
def test_a_text_needs_no_space_to_be_given_back_and_a_choice_or_code_is_none(
    edition: Edition, author: User, as_user: AsUser, typed: str, is_shown: bool
) -> None:
    gone = as_user(author).post(reverse("reviews:discussion", args=[edition.slug, 999]), {"text": typed})
    assert (gone.status_code, f">\n{typed}</textarea>" in gone.text) == (404, is_shown)


@pytest.mark.django_db
def test_a_form_beside_the_one_that_was_refused_goes_to_its_own_address(
    paper: Submission, author: User, reviewer: Membership, as_user: AsUser
) -> None:
    factories.announce(paper)
    slug, number = paper.edition.slug, paper.number
    for person, sent, own, field in (
        (reviewer, reverse("reviews:correct_conflicts", args=[slug]), reverse("reviews:profile", args=[slug]), "away"),
        (
            author,
            reverse("submissions:deliver", args=[slug, number, "pdf"]),
            reverse("submissions:camera_ready", args=[slug, number]),
            "running_head",
        ),
    ):
        answer = as_user(person).post(sent, {})
        before = answer.text[: answer.text.index(f'name="{field}"')]
        form = before[before.rindex("<form") :].split(">")[0]
        assert (answer.status_code, f'action="{own}"' in form) == (422, True), form


def test_a_file_that_is_pasted_whole_has_the_bound_of_its_own_form() -> None:
    long = "x" * (LONGEST_TEXT + 1)
    request = as_the_view_has_it(lambda request: None, {"pasted": long, "payload": long, "note": long})
    assert too_long(request) == ["note"]


@pytest.mark.django_db
def test_a_query_is_read_without_nul_and_no_address_has_one(as_user: AsUser, chair: Membership) -> None:
    slug = chair.edition.slug
    pages = (f"/{slug}/chair/mail/?q=a%00b", f"/{slug}/chair/history/?q=a%00b", "/me/dates/a%00b.ics")
    assert [as_user(chair).get(page).status_code for page in pages] == [200, 200, 404]
    assert Client().post("/unsubscribe/a%00b/").status_code == 404


def test_what_others_programs_call_is_left_alone() -> None:
    """They are exempt from the protection of forms, which has read every other body by then."""
    request = as_the_view_has_it(csrf_exempt(lambda request: None), {"a": "b"})
    assert not hasattr(request, "_post")


@pytest.mark.django_db
def test_what_is_no_form_is_answered_where_others_programs_call_and_nothing_is_found(
    as_user: AsUser, author: User
) -> None:
    for body, kind in ((b"x", "multipart/form-data"), (b"--x\r\nx", "multipart/form-data; boundary=x")):
        answer = as_user(author).post("/unsubscribe/none/", body, content_type=kind)
        assert (answer.status_code, "What you sent" in answer.text) == (404, False)


@given(st.text())
def test_a_whole_number_is_one_that_the_database_holds(text: str) -> None:
    assert abs(whole_number(text)) < 10**9


@pytest.mark.parametrize("text", ["²", "9" * 10, "9" * 5000, "", "1.0", "1_0", "١", None, "--1"])
def test_what_is_no_whole_number_is_the_other(text: str | None) -> None:
    assert (whole_number(text), whole_number(text, -1)) == (0, -1)


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("17", 17), ("-2", -2), ("+3", 3), (" 4 ", 4)])
def test_a_whole_number_is_read(text: str, number: int) -> None:
    assert whole_number(text, 99) == number


def rows_with_nul() -> list[str]:
    """Fields of any row of ours that hold a NUL."""
    found = []
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, (models.CharField, models.TextField, models.JSONField)):
                values = model._base_manager.values_list(field.name, flat=True)
                found += [str(field) for value in values if "\0" in repr(value) or "\\x00" in repr(value)]
    return found


@pytest.fixture
def paper(edition: Edition, author: User) -> Submission:
    with time_machine.travel(AT, tick=False):
        return desk.submitted(edition, author)


# Who posts what to which address of the paper, some of it not whole or not new; all but redirects answer the script.
POSTS: list[tuple[str, str, dict[str, str], int]] = [
    ("reviewer", "reviews:review", {"version": "0", "summary": TYPED}, 302),
    ("reviewer", "reviews:autosave", {"version": "0", "summary": TYPED, "for_chairs": TYPED}, 200),
    ("reviewer", "reviews:autosave", {"version": "9", "summary": TYPED}, 409),
    ("reviewer", "reviews:refuse", {"refusal": "time", "reason": TYPED}, 302),
    ("author", "submissions:details", {"version": "99", "title": TYPED, "abstract": TYPED}, 409),
    ("author", "submissions:reproducibility", {"version": "99", "algorithms": TYPED}, 422),
    ("author", "submissions:ask", {"text": TYPED}, 302),
    (
        "author",
        "submissions:authors",
        {"authors-TOTAL_FORMS": "1", "authors-INITIAL_FORMS": "0", "authors-0-name": TYPED, "authors-0-email": "x"},
        200,
    ),
    ("author", "submissions:withdraw", {"reason": TYPED}, 302),
    ("chair", "reviews:decide", {"verdict": "accept", "note": TYPED, "to_authors": TYPED, "version": "0"}, 302),
]


@pytest.mark.parametrize(("role", "name", "data", "status"), POSTS)
def test_pasted_text_with_nuls_is_kept_without_them(
    role: str,
    name: str,
    data: dict[str, str],
    status: int,
    paper: Submission,
    reviewer: Membership,
    chair: Membership,
    author: User,
    as_user: AsUser,
) -> None:
    factories.make_assignment(paper, reviewer)
    people: dict[str, User | Membership] = {"reviewer": reviewer, "chair": chair, "author": author}
    with time_machine.travel(AT, tick=False):
        address = reverse(name, args=[paper.edition.slug, paper.number])
        answer = as_user(people[role]).post(address, data, headers={"X-Autosave": "1"} if status != 302 else {})
    assert answer.status_code == status
    assert rows_with_nul() == []


def test_a_filled_text_form_with_nuls_is_kept_without_them(
    paper: Submission, reviewer: Membership, as_user: AsUser
) -> None:
    factories.make_assignment(paper, reviewer)
    with time_machine.travel(AT, tick=False):
        client = as_user(reviewer)
        text = client.get(reverse("reviews:offline_form", args=[paper.edition.slug, paper.number])).text
        filled = text.replace("==*== SUMMARY\n", f"==*== SUMMARY\n{TYPED}\n", 1).replace(
            "==*== SCORE\n", "==*== SCORE\n2\n"
        )
        filled = filled.replace("==*== CONFIDENCE\n", "==*== CONFIDENCE\n3\n")
        file = SimpleUploadedFile("review.txt", filled.encode())
        address = reverse("reviews:offline_upload", args=[paper.edition.slug])
        assert client.post(address, {"file": file, "keep": "1"}).status_code == 302
    assert Review.objects.get().summary == "Pasted from a PDF"


STRANGE = ["²", "9" * 30, "9" * 5000]


@pytest.mark.parametrize("typed", STRANGE)
def test_a_strange_number_is_answered_like_none(
    typed: str, paper: Submission, chair: Membership, as_user: AsUser
) -> None:
    slug, number = paper.edition.slug, paper.number
    posts: list[tuple[str, list[object], dict[str, str]]] = [
        ("submissions:late", [], {"adopt": typed}),
        ("submissions:late", [], {"draft": typed}),
        ("submissions:author_requests", [], {"request": typed}),
        ("submissions:questions", [], {"number": typed, "text": "x"}),
        ("letters:switch", [], {"campaign": typed}),
        ("reviews:remind", [], {"task": typed, "press": "x"}),
        ("reviews:decisions", [], {"number": typed}),
        ("reviews:decide", [number], {"take_back": "1", "version": typed}),
        ("reviews:run", [], {"from": typed}),
        ("reviews:discussions", [], {"number": typed}),
        ("reviews:assign_submission", [number], {"member": typed, "from_reviewer": typed}),
        ("reviews:conflict", [number, chair.pk], {"lift": typed, "reason": "x"}),
        ("editions:remind", [], {"member": typed}),
    ]
    with time_machine.travel(AT, tick=False):
        browser = as_user(chair)
        statuses = {
            (name, *data): browser.post(reverse(name, args=[slug, *args]), data).status_code
            for name, args, data in posts
        }
        found = browser.get(reverse("reviews:table", args=[slug]), {"q": typed, "missing": typed})
    assert {key: status for key, status in statuses.items() if status not in {200, 302, 404, 422}} == {}
    assert found.status_code == 200


@pytest.mark.parametrize("typed", STRANGE)
def test_a_strange_score_or_version_loses_no_text(
    typed: str, paper: Submission, reviewer: Membership, as_user: AsUser
) -> None:
    factories.make_assignment(paper, reviewer)
    with time_machine.travel(AT, tick=False):
        address = reverse("reviews:autosave", args=[paper.edition.slug, paper.number])
        data = {"version": typed, "summary": "Two hours.", "score": typed, "confidence": typed}
        assert as_user(reviewer).post(address, data).status_code == 409
    assert Review.objects.get().versions.get().fields["summary"] == "Two hours."
