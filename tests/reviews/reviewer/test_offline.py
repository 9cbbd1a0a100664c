"""The text form comes back as it went out; what does not fit is named by its line."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from dlonsc.accounts.models import User
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition, Membership
from dlonsc.posted import LONGEST_TEXT
from reviews.actions import reviewing
from reviews.models import Assignment, Review
from reviews.offline import form_text, read_forms
from submissions.models import Submission
from tests import factories

FIELDS = {
    "summary": "What it is.\n\nTwo paragraphs.",
    "strengths": "# not guidance\n==*== not a heading",
    "weaknesses": "",
    "reproducibility": "good",
    "score": -1,
    "confidence": 3,
    "for_chairs": "secret",
}
EDITION = Edition(name="DLonSC 2026")
PAPER = Submission(number=7, title="A  title")
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=60)


def test_a_form_comes_back_as_it_went_out() -> None:
    filled, errors = read_forms(form_text(EDITION, PAPER, FIELDS), EDITION, {7: "A  title"})
    assert errors == []
    assert [(entry.number, entry.fields) for entry in filled] == [(7, FIELDS)]


@settings(max_examples=100, deadline=None)
@given(lines=st.lists(words, max_size=5))
def test_any_text_comes_back_but_for_white_space_around_it(lines: list[str]) -> None:
    text = "\n".join(lines).strip()
    fields = FIELDS | {"summary": text}
    filled, errors = read_forms(form_text(EDITION, PAPER, fields), EDITION, {7: "A  title"})
    assert errors == []
    assert filled[0].fields["summary"] == text


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("good", "g" * (LONGEST_TEXT + 1), "reproducibility of submission 7 has more than 200,000 characters."),
        ("REVIEW 7", "REVIEW 8", "Line 1: submission 8 is not assigned to you."),
        ("Title: A  title", "Title: Another", "Line 2: submission 7 has another title: A  title"),
        ("\n-1\n", "\n5\n", "'5' is no score of submission 7"),
        ("\n-1\n", "\n\n", "Line 1: score of submission 7 is missing."),
        ("SUMMARY", "SUMARY", "SUMARY is no heading of this form."),
        ("\n-1\n", "\n1.5\n", "'1.5' is no score of submission 7"),
        ("\n-1\n", f"\n{'9' * 5000}\n", "is no score of submission 7"),
        ("\n-1\n", "\n-1\n\nOr 2, if they agree.\n", "Line 29: only the score is read here, and this would be lost"),
        ("REVIEW 7", f"REVIEW {'7' * 5000}", "7777 is not assigned to you."),
        ("STRENGTHS", "SUMMARY", "Line 10: SUMMARY of submission 7 comes twice."),
        ("==*== SUMMARY", "Fine.\n==*== SUMMARY", "Line 5: this stands above the first heading and would be lost"),
        ("==+==", "A nice paper.\n==+==", "Line 1: this stands above the first heading and would be lost"),
    ],
)
def test_what_does_not_fit_is_named_by_its_line(old: str, new: str, error: str) -> None:
    text = form_text(EDITION, PAPER, FIELDS)
    assert old in text
    _, errors = read_forms(text.replace(old, new, 1), EDITION, {7: "A  title"})
    assert error in " ".join(errors)


def test_a_line_that_begins_with_a_hash_is_hers_in_a_text_and_guidance_elsewhere() -> None:
    text = form_text(EDITION, PAPER, FIELDS)
    typed = text.replace("What it is.", "# Major points\n\n#12 of the list is missing.")
    typed = typed.replace("\n3\n", "\n# Sure.\n3\n")
    filled, errors = read_forms(typed, EDITION, {7: "A  title"})
    assert errors == []
    summary = "# Major points\n\n#12 of the list is missing.\n\nTwo paragraphs."
    assert filled[0].fields == FIELDS | {"summary": summary}


def test_a_text_without_a_review_says_so() -> None:
    assert read_forms("hello", EDITION, {})[1] == [
        'Line 1: no review found; each begins with a line "==+== REVIEW number".'
    ]


def test_filled_forms_are_shown_first_and_kept_on_the_second_press(
    edition: Edition, reviewer: Membership, as_user: Callable[[User | Membership | None], Client]
) -> None:
    submission = factories.make_submission(edition)
    assignment: Assignment = factories.make_assignment(submission, reviewer)
    client, where = as_user(reviewer), reverse("reviews:offline_upload", args=[edition.slug])
    # With the line breaks of an old editor.
    file = SimpleUploadedFile("reviews.txt", form_text(edition, submission, FIELDS).replace("\n", "\r").encode())
    shown = client.post(where, {"file": file})
    assert (shown.status_code, Review.objects.count()) == (200, 0)
    kept = client.post(where, {"pasted": form_text(edition, submission, FIELDS), "keep": "1"})
    assert kept.status_code == 302
    review = Review.objects.get(assignment=assignment)
    assert (review.score, review.strengths, review.submitted_at) == (-1, FIELDS["strengths"], None)


def test_a_file_that_is_no_text_is_refused(
    edition: Edition, reviewer: Membership, as_user: Callable[[User | Membership | None], Client]
) -> None:
    file = SimpleUploadedFile("reviews.txt", b"\xff\xfe\x00binary")
    answer = as_user(reviewer).post(reverse("reviews:offline_upload", args=[edition.slug]), {"file": file})
    assert answer.status_code == 422
    assert "UTF-8" in answer.text


def test_a_form_that_comes_after_the_end_is_shown_where_its_text_is_kept(
    edition: Edition, reviewer: Membership, as_user: Callable[[User | Membership | None], Client]
) -> None:
    submission = factories.make_submission(edition)
    factories.make_assignment(submission, reviewer)
    end = timezone.now() - timedelta(hours=1)
    edition.deadlines.filter(phase=Phase.REVIEW).update(is_soft=False, cutoff_at=end)
    where = reverse("reviews:offline_upload", args=[edition.slug])
    typed = {"pasted": form_text(edition, submission, FIELDS), "keep": "1"}
    answer = as_user(reviewer).post(where, typed, follow=True)
    assert answer.redirect_chain == [(reverse("reviews:own", args=[edition.slug]), 302)]
    assert "kept on this page for you" in answer.text
    assert "Two paragraphs." in answer.text


def test_a_form_that_comes_days_after_the_end_stays_on_its_page_with_the_reason(
    edition: Edition, reviewer: Membership, as_user: Callable[[User | Membership | None], Client]
) -> None:
    submission = factories.make_submission(edition)
    factories.make_assignment(submission, reviewer)
    edition.deadlines.filter(phase=Phase.REVIEW).update(is_soft=False, cutoff_at=timezone.now() - timedelta(days=3))
    typed = {"pasted": form_text(edition, submission, FIELDS), "keep": "1"}
    answer = as_user(reviewer).post(reverse("reviews:offline_upload", args=[edition.slug]), typed)
    assert answer.status_code == 409
    assert "too late to be kept here" in answer.text
    assert "Two paragraphs." in answer.text


def test_a_form_that_meets_a_newer_text_is_not_called_the_draft(
    edition: Edition,
    reviewer: Membership,
    as_user: Callable[[User | Membership | None], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    submission = factories.make_submission(edition)
    factories.make_assignment(submission, reviewer)
    save = reviewing.save_review

    def after_another(**words: Any) -> reviewing.Saved:
        save(**words | {"fields": FIELDS | {"summary": "From the form on the page"}})
        return save(**words)

    monkeypatch.setattr(reviewing, "save_review", after_another)
    typed = {"pasted": form_text(edition, submission, FIELDS), "keep": "1"}
    answer = as_user(reviewer).post(reverse("reviews:offline_upload", args=[edition.slug]), typed, follow=True)
    assert Review.objects.get().summary == "From the form on the page"
    assert ("Kept as drafts" in answer.text, "Submission 1: a newer text was saved" in answer.text) == (False, True)
