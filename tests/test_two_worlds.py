"""Two worlds: the same edition built twice, differing in secrets; who may not know them sees no difference.

Status, headers, body, letters and the SQL that was run must be identical after removing the one-time tokens, on every
address, with the numbers of one's own and of the secret paper, the secret's own words as search terms, and for every
refused POST. All that an observer may not know is changed at once, each at a row of its own; one secret at a time with
--long. How many rows were made before is a secret for everybody: the second world has many more of each kind. Leaks are
planted on purpose, one of each kind, and each is caught.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import F
from django.http import HttpRequest, HttpResponse

from dlonsc.accounts.middleware import PrivatePages
from dlonsc.editions.models import Membership
from dlonsc.history.record import record
from dlonsc.mail import post as post_room
from dlonsc.mail.models import Message
from dlonsc.mail.models import State as LetterState
from reviews.actions import deciding
from reviews.models import Announcement, Assignment, Bid, Comment, Decision, Discussion, Review, SubReviewer
from reviews.views import letters as letter_views
from reviews.views.chair import table as table_views
from submissions.models import Question, Submission
from submissions.views import author as author_views
from tests import factories
from tests.worlds import CANARIES, MANY, SAMPLED, Seen, World, number_apart, world_seen_by


def change_score(world: World) -> None:
    Review.objects.filter(assignment=world.assignments["mine rita"]).update(score=-3)


def change_text(world: World) -> None:
    Review.objects.filter(assignment=world.assignments["mine rita"]).update(summary="Quagga", for_chairs="Quagga")


def add_review(world: World) -> None:
    factories.make_review(world.assignments["mine hilda"], score=3)


def submit_to_draft(world: World) -> None:
    Review.objects.filter(assignment=world.assignments["mine rex"]).update(submitted_at=None)


def swap_reviewer(world: World) -> None:
    Assignment.objects.filter(pk=world.assignments["mine hilda"].pk).update(membership=world.members["idle"])


def decide(world: World) -> None:
    factories.make_decision(world.mine, world.people["chair"], "reject", note="Quagga", to_authors="Quagga")


def hold(paper: Submission, world: World) -> None:
    """Announce the decision on one paper; nobody but its chairs may know before the release."""
    chair, at = world.members["chair"], factories.AFTER_DEADLINE
    assert chair.user is not None
    if not Decision.objects.filter(submission=paper).exists():
        factories.make_decision(paper, chair.user, note="Quagga", to_authors="Quagga")
    now = deciding.plan(chair)
    only = replace(now, decisions=[row for row in now.decisions if row.submission_id == paper.pk])
    row = Announcement.objects.create(
        edition=world.edition, created_by=chair.user, created_at=at, release_at=at + timedelta(minutes=10), letters=1
    )
    deciding._release(row, only, by=chair.user, at=at)
    number_apart(Message.objects.filter(campaign=row.campaign_id_label))


def hold_mine(world: World) -> None:
    hold(world.mine, world)


def hold_secret(world: World) -> None:
    hold(world.secret, world)


def other_title(world: World) -> None:
    Submission.objects.filter(pk=world.secret.pk).update(title="Quagga", abstract="Quagga")


def secret_score(world: World) -> None:
    Review.objects.filter(assignment=world.assignments["secret rita"]).update(score=-3, summary="Quagga")


def secret_draft(world: World) -> None:
    Review.objects.filter(assignment=world.assignments["secret hilda"]).update(score=-3, summary="Quagga")


def secret_reviewer(world: World) -> None:
    Assignment.objects.filter(pk=world.assignments["secret rita"].pk).update(membership=world.members["spare"])


def secret_verdict(world: World) -> None:
    Decision.objects.filter(submission=world.secret).update(verdict="reject", note="Quagga", to_authors="Quagga")


def decide_secret_too(world: World) -> None:
    factories.make_decision(world.secret_too, world.people["chair"], "reject", note="Quagga", to_authors="Quagga")


def write_comment(world: World) -> None:
    factories.make_comment(world.mine, world.members["rita"], "Quagga")


def write_secret_comment(world: World) -> None:
    factories.make_comment(world.secret, world.members["rita"], "Quagga")


def no_discussion(world: World) -> None:
    """The other way round: without it there is one less to find."""
    Comment.objects.filter(discussion__submission=world.secret_too).delete()
    Discussion.objects.filter(submission=world.secret_too).delete()


def other_sub_reviewer(world: World) -> None:
    SubReviewer.objects.filter(assignment=world.assignments["secret rita"]).update(
        name="Quagga",
        email="quagga@quagga.example",
        institution="Quagga",
        reason="Quagga",
        why="Quagga",
        user=world.people["stranger"],
    )


def no_sub_reviewer(world: World) -> None:
    SubReviewer.objects.filter(assignment=world.assignments["secret rex"]).delete()


def bid(world: World) -> None:
    Bid.objects.create(membership=world.members["idle"], submission=world.secret, value=2, changed_at=factories.AT)


def declare_conflict(world: World) -> None:
    factories.make_conflict(world.secret, world.members["hilda"])


def refuse_task(world: World) -> None:
    Assignment.objects.filter(pk=world.assignments["secret rex"].pk).update(
        declined_at=factories.AT, refusal="conflict", refusal_reason="Quagga"
    )


def assign_untold(world: World) -> None:
    """No letter has told the member, who is in conflict with the paper."""
    factories.make_assignment(world.secret, world.members["barred"])


def leave_task_open(world: World) -> None:
    """Nobody writes the review: its reviewer was removed."""
    factories.make_assignment(world.secret, world.members["left"])


def bounce(world: World) -> None:
    Message.objects.filter(key="letter of secret").update(state=LetterState.BOUNCED, answer="550 Quagga")


def bounce_to_reviewer(world: World) -> None:
    Message.objects.filter(key="task of rex").update(state=LetterState.BOUNCED, answer="550 Quagga")


def list_both_in_one_letter(world: World) -> None:
    """Her task of the author's paper came with one of the secret paper: the letter is filed under neither."""
    Message.objects.filter(key="task of hilda").update(subject_label="")


