"""Conflicts that are found: every home counts, spellings are one, mail providers are no institution."""

from dataclasses import replace

import pytest

from dlonsc.accounts.models import Affiliation, User
from dlonsc.editions.models import Edition, InstitutionAlias, Membership, MembershipAffiliation
from submissions.access import for_proceedings, overseen_by
from submissions.actions import drafting, overseeing, printing
from submissions.actions.moves import note
from submissions.conflicts import computed_conflicts, refresh_conflicts, refresh_edition, registered_domain
from submissions.models import Conflict, Submission
from submissions.states import State
from submissions.tasks import sweep_conflicts
from tests import factories
from tests.factories import AFTER_DEADLINE, AT
from tests.submissions.desk import entry

pytestmark = pytest.mark.django_db


def paper(edition: Edition, email: str, institution: str = "") -> Submission:
    creator = factories.make_user("someone@nowhere-near.example", "Some One")
    row = factories.make_submission(edition, creator, state=State.DRAFT, complete=False)
    row.authors.all().delete()
    factories.make_author(row, email, institution=institution)
    return row


def sources(row: Submission) -> list[tuple[str, str]]:
    return [(one.membership.name, str(one.source)) for one in computed_conflicts(row)]


@pytest.mark.parametrize(
    ("domain", "registered"),
    [
        ("cs.uni.example", "uni.example"),
        ("uni.example", "uni.example"),
        ("hpc.ox.ac.uk", "ox.ac.uk"),
        ("ox.ac.uk", "ox.ac.uk"),
        ("a.b.c.llnl.gov", "llnl.gov"),
        ("cs.u-tokyo.ac.jp", "u-tokyo.ac.jp"),
        ("LOCALHOST", ""),
        ("", ""),
    ],
)
def test_a_subdomain_belongs_to_its_institution(domain: str, registered: str) -> None:
    assert registered_domain(domain) == registered


@pytest.mark.parametrize(
    ("member", "author", "found"),
    [
        ("mia@uni.example", "ada@uni.example", True),
        ("mia@cs.uni.example", "ada@uni.example", True),
        ("mia@uni.example", "ada@hpc.uni.example", True),
        ("mia@uni.example", "ada@other.example", False),
        ("mia@gmail.com", "ada@gmail.com", False),
        ("mia@ox.ac.uk", "ada@cam.ac.uk", False),
    ],
)
def test_one_domain_is_a_conflict_and_a_mail_provider_is_none(
    edition: Edition, member: str, author: str, *, found: bool
) -> None:
    factories.make_member(edition, factories.make_user(member, "Mia"))
    assert sources(paper(edition, author)) == ([("Mia", "domain")] if found else [])


def test_each_of_several_affiliations_counts_in_any_spelling(edition: Edition) -> None:
    mia = factories.make_user("mia@gmail.com", "Mia")
    member = factories.make_member(edition, mia)
    Affiliation.objects.create(user=mia, institution="Argonne National Laboratory")
    MembershipAffiliation.objects.create(membership=member, institution="University of B.")
    InstitutionAlias.objects.create(edition=edition, alias="ANL", institution="Argonne National Laboratory")
    row = paper(edition, "x@gmail.com", "anl")
    [found] = computed_conflicts(row)
    assert (found.membership, found.source, found.explanation) == (member, "institution", "anl: X")
    row.authors.update(institution="university of b")
    assert sources(Submission.objects.get(pk=row.pk)) == [("Mia", "institution")]


def test_a_second_verified_address_of_a_member_counts_and_an_unverified_one_does_not(edition: Edition) -> None:
    mia = factories.make_user("mia@gmail.com", "Mia")
    factories.make_member(edition, mia)
    row = paper(edition, "ada@uni.example")
    mia.emailaddress_set.create(email="mia@uni.example", verified=False)
    assert sources(row) == []
    mia.emailaddress_set.filter(email="mia@uni.example").update(verified=True)
    assert sources(row) == [("Mia", "domain")]


def test_an_author_with_a_members_address_is_her(edition: Edition) -> None:
    factories.make_member(edition, factories.make_user("mia@uni.example", "Mia"))
    assert sources(paper(edition, "Mia@uni.example")) == [("Mia", "authorship")]


def test_a_conflict_that_a_chair_lifted_is_not_set_again(edition: Edition, chair: object) -> None:
    factories.make_member(edition, factories.make_user("mia@uni.example", "Mia"))
    row = paper(edition, "ada@uni.example")
    refresh_conflicts(row, AT)
    Conflict.objects.filter(submission=row).update(lifted_by=row.created_by, lifted_at=AT)
    refresh_conflicts(row, AT)
    assert Conflict.objects.filter(submission=row, lifted_at__isnull=True).count() == 0


