"""load_call: the call becomes the edition's record; loading again changes what it says and doubles nothing."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from dlonsc.accounts.models import User
from dlonsc.editions import actions
from dlonsc.editions.calendar import Phase
from dlonsc.editions.management.commands.load_call import load
from dlonsc.editions.models import Edition, Interest, Membership
from tests import factories
from tests.factories import AT

FILE = Path(settings.BASE_DIR) / "dlonsc" / "editions" / "data" / "dlonsc-2020.json"
pytestmark = pytest.mark.django_db


@pytest.fixture
def call() -> dict[str, Any]:
    return deepcopy(json.loads(FILE.read_text(encoding="utf-8")))


def picture(edition: Edition) -> list[Any]:
    """All that the call says, primary keys included but for affiliations, which are written anew."""
    return [
        Edition.objects.filter(pk=edition.pk).values().get(),
        list(edition.deadlines.order_by("pk").values("pk", "phase", "label", "announced", "zone", "cutoff_at")),
        list(edition.topics.order_by("pk").values()),
        list(edition.memberships.order_by("pk").values()),
        [
            list(member.affiliations.values_list("institution", "country", "domain", "position"))
            for member in edition.memberships.order_by("pk")
        ],
        list(edition.aliases.order_by("pk").values()),
    ]


def test_loading_twice_equals_loading_once() -> None:
    call_command("load_call", FILE, verbosity=0)
    once = picture(Edition.objects.get())
    call_command("load_call", FILE, verbosity=0)
    assert picture(Edition.objects.get()) == once


def test_the_facts_of_2020(call: dict[str, Any]) -> None:
    edition = load(call)
    assert (edition.min_pages, edition.max_pages) == (6, 12)
    assert {row.phase: row.announced for row in edition.deadlines.all()} == {
        Phase.SUBMISSION: "2020-03-31T23:59",
        Phase.NOTIFICATION: "2020-04-16T23:59",
        Phase.CAMERA_READY: "2020-05-15T23:59",
        Phase.EVENT: "2020-06-25T23:59",
    }
    due = edition.due(Phase.SUBMISSION)
    assert due is not None
    assert (due.zone, due.cutoff_at) == ("AoE", datetime(2020, 4, 1, 12, 0, tzinfo=UTC))
    assert edition.topics.filter(parent__isnull=True).count() == 4
    assert edition.topics.filter(parent__isnull=False).count() == 14
    assert edition.memberships.listed().count() == 33
    assert list(edition.memberships.filter(is_chair=True).values_list("name", "title")) == [
        ("Valeriu Codreanu", "co-chair"), ("Ian Foster", "co-chair"), ("Zhao Zhang", "co-chair"),
    ]  # fmt: skip
    assert edition.memberships.get(is_proceedings_chair=True).name == "Weijia Xu"


def test_a_member_of_two_institutions_has_two_affiliations_with_their_domains(call: dict[str, Any]) -> None:
    foster = load(call).memberships.get(name="Ian Foster")
    assert list(foster.affiliations.values_list("institution", "domain")) == [
        ("UChicago", "uchicago.edu"), ("ANL", "anl.gov"),
    ]  # fmt: skip


def test_a_topic_that_was_renamed_is_replaced(call: dict[str, Any]) -> None:
    edition = load(call)
    old = call["topics"][0]["children"][0]
    call["topics"][0]["children"][0] = "Emerging applications"
    load(call)
    assert not edition.topics.filter(title=old).exists()
    assert edition.topics.count() == 18


def test_a_renamed_topic_that_a_member_or_a_submission_uses_stays(call: dict[str, Any], author: User) -> None:
    edition = load(call)
    wanted, used = call["topics"][0]["children"][:2]
    member = factories.make_member(edition)
    Interest.objects.create(membership=member, topic=edition.topics.get(title=wanted), value=2)
    factories.make_submission(edition, by=author).topics.add(edition.topics.get(title=used))
    call["topics"][0]["children"][:2] = ["First new title", "Second new title"]
    load(call)
    assert edition.topics.filter(title__in=[wanted, used]).count() == 2


def test_a_member_who_left_the_call_goes_but_nobody_with_an_account_or_an_invitation(call: dict[str, Any]) -> None:
    edition = load(call)
    signed_up = factories.make_member(edition)
    invited = factories.make_invited(edition)
    gone = call["committee"].pop()["name"]
    load(call)
    assert not edition.memberships.filter(name=gone).exists()
    assert Membership.objects.filter(pk__in=[signed_up.pk, invited.pk]).count() == 2


def test_a_member_named_as_a_conflict_stays(call: dict[str, Any], author: User) -> None:
    edition = load(call)
    gone = edition.memberships.get(name=call["committee"].pop()["name"])
    factories.make_conflict(factories.make_submission(edition, by=author), gone)
    load(call)
    assert Membership.objects.filter(pk=gone.pk).exists()


def test_a_member_with_an_account_keeps_roles_and_affiliations(call: dict[str, Any]) -> None:
    edition = load(call)
    foster = edition.memberships.get(name="Ian Foster")
    foster.user = factories.make_user("ian@uni.example", "Ian Foster")
    foster.is_chair = False
    foster.save()
    foster.affiliations.all().delete()
    load(call)
    foster.refresh_from_db()
    assert (foster.is_chair, foster.affiliations.count()) == (False, 0)
    assert edition.memberships.filter(name="Ian Foster").count() == 1


def test_who_was_invited_as_a_chair_stays_one_before_she_has_signed_in(call: dict[str, Any]) -> None:
    edition = load(call)
    foster = edition.memberships.filter(name="Ian Foster")
    foster.update(email="ian@uni.example", invited_at=AT, accepted_at=AT, is_chair=True, is_proceedings_chair=True)
    load(call)
    assert [(row.is_chair, row.is_proceedings_chair) for row in foster] == [(True, True)]


def test_a_moved_date_keeps_the_first_one(call: dict[str, Any]) -> None:
    edition = load(call)
    call["deadlines"][0]["announced"] = "2020-04-07T23:59"
    load(call)
    due = edition.deadlines.get(phase=Phase.SUBMISSION)
    assert due.cutoff_at == datetime(2020, 4, 8, 12, 0, tzinfo=UTC)
    assert due.first_cutoff_at == datetime(2020, 4, 1, 12, 0, tzinfo=UTC)


def test_a_call_loaded_again_keeps_the_dates_that_chairs_moved_and_says_which(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("load_call", FILE, verbosity=0)
    edition = Edition.objects.get()
    by = factories.make_member(edition, chair=True).user
    assert by is not None
    due = edition.deadlines.get(phase=Phase.SUBMISSION)
    actions.set_deadline(
        edition=edition, phase=Phase.SUBMISSION, announced=datetime.fromisoformat("2020-04-07T23:59"), zone=due.zone,
        label=due.label,
        grace_minutes=0, is_soft=False, is_public=True, by=by, at=AT,
    )  # fmt: skip
    before = picture(edition)
    call_command("load_call", FILE)
    assert picture(edition)[1] == before[1]
    kept = f"Kept as chairs moved it: {due.label}, 2020-04-07T23:59 {due.zone}. --dates takes the call's."
    assert [row for row in capsys.readouterr().out.splitlines() if row.startswith("Kept")] == [kept]
    call_command("load_call", FILE, "--dates")
    assert edition.deadlines.get(phase=Phase.SUBMISSION).cutoff_at == due.cutoff_at
    assert "Kept" not in capsys.readouterr().out


def test_a_file_that_cannot_be_meant_changes_nothing(call: dict[str, Any], tmp_path: Path) -> None:
    call["deadlines"][-1]["zone"] = "Mars/Olympus"
    bad = tmp_path / "call.json"
    bad.write_text(json.dumps(call), encoding="utf-8")
    with pytest.raises(CommandError, match="Mars/Olympus"):
        call_command("load_call", bad)
    assert Edition.objects.count() == 0


def test_an_edition_whose_address_no_guard_of_the_chairs_rooms_knows_is_not_loaded(
    call: dict[str, Any], tmp_path: Path
) -> None:
    bad = tmp_path / "call.json"
    bad.write_text(json.dumps(call | {"slug": "DLonSC-2027"}), encoding="utf-8")
    with pytest.raises(CommandError, match="the slug 'DLonSC-2027'"):
        call_command("load_call", bad)
    assert Edition.objects.count() == 0


def test_a_missing_file_and_broken_json_are_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nothing\.json"):
        call_command("load_call", tmp_path / "nothing.json")
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    with pytest.raises(CommandError, match=r"broken\.json"):
        call_command("load_call", tmp_path / "broken.json")