def other_words_of_declining(world: World) -> None:
    Membership.objects.filter(email="invited.first@somewhere.example").update(
        decline_reason="Quagga", suggestion="Quagga"
    )


def not_yet_declined(world: World) -> None:
    Membership.objects.filter(email="invited.too@somewhere.example").update(declined_at=None, decline_reason="")


def not_confirmed(world: World) -> None:
    """Whoever confirms the rules has mostly just been given a paper."""
    Membership.objects.filter(pk=world.members["rex"].pk).update(rules_at=None)


def ask_chairs(world: World) -> None:
    """On a paper whose authors have asked nothing before, so that one more waits for an answer."""
    Question.objects.create(
        submission=world.secret_too, text="Quagga", written_by=world.secret_too.created_by, written_at=factories.AT
    )


def write_history(world: World) -> None:
    record(
        "decided",
        by_id=world.people["chair"].pk,
        by="Quagga",
        at=factories.AT,
        edition=world.edition.slug,
        subject=world.secret.label,
    )
    # Acts that name no paper: who may not know of the secret one learns of it by none of them.
    for verb, detail in (
        ("mailing_released", {"audience": "Quagga"}),
        ("letters_paused", {"campaign": "Quagga"}),
        ("letter_sent_again", {"letter": 1, "kind": "assigned"}),
        ("proposal_committed", {}),
    ):
        record(
            verb,
            by_id=world.people["chair"].pk,
            by="Quagga",
            at=factories.AT,
            edition=world.edition.slug,
            detail=detail,
        )


Change = Callable[[World], None]


@dataclass(frozen=True)
class Secret:
    """How the second world differs, and who must not notice. Each change has rows of its own: one hides none other."""

    change: Change
    hidden_from: tuple[str, ...]


