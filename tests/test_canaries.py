"""Canaries: each secret carries a word of its own; who finds it on the whole site must be exactly who may know it.

Every observer opens every address with every argument, follows every link, unpacks every archive and reads her letters.
A word where it must not be is a leak; a word that nobody finds who may know it means that the crawl does not look.
"""

import pytest

from reviews.actions import deciding
from tests import factories
from tests.test_two_worlds import OBSERVERS, grouped, looks_in_this_run, plain_world_seen_by
from tests.worlds import CANARIES, World, world_seen_by

# Who may learn something by the announcement, or stands nearest to who does.
CONCERNED = ("author", "hidden author", "conflicted chair", "proceedings chair", "rita")
EVERYBODY = grouped(sorted({*OBSERVERS, "chair"}))
# What changes when the decision is announced: the authors read the reviews and the words to them; the proceedings chair
# gets the accepted paper with its authors and nothing of the reviews.
ANNOUNCED = CANARIES | {
    "canarytitle": CANARIES["canarytitle"] | {"proceedings chair"},
    "canarycoauthor": CANARIES["canarycoauthor"] | {"proceedings chair"},
    "canaryreview": CANARIES["canaryreview"] | {"hidden author"},
    "canarytoauthors": CANARIES["canarytoauthors"] | {"hidden author"},
}


def announce(world: World) -> None:
    """The chair announces, and the hold is over."""
    member = world.members["chair"]
    member.edition = world.edition
    world.edition.hold_minutes = 0
    world.edition.save(update_fields=["hold_minutes"])
    now = deciding.plan(member)
    deciding.announce(
        member, accepts=now.accepts, rejects=now.rejects, fingerprint=now.fingerprint, leave_undecided=True,
        by=world.people["chair"], at=factories.AFTER_DEADLINE,
    )  # fmt: skip


def words_for(name: str, table: dict[str, frozenset[str]]) -> set[str]:
    return {word for word, names in table.items() if name in names}


@pytest.mark.whole_site
@pytest.mark.django_db
@pytest.mark.parametrize("name", EVERYBODY)
def test_every_secret_is_found_by_exactly_those_who_may_know_it(name: str, pytestconfig: pytest.Config) -> None:
    looks_in_this_run(name, pytestconfig)
    assert plain_world_seen_by(name).found == words_for(name, CANARIES)


@pytest.mark.whole_site
@pytest.mark.django_db
@pytest.mark.parametrize("name", EVERYBODY)
def test_what_is_announced_is_found_by_its_authors_and_nothing_else_changes_hands(
    name: str, pytestconfig: pytest.Config
) -> None:
    if name not in CONCERNED and not pytestconfig.getoption("--long"):
        pytest.skip("for her nothing changes; looks with --long")
    seen = world_seen_by(name, [announce], canaries=ANNOUNCED)
    assert seen.found == words_for(name, ANNOUNCED)
