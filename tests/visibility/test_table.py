"""The visibility table against the product: for every thing, audience and stage, the pages show what the table says.

Each secret of one submission carries a word of its own; everybody opens every room in which such a word could stand.
"""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership
from dlonsc.editions.visibility import (
    AUDIENCE_WORDS,
    SINCE_WORDS,
    THING_WORDS,
    Audience,
    Since,
    Switch,
    Thing,
    rule,
)
from dlonsc.history.record import record
from dlonsc.mail.models import Message
from dlonsc.mail.models import State as LetterState
from reviews.models import Decision
from reviews.overview import rows_of
from reviews.visibility import OF_REVIEWS, TABLE
from submissions.models import CameraReadyItem, ReproducibilityRecord, Submission
from submissions.states import State
from submissions.visibility import TABLE as OF_SUBMISSIONS
from tests import factories

STAGES = ("draft", "under review", "own review in", "decided", "accepted", "rejected")
WORDS = {
    Thing.TITLE: "Wombat",
    Thing.AUTHORS: "Aardvark",
    Thing.RECORD: "Reindeer",
    Thing.CONFLICTS: "Caracal",
    Thing.ASSIGNMENT: "Gerbil",
    Thing.REVIEWERS: "Hilda",
    Thing.SUB_REVIEWERS: "Sandpiper",
    Thing.REVIEWS: "Ostrich",
    Thing.DRAFTS: "Dormouse",
    Thing.NOTES: "Narwhal",
    Thing.DISCUSSION: "Dingo",
    Thing.DECISION: "Vulture",
    Thing.LETTERS: "Lemming",
    Thing.HISTORY: "Hyena",
}
ONE = (
    "submissions:submission",
    "submissions:conflicts",
    "reviews:decision_for_authors",
    "reviews:review",
    "reviews:discussion",
    "reviews:name_sub_reviewer",
    "reviews:sub_review",
    "reviews:sub_versions",
)
CHAIRS = ("reviews:submission", "reviews:decide", "reviews:chair_discussion")
LISTS = (
    "submissions:home",
    "reviews:home",
    "reviews:sub_own",
    "reviews:sub_reviewers",
    "reviews:table",
    "reviews:export",
    "reviews:history",
    "letters:log",
)
PRINT = ("submissions:proceedings_paper",)
# The authors' and chairs' pages of conflicts name the committee; reviewers as reviewers stand in these.
REVIEWS_SHOWN = (
    "reviews:review",
    "reviews:decision_for_authors",
    "submissions:proceedings_paper",
    "reviews:submission",
)
# No page shows single bids: the assignment reads them.
NOT_ON_PAGES = {Thing.BIDS}


@dataclass
class World:
    edition: Edition
    submission: Submission
    people: dict[Audience, User | None] = field(default_factory=dict)
    members: dict[Audience, Membership] = field(default_factory=dict)
    letter: int = 0
    item: int = 0