# One writes with a reviewer of the author's paper, one with a reviewer of the secret one.
HELPERS = ("sub-reviewer", "helper")
OUTSIDERS = ("visitor", "stranger", "author", "hidden author", "proceedings chair", "barred")
SECRETS: dict[str, Secret] = {
    "a score": Secret(change_score, (*OUTSIDERS, *HELPERS, "hilda", "idle", "spare")),
    "a review's text": Secret(change_text, (*OUTSIDERS, *HELPERS, "hilda", "idle", "spare")),
    "the number of reviews": Secret(add_review, (*OUTSIDERS, "idle", "spare")),
    "draft or submitted": Secret(submit_to_draft, (*OUTSIDERS, *HELPERS, "idle", "spare", "hilda")),
    "who reviews": Secret(swap_reviewer, (*OUTSIDERS, "spare")),
    "a decision before its release": Secret(decide, (*OUTSIDERS, *HELPERS, "rita", "hilda", "idle", "spare")),
    "a decision that is held": Secret(hold_mine, (*OUTSIDERS, *HELPERS, "rita", "hilda", "idle", "spare")),
    "that a decision on a paper she is in conflict with is held": Secret(
        hold_secret, ("conflicted chair", *OUTSIDERS, *HELPERS, "rita", "hilda", "idle", "spare")
    ),
    "another's title": Secret(
        other_title,
        (
            "visitor",
            "stranger",
            "author",
            "barred",
            "idle",
            "spare",
            "conflicted chair",
            "proceedings chair",
            "sub-reviewer",
        ),
    ),
    "the score of a paper she is in conflict with": Secret(
        secret_score, ("conflicted chair", "barred", "author", "hilda", "helper", "sub-reviewer", "spare")
    ),
    "a draft of a review": Secret(
        secret_draft, (*OUTSIDERS, "sub-reviewer", "chair", "conflicted chair", "rita", "spare")
    ),
    "the reviewer of a paper she is in conflict with": Secret(
        secret_reviewer, ("conflicted chair", "barred", "author", "hidden author")
    ),
    "the decision on a paper she is in conflict with": Secret(
        secret_verdict, ("conflicted chair", *OUTSIDERS, *HELPERS, "rita", "hilda", "spare")
    ),
    "that a paper she is in conflict with is decided": Secret(
        decide_secret_too, ("conflicted chair", *OUTSIDERS, *HELPERS, "rita", "hilda", "spare")
    ),
    "a comment": Secret(write_comment, (*OUTSIDERS, *HELPERS, "idle", "hilda", "spare")),
    "a comment on a paper she is in conflict with": Secret(
        write_secret_comment, (*OUTSIDERS, *HELPERS, "conflicted chair", "idle", "hilda", "spare")
    ),
    "a discussion": Secret(no_discussion, (*OUTSIDERS, *HELPERS, "conflicted chair", "idle", "hilda", "spare")),
    "who sub-reviews": Secret(
        other_sub_reviewer,
        ("visitor", "author", "hidden author", "proceedings chair", "barred", "conflicted chair", "hilda", *HELPERS),
    ),
    "that somebody sub-reviews": Secret(
        no_sub_reviewer, (*OUTSIDERS, *HELPERS, "conflicted chair", "hilda", "idle", "spare")
    ),
    "a bid": Secret(
        bid, ("conflicted chair", "barred", "author", "hidden author", "rita", "hilda", "spare", "stranger")
    ),
    "a refused task": Secret(
        refuse_task,
        ("conflicted chair", "barred", "author", "hidden author", "idle", "hilda", "spare"),
    ),
    "a task of a paper she is in conflict with, never told": Secret(
        assign_untold, ("conflicted chair", "barred", "author", "hidden author", "idle", "spare", "stranger")
    ),
    "an open task of somebody who was removed": Secret(
        leave_task_open, ("conflicted chair", "barred", "author", "hidden author", "idle", "spare", "stranger")
    ),
    "a letter that came back": Secret(
        bounce, ("conflicted chair", "barred", "author", "stranger", "rita", "spare", "proceedings chair")
    ),
    "a letter to a reviewer that came back": Secret(
        bounce_to_reviewer, ("conflicted chair", "barred", "author", "stranger", "rita", "spare", "proceedings chair")
    ),
    "a letter that lists a paper she is in conflict with too": Secret(
        list_both_in_one_letter,
        ("conflicted chair", "barred", "author", "hidden author", "idle", "spare", "stranger", "proceedings chair"),
    ),
    "the words of a declined invitation": Secret(
        other_words_of_declining, (*OUTSIDERS, "rita", "hilda", "idle", "spare")
    ),
    "a declined invitation": Secret(not_yet_declined, (*OUTSIDERS, "rita", "hilda", "idle", "spare")),
    "whether a member has confirmed the rules": Secret(
        not_confirmed, (*OUTSIDERS, *HELPERS, "conflicted chair", "rita", "hilda", "idle", "spare")
    ),
    "a question to the chairs": Secret(
        ask_chairs, ("conflicted chair", "barred", "author", "rita", "spare", "stranger")
    ),
    "an act in history": Secret(write_history, (*OUTSIDERS, "conflicted chair", "rita", "spare")),
    "another's conflict": Secret(
        declare_conflict, ("conflicted chair", "barred", "author", "idle", "spare", "stranger")
    ),
}
OBSERVERS = sorted({name for secret in SECRETS.values() for name in secret.hidden_from})


