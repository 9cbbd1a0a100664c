"""Two worlds after the announcement: what goes on with a paper that is none of hers is noticed by nobody.

All decisions have been out for three weeks. In the second world one of them was corrected, another reworded, a chair
wrote to the authors, a letter came back, camera-ready files came, were returned and approved, a review had come late
and the talk went on: each with a paper that the observer may not know of. The eyes are those of tests/worlds.py; they
look where such things are shown, and at the whole site, one secret at a time too, with --long.
"""

import io
import zipfile
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from unittest import mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dlonsc.editions.models import Membership
from dlonsc.mail.bounces import came_back
from dlonsc.mail.models import Message
from dlonsc.mail.models import State as LetterState
from reviews.actions import deciding, discussing, mailing, reviewing
from reviews.late_reviews import tell_of_late_reviews
from reviews.models import Announcement, Decision
from reviews.views.chair import table as table_views
from submissions.actions import printing
from submissions.models import CameraReadyDetails, CameraReadyItem, CameraReadyKind, Submission
from submissions.views import proceedings as proceedings_views
from tests import factories
from tests.submissions.desk import report
from tests.test_two_worlds import Change, Plant, grouped, looks_in_this_run
from tests.worlds import FEW, MANY, SAMPLED, Seen, World, number_apart, number_from, world_seen_by

ANNOUNCED = datetime(2026, 4, 20, 12, 0, tzinfo=UTC)
WHILE_HELD = ANNOUNCED + timedelta(minutes=5)
# In the week before the camera-ready papers are due, so that reminders leave.
NOW = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)
OBSERVERS = ("conflicted chair", "proceedings chair", "barred", "author", "stranger")


def announced(world: World) -> None:
    """In both worlds: of the hidden papers one is rejected and two are accepted; the proceedings chair is in conflict
    with them too. A chair, who does the proceedings with her, has announced them with the author's, and the letters are
    sent.
    """
    chair = world.members["chair"]
    Membership.objects.filter(pk=chair.pk).update(is_proceedings_chair=True)
    assert chair.user is not None
    hidden = world.people["hidden author"]
    world.papers = [world.secret_too, factories.make_submission(world.edition, hidden, title="Secret three")]
    proceedings = Membership.objects.get(edition=world.edition, user=world.people["proceedings chair"])
    for paper in (world.secret, *world.papers):
        for member in (world.members["conflicted chair"], world.members["barred"], proceedings):
            if not paper.conflicts.filter(membership=member).exists():
                factories.make_conflict(paper, member)
    # She had reviewed it when her conflict came to light.
    factories.make_review(factories.make_assignment(world.secret, world.members["barred"]))
    Decision.objects.filter(submission=world.secret).update(verdict="reject")
    for paper in (*world.papers, world.mine, Submission.objects.get(edition=world.edition, title="Mine too")):
        factories.make_decision(paper, chair.user)
    plan = deciding.plan(chair)
    deciding.announce(
        chair, accepts=plan.accepts, rejects=plan.rejects, fingerprint=plan.fingerprint, leave_undecided=False,
        by=chair.user, at=ANNOUNCED,
    )  # fmt: skip
    leave()


def leave() -> None:
    """What is held goes out; when, no observer is told."""
    held = Message.objects.filter(state=LetterState.HELD)
    held.update(state=LetterState.SENT, handed_over_at=ANNOUNCED, finished_at=ANNOUNCED)


# --- What goes on with the hidden papers -----------------------------------------------------------------------------


def corrected(paper: Submission, world: World, **words: str) -> None:
    row = Decision.objects.select_related("submission__edition", "announcement").get(submission=paper)
    now = {"verdict": row.verdict, "note": row.note, "to_authors": row.to_authors} | words
    deciding.correct(row, **now, version=row.version, by=world.people["chair"], at=NOW - timedelta(days=9))
    Message.objects.filter(state=LetterState.QUEUED, kind="decision").update(
        state=LetterState.SENT, finished_at=NOW - timedelta(days=9)
    )


def another_verdict(world: World) -> None:
    corrected(world.secret, world, verdict="accept", note="Quagga canaryreversed")


def other_words(world: World) -> None:
    corrected(world.secret_too, world, to_authors="Quagga canaryreworded")


def write_to_authors(world: World) -> None:
    """To the authors of papers that were not accepted: there is the hidden one alone."""
    release(world, "Quagga canarymailing", NOW - timedelta(days=12))
    leave()


def hold_to_authors(world: World) -> None:
    """A minute ago: the letters may still be stopped."""
    release(world, "Quagga canaryheld", NOW - timedelta(minutes=1))


