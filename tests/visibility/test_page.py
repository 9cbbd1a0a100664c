"""The chairs' page of the table: what it says now, and the numbers before a switch is turned."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dlonsc.editions.models import Edition, Membership
from dlonsc.editions.visibility import Since, Switch
from reviews.models import Review
from reviews.reach import effect_of, end_of_access, release_of
from reviews.views.chair.visibility import counts_of
from tests import factories


def signed_in(member: Membership) -> Client:
    assert member.user is not None
    client = Client()
    client.force_login(member.user)
    return client


def words_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


@pytest.fixture
def edition(db: None) -> Edition:
    return factories.make_edition()


@pytest.fixture
def chair(edition: Edition) -> Membership:
    return factories.make_member(edition, email="chair@d.example", chair=True)


def fill(edition: Edition, chair: Membership, papers: int) -> list[Membership]:
    """`papers` submissions of two authors each, with two submitted reviews and a private decision each."""
    reviewers = [factories.make_member(edition, email=f"r{n}@r{n}.example") for n in (1, 2)]
    author = factories.make_user("ada@uni.example")
    for number in range(papers):
        paper = factories.make_submission(edition, author)
        factories.make_author(paper, f"co{number}@uni.example")
        for reviewer in reviewers:
            factories.make_review(factories.make_assignment(paper, reviewer))
        assert chair.user is not None
        factories.make_decision(paper, chair.user)
    return reviewers


def test_the_page_says_what_announcing_would_show_to_how_many(edition: Edition, chair: Membership) -> None:
    fill(edition, chair, 3)
    page = words_of(signed_in(chair).get(reverse("reviews:visibility", args=[edition.slug])))
    assert "This will make 3 decisions and 6 reviews visible to 4 authors." in page
    assert "This will hide the authors of 3 submissions from 2 reviewers." in page
    assert "This will hide the names beside 6 reviews from 2 co-reviewers." in page
    assert "Its end: This will hide 3 submissions from 2 reviewers." in page
    edition.submissions.filter(number=1).update(state="withdrawn")
    assert release_of(chair).words == "This will make 2 decisions and 4 reviews visible to 3 authors."
    # Who has not submitted hers would be shown no name.
    Review.objects.filter(assignment__membership__email="r2@r2.example").update(submitted_at=None)
    assert effect_of(chair, Switch.NAMES, True) == ""


def test_the_numbers_leave_out_what_the_chair_is_in_conflict_with(edition: Edition, chair: Membership) -> None:
    fill(edition, chair, 3)
    other = factories.make_member(edition, email="other@o.example", chair=True)
    for paper in edition.submissions.all()[:2]:
        factories.make_conflict(paper, other)
    page = signed_in(other).get(reverse("reviews:visibility", args=[edition.slug]))
    assert dict(page.context["counts"]) == {"always": 1, "while submitted": 1, "when announced": 0, "once accepted": 0}
    assert release_of(other).words == "This will make 1 decision and 2 reviews visible to 2 authors."
    assert effect_of(other, Switch.BLIND, False) == "This will make the authors of 1 submission visible to 2 reviewers."
    assert effect_of(other, Switch.NAMES, True) == (
        "This will make the names beside 2 reviews visible to 2 co-reviewers."
    )


def test_who_was_removed_or_is_in_conflict_is_not_counted_among_those_who_would_see(
    edition: Edition, chair: Membership
) -> None:
    one, two = fill(edition, chair, 3)
    three, four = (factories.make_member(edition, email=f"r{n}@r{n}.example") for n in (3, 4))
    papers = list(edition.submissions.order_by("number"))
    for paper in papers:
        for member in (three, four):
            factories.make_review(factories.make_assignment(paper, member))
    Membership.objects.filter(pk=three.pk).update(removed_at=timezone.now())
    factories.make_comment(papers[0], one)
    factories.make_comment(papers[1], one)
    for paper in papers[:2]:
        factories.make_conflict(paper, four)
    for paper in papers[1:]:
        factories.make_conflict(paper, two)
    factories.make_conflict(papers[1], one)
    assert (
        effect_of(chair, Switch.BLIND, False) == "This will make the authors of 2 submissions visible to 3 reviewers."
    )
    # Of the second paper nobody is left who would read its four reviews, or its discussion.
    assert effect_of(chair, Switch.NAMES, True) == (
        "This will make the names beside 8 reviews visible to 3 co-reviewers."
    )
    assert effect_of(chair, Switch.DISCUSSION, True) == "This will make 1 discussion visible to 2 reviewers."
    assert end_of_access(chair, True) == "This will hide 2 submissions from 3 reviewers."


@pytest.mark.parametrize(("blind", "said"), [(True, "visible to"), (False, "from")])
def test_sub_reviewers_who_would_see_are_counted_and_those_in_conflict_not(
    edition: Edition, chair: Membership, blind: bool, said: str
) -> None:
    Edition.objects.filter(pk=edition.pk).update(sub_reviewers=True, blind=blind)
    chair.edition.refresh_from_db()
    papers = [factories.make_submission(edition) for _ in range(2)]
    member, also = (factories.make_member(edition, email=f"{name}@m.example") for name in ("member", "also"))
    sue = factories.make_user("sue@sub.example")
    for paper, user in zip(papers, (sue, also.user), strict=True):
        factories.make_sub_reviewer(factories.make_assignment(paper, member), user)
    factories.make_conflict(papers[1], also)
    assert f"the authors of 2 submissions {said} 1 reviewer and 1 sub-reviewer." in effect_of(
        chair, Switch.BLIND, not blind
    )
    assert effect_of(chair, Switch.SUB_REVIEWERS, False) == "This will hide 1 submission from 1 sub-reviewer."
    Edition.objects.filter(pk=edition.pk).update(sub_reviewers=False)
    chair.edition.refresh_from_db()
    assert effect_of(chair, Switch.SUB_REVIEWERS, True) == "This will make 1 submission visible to 1 sub-reviewer."


def test_a_decision_of_a_paper_that_was_taken_back_is_not_counted_as_known(edition: Edition, chair: Membership) -> None:
    known = {"outcome": "accepted", "announced_at": factories.AT}
    for state in ("submitted", "withdrawn"):
        factories.make_submission(edition, **known, state=state)
    assert counts_of(edition.submissions.all(), timezone.now())[Since.ANNOUNCED] == 1


@pytest.mark.parametrize("papers", [3, 30])
def test_the_page_asks_a_constant_number_of_queries(edition: Edition, chair: Membership, papers: int) -> None:
    fill(edition, chair, papers)
    client = signed_in(chair)
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("reviews:visibility", args=[edition.slug]))
    assert len(queries) <= 36


def test_a_switch_that_is_off_is_said_in_its_cell(edition: Edition, chair: Membership) -> None:
    Edition.objects.update(blind=True, reviewers_see_each_other=False)
    page = words_of(signed_in(chair).get(reverse("reviews:visibility", args=[edition.slug])))
    assert "no: double-blind" in page
    assert "no: co-reviewers' names" in page.replace("&#x27;", "'")
    assert "No decision waits to be announced." in page


def typed(client: Client, address: str) -> dict[str, Any]:
    """The settings as they are, as a browser would send them."""
    form = client.get(address).context["form"]
    data = {
        name: form[name].value() if form[name].value() is not None else ""
        for name in form.fields
        if form[name].value() is not False
    }
    for name in ("scores", "confidences", "links", "previous", "reminder_days"):
        data[name] = form[name].subwidgets[0].data["value"] or ""
    return data


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (0, 6, "This will hide 2 submissions from 2 reviewers."),
        (6, 0, "This will make 2 submissions visible to 2 reviewers again."),
    ],
)
def test_the_end_of_the_reviewers_access_is_saved_only_after_its_effect_was_shown(
    edition: Edition, chair: Membership, before: int, after: int, said: str
) -> None:
    fill(edition, chair, 2)
    Edition.objects.update(committee_months=before)
    edition.deadlines.filter(phase="event").update(cutoff_at=timezone.now() - timedelta(days=365))
    client, address = signed_in(chair), reverse("editions:settings", args=[edition.slug])
    data = typed(client, address) | {"committee_months": str(after)}
    first = client.post(address, data)
    assert (first.status_code, words_of(first).count(said)) == (422, 1)
    assert Edition.objects.get().committee_months == before
    assert client.post(address, data | {"effects": first.context["seen"]}).status_code == 302
    assert Edition.objects.get().committee_months == after


def test_turning_a_switch_is_saved_only_after_its_effect_was_shown(edition: Edition, chair: Membership) -> None:
    fill(edition, chair, 2)
    client, address = signed_in(chair), reverse("editions:settings", args=[edition.slug])
    data = typed(client, address) | {"blind": "on"}
    first = client.post(address, data)
    assert first.status_code == 422
    assert "This will hide the authors of 2 submissions from 2 reviewers." in words_of(first)
    assert not Edition.objects.get().blind
    assert client.post(address, data | {"effects": first.context["seen"]}).status_code == 302
    assert Edition.objects.get().blind


def test_a_switch_turned_beside_one_whose_effect_was_shown_has_its_own_shown_before_it_is_saved(
    edition: Edition, chair: Membership
) -> None:
    fill(edition, chair, 2)
    client, address = signed_in(chair), reverse("editions:settings", args=[edition.slug])
    data = typed(client, address) | {"blind": "on"}
    confirmed = {"effects": client.post(address, data).context["seen"]}
    del data["reviewers_see_each_other"]
    again = client.post(address, data | confirmed)
    assert again.status_code == 422
    assert "This will hide the names beside" in words_of(again)
    assert not Edition.objects.get().blind
    assert client.post(address, data | {"effects": again.context["seen"]}).status_code == 302
    assert (Edition.objects.get().blind, Edition.objects.get().reviewers_see_each_other) == (True, False)
