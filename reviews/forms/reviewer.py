"""What a reviewer types. Saving a review never validates; submitting does."""

import re
from collections.abc import Mapping
from copy import copy
from datetime import date
from typing import Any

from django import forms

from dlonsc.editions.models import Edition, Membership, Topic
from dlonsc.posted import whole_number
from reviews.actions.reviewing import Fields, empty_fields, version_of_profile
from reviews.models import Assignment, Review
from submissions.models import ConflictKind

LEVELS = [(2, "My own field"), (1, "Gladly"), (0, "No opinion"), (-1, "Rather not"), (-2, "Never")]
GUIDANCE = {
    "summary": "What the submission claims and how it supports it, in your words. It shows what was understood.",
    "strengths": "What is new, sound or useful, and for whom.",
    "weaknesses": "What is wrong, missing or unclear, and what would mend it. Name section, figure or table.",
    "reproducibility": "Could you repeat the results from the paper and its record: code, releases, data, hardware, "
    "benchmark, number of runs? What is missing?",
    "score": "Your recommendation for this workshop.",
    "confidence": "How well you can judge this submission.",
    "for_chairs": "Only the chairs read this: doubts about originality, ethics, or things that would tell who you are.",
}
LABELS = {
    "summary": "Summary",
    "strengths": "Strengths",
    "weaknesses": "Weaknesses and questions",
    "reproducibility": "Reproducibility",
    "score": "Score",
    "confidence": "Confidence",
    "for_chairs": "Confidential note, chairs only",
}
ROWS = {"summary": 5, "strengths": 6, "weaknesses": 8, "reproducibility": 5, "for_chairs": 3}


def as_text(value: Any) -> str:
    return str(value or "").replace("\r\n", "\n").replace("\r", "\n")


LONGEST_NAME = 200
# Far beyond any scale, and what the database holds.
LARGEST = 9999


def as_number(value: Any) -> int | None:
    found = whole_number(str(value), LARGEST + 1)
    return found if abs(found) <= LARGEST else None


def typed_fields(data: Mapping[str, Any]) -> Fields:
    """What was typed, whatever it is: nothing of it may be lost, so nothing is refused."""
    return {
        name: as_number(data.get(name)) if name in {"score", "confidence"} else as_text(data.get(name))
        for name in empty_fields()
    }


def scale(rows: list[dict[str, Any]]) -> list[tuple[int, str]]:
    return [(row["value"], f"{row['value']}: {row['label']}") for row in rows]


class ReviewForm(forms.Form):
    """The review form of an edition: its scales and its guidance. Shown only: what comes back is `typed_fields`."""

    use_required_attribute = False

    def __init__(self, edition: Edition, fields: Fields, *, read_only: bool = False) -> None:
        super().__init__(initial=fields)
        guidance = GUIDANCE | edition.review_guidance
        for name in Review.FIELDS:
            if name in {"score", "confidence"}:
                rows = edition.scores if name == "score" else edition.confidences
                field: forms.Field = forms.ChoiceField(choices=scale(rows), widget=forms.RadioSelect)
            else:
                field = forms.CharField(widget=forms.Textarea(attrs={"rows": ROWS[name], "data-count": "words"}))
            field.required, field.disabled = name != "for_chairs", read_only
            field.label, field.help_text = LABELS[name], guidance[name]
            self.fields[name] = field


class RefusalForm(forms.Form):
    refusal = forms.ChoiceField(label="Why", choices=Assignment.Refusal.choices, widget=forms.RadioSelect)
    reason = forms.CharField(
        label="In a sentence or two, for the chairs",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="The chairs read this; the authors do not.",
        max_length=4000,
    )


