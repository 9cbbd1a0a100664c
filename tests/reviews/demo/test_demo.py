"""The demo and the filler make what they promise, and the same seed makes the same."""

import io
from random import Random

import pypdf
import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count
from django.utils import timezone

from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition
from dlonsc.mail.models import Message
from reviews.demo import words
from reviews.demo.edition import OPEN_CALL, make_demo_edition
from reviews.demo.papers import manuscript
from reviews.demo.show import ANNOUNCED, CHAIRS_OWN, DECIDED, DESK_REJECTED, make_show
from reviews.invariants import breaches
from reviews.models import Decision, Review
from submissions.access import overseen_by
from submissions.lncs import Rules, check_safely
from submissions.models import Conflict, Manuscript, Submission
from submissions.states import State
from tests.factories import AT, make_submission


@pytest.mark.parametrize("pages", [3, 5, 6, 7, 12, 13])
def test_a_made_paper_has_exactly_the_pages_asked_for(pages: int) -> None:
    data = manuscript(
        title="A Title", authors=[("A. Author", "Home")], abstract="Short.", pages=pages, random=Random(pages)
    )
    assert len(pypdf.PdfReader(io.BytesIO(data)).pages) == pages


def test_a_made_paper_is_really_lncs() -> None:
    data = manuscript(
        title=words.title(Random(1)),
        authors=[("Lucía Šmid", "Alpine Institute"), ("Ren Ito", "Kyo Institute")],
        abstract=words.paragraph(Random(2), 120),
        pages=8,
        random=Random(3),
    )
    report = check_safely(data, Rules())
    assert (report.verdict, report.pages, [one.code for one in report.findings]) == ("accept", 8, [])


def test_a_review_has_about_370_words() -> None:
    text = words.review_text(Random(4))
    count = sum(len(text[name].split()) for name in ("summary", "strengths", "weaknesses", "reproducibility"))
    assert 300 <= count <= 440


@pytest.mark.django_db
def test_the_demo_tells_its_whole_story() -> None:
    at = timezone.now()
    make_show(at)
    edition = Edition.objects.get(slug="demo")
    states = {row.number: State(row.state) for row in edition.submissions.all()}
    assert len(states) == 40
    assert set(states.values()) == set(State)
    assert states[DESK_REJECTED] == State.DESK_REJECTED
    known = edition.submissions.filter(announced_at__lte=at).values_list("number", flat=True)
    assert sorted(known) == sorted(ANNOUNCED)
    private = Decision.objects.unannounced().filter(submission__edition=edition)
    assert sorted(private.values_list("submission__number", flat=True)) == sorted(DECIDED)
    assert edition.memberships.reviewers().count() == 30
    assert edition.memberships.filter(accepted_at__isnull=True).count() == 4
    assert Manuscript.objects.filter(submission__edition=edition, is_late=True).count() == 1
    late = edition.memberships.get(email="late-reviewer@demo.example")
    assert Review.objects.submitted().filter(assignment__membership=late).count() == 0
    assert late.assignments.count() > 0
    second = edition.memberships.get(email="second-chair@demo.example")
    own = Submission.objects.get(edition=edition, number=CHAIRS_OWN)
    assert not overseen_by(second).filter(pk=own.pk).exists()
    assert overseen_by(second).count() <= 39
    assert breaches(at) == []
    following = Edition.objects.get(slug="demo-next")
    assert following.window(Phase.SUBMISSION, received_at=at).accepts
    assert following.submissions.count() == 4
    assert not Message.objects.exclude(to_email__endswith=".example").exists()
    assert letters_of("demo") == {
        "invitation": 37,
        "receipt": sum(row.authors.count() for row in edition.submissions.submitted()),
        "assigned": 30,
        "mailing": 33,
        "discussion_opened": 6,
        "discussion_news": 6,
        # Two are named, two chairs are asked about each; one has answered and handed over.
        "sub_reviewer_named": 4,
        "sub_reviewer_invitation": 1,
        "sub_reviewer_answered": 1,
        "sub_reviewer_ready": 1,
        "decision": sum(row.authors.count() for row in edition.submissions.filter(number__in=ANNOUNCED)),
    }
    left = Message.objects.exclude(finished_at__isnull=True).filter(finished_at__lte=at)
    assert (left.count(), left.filter(state="bounced").count()) == (Message.objects.count(), 1)
    # The late reviewer owes one of them a review.
    assert {len(row.shown["reviews"]) for row in Decision.objects.filter(announcement__isnull=False)} == {2, 3}


def letters_of(slug: str) -> dict[str, int]:
    """How many letters of each kind an edition has written."""
    rows = Message.objects.filter(edition=slug).values_list("kind").annotate(n=Count("pk")).order_by()
    return dict(rows)


@pytest.mark.django_db
def test_the_filler_makes_an_edition_of_the_size_asked_for_and_again_the_same(settings: object) -> None:
    sizes = {"submissions": 6, "reviewers": 8, "reviews_per_paper": 3}
    call_command("fill_edition", seed=7, slug="one", verbosity=0, stdout=io.StringIO(), **sizes)
    call_command("fill_edition", seed=7, slug="two", verbosity=0, stdout=io.StringIO(), **sizes)
    one, two = Edition.objects.get(slug="one"), Edition.objects.get(slug="two")
    assert (one.submissions.count(), one.memberships.reviewers().count()) == (6, 8)
    assert Review.objects.submitted().filter(assignment__submission__edition=one).count() == 18
    conflicted = Conflict.objects.filter(submission__edition=one).values_list("submission", "membership")
    assigned = Review.objects.filter(assignment__submission__edition=one).values_list(
        "assignment__submission", "assignment__membership"
    )
    assert set(conflicted) & set(assigned) == set()
    assert one.memberships.chairs().count() == two.memberships.chairs().count() == 2


@pytest.mark.django_db
def test_the_filler_refuses_a_slug_that_is_taken_and_sizes_of_nothing() -> None:
    make_demo_edition("taken", "Taken", at=AT, dates=OPEN_CALL)
    with pytest.raises(CommandError, match="There is an edition taken already"):
        call_command("fill_edition", slug="taken", submissions=1, reviewers=1)
    with pytest.raises(CommandError, match="must each be at least 1"):
        call_command("fill_edition", slug="fresh", submissions=0, reviewers=1)


@pytest.mark.django_db
def test_the_demo_command_fills_once_and_only_in_the_demo(settings: object) -> None:
    with pytest.raises(CommandError, match="starts with DLONSC_DEMO=1 only"):
        call_command("demo", fill_only=True, stdout=io.StringIO())
    settings.DEMO = True  # type: ignore[attr-defined]
    for _ in range(2):
        call_command("demo", fill_only=True, stdout=io.StringIO())
    assert sorted(Edition.objects.values_list("slug", flat=True)) == ["demo", "demo-next", "dlonsc-2020"]


@pytest.mark.django_db
def test_the_invariants_command_says_that_all_is_well_or_stops_with_what_is_not() -> None:
    out = io.StringIO()
    call_command("invariants", stdout=out)
    assert out.getvalue() == "All 18 invariants hold.\n"
    edition = make_demo_edition("demo", "Demo", at=AT)
    row = make_submission(edition)
    Submission.objects.filter(pk=row.pk).update(state=State.WITHDRAWN)
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("invariants", stdout=out)
    assert (ended.value.code, out.getvalue()) == (1, f"submission {row.pk} is withdrawn without a time\n")