def refreshed(row: Submission) -> list[str]:
    refresh_conflicts(Submission.objects.get(pk=row.pk), AT)
    return sorted(conflict.source for conflict in Conflict.objects.filter(submission=row, lifted_at__isnull=True))


def submitted(row: Submission) -> None:
    Submission.objects.filter(pk=row.pk).update(state=State.SUBMITTED, submitted_at=AT)


def test_on_a_draft_an_authorship_goes_with_the_row_unless_its_person_confirmed_it(edition: Edition) -> None:
    mia = factories.make_user("mia@uni.example", "Mia", orcid="0000-0002-1825-0097")
    factories.make_member(edition, mia)
    row = paper(edition, "someone@far.example")
    named = factories.make_author(row, "x@far.example", orcid="0000-0002-1825-0097", confirmed_at=AT)
    assert refreshed(row) == ["authorship"]
    named.delete()
    assert refreshed(row) == [], "somebody else confirmed that row"
    hers = factories.make_author(row, "mia@uni.example", confirmed_at=AT)
    assert refreshed(row) == ["authorship"]
    hers.delete()
    assert refreshed(row) == ["authorship"]


def test_on_a_draft_an_authorship_stays_with_who_wrote_in_it_and_a_chair_s_act_is_no_writing(edition: Edition) -> None:
    row = paper(edition, "someone@far.example")
    members = []
    for email in ("mia@uni.example", "noa@campus.example"):
        members.append(factories.make_member(edition, factories.make_user(email), chair=True))
        factories.make_author(row, email)
    mia, noa = (member.user for member in members)
    assert mia is not None
    assert noa is not None
    note("gave a late permission", row, by=noa, at=AT)
    assert refreshed(row) == ["authorship", "authorship"]
    drafting.update_details(
        submission=row, version=1, title="Hers", abstract="", keywords="", topics=[], is_original=True, by=mia, at=AT
    )
    drafting.set_authors(
        submission=row, entries=[entry("someone@far.example", is_contact=True)], by=row.created_by, at=AT
    )
    assert [one.membership for one in Conflict.objects.filter(submission=row)] == members[:1]
    assert list(overseen_by(members[0])) == []


@pytest.mark.parametrize(("author", "institution", "source"), [
    ("mia@uni.example", "", "authorship"),
    ("ada@uni.example", "", "domain"),
    ("ada@far.example", "Uni", "institution"),
])  # fmt: skip
def test_what_stood_while_it_was_submitted_stays_when_it_is_a_draft_again(
    edition: Edition, author: str, institution: str, source: str
) -> None:
    mia = factories.make_user("mia@uni.example", "Mia")
    Affiliation.objects.create(user=mia, institution="Uni")
    factories.make_member(edition, mia)
    row = paper(edition, author, institution)
    submitted(row)
    assert refreshed(row) == [source]
    Submission.objects.filter(pk=row.pk).update(state=State.DRAFT, submitted_at=None)
    row.authors.update(email="other@far.example", institution="")
    assert refreshed(row) == [source]


def test_nobody_lifts_a_conflict_of_her_own_by_what_she_changes_in_her_profile(edition: Edition) -> None:
    mia = factories.make_user("mia@uni.example", "Mia", orcid="0000-0002-1825-0097")
    home = Affiliation.objects.create(user=mia, institution="Uni of B")
    factories.make_member(edition, mia, email="mia@uni.example")
    alias = InstitutionAlias.objects.create(edition=edition, alias="UB", institution="Uni of B")
    drafts = [paper(edition, "ada@far.example", "UB")]
    for email, orcid in (("ada@uni.example", ""), ("x@far.example", "0000-0002-1825-0097")):
        drafts.append(factories.make_submission(edition, drafts[0].created_by, state=State.DRAFT))
        factories.make_author(drafts[-1], email, orcid=orcid, institution="")
    found = [refreshed(row) for row in drafts]
    assert found == [["institution"], ["domain"], ["authorship"]]
    home.delete()
    alias.delete()
    mia.orcid, mia.email = "", "mia@gmail.com"
    mia.save()
    mia.emailaddress_set.update(email="mia@gmail.com")
    Membership.objects.filter(user=mia).update(email="mia@gmail.com")
    assert [refreshed(row) for row in drafts] == found
    drafts[0].authors.update(institution="Elsewhere")
    for row in drafts[1:]:
        row.authors.exclude(position=1).delete()
    assert [refreshed(row) for row in drafts] == [[], [], []], "the authors may still correct a draft"