class PromiseForm(forms.Form):
    """Until when a late review will come; empty takes the promise back."""

    until = forms.DateField(
        label="I will submit it by",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": "This is not a date. Write it as 2026-04-15."},
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_until(self) -> date | None:
        until: date | None = self.cleaned_data["until"]
        if until is not None and until < self.today:
            raise forms.ValidationError("This day is past. Name today or a later day.")
        if until is not None and (until - self.today).days > 90:
            raise forms.ValidationError("This is more than 90 days away. If you cannot review it, give it back.")
        return until


class ProfileForm(forms.Form):
    """A member's profile of an edition: load, days away, interest by topic, persons in conflict."""

    # What stands for the profile that the page showed: two windows do not overwrite each other.
    version = forms.CharField(required=False, widget=forms.HiddenInput)
    max_load = forms.IntegerField(
        label="At most this many submissions",
        required=False,
        min_value=0,
        max_value=100,
        help_text="Leave empty for the edition's usual number.",
    )
    away = forms.CharField(
        label="Days away",
        required=False,
        max_length=200,
        help_text="Days on which you cannot review, in your words: 3 to 10 April.",
    )
    publications = forms.CharField(
        label="Your publications",
        required=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Titles or abstracts, pasted. They help to find submissions near to your work.",
    )
    conflicts = forms.CharField(
        label="Persons whose submissions you must not review",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One person a line: e-mail address or name as printed, then a colon and the kind "
        f"({', '.join(ConflictKind.values)}). Example: ada@uni.example: coauthor. "
        "Submissions that come later are barred too.",
    )

    def __init__(self, *args: Any, membership: Membership, topics: list[Topic], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.topics = topics
        self.fields[
            "max_load"
        ].help_text = f"Leave empty for the usual number, {membership.edition.default_max_load}. 0 means none."
        for topic in topics:
            self.fields[f"topic_{topic.pk}"] = forms.TypedChoiceField(
                label=topic.title, choices=LEVELS, coerce=int, required=False
            )

    @classmethod
    def of(cls, membership: Membership, topics: list[Topic], data: Any = None) -> "ProfileForm":
        # A list without a choice shows its first line, which nobody has said.
        interests = {f"topic_{topic.pk}": 0 for topic in topics}
        interests |= {f"topic_{row.topic_id}": row.value for row in membership.interests.all()}
        initial = {
            "version": version_of_profile(membership),
            "max_load": membership.max_load,
            "away": membership.away,
            "publications": membership.publications,
            "conflicts": "\n".join(f"{row['who']}: {row['kind']}" for row in membership.declared_conflicts),
        }
        return cls(data, initial=initial | interests, membership=membership, topics=topics)

    def clean_conflicts(self) -> list[dict[str, str]]:
        rows, errors = [], []
        for number, line in enumerate(self.cleaned_data["conflicts"].splitlines(), start=1):
            if not line.strip():
                continue
            who, _, kind = (part.strip() for part in line.rpartition(":"))
            if not who:
                who, kind = kind, ConflictKind.OTHER.value
            kind = re.sub(r"[^a-z]", "", kind.lower())
            if kind not in ConflictKind.values:
                errors.append(f"Line {number}: {kind or 'nothing'!r} is no kind; use {', '.join(ConflictKind.values)}.")
            if len(who) > LONGEST_NAME:
                most = f"a name or an address has at most {LONGEST_NAME} characters"
                errors.append(f"Line {number}: {most}; this one has {len(who)}.")
            rows.append({"who": who, "kind": kind})
        if errors:
            raise forms.ValidationError(errors)
        return rows

    def show_beside(self, newer: "ProfileForm") -> list[tuple[str, str]]:
        """Show what was typed as a change of a newer profile: persons whom that one names stand in the field too.

        Returns what else it says otherwise, as (label, value).
        """

        def as_shown(name: str, value: Any) -> str:
            if name.startswith("topic_"):
                return dict(LEVELS)[whole_number(str(value))]
            return "" if value is None else as_text(str(value))

        data: Any = copy(self.data)
        typed = data.get("conflicts", "").splitlines()
        standing = str(newer["conflicts"].value()).splitlines()
        data["conflicts"] = "\n".join([*typed, *(line for line in standing if line not in typed)])
        data["version"] = newer["version"].value()
        self.data = data
        rows = [
            (str(newer[name].label), as_shown(name, data.get(name)), as_shown(name, newer[name].value()))
            for name in newer.fields
            if name not in {"version", "conflicts"}
        ]
        return [(label, standing) for label, typed, standing in rows if typed != standing]

    def interests(self) -> dict[int, int]:
        return {topic.pk: int(self.cleaned_data.get(f"topic_{topic.pk}") or 0) for topic in self.topics}

    def topic_fields(self) -> list[tuple[Topic, forms.BoundField]]:
        return [(topic, self[f"topic_{topic.pk}"]) for topic in self.topics]


class CorrectionForm(forms.Form):
    text = forms.CharField(
        label="What is wrong",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=4000,
        help_text="For example: I left this institution in 2019. A chair decides, and may lift the conflict.",
    )
