"""The shape of the visibility table: who may see, read and change what, from when. Pure.

Each app that owns things fills its part (submissions/visibility.py, reviews/visibility.py); access.py of the app turns
the part into querysets. A pair that has no row may see nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Audience(StrEnum):
    """In what relation a person stands to one submission. Where two hold, the one that forbids more counts."""

    ANONYMOUS = "anonymous"
    STRANGER = "stranger"
    AUTHOR = "author"
    COAUTHOR = "coauthor"
    MEMBER = "member"
    REVIEWER = "reviewer"
    SUB_REVIEWER = "sub-reviewer"
    CONFLICTED_MEMBER = "conflicted member"
    CHAIR = "chair"
    CONFLICTED_CHAIR = "conflicted chair"
    CHAIR_AUTHOR = "chair who is author"
    PROCEEDINGS = "proceedings chair"
    ADMINISTRATOR = "administrator"
    FORMER = "former member"


AUDIENCE_WORDS: dict[Audience, str] = {
    Audience.ANONYMOUS: "Visitor",
    Audience.STRANGER: "Signed in, no role",
    Audience.AUTHOR: "Author",
    Audience.COAUTHOR: "Co-author",
    Audience.MEMBER: "Reviewer, not of this paper",
    Audience.REVIEWER: "Reviewer of the paper",
    Audience.SUB_REVIEWER: "Sub-reviewer, while she writes",
    Audience.CONFLICTED_MEMBER: "Reviewer in conflict",
    Audience.CHAIR: "Chair",
    Audience.CONFLICTED_CHAIR: "Chair in conflict",
    Audience.CHAIR_AUTHOR: "Chair who is its author",
    Audience.PROCEEDINGS: "Proceedings chair",
    Audience.ADMINISTRATOR: "Administrator",
    Audience.FORMER: "Former member",
}


class Thing(StrEnum):
    """What may be learnt about a submission."""

    EXISTENCE = "existence"
    TITLE = "title"
    AUTHORS = "authors"
    PDF = "pdf"
    RECORD = "reproducibility record"
    CONFLICTS = "conflicts"
    BIDS = "bids"
    ASSIGNMENT = "assignment"
    REVIEWERS = "reviewer identity"
    SUB_REVIEWERS = "sub-reviewer identity"
    REVIEWS = "reviews"
    DRAFTS = "drafts"
    NOTES = "confidential notes"
    DISCUSSION = "discussion"
    DECISION = "decision"
    LETTERS = "letters"
    HISTORY = "history"
    STATISTICS = "statistics"


THING_WORDS: dict[Thing, str] = {
    Thing.EXISTENCE: "That the submission exists",
    Thing.TITLE: "Title and abstract",
    Thing.AUTHORS: "Authors",
    Thing.PDF: "PDF",
    Thing.RECORD: "Reproducibility record",
    Thing.CONFLICTS: "Conflicts and their kind",
    Thing.BIDS: "Bids",
    Thing.ASSIGNMENT: "Who is asked to review",
    Thing.REVIEWERS: "Reviewers' names beside reviews",
    Thing.SUB_REVIEWERS: "With whom a review is written",
    Thing.REVIEWS: "Review texts and scores",
    Thing.DRAFTS: "Unfinished reviews",
    Thing.NOTES: "Confidential notes to the chairs",
    Thing.DISCUSSION: "The committee's discussion",
    Thing.DECISION: "Decision",
    Thing.LETTERS: "Letters and what became of them",
    Thing.HISTORY: "History",
    Thing.STATISTICS: "Totals and statistics",
}


class Since(StrEnum):
    """From when. Each is computed from the submission, the person's own review, and the clock; none is stored."""

    NEVER = "never"
    ALWAYS = "always"
    SUBMITTED = "submitted"
    OWN_REVIEW = "own review"
    ANNOUNCED = "announced"
    ACCEPTED = "accepted"
    OWN = "own"


SINCE_WORDS: dict[Since, str] = {
    Since.NEVER: "never",
    Since.ALWAYS: "always",
    Since.SUBMITTED: "while submitted",
    Since.OWN_REVIEW: "after own review",
    Since.ANNOUNCED: "when announced",
    Since.ACCEPTED: "once accepted",
    Since.OWN: "only her own",
}


class Switch(StrEnum):
    """Settings of an edition that change a row; the value is the field's name."""

    BLIND = "blind"
    NAMES = "reviewers_see_each_other"
    DISCUSSION = "committee_discusses"
    SUB_REVIEWERS = "sub_reviewers"


@dataclass(frozen=True)
class Rule:
    """`see`: may know that there is something; `read`: what it says; `change`: may alter it, as far as dates allow.

    With `only`, see and read hold only while that switch is on; with `unless`, only while it is off.
    """

    see: Since
    read: Since
    change: Since = Since.NEVER
    only: Switch | None = None
    unless: Switch | None = None
    words: str = ""

    def closing(self, switches: Mapping[Switch, bool]) -> Switch | None:
        """The switch that shuts the row now, or None."""
        if self.only is not None and not switches[self.only]:
            return self.only
        return self.unless if self.unless is not None and switches[self.unless] else None

    def open_under(self, switches: Mapping[Switch, bool]) -> bool:
        """Whether the switches let the row through."""
        return self.closing(switches) is None

    def reading(self, switches: Mapping[Switch, bool]) -> Since:
        return self.read if self.open_under(switches) else Since.NEVER


NOTHING = Rule(Since.NEVER, Since.NEVER)
Row = Mapping[Audience, Rule]
Table = Mapping[Thing, Row]


def from_(since: Since, **more: object) -> Rule:
    """A rule that lets see and read from the same moment."""
    return Rule(since, since, **more)  # type: ignore[arg-type]


def rule(table: Table, thing: Thing, audience: Audience) -> Rule:
    """The row of a pair; NOTHING where the table is silent."""
    return table[thing].get(audience, NOTHING)