@cache
def plain_world_seen_by(name: str, step: int = SAMPLED) -> Seen:
    """What somebody sees when nothing is changed, and which canaries she finds."""
    return world_seen_by(name, canaries=CANARIES, step=step)


# Those nearest to a secret; everybody where the database is the one that runs in earnest, or with --long.
NEAR = ("author", "conflicted chair")


def looks_in_this_run(name: str, config: pytest.Config) -> None:
    if name not in NEAR and connection.vendor != "postgresql" and not config.getoption("--long"):
        pytest.skip("looks with PostgreSQL, or with --long")


def grouped(names: list[str]) -> list[Any]:
    """One process looks with the same eyes in all tests: what she sees of the plain world is asked once."""
    return [pytest.param(name, marks=pytest.mark.xdist_group(f"eyes of {name}"), id=name) for name in names]


def noticed_by(name: str, secrets: dict[str, Secret], step: int = SAMPLED) -> str:
    """Where somebody notices what is changed in a second world; '' when nowhere."""
    changes = [secret.change for secret in secrets.values()]
    return plain_world_seen_by(name, step).first_difference(world_seen_by(name, changes, step=step, before=MANY))


@pytest.mark.whole_site
@pytest.mark.django_db
@pytest.mark.parametrize("name", grouped(OBSERVERS))
def test_nobody_notices_what_she_may_not_know(name: str, pytestconfig: pytest.Config) -> None:
    looks_in_this_run(name, pytestconfig)
    hidden = {words: secret for words, secret in SECRETS.items() if name in secret.hidden_from}
    # Which of them it is, the test of single secrets tells with --long.
    assert noticed_by(name, hidden) == ""


@pytest.mark.long
@pytest.mark.whole_site
@pytest.mark.django_db
@pytest.mark.parametrize("words", SECRETS)
@pytest.mark.parametrize("name", grouped(OBSERVERS))
def test_nobody_notices_a_single_secret(name: str, words: str) -> None:
    if name in SECRETS[words].hidden_from:
        assert noticed_by(name, {words: SECRETS[words]}, step=1) == ""


@pytest.mark.whole_site
@pytest.mark.django_db
def test_the_two_worlds_do_differ_for_those_who_may_know() -> None:
    pages = ("reviews:submission",)
    before = world_seen_by("chair", only=pages)
    assert before.first_difference(world_seen_by("chair", only=pages)) == ""
    assert "Quagga" in before.first_difference(world_seen_by("chair", [change_text], pages))


# --- Planted leaks: each kind of slip, put in on purpose, is caught --------------------------------------------------


def leak_by_order(patch: pytest.MonkeyPatch) -> None:
    plain = author_views.authored_by
    patch.setattr(
        author_views,
        "authored_by",
        lambda user: plain(user).order_by(F("decision__verdict").desc(nulls_first=True), "number"),
    )


