"""Who may see, read and change what of the reviewing of a submission, and the whole table read together."""

from dlonsc.editions.visibility import Audience, Rule, Since, Switch, Table, Thing, from_
from submissions.visibility import AUTHORS
from submissions.visibility import TABLE as OF_SUBMISSIONS

NEVER, ALWAYS, SUBMITTED, OWN = Since.NEVER, Since.ALWAYS, Since.SUBMITTED, Since.OWN
OWN_REVIEW, ANNOUNCED = Since.OWN_REVIEW, Since.ANNOUNCED
READ_BY_CHAIR = from_(ALWAYS)
OWN_TEXT = from_(OWN, words="what she wrote herself, for good")

OF_REVIEWS: Table = {
    Thing.BIDS: {Audience.CHAIR: READ_BY_CHAIR},
    Thing.ASSIGNMENT: {
        Audience.REVIEWER: from_(OWN),
        Audience.SUB_REVIEWER: from_(OWN, words="of the reviewer who named her"),
        Audience.CHAIR: from_(ALWAYS, change=ALWAYS),
    },
    Thing.REVIEWERS: {
        Audience.REVIEWER: from_(OWN_REVIEW, only=Switch.NAMES),
        Audience.CHAIR: READ_BY_CHAIR,
    },
    Thing.SUB_REVIEWERS: {
        Audience.REVIEWER: from_(OWN_REVIEW, change=OWN, only=Switch.NAMES, words="names her own, and ends it"),
        Audience.SUB_REVIEWER: from_(OWN),
        Audience.CHAIR: from_(ALWAYS, change=ALWAYS, words="agrees, refuses, ends"),
    },
    Thing.REVIEWS: {
        **dict.fromkeys(AUTHORS, from_(ANNOUNCED, words="as frozen when announced; reviewers by number")),
        Audience.REVIEWER: from_(OWN_REVIEW, change=OWN, words="changes her own until reviewing closes"),
        Audience.SUB_REVIEWER: OWN_TEXT,
        Audience.CHAIR: READ_BY_CHAIR,
        Audience.MEMBER: OWN_TEXT,
        Audience.CONFLICTED_MEMBER: OWN_TEXT,
        Audience.FORMER: OWN_TEXT,
    },
    Thing.DRAFTS: {
        Audience.REVIEWER: from_(OWN, change=OWN),
        Audience.SUB_REVIEWER: from_(
            OWN, change=OWN, words="of the review that she helps to write, until she hands it over"
        ),
        Audience.CHAIR: Rule(ALWAYS, NEVER, words="that a review is begun, not its text"),
        Audience.MEMBER: OWN_TEXT,
        Audience.CONFLICTED_MEMBER: OWN_TEXT,
        Audience.FORMER: OWN_TEXT,
    },
    Thing.NOTES: {
        Audience.REVIEWER: from_(OWN, change=OWN),
        Audience.CHAIR: READ_BY_CHAIR,
        Audience.MEMBER: OWN_TEXT,
        Audience.CONFLICTED_MEMBER: OWN_TEXT,
        Audience.FORMER: OWN_TEXT,
    },
    Thing.DISCUSSION: {
        Audience.REVIEWER: from_(
            OWN_REVIEW, change=OWN_REVIEW, only=Switch.DISCUSSION, words="once a chair has opened it"
        ),
        Audience.CHAIR: from_(ALWAYS, change=ALWAYS, only=Switch.DISCUSSION),
        Audience.MEMBER: OWN_TEXT,
        Audience.CONFLICTED_MEMBER: OWN_TEXT,
        Audience.FORMER: OWN_TEXT,
    },
    Thing.DECISION: {
        **dict.fromkeys(AUTHORS, from_(ANNOUNCED)),
        Audience.REVIEWER: from_(ANNOUNCED, words="accepted or not, of the papers that she reviews"),
        Audience.CHAIR: from_(ALWAYS, change=ALWAYS),
        Audience.PROCEEDINGS: Rule(Since.ACCEPTED, Since.ACCEPTED, words="that it was accepted"),
    },
    Thing.LETTERS: {
        **dict.fromkeys(AUTHORS, from_(OWN, words="what was sent to her")),
        Audience.REVIEWER: from_(OWN, words="what was sent to her"),
        Audience.CHAIR: from_(ALWAYS, words="what a chair writes to people, only she before it is released"),
    },
    Thing.HISTORY: {Audience.CHAIR: READ_BY_CHAIR},
    Thing.STATISTICS: {
        Audience.CHAIR: READ_BY_CHAIR,
    },
}

TABLE: Table = {**OF_SUBMISSIONS, **OF_REVIEWS}
