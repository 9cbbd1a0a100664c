"""Every record names itself by what it is, without asking the database (which these tests may not use)."""

from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.db.models import Model
from django.db.models.fields import CharField, DateTimeField, Field, IntegerField, TextField

from dlonsc.accounts.models import User
from dlonsc.editions.models import Deadline, Membership
from dlonsc.mail.models import Pause
from reviews.models import Assignment, Bid
from submissions.models import Manuscript, Submission

AT = datetime(2026, 3, 31, 12, 30, 15, tzinfo=UTC)
OURS = [
    model
    for label in ("accounts", "editions", "history", "mail", "submissions", "reviews")
    for model in apps.get_app_config(label).get_models()
]


def value_of(field: "Field[object, object]") -> object:
    """Some value for a field: its own name for words, 7 for numbers and references."""
    if isinstance(field, DateTimeField):
        return AT
    if isinstance(field, CharField | TextField):
        return field.name
    return 7 if field.is_relation or isinstance(field, IntegerField) else None


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_a_record_names_itself_without_a_query(model: type[Model]) -> None:
    values = {field.attname: value_of(field) for field in model._meta.concrete_fields}
    row = model(**{name: value for name, value in values.items() if value is not None})
    assert model.__str__ is not Model.__str__
    words = str(row)
    assert [part for part in ("None", "<", "object (") if part in words] == []
    assert words.strip() != ""


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (User(name="Ada Author", email="ada@uni.example"), "Ada Author"),
        (User(email="ada@uni.example"), "ada@uni.example"),
        (
            Deadline(edition_id=4, phase="review", announced="2026-04-12T23:59", zone="AoE"),
            "4 review 2026-04-12T23:59 AoE",
        ),
        (Membership(name="Rita Reviewer", edition_id=4), "Rita Reviewer (4)"),
        (Submission(edition_id=4, number=17), "4 #17"),
        (Manuscript(submission_id=17, number=2), "17 v2"),
        (Assignment(submission_id=17, membership_id=5), "17 -> 5"),
        (Bid(membership_id=5, submission_id=17, value=-2), "5 17 -2"),
        (Pause(since=AT), "everything paused since 2026-03-31 12:30"),
    ],
)
def test_the_name_says_what_it_is(row: Model, words: str) -> None:
    assert str(row) == words
