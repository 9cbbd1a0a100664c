"""Who may see, read and change what of a submission. access.py turns these rows into querysets."""

from dlonsc.editions.visibility import Audience, Rule, Since, Switch, Table, Thing, from_

ALWAYS, SUBMITTED, ACCEPTED, OWN = Since.ALWAYS, Since.SUBMITTED, Since.ACCEPTED, Since.OWN
# Authors write until the deadline; a chair's word afterwards (late cases, author lists) is an act of its own.
WRITTEN = from_(ALWAYS, change=ALWAYS)
READ_BY_CHAIR = from_(ALWAYS)

# A sub-reviewer has the reviewer's paper, and only while she writes the review with her.
WHILE_WRITING = from_(Since.SUBMITTED, only=Switch.SUB_REVIEWERS)

# A chair who is an author sees her paper on the authors' pages alone, as any author does.
AUTHORS = (Audience.AUTHOR, Audience.COAUTHOR, Audience.CHAIR_AUTHOR)

TABLE: Table = {
    Thing.EXISTENCE: {
        **dict.fromkeys(AUTHORS, WRITTEN),
        Audience.REVIEWER: from_(SUBMITTED),
        Audience.SUB_REVIEWER: WHILE_WRITING,
        Audience.CHAIR: READ_BY_CHAIR,
        Audience.PROCEEDINGS: from_(ACCEPTED),
    },
    Thing.TITLE: {
        **dict.fromkeys(AUTHORS, WRITTEN),
        Audience.REVIEWER: from_(SUBMITTED),
        Audience.SUB_REVIEWER: WHILE_WRITING,
        Audience.CHAIR: READ_BY_CHAIR,
        Audience.PROCEEDINGS: from_(ACCEPTED),
    },
    Thing.AUTHORS: {
        **dict.fromkeys(AUTHORS, WRITTEN),
        Audience.REVIEWER: from_(SUBMITTED, unless=Switch.BLIND),
        Audience.SUB_REVIEWER: from_(SUBMITTED, unless=Switch.BLIND, only=Switch.SUB_REVIEWERS),
        Audience.CHAIR: from_(ALWAYS, change=ALWAYS, words="changes by granting the authors' request"),
        Audience.PROCEEDINGS: from_(ACCEPTED),
    },
    Thing.PDF: {
        **dict.fromkeys(AUTHORS, WRITTEN),
        Audience.REVIEWER: from_(SUBMITTED, words="the current version; without metadata when blind"),
        Audience.SUB_REVIEWER: WHILE_WRITING,
        Audience.CHAIR: READ_BY_CHAIR,
        Audience.PROCEEDINGS: from_(ACCEPTED, words="the camera-ready files"),
    },
    Thing.RECORD: {
        **dict.fromkeys(AUTHORS, WRITTEN),
        Audience.REVIEWER: from_(SUBMITTED),
        Audience.SUB_REVIEWER: WHILE_WRITING,
        Audience.CHAIR: READ_BY_CHAIR,
    },
    Thing.CONFLICTS: {
        **dict.fromkeys(
            AUTHORS,
            from_(
                OWN,
                change=OWN,
                words="what the authors declared, and who shares a home with them; not whose an address is",
            ),
        ),
        **dict.fromkeys(
            (Audience.MEMBER, Audience.REVIEWER, Audience.CONFLICTED_MEMBER),
            Rule(
                OWN,
                Since.NEVER,
                OWN,
                words="how many a chair has set, never with which paper; none that was found by comparing",
            ),
        ),
        Audience.CHAIR: from_(ALWAYS, change=ALWAYS, words="lifting one tells all chairs who may know the paper"),
    },
}