def build(stage: str, switches: dict[Switch, bool]) -> World:
    edition = factories.make_edition(**{switch.value: on for switch, on in switches.items()})
    author = factories.make_user("ada@uni.example", "Ada")
    paper = factories.make_submission(edition, author, title="Wombat")
    factories.make_author(paper, "co@uni.example", "Aardvark")
    ReproducibilityRecord.objects.filter(submission=paper).update(algorithms="Reindeer")
    audiences = {
        Audience.MEMBER: {},
        Audience.REVIEWER: {},
        Audience.CONFLICTED_MEMBER: {},
        Audience.CHAIR: {"chair": True},
        Audience.CONFLICTED_CHAIR: {"chair": True},
        Audience.CHAIR_AUTHOR: {"chair": True},
        Audience.PROCEEDINGS: {"proceedings": True},
        Audience.FORMER: {"removed_at": factories.AT},
    }
    members = {
        audience: factories.make_member(edition, email=f"{audience.replace(' ', '.')}@{number}.example", **fields)
        for number, (audience, fields) in enumerate(audiences.items())
    }
    factories.make_author(paper, members[Audience.CHAIR_AUTHOR].user.email, "Author Too")
    for audience in (Audience.CONFLICTED_MEMBER, Audience.CONFLICTED_CHAIR):
        factories.make_conflict(paper, members[audience], source="chair", reason="Caracal")
    factories.make_assignment(paper, members[Audience.FORMER])
    rita = factories.make_assignment(paper, members[Audience.REVIEWER])
    hilda = factories.make_member(edition, factories.make_user("h@h.example", "Hilda"))
    greta = factories.make_member(edition, factories.make_user("g@g.example", "Gerbil"))
    done = factories.make_assignment(paper, hilda)
    factories.make_review(done, summary="Ostrich", for_chairs="Narwhal", score=3, confidence=4)
    factories.make_sub_reviewer(
        done, factories.make_user("s@s.example", "Sandpiper"), typed="Fair", ended_at=factories.AT, ending="submitted"
    )
    helped = factories.make_assignment(paper, factories.make_member(edition, email="helped@help.example"))
    sub_reviewer = factories.make_user("sub@sub.example")
    factories.make_sub_reviewer(helped, sub_reviewer)
    factories.make_review(factories.make_assignment(paper, greta), submitted=False, summary="Dormouse")
    factories.make_comment(paper, hilda, "Dingo")
    if stage not in {"draft", "under review"}:
        factories.make_review(rita, summary="Fair")
    if stage in {"decided", "accepted", "rejected"}:
        factories.make_decision(
            paper, members[Audience.CHAIR].user, "reject" if stage == "rejected" else "accept", to_authors="Vulture"
        )
    if stage in {"accepted", "rejected"}:
        factories.announce(paper, stage)
    if stage == "draft":
        Submission.objects.filter(pk=paper.pk).update(state=State.DRAFT)
    record("decided", by_id=None, by="Hyena", at=factories.AT, edition=edition.slug, subject=paper.label)
    letter = Message.objects.create(
        key="letter",
        edition=edition.slug,
        kind="question",
        subject_label=paper.label,
        to_email=author.email,
        subject="Lemming",
        text="Lemming",
        state=LetterState.SENT,
    )
    manuscript = paper.manuscripts.get(is_current=True)
    item = CameraReadyItem.objects.create(
        submission=paper,
        kind="pdf",
        number=1,
        sha256=manuscript.sha256,
        size=manuscript.size,
        original_name="final.pdf",
        uploaded_by=author,
        uploaded_at=factories.AT,
    )
    people = {
        Audience.ANONYMOUS: None,
        Audience.STRANGER: factories.make_user("stranger@nowhere.example"),
        Audience.AUTHOR: author,
        Audience.COAUTHOR: factories.make_user("co@uni.example"),
        Audience.SUB_REVIEWER: sub_reviewer,
        Audience.ADMINISTRATOR: factories.make_user("root@nowhere.example", is_staff=True, is_superuser=True),
        **{audience: member.user for audience, member in members.items()},
    }
    return World(edition, paper, people, members, letter.pk, item.pk)


def shown_to(world: World, audience: Audience) -> dict[Thing, bool]:
    """Which things an audience finds when it opens every room."""
    client, person = Client(), world.people[audience]
    if person is not None:
        client.force_login(person)
    slug, number = world.edition.slug, world.submission.number

    def text(name: str, **more: int) -> str:
        response = client.get(reverse(name, kwargs={"slug": slug, **more}))
        return response.content.decode() if response.status_code == 200 else ""

    def serves(name: str, **more: int) -> bool:
        response = client.get(reverse(name, kwargs={"slug": slug, "number": number, **more}))
        # 409: this one is hers, but its metadata cannot be removed, so a blind edition keeps it back.
        return response.status_code in {200, 409}

    pages = {name: text(name, number=number) for name in (*ONE, *CHAIRS, *PRINT)}
    pages |= {name: text(name) for name in LISTS}
    pages["letters:letter"] = text("letters:letter", pk=world.letter)
    found = {thing: any(word in page for page in pages.values()) for thing, word in WORDS.items()}
    for thing in (Thing.ASSIGNMENT, Thing.REVIEWERS, Thing.SUB_REVIEWERS):
        found[thing] = any(WORDS[thing] in pages[name] for name in REVIEWS_SHOWN)
    found[Thing.EXISTENCE] = any(pages[name] for name in (*ONE, *CHAIRS, *PRINT))
    found[Thing.DECISION] |= any(
        ">Accepted<" in pages["reviews:review"] or f">{words}<" in pages["reviews:review"]
        for words in ("Accepted", "Not accepted")
    ) or bool(pages["submissions:proceedings_paper"])
    found[Thing.PDF] = (
        serves("submissions:pdf", version=1)
        or serves("reviews:paper")
        or serves("reviews:sub_paper")
        or serves("reviews:chair_pdf", version=1)
        or serves("submissions:item", pk=world.item)
    )
    member = world.members.get(audience)
    found[Thing.STATISTICS] = bool(member and member.is_chair and rows_of(member))
    return found