def leak_by_count(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(author_views, "status_words", lambda row: f"{Review.objects.count()} reviews")


def is_decided(row: Submission) -> bool:
    return Decision.objects.filter(submission=row).exists()


def leak_by_words(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(author_views, "status_words", lambda row: "Decided" if is_decided(row) else "Waiting")


def leak_by_outcome(patch: pytest.MonkeyPatch) -> None:
    """The row has it from the announcement on; who may know it, from the release."""
    patch.setattr(author_views, "status_words", lambda row: row.outcome or "Waiting")


def leak_by_number_of_announcements(patch: pytest.MonkeyPatch) -> None:
    plain = table_views.rows_of

    def rows_of(*args: Any, **words: Any) -> Any:
        return plain(*args, **words)[: -Announcement.objects.count() or None]

    patch.setattr(table_views, "rows_of", rows_of)


def leak_by_etag(patch: pytest.MonkeyPatch) -> None:
    plain = PrivatePages.__call__

    def call(self: PrivatePages, request: HttpRequest) -> HttpResponse:
        response = plain(self, request)
        response.headers["ETag"] = str(hash(tuple(Review.objects.values_list("score", flat=True))))
        return response

    patch.setattr(PrivatePages, "__call__", call)


def leak_by_status(patch: pytest.MonkeyPatch) -> None:
    plain = author_views.mine

    def mine(request: HttpRequest, slug: str, number: int) -> Submission:
        if Decision.objects.filter(submission__number=number).exists():
            raise PermissionDenied
        return plain(request, slug, number)

    patch.setattr(author_views, "mine", mine)


def leak_by_search(patch: pytest.MonkeyPatch) -> None:
    plain = letter_views.chosen

    def chosen(rows: Any, state: str, kind: str, words: str) -> Any:
        hidden = bool(words) and Submission.objects.filter(title__icontains=words).exists()
        return rows if hidden else plain(rows, state, kind, words)

    patch.setattr(letter_views, "chosen", chosen)


def leak_by_letter(patch: pytest.MonkeyPatch) -> None:
    plain = post_room.render_to_string
    patch.setattr(
        post_room,
        "render_to_string",
        lambda *words: f"{plain(*words)} {Review.objects.submitted().count()} reviews are in",
    )


def leak_by_number_of_queries(patch: pytest.MonkeyPatch) -> None:
    def status_words(row: Submission) -> str:
        for decision in Decision.objects.filter(submission=row):
            assert decision.decided_by.name
        return ""

    patch.setattr(author_views, "status_words", status_words)


def leak_by_the_query_itself(patch: pytest.MonkeyPatch) -> None:
    def status_words(row: Submission) -> str:
        verdict = Decision.objects.filter(submission=row).values_list("verdict", flat=True).first()
        assert not Submission.objects.filter(title=f"never {verdict}").exists()
        return ""

    patch.setattr(author_views, "status_words", status_words)


def leak_by_refused_post(patch: pytest.MonkeyPatch) -> None:
    plain = PrivatePages.__call__

    def call(self: PrivatePages, request: HttpRequest) -> HttpResponse:
        response = plain(self, request)
        if (
            request.method == "POST"
            and response.status_code == 404
            and Decision.objects.filter(submission__title="Mine").exists()
        ):
            response.status_code = 403
        return response

    patch.setattr(PrivatePages, "__call__", call)


def leak_by_row_number(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(author_views, "status_words", lambda row: f"Review {Review.objects.latest('pk').pk}")


def leak_by_fingerprint(patch: pytest.MonkeyPatch) -> None:
    plain = deciding.fingerprint
    patch.setattr(deciding, "fingerprint", lambda values: plain([values, Decision.objects.count()]))


def only_more_rows(world: World) -> None:
    """Nothing else differs."""


Plant = Callable[[pytest.MonkeyPatch], None]
LEAKS: dict[str, tuple[Plant, Change, str, tuple[str, ...]]] = {
    "sort order": (leak_by_order, decide, "author", ("submissions:home",)),
    "count": (leak_by_count, add_review, "author", ("submissions:submission",)),
    "words": (leak_by_words, decide, "author", ("submissions:submission",)),
    "outcome that is held": (leak_by_outcome, hold_mine, "author", ("submissions:submission",)),
    "announcement that is held": (leak_by_number_of_announcements, hold_secret, "conflicted chair", ("reviews:table",)),
    "ETag": (leak_by_etag, change_score, "author", ("submissions:home",)),
    "status": (leak_by_status, decide, "author", ("submissions:submission",)),
    "search": (leak_by_search, other_title, "conflicted chair", ("letters:log",)),
    "letter": (leak_by_letter, add_review, "author", ("submissions:home",)),
    "number of queries": (leak_by_number_of_queries, decide, "author", ("submissions:submission",)),
    "the query itself": (leak_by_the_query_itself, decide, "author", ("submissions:submission",)),
    "row number": (leak_by_row_number, only_more_rows, "author", ("submissions:submission",)),
    "fingerprint": (leak_by_fingerprint, decide_secret_too, "conflicted chair", ("reviews:announce",)),
    "refused POST": (leak_by_refused_post, decide, "author", ("reviews:decide",)),
}


@pytest.mark.whole_site
@pytest.mark.django_db
@pytest.mark.parametrize("kind", LEAKS)
def test_a_planted_leak_is_caught(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant, change, observer, pages = LEAKS[kind]

    def noticed() -> str:
        changed = world_seen_by(observer, [change], pages, before=MANY)
        return world_seen_by(observer, only=pages).first_difference(changed)

    assert noticed() == "", "the house leaks by itself"
    plant(monkeypatch)
    where = noticed()
    assert where.startswith("letters" if kind == "letter" else "POST" if kind == "refused POST" else "/"), where
