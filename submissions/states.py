"""The life of a submission on one screen. Pure; the database makes the move (actions.move)."""

from enum import StrEnum


class State(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    WITHDRAWN = "withdrawn"
    DESK_REJECTED = "desk_rejected"


class Outcome(StrEnum):
    """What was announced. It is no state: it holds from `announced_at` on, which may lie in the future."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


# verb: (states it may start from, state it leads to)
MOVES: dict[str, tuple[frozenset[State], State]] = {
    "submit": (frozenset({State.DRAFT}), State.SUBMITTED),
    "withdraw": (frozenset({State.DRAFT, State.SUBMITTED}), State.WITHDRAWN),
    "restore": (frozenset({State.WITHDRAWN}), State.DRAFT),
    "reinstate": (frozenset({State.WITHDRAWN}), State.SUBMITTED),
    "desk_reject": (frozenset({State.SUBMITTED}), State.DESK_REJECTED),
    "undo_desk_reject": (frozenset({State.DESK_REJECTED}), State.SUBMITTED),
}

WORDS: dict[State, str] = {
    State.DRAFT: "Draft: will not be reviewed",
    State.SUBMITTED: "Submitted: will be reviewed",
    State.WITHDRAWN: "Withdrawn",
    State.DESK_REJECTED: "Returned without review",
}


class IllegalMove(Exception):
    """The submission is not in a state from which this verb may start (somebody else may have been quicker)."""
