"""Two people act on one thing at the same instant, on PostgreSQL: the second waits or is refused in words."""

import threading
from contextlib import suppress

import pytest

from dlonsc.accounts.models import Affiliation, User
from dlonsc.editions import actions as editions
from dlonsc.editions.models import Edition
from reviews.actions import assigning, reviewing
from reviews.models import Assignment
from submissions.actions import drafting
from submissions.conflicts import refresh_conflicts, refresh_edition
from submissions.models import AuthorListRequest, Conflict, Submission
from submissions.states import State
from tests import factories
from tests.factories import AFTER_DEADLINE, AT
from tests.services.test_two_chairs import at_once, while_open

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("servers")]
HOME = "Example University"
TEXT = {"summary": "S", "strengths": "T", "weaknesses": "W", "reproducibility": "R", "for_chairs": ""}


@pytest.fixture
def edition(transactional_db: None) -> Edition:
    return factories.make_edition()


def of(paper: Submission) -> Submission:
    return Submission.objects.select_related("edition", "created_by").get(pk=paper.pk)


def entries(author: User) -> list[drafting.AuthorEntry]:
    return [drafting.AuthorEntry(name="Ada", email=author.email, is_contact=True)]


def test_a_conflict_that_two_acts_find_at_once_is_written_once_and_stops_neither(edition: Edition) -> None:
    paper = factories.make_submission(edition)
    chair = factories.make_member(edition, chair=True)
    people = [factories.make_member(edition) for _ in range(3)]
    Affiliation.objects.create(user=people[2].user, institution=paper.authors.get().institution or HOME)
    paper.authors.update(institution=HOME)
    Affiliation.objects.update(institution=HOME)
    assert chair.user is not None
    by = chair.user
    ended = at_once(*[lambda member=member: assigning.assign(of(paper), member, by=by, at=AT) for member in people[:2]])
    assert ended == ["done", "done"]
    assert Conflict.objects.filter(membership=people[2]).count() == 1


def test_a_conflict_that_a_new_author_list_finds_beside_the_sweep_stays(edition: Edition) -> None:
    ada = factories.make_user("ada@uni.example", "Ada")
    first, second = (factories.make_submission(edition, ada, state=State.DRAFT) for _ in range(2))
    mia = factories.make_member(edition, factories.make_user("mia@far.example", "Mia"))

    def save() -> None:
        # The sweep waits at the first paper, where both find the same, and has begun when the second list is saved.
        factories.make_author(first, "x@far.example")
        refresh_conflicts(first, AT)
        begun.wait(10)
        listed = [*entries(ada), drafting.AuthorEntry(name="X", email="x@far.example")]
        drafting.set_authors(submission=of(second), entries=listed, by=ada, at=AT)

    begun = threading.Event()
    factories.make_author(first, "y@far.example")
    assert while_open(save, lambda: (begun.set(), refresh_edition(edition, AT))) == "done"
    pairs = Conflict.objects.filter(membership=mia).order_by("submission").values_list("submission", "source")
    assert list(pairs) == [(first.pk, "domain"), (second.pk, "domain")]


def test_two_authors_who_ask_for_a_change_at_once_make_one_request(edition: Edition) -> None:
    ada = factories.make_user("ada@uni.example", "Ada")
    paper = factories.make_submission(edition, ada)

    def ask() -> object:
        return drafting.request_author_change(
            submission=of(paper), entries=entries(ada), reason="She left.", by=ada, at=AFTER_DEADLINE
        )

    assert sorted(at_once(ask, ask)) == ["A request is waiting for the chairs already.", "done"]
    assert AuthorListRequest.objects.count() == 1


def test_who_confirms_and_who_saves_the_list_do_not_wait_for_each_other(edition: Edition) -> None:
    ada = factories.make_user("ada@uni.example", "Ada")
    paper = factories.make_submission(edition, ada, state=State.DRAFT)
    factories.make_member(edition, ada)
    ended = at_once(
        lambda: drafting.confirm_authorship(submission=of(paper), by=ada, at=AT),
        lambda: drafting.set_authors(submission=of(paper), entries=entries(ada), by=ada, at=AT),
    )
    assert ended == ["done", "done"]


def test_who_gives_a_task_back_while_it_saves_is_not_stopped(edition: Edition) -> None:
    rita = factories.make_member(edition)
    task = factories.make_assignment(factories.make_submission(edition), rita)
    review = factories.make_review(task, submitted=False)
    assert rita.user is not None
    by = rita.user

    def fresh() -> Assignment:
        return Assignment.objects.select_related("membership__user", "submission__edition").get(pk=task.pk)

    ended = at_once(
        lambda: reviewing.decline_assignment(
            assignment=fresh(), refusal="conflict", reason="We wrote together.", by=by, at=AFTER_DEADLINE
        ),
        lambda: reviewing.save_review(
            assignment=fresh(), fields=TEXT, based_on=review.version, by=by, at=AFTER_DEADLINE
        ),
    )
    assert ended[0] == "done"


def test_two_moves_of_topics_at_once_are_both_done(edition: Edition) -> None:
    by = factories.make_member(edition, chair=True).user
    assert by is not None
    edition.topics.all().delete()
    one, two, three, four = (
        editions.add_topic(edition=edition, title=title, parent=None, by=by, at=AT) for title in ("1", "2", "3", "4")
    )
    ended = while_open(
        lambda: editions.move_topic(topic=one, up=False, by=by, at=AT),
        lambda: editions.move_topic(topic=four, up=True, by=by, at=AT),
    )
    assert (ended, [row.title for row in editions.nested(edition)]) == ("done", ["2", "1", "4", "3"])
    assert sorted(edition.topics.values_list("position", flat=True)) == [0, 1, 2, 3]
    assert {one.pk, two.pk, three.pk, four.pk} == set(edition.topics.values_list("pk", flat=True))


def test_a_topic_added_twice_at_once_is_one(edition: Edition) -> None:
    by = factories.make_member(edition, chair=True).user
    assert by is not None

    def add() -> None:
        with suppress(editions.EditionError):
            editions.add_topic(edition=edition, title="Tensor cores", parent=None, by=by, at=AT)

    assert at_once(add, add) == ["done", "done"]
    assert edition.topics.filter(title="Tensor cores").count() == 1