def come(since: Since, stage: str) -> bool:
    """The table's moments in this world. What is only one's own is never another's: all words here are others'."""
    place = STAGES.index(stage)
    return {
        Since.NEVER: False,
        Since.OWN: False,
        Since.ALWAYS: True,
        Since.SUBMITTED: place > 0,
        Since.OWN_REVIEW: place >= STAGES.index("own review in"),
        Since.ANNOUNCED: stage in {"accepted", "rejected"},
        Since.ACCEPTED: stage == "accepted",
    }[since]


def differences(world: World, stage: str, switches: dict[Switch, bool]) -> list[str]:
    wrong = []
    for audience in Audience:
        found = shown_to(world, audience)
        for thing in set(Thing) - NOT_ON_PAGES:
            expected = come(rule(TABLE, thing, audience).reading(switches), stage)
            # Before there is a decision nobody can read one.
            expected &= thing != Thing.DECISION or STAGES.index(stage) >= STAGES.index("decided")
            if found[thing] != expected:
                words = "should read" if expected else "must not read"
                wrong.append(f"{stage}: {AUDIENCE_WORDS[audience]} {words}: {THING_WORDS[thing]}")
    return sorted(wrong)


DEFAULTS = {Switch.BLIND: False, Switch.NAMES: True, Switch.DISCUSSION: True, Switch.SUB_REVIEWERS: True}


@pytest.mark.every_role
@pytest.mark.django_db
@pytest.mark.parametrize("stage", STAGES)
def test_every_audience_reads_exactly_what_the_table_says(stage: str) -> None:
    with time_machine.travel(factories.AFTER_DEADLINE + timedelta(days=1), tick=False):
        assert differences(build(stage, DEFAULTS), stage, DEFAULTS) == []


@pytest.mark.every_role
@pytest.mark.django_db
@pytest.mark.parametrize("switch", list(Switch))
def test_each_switch_of_the_table_turns_its_rows(switch: Switch) -> None:
    switches = DEFAULTS | {switch: not DEFAULTS[switch]}
    with time_machine.travel(factories.AFTER_DEADLINE + timedelta(days=1), tick=False):
        assert differences(build("own review in", switches), "own review in", switches) == []


def test_the_table_has_a_row_for_every_thing_and_words_for_everything() -> None:
    assert set(TABLE) == set(Thing)
    assert not set(OF_SUBMISSIONS) & set(OF_REVIEWS)
    assert (set(AUDIENCE_WORDS), set(THING_WORDS), set(SINCE_WORDS)) == (set(Audience), set(Thing), set(Since))


def test_nobody_outside_and_nobody_in_conflict_reads_anothers_thing() -> None:
    """Defaults that no edit of the table may lose: outsiders and administrators nothing, the conflicted only theirs."""
    for thing in Thing:
        for audience in (Audience.ANONYMOUS, Audience.STRANGER, Audience.ADMINISTRATOR, Audience.CONFLICTED_CHAIR):
            assert rule(TABLE, thing, audience).read == Since.NEVER, (thing, audience)
        for audience in (Audience.CONFLICTED_MEMBER, Audience.FORMER, Audience.MEMBER):
            assert rule(TABLE, thing, audience).read in {Since.NEVER, Since.OWN}, (thing, audience)
    for thing in (Thing.REVIEWERS, Thing.NOTES, Thing.DISCUSSION, Thing.DECISION, Thing.HISTORY, Thing.STATISTICS):
        assert rule(TABLE, thing, Audience.SUB_REVIEWER).read == Since.NEVER, thing
    assert rule(TABLE, Thing.SUB_REVIEWERS, Audience.AUTHOR).read == Since.NEVER
    assert rule(TABLE, Thing.NOTES, Audience.AUTHOR).read == Since.NEVER
    assert rule(TABLE, Thing.REVIEWERS, Audience.AUTHOR).read == Since.NEVER


@pytest.mark.every_role
@pytest.mark.django_db
def test_a_held_announcement_tells_nobody_before_its_instant() -> None:
    with time_machine.travel(factories.AFTER_DEADLINE, tick=False):
        world = build("decided", DEFAULTS)
        factories.announce(world.submission, at=factories.AFTER_DEADLINE + timedelta(minutes=10))
        assert differences(world, "decided", DEFAULTS) == []
    assert Decision.objects.count() == 1