def release(world: World, words: str, at: datetime) -> None:
    chair, by = world.members["chair"], world.people["chair"]
    letter = mailing.begin(chair, "rejected", by=by, at=at)
    mailing.write(letter, subject=words, text=words, version=1, at=at)
    letter.refresh_from_db()
    now = mailing.dry_run(chair, letter, at)
    mailing.release(chair, letter, count=len(now.people), fingerprint=now.fingerprint, by=by, at=at)


def come_back(world: World) -> None:
    for letter in Message.objects.filter(kind="decision", subject_label=world.papers[-1].label):
        came_back(letter, status="5.1.1", words="Quagga canarybounced", at=NOW - timedelta(days=15))


def deliver(paper: Submission, kind: CameraReadyKind, name: str) -> CameraReadyItem:
    at = NOW - timedelta(days=7)
    paper.refresh_from_db()
    data = io.BytesIO(b"%PDF-1.7 Quagga, final")
    if kind == CameraReadyKind.SOURCES:
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as packed:
            packed.writestr("paper.tex", "\\documentclass{llncs}")
    with mock.patch("submissions.checks.check_safely", return_value=report(pages=10)):
        return printing.deliver_item(
            submission=paper, kind=kind, upload=SimpleUploadedFile(name, data.getvalue()), by=paper.created_by, at=at,
            received_at=at,
        )  # fmt: skip


def deliver_and_return(world: World) -> None:
    item = deliver(world.papers[-1], CameraReadyKind.PDF, "canarydelivered.pdf")
    printing.return_item(item=item, text="Quagga canaryreturned", by=world.people["chair"], at=NOW - timedelta(days=6))


def deliver_and_approve(world: World) -> None:
    paper, chair, at = world.secret_too, world.people["chair"], NOW - timedelta(days=5)
    for kind in CameraReadyKind:
        printing.accept_item(item=deliver(paper, kind, "canaryapproved.pdf"), by=chair, at=at)
    details = printing.Details("canaryhead", "Quagga", at.date(), True)
    version = printing.version_of_details(paper)
    orcids = {paper.created_by.email: "0000-0002-1825-0097"}
    printing.save_details(submission=paper, version=version, details=details, orcids=orcids, by=paper.created_by, at=at)
    printing.approve(submission=paper, by=chair, at=at)


def review_late(world: World) -> None:
    """Submitted while the letters were held; another's text came when all was out and does not count."""
    fields = dict.fromkeys(reviewing.empty_fields(), "Quagga canarylate") | {"score": -2, "confidence": 3}
    task, by = world.assignments["secret rex"], world.people["rex"]
    saved = reviewing.save_review(assignment=task, fields=fields, based_on=0, by=by, at=WHILE_HELD)
    reviewing.submit_review(assignment=task, based_on=saved.review.version, by=by, at=WHILE_HELD)
    tell_of_late_reviews(WHILE_HELD)
    late, by = world.assignments["secret hilda"], world.people["hilda"]
    assert reviewing.save_review(assignment=late, fields=fields, based_on=1, by=by, at=NOW - timedelta(days=2)).closed


def talk_on(world: World) -> None:
    """A reviewer writes, and a chair asks all of them."""
    discussion = world.secret.discussion
    for name, is_question in (("rita", False), ("chair", True)):
        discussing.comment(
            discussion, world.members[name], text=f"Quagga canarytalk of {name}", label=name, is_question=is_question,
            at=NOW - timedelta(days=1),
        )  # fmt: skip


# In this order where all are changed: nobody is left to write to once the only rejection is reversed.
SECRETS: dict[str, Change] = {
    "a review that came late": review_late,
    "a decision's letter that came back": come_back,
    "a letter of a chair to the authors": write_to_authors,
    "a letter of a chair that is held": hold_to_authors,
    "another verdict": another_verdict,
    "other words of a decision": other_words,
    "a camera-ready file that was returned": deliver_and_return,
    "a camera-ready paper that was approved": deliver_and_approve,
    "a discussion that went on": talk_on,
}
WORDS = (
    "canaryreversed",
    "canaryreworded",
    "canarymailing",
    "canaryheld",
    "canarybounced",
    "canarydelivered",
    "canaryreturned",
    "canaryapproved",
    "canarylate",
    "canarytalk",
)
# Where such things are shown to those who may know.
PAGES = (
    "feeds:mine",
    "letters:again",
    "letters:letter",
    "letters:log",
    "letters:mailing",
    "letters:mailings",
    "letters:reminders",
    "letters:waiting",
    "persons:mine",
    "reviews:announce",
    "reviews:announcement",
    "reviews:chair",
    "reviews:chair_discussion",
    "reviews:decide",
    "reviews:decision_for_authors",
    "reviews:decisions",
    "reviews:discussion",
    "reviews:discussions",
    "reviews:export",
    "reviews:history",
    "reviews:home",
    "reviews:progress",
    "reviews:stop",
    "reviews:submission",
    "reviews:sub_reviewers",
    "reviews:table",
    "submissions:camera_ready",
    "submissions:chase",
    "submissions:home",
    "submissions:item",
    "submissions:own_item",
    "submissions:proceedings",
    "submissions:proceedings_paper",
    "submissions:submission",
)