def test_a_lifted_authorship_is_set_again_for_whoever_is_listed_again(edition: Edition) -> None:
    factories.make_member(edition, factories.make_user("mia@uni.example", "Mia"))
    row = paper(edition, "mia@uni.example")
    submitted(row)
    assert refreshed(row) == ["authorship"]
    row.authors.update(email="other@far.example")
    assert refreshed(row) == ["authorship"]
    Conflict.objects.filter(submission=row).update(lifted_by=row.created_by, lifted_at=AT)
    assert refreshed(row) == []
    row.authors.update(email="mia@uni.example")
    assert refreshed(row) == ["authorship"]


def test_a_paper_whose_conflicts_cannot_be_found_takes_none_from_those_before_it(
    edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = factories.make_user("ada@uni.example", "Ada")
    rows = [factories.make_submission(edition, ada) for _ in range(2)]
    factories.make_member(edition, factories.make_user("mia@uni.example", "Mia"))

    def fail_on_the_last(row: Submission, *rest: object) -> list[object]:
        if row == rows[1]:
            raise ValueError("cannot be read")
        return computed_conflicts(row, *rest)  # type: ignore[arg-type, return-value]

    monkeypatch.setattr("submissions.conflicts.computed_conflicts", fail_on_the_last)
    sweep_conflicts()
    assert [row.conflicts.count() for row in rows] == [1, 0]


def test_a_member_who_joins_later_is_found_by_the_sweep(edition: Edition) -> None:
    row = paper(edition, "ada@uni.example")
    refresh_edition(edition, AT)
    assert row.conflicts.count() == 0
    factories.make_member(edition, factories.make_user("mia@uni.example", "Mia"))
    sweep_conflicts()
    assert [conflict.source for conflict in row.conflicts.all()] == ["domain"]


def test_a_chair_s_orcid_id_typed_after_the_outcome_is_printed_and_takes_no_chair_off_the_paper(
    edition: Edition, author: User
) -> None:
    chairs = [
        factories.make_member(edition, factories.make_user(f"{name}@{name}.example", name, orcid=orcid), chair=True)
        for name, orcid in (("mia", "0000-0002-1825-0097"), ("noa", "0000-0001-5109-3700"))
    ]
    proceedings = factories.make_member(
        edition, factories.make_user("pia@pia.example", "Pia", orcid="0000-0002-1694-233X"), proceedings=True
    )
    row = factories.announce(factories.make_submission(edition, author))
    bo, co = (factories.make_author(row, f"{name}@far.example") for name in ("bo", "co"))
    hers = row.authors.get(position=1)
    typed = {hers.email: "0000-0002-1825-0097", bo.email: "0000-0001-5109-3700", co.email: "0000-0002-1694-233X"}
    printing.save_details(
        submission=row,
        version=printing.version_of_details(row),
        details=printing.Details("", "", None, alt_text_done=False),
        orcids=typed,
        by=author,
        at=AT,
    )
    assert refreshed(row) == []
    assert [list(overseen_by(chair)) for chair in chairs] == [[row], [row]]
    assert list(for_proceedings(proceedings, AT)) == [row]
    assert list(row.authors.values_list("orcid", flat=True)) == list(typed.values())


def test_an_orcid_id_that_a_list_changed_after_the_outcome_brings_shows_no_conflict_and_one_from_before_does(
    edition: Edition, author: User, chair: Membership
) -> None:
    for name, orcid in (("mia", "0000-0002-1825-0097"), ("noa", "0000-0001-5109-3700")):
        factories.make_member(edition, factories.make_user(f"{name}@{name}.example", name, orcid=orcid))
    row = factories.announce(factories.make_submission(edition, author))
    factories.make_author(row, "bo@far.example", "Bo", orcid="0000-0002-1825-0097")
    assert refreshed(row) == ["authorship"]
    first = drafting.AuthorEntry(**drafting.listed(row)[0])
    request = drafting.request_author_change(
        submission=row,
        entries=[
            replace(first, orcid="0000-0001-5109-3700"),
            entry("bo@home.example", "Bo", orcid="0000-0002-1825-0097"),
        ],
        reason="Bo moved",
        by=author,
        at=AFTER_DEADLINE,
    )
    assert chair.user is not None
    overseeing.decide_author_change(request=request, grant=True, answer="", by=chair.user, at=AFTER_DEADLINE)
    assert [(one.membership.name, one.is_of_an_author) for one in row.conflicts.all()] == [("mia", True)]
    assert [one.orcid_is_late for one in row.authors.all()] == [True, False]
