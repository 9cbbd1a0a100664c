"""Chairs and the proceedings chair say what each finding does; a stored report of other rules is renewed."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership
from submissions.actions import ruling
from submissions.checks import renew, rules_for
from submissions.lncs import SETTABLE_CODES
from submissions.models import Manuscript
from tests import factories
from tests.submissions.desk import answers, report

Browser = Callable[[User | Membership | None], Client]
CHAIRS, PRINT = "/dlonsc-2026/chair/format/rules/", "/dlonsc-2026/proceedings/rules/"


def typed(client: Client, address: str, **changes: Any) -> dict[str, Any]:
    form = client.get(address).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in (values | changes).items() if value not in (None, "")}


def test_a_chair_settles_what_a_finding_does(edition: Edition, chair: Membership, as_user: Browser) -> None:
    client = as_user(chair)
    answer = client.post(CHAIRS, typed(client, CHAIRS, TYPE3="block", OVERFULL="info"))
    edition.refresh_from_db()
    assert (answer.status_code, edition.check_severities) == (302, {"OVERFULL": "info", "TYPE3": "block"})
    shown = client.get(CHAIRS)
    assert [row["field"].name for row in shown.context["rows"]][:2] == ["OVERFULL", "TYPE3"]
    assert len(shown.context["rows"]) == len(SETTABLE_CODES)
    client.post(CHAIRS, typed(client, CHAIRS, TYPE3="", OVERFULL=""))
    edition.refresh_from_db()
    assert edition.check_severities == {}


def test_the_same_rules_again_change_nothing(edition: Edition, chair: Membership, as_user: Browser) -> None:
    client = as_user(chair)
    assert "Nothing was different" in client.post(CHAIRS, typed(client, CHAIRS), follow=True).text
    edition.refresh_from_db()
    assert edition.version == 1


def test_two_chairs_do_not_overwrite_each_other(
    edition: Edition, chair: Membership, other_chair: Membership, as_user: Browser
) -> None:
    first, second = as_user(chair), as_user(other_chair)
    late = typed(second, CHAIRS, TYPE3="block")
    first.post(CHAIRS, typed(first, CHAIRS, OVERFULL="info"))
    answer = second.post(CHAIRS, late)
    edition.refresh_from_db()
    assert (answer.status_code, edition.check_severities) == (422, {"OVERFULL": "info"})
    assert answer.context["form"]["TYPE3"].value() == "block"


def test_a_changed_rule_renews_the_stored_reports(
    edition: Edition, chair: Membership, author: User, as_user: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = factories.make_submission(edition, author)
    hidden = factories.make_submission(edition)
    factories.make_conflict(hidden, chair)
    client = as_user(chair)
    assert client.get(CHAIRS).context["left"] == 1
    asked = answers(monkeypatch, report("warn"))
    edition.check_severities = {"TYPE3": "block"}
    edition.save()
    renew(edition)
    assert client.get(CHAIRS).context["left"] == 0
    manuscript = row.manuscripts.get()
    assert (manuscript.verdict, asked[0]) == ("warn", rules_for(manuscript))


def test_a_bell_that_nobody_heard_is_rung_again(
    edition: Edition, chair: Membership, author: User, as_user: Browser, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    factories.make_submission(edition, author)
    rung: list[int] = []
    monkeypatch.setattr(ruling.renew_reports, "delay", rung.append)
    settings.RING_DOORBELLS = True
    client = as_user(chair)
    assert client.post(CHAIRS, {"again": "1"}).status_code == 302
    assert rung == [edition.pk]

    def silent(pk: int) -> None:
        raise OSError

    monkeypatch.setattr(ruling.renew_reports, "delay", silent)
    assert client.post(CHAIRS, {"again": "1"}).status_code == 302


def test_the_proceedings_chair_has_rules_of_her_own(
    edition: Edition, proceedings_chair: Membership, as_user: Browser
) -> None:
    client = as_user(proceedings_chair)
    client.post(PRINT, typed(client, PRINT, max_pages="14", FONT_NOT_EMBEDDED="block"))
    edition.refresh_from_db()
    assert edition.camera_ready_rules == {"max_pages": 14, "severities": {"FONT_NOT_EMBEDDED": "block"}}
    assert edition.check_severities == {}
    refused = client.post(PRINT, typed(client, PRINT, min_pages="15"))
    assert "At most 14 pages is less than at least 15." in str(refused.context["form"].errors["max_pages"])
    client.post(PRINT, typed(client, PRINT, min_pages="", max_pages="", FONT_NOT_EMBEDDED=""))
    edition.refresh_from_db()
    assert edition.camera_ready_rules == {}


def test_another_save_meanwhile_is_not_overwritten_by_the_proceedings_chair(
    edition: Edition, proceedings_chair: Membership, as_user: Browser
) -> None:
    client = as_user(proceedings_chair)
    data = typed(client, PRINT, max_pages="14")
    Edition.objects.update(version=7)
    assert client.post(PRINT, data).status_code == 422
    edition.refresh_from_db()
    assert edition.camera_ready_rules == {}


def test_the_task_renews_one_edition(edition: Edition, author: User, monkeypatch: pytest.MonkeyPatch) -> None:
    factories.make_submission(edition, author)
    answers(monkeypatch, report("warn"))
    ruling.renew_reports(edition.pk)
    assert list(Manuscript.objects.values_list("verdict", flat=True)) == ["warn"]