def settle(world: World, before: int) -> None:
    """How many letters the hidden papers have shows in the numbers of no others; rows that only one world has are
    tried in both.
    """
    hidden = [paper.label for paper in (world.secret, *world.papers)]
    number_apart(Message.objects.filter(subject_label__in=hidden))
    number_from(before + 1, Message.objects.filter(pk__gt=FEW))
    # The second world alone has some rows of these numbers, and the last of the letters that are numbered apart.
    new, apart = [before + count for count in (2, 3, 4)], [3, 13, 23]
    world.rows = {
        "letters:letter": apart,
        "letters:mailing": new,
        "reviews:announcement": new,
        "reviews:stop": new,
        "submissions:item": new[2:],
        "submissions:own_item": new[2:],
    }


def seen_by(name: str, changes: Iterable[Change], only: Collection[str], **options: Any) -> Seen:
    return world_seen_by(name, [announced, *changes], only, WORDS, at=NOW, settle=settle, **options)


@cache
def plain_world_seen_by(name: str, only: Collection[str], step: int = SAMPLED) -> Seen:
    return seen_by(name, [], only, step=step)


@pytest.mark.whole_site
@pytest.mark.django_db
@pytest.mark.parametrize("name", grouped(OBSERVERS))
def test_once_all_is_announced_nobody_notices_what_goes_on_with_a_paper_that_she_may_not_know_of(
    name: str, pytestconfig: pytest.Config
) -> None:
    looks_in_this_run(name, pytestconfig)
    if name == "stranger" and not pytestconfig.getoption("--long"):
        pytest.skip("no page of these opens to her; looks with --long")
    only = () if pytestconfig.getoption("--long") else PAGES
    other = seen_by(name, SECRETS.values(), only, before=MANY)
    # Which of them it is, the test of single secrets tells with --long.
    assert (plain_world_seen_by(name, only).first_difference(other), other.found) == ("", set())


@pytest.mark.long
@pytest.mark.whole_site
@pytest.mark.django_db
@pytest.mark.parametrize("words", SECRETS)
@pytest.mark.parametrize("name", grouped(OBSERVERS))
def test_nobody_notices_a_single_thing_that_goes_on_with_a_hidden_paper(name: str, words: str) -> None:
    other = seen_by(name, [SECRETS[words]], (), step=1, before=MANY)
    assert plain_world_seen_by(name, (), 1).first_difference(other) == ""


@pytest.mark.whole_site
@pytest.mark.django_db
def test_a_chair_who_may_know_finds_each_thing_that_goes_on() -> None:
    pages = (
        "letters:letter",
        "letters:log",
        "reviews:chair_discussion",
        "reviews:decide",
        "reviews:submission",
        "submissions:proceedings_paper",
    )
    assert seen_by("chair", SECRETS.values(), pages).found == set(WORDS)


# --- Planted leaks ---------------------------------------------------------------------------------------------------


def leak_by_number_of_corrections(patch: pytest.MonkeyPatch) -> None:
    plain = table_views.rows_of

    def rows_of(*args: Any, **words: Any) -> Any:
        return plain(*args, **words)[: -Announcement.objects.filter(corrects__isnull=False).count() or None]

    patch.setattr(table_views, "rows_of", rows_of)


def leak_by_number_of_approvals(patch: pytest.MonkeyPatch) -> None:
    def checklist(*args: Any) -> list[tuple[str, bool]]:
        return [(f"{CameraReadyDetails.objects.filter(is_locked=True).count()} papers are approved", False)]

    patch.setattr(proceedings_views, "checklist", checklist)


LEAKS: dict[str, tuple[Plant, str, str, str]] = {
    "corrections": (leak_by_number_of_corrections, "other words of a decision", "conflicted chair", "reviews:table"),
    "approvals": (
        leak_by_number_of_approvals,
        "a camera-ready paper that was approved",
        "proceedings chair",
        "submissions:proceedings",
    ),
}


@pytest.mark.whole_site
@pytest.mark.django_db
@pytest.mark.parametrize("kind", LEAKS)
def test_a_planted_leak_of_what_goes_on_is_caught(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant, words, observer, page = LEAKS[kind]
    plant(monkeypatch)
    where = seen_by(observer, [], [page]).first_difference(seen_by(observer, [SECRETS[words]], [page], before=MANY))
    assert where.startswith("/"), where
