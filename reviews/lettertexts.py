"""The letters that chairs may word themselves: who gets each, what may be filled in, what must be in it.

Letters whose facts are a proof, or differ from case to case, hold {details}: all that the built-in letter says, without
its greeting. Notices to chairs are not among them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dlonsc.mail.placeholders import is_broken, unknown

NO_LINK = "A link does not fit into a subject: whoever reads a list of letters could follow it."
LISTS = ("papers", "taken_back", "reviews", "from_chairs", "missing", "dates", "details")
NAME = {"name": "name of the recipient", "edition": "short name of the workshop"}
PAPER = {"number": "number of the submission", "title": "its title"}
TASKS = {
    "papers": "the list of submissions",
    "due": "when reviews are due, with the zone",
    "link": "where the papers and the form are",
}


@dataclass(frozen=True)
class LetterKind:
    """`needs` are placeholders that the text must hold; subject and text are where a chair begins to write."""

    kind: str
    words: str
    to: str
    placeholders: dict[str, str]
    needs: tuple[str, ...]
    subject: str
    text: str

    def wrong_with(self, subject: str, text: str) -> dict[str, str]:
        """What keeps a text from being used, by field; nothing when it can be."""
        found: dict[str, str] = {}
        for field, words in (("subject", subject), ("text", text)):
            if not words.strip():
                found[field] = "This is empty."
            elif is_broken(words):
                found[field] = "A brace stands alone. A placeholder is a word in one pair of braces, {name}."
            elif strange := unknown(words, self.placeholders):
                listed = ", ".join(f"{{{name}}}" for name in strange)
                found[field] = f"Nobody can fill {listed}. Known are those listed beside."
        missing = [f"{{{name}}}" for name in self.needs if f"{{{name}}}" not in text]
        if missing and "text" not in found:
            found["text"] = f"The text must hold {' and '.join(missing)}: without it the letter is of no use."
        if "subject" not in found and any(f"{{{name}}}" in subject for name in LISTS):
            found["subject"] = "A list does not fit into a subject."
        if "subject" not in found and "{link}" in subject:
            found["subject"] = NO_LINK
        return found


DECIDED = {
    **NAME,
    **PAPER,
    "authors": "its authors, as printed",
    "link": "the page with the decision",
    "correction": "says which earlier letter no longer holds; empty in a first decision",
    "from_chairs": "what the chairs wrote to the authors of this submission",
    "reviews": "the reviews, without the notes to chairs",
}
BELOW = "\n\nThe same words are on your page: {link}\n\n{from_chairs}\n\n{reviews}\n\nThe chairs of {edition}"

AUTHORS, CONTACT, MEMBER = "every author of the submission", "those who answer for the paper", "the member"
DETAILS = {"details": "what the built-in letter says, without its greeting"}
OF_PAPER = {**NAME, **PAPER, "link": "its page", **DETAILS}
OF_MEMBER = {**NAME, **DETAILS}
# (kind, words, to, subject)
AROUND_DETAILS = (
    ("receipt", "Receipt of a submission", AUTHORS, "Paper {number}: received"),
    ("new_version", "Receipt of a new version", AUTHORS, "Paper {number}: new version received"),
    ("withdrawn", "Withdrawal", AUTHORS, "Paper {number}: withdrawn"),
    ("restored", "Withdrawal undone", AUTHORS, "Paper {number}: restored"),
    ("check_result", "Result of a format check that came late", AUTHORS, "Paper {number}: result of the format check"),
    (
        "author_change",
        "Change of the author list asked for",
        "authors before and after it",
        "Paper {number}: change of the author list asked for",
    ),
    (
        "author_change_decided",
        "Change of the author list decided",
        "authors before and after it",
        "Paper {number}: change of the author list decided",
    ),
    ("late_permission", "More time for one submission", AUTHORS, "Paper {number}: more time"),
    ("late_adopted", "Late file adopted", AUTHORS, "Paper {number}: late file adopted"),
    ("desk_reject", "Returned without review", AUTHORS, "Paper {number}: returned without review"),
    ("correct_pdf", "Please correct the PDF", AUTHORS, "Paper {number}: please correct the PDF"),
    ("answer", "Answer of the chairs", AUTHORS, "Paper {number}: answer of the chairs"),
    ("camera_ready_received", "Receipt of a camera-ready file", AUTHORS, "Paper {number}: camera-ready file received"),
    ("camera_ready_returned", "Camera-ready file returned", AUTHORS, "Paper {number}: please correct a file"),
    ("camera_ready_approved", "Camera-ready paper approved", AUTHORS, "Paper {number}: camera-ready paper approved"),
    ("chase", "Missing camera-ready file", CONTACT, "Paper {number}: a file is missing"),
    ("invitation_reminder", "Reminder of an invitation", "those who were invited and are silent", "Your answer"),
    (
        "sign_in_reminder",
        "Reminder to sign in after accepting",
        "those who accepted and have not signed in",
        "Your place waits",
    ),
    ("thanks", "Thanks for accepting an invitation", MEMBER, "Thank you"),
    ("unassigned", "Reviews taken back", "a reviewer who needs to review less", "Submissions you need not review"),
    ("discussion_opened", "Discussion opened", "reviewers of the submissions", "Submissions to discuss"),
    ("discussion_news", "News of a discussion", "who takes part in it", "Paper {number}: discussion"),
    ("sub_reviewer_invitation", "Invitation of a sub-reviewer", "who is named, once a chair agrees", "Write a review?"),
    ("sub_reviewer_answered", "Answer of a sub-reviewer", "the reviewer", "Paper {number}: your sub-reviewer"),
    ("sub_reviewer_refused", "Sub-reviewer not agreed to", "the reviewer", "Paper {number}: your sub-reviewer"),
    ("sub_reviewer_ready", "Text of a sub-reviewer ready", "the reviewer", "Paper {number}: a text for your review"),
    ("sub_reviewer_ended", "End of a sub-reviewer's part", "the sub-reviewer", "Nothing more is needed"),
    ("date_changed", "A date is moved", "those who have something open for it", "A date has changed"),
)

KINDS: Sequence[LetterKind] = (
    LetterKind(
        "decision_accept",
        "Decision: accepted",
        "every author of an accepted submission",
        DECIDED,
        ("correction", "from_chairs", "reviews", "link"),
        "[{edition}] Paper {number}: accepted",
        "Dear {name},\n\n{correction}\n\nwe are pleased to tell you that this submission to {edition} is accepted:\n\n"
        "Paper {number}: {title}\n{authors}" + BELOW,
    ),
    LetterKind(
        "decision_reject",
        "Decision: not accepted",
        "every author of a submission that is not accepted",
        DECIDED,
        ("correction", "from_chairs", "reviews", "link"),
        "[{edition}] Paper {number}: decision",
        "Dear {name},\n\n{correction}\n\nwe are sorry to tell you that this submission to {edition} is not "
        "accepted:\n\nPaper {number}: {title}\n{authors}" + BELOW,
    ),
    LetterKind(
        "invitation",
        "Invitation to the committee",
        "everybody who is invited",
        {
            **NAME,
            "title": "full name of the workshop",
            "asked_by": "the chair who asks",
            "role": "what the person is asked to be",
            "note": "what the chair wrote when inviting",
            "load": "most submissions a reviewer gets",
            "dates": "the list of dates",
            "link": "the personal link to accept or decline",
        },
        ("link",),
        "[{edition}] Would you be {role}?",
        "Dear {name},\n\n{asked_by} asks you to be {role} of {title}.\n\n{note}\n\nA reviewer gets at most {load} "
        "submissions.\n\nDates:\n\n{dates}\n\nAccept, accept with a smaller load, or decline here. The link works "
        "without signing in, and once:\n{link}\n\nIf you decline, nothing more is sent to you.",
    ),
    LetterKind(
        "assigned",
        "Reviews assigned",
        "each reviewer, when submissions are assigned to her",
        {**NAME, **TASKS, "taken_back": "submissions that she no longer needs to review"},
        ("papers", "link"),
        "[{edition}] Submissions to review",
        "Dear {name},\n\nthe chairs of {edition} ask you to review:\n\n{papers}\n\nReviews are due {due}.\n\n"
        "{taken_back}\n\nThe papers and the review form:\n{link}\n\nIf you have a conflict of interest, or cannot "
        "review one of them, say so there, the sooner the better.\n\nThe chairs of {edition}",
    ),
    LetterKind(
        "chair_reminder",
        "Reminder of reviews, sent by a chair",
        "the reviewers whom a chair reminds",
        {**NAME, **TASKS},
        ("papers", "link"),
        "[{edition}] Your reviews",
        "Dear {name},\n\nthese reviews for {edition} are not in yet:\n\n{papers}\n\nThey are due {due}.\n\n{link}\n\n"
        "The chairs of {edition}",
    ),
    LetterKind(
        "remind_reviews",
        "Reminder of reviews, by the calendar",
        "reviewers with missing reviews, before the date",
        {**NAME, **TASKS},
        ("papers", "link"),
        "[{edition}] Reviews due {due}",
        "Dear {name},\n\nreviews for {edition} are due {due}. Yours of these submissions are not in yet:\n\n{papers}"
        "\n\nThe papers and the review form:\n{link}\n\nIf you need more time, say so there."
        "\n\nThe chairs of {edition}",
    ),
    *(
        LetterKind(
            kind,
            words,
            to,
            {**NAME, **PAPER, "missing": "what is missing", "due": "until when, with the zone", "link": "its page"},
            ("link", "due"),
            subject,
            f"Dear {{name}},\n\n{says}\n\nPaper {{number}}: {{title}}\n\nIt is due {{due}}. Still missing:\n\n"
            "{missing}\n\n{link}\n\nThe chairs of {edition}",
        )
        for kind, words, to, subject, says in (
            (
                "remind_draft",
                "Reminder of a draft",
                "those who answer for a draft, before the date",
                "[{edition}] Paper {number} is not submitted",
                "this paper is a draft and will not be reviewed unless you submit it:",
            ),
            (
                "remind_camera_ready",
                "Reminder of camera-ready files",
                "those who answer for an accepted submission that misses some",
                "[{edition}] Camera-ready paper {number}",
                "files of this accepted paper are missing:",
            ),
        )
    ),
    *(
        LetterKind(
            kind,
            words,
            to,
            OF_PAPER if "{number}" in subject else OF_MEMBER,
            ("details",),
            f"[{{edition}}] {subject}",
            "Dear {name},\n\n{details}",
        )
        for kind, words, to, subject in AROUND_DETAILS
    ),
)
BY_KIND = {one.kind: one for one in KINDS}
# Of the letters around {details}, those about one submission.
ABOUT_PAPERS = frozenset(kind for kind, *_, subject in AROUND_DETAILS if "{number}" in subject)
