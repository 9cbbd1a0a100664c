"""What chairs type about an edition, and what invited people answer."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError

from dlonsc.accounts.addresses import AddressField
from dlonsc.accounts.printed import PrintedField
from dlonsc.editions import calendar
from dlonsc.editions.models import Deadline, Edition, Membership, Topic
from dlonsc.editions.pasted import BadLine, Invitee, read_list

ZONES = ("AoE", "UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles", "Asia/Tokyo")
GUIDED = ("summary", "strengths", "weaknesses", "reproducibility", "score", "confidence", "for_chairs")


if TYPE_CHECKING:
    EditionModelForm = forms.ModelForm[Edition]
else:
    EditionModelForm = forms.ModelForm


def text_area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class ScaleField(forms.CharField):
    """A labelled scale, one "value: label" a line, best first; cleaned to [{value, label}]."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=text_area(6), help_text="One a line, best first. 3: Strong accept", **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else "\n".join(f"{row['value']}: {row['label']}" for row in value or [])

    def clean(self, value: Any) -> Any:
        rows: list[dict[str, Any]] = []
        for number, line in enumerate(str(super().clean(value)).splitlines(), start=1):
            if not line.strip():
                continue
            left, colon, label = line.partition(":")
            try:
                score = int(left.strip().replace("−", "-"))
            except ValueError:
                raise ValidationError(f"Line {number}: begin with a whole number and a colon: 2: Accept.") from None
            if not colon or not label.strip():
                raise ValidationError(f"Line {number}: the words for {score} are missing.")
            if score in {row["value"] for row in rows}:
                raise ValidationError(f"Line {number}: the value {score} comes twice.")
            if not -100 <= score <= 100:
                raise ValidationError(f"Line {number}: {score} is not between -100 and 100.")
            rows.append({"value": score, "label": label.strip()[:80]})
        if len(rows) < 2:
            raise ValidationError("A scale has at least two values.")
        return rows


class LinksField(forms.CharField):
    """Titled links, one "title | address" a line; cleaned to [{title, url}]."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=text_area(4), required=False, help_text="One a line: title | https://address", **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else "\n".join(f"{r['title']} | {r['url']}" for r in value or [])

    def clean(self, value: Any) -> Any:
        rows, address = [], forms.URLField(assume_scheme="https")
        for number, line in enumerate(str(super().clean(value)).splitlines(), start=1):
            if not line.strip():
                continue
            title, _, url = (part.strip() for part in line.rpartition("|"))
            try:
                rows.append({"title": title or url, "url": address.clean(url)})
            except ValidationError:
                raise ValidationError(f"Line {number}: {url or 'nothing'} is no web address.") from None
        return rows


class DaysField(forms.CharField):
    """Days before a deadline, "7, 2, 0.5"; cleaned to a list of numbers, longest first."""

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else ", ".join(f"{day:g}" for day in value or [])

    def clean(self, value: Any) -> Any:
        try:
            days = [float(word) for word in str(super().clean(value)).replace(";", ",").split(",") if word.strip()]
        except ValueError:
            raise ValidationError("Write days as numbers with commas: 7, 2, 0.5.") from None
        if any(not 0 < day <= 60 for day in days):
            raise ValidationError("Each is more than 0 and at most 60 days.")
        return sorted({int(day) if day.is_integer() else day for day in days}, reverse=True)


class SettingsForm(EditionModelForm):
    """Everything about an edition but its dates, topics and committee.

    Once reviewing `has_begun`, a scale loses no value.
    """

    scores = ScaleField(label="Scores")
    confidences = ScaleField(label="Confidence")
    links = LinksField(label="Template links")
    previous = LinksField(label="Previous workshops")
    reminder_days = DaysField(
        label="Reminders before a deadline, days",
        required=False,
        help_text="7, 2, 0.5. Only those who still have something open get one. Empty: no reminders.",
    )
    # The version that the page showed: two chairs do not overwrite each other.
    version = forms.IntegerField(widget=forms.HiddenInput)

    SECTIONS = (
        ("Identity", ("name", "title", "tagline", "host", "venue", "contact_email")),
        ("The call", ("theme", "submission_rules", "reproducibility_rules", "links", "previous")),
        (
            "Submission",
            (
                "min_pages",
                "max_pages",
                "blind",
                "needs_declaration",
                "needs_reproducibility",
                "conflicts_need_reason_above",
            ),
        ),
        (
            "Review",
            (
                "reviews_per_submission",
                "default_max_load",
                "reviewers_see_each_other",
                "committee_discusses",
                "sub_reviewers",
                "committee_months",
                "scores",
                "confidences",
                *(f"guidance_{name}" for name in GUIDED),
            ),
        ),
        ("Letters", ("mail_sender", "reply_to", "reminder_days", "hold_minutes", "needs_second_chair")),
    )

    class Meta:
        model = Edition
        fields = [
            "name",
            "title",
            "tagline",
            "host",
            "venue",
            "contact_email",
            "theme",
            "submission_rules",
            "reproducibility_rules",
            "links",
            "previous",
            "min_pages",
            "max_pages",
            "blind",
            "needs_declaration",
            "needs_reproducibility",
            "conflicts_need_reason_above",
            "reviews_per_submission",
            "default_max_load",
            "reviewers_see_each_other",
            "committee_discusses",
            "sub_reviewers",
            "committee_months",
            "scores",
            "confidences",
            "mail_sender",
            "reply_to",
            "reminder_days",
            "hold_minutes",
            "needs_second_chair",
        ]
        widgets = {
            "theme": text_area(10),
            "submission_rules": text_area(8),
            "reproducibility_rules": text_area(6),
        }
        labels = {
            "name": "Short name",
            "title": "Full name",
            "contact_email": "Address for questions",
            "theme": "Theme",
            "min_pages": "Pages, at least",
            "max_pages": "Pages, at most",
            "conflicts_need_reason_above": "Authors give reasons when they name more conflicts than this",
            "reviews_per_submission": "Reviews for each submission",
            "default_max_load": "Submissions a reviewer takes at most, unless she says otherwise",
        }
        help_texts = {
            "theme": "Markdown.",
            "submission_rules": "Markdown.",
            "reproducibility_rules": "Markdown.",
            "needs_second_chair": "Not for the correction of a released decision: one chair sends it at once, and the "
            "others are told by letter.",
        }

    def __init__(self, *args: Any, has_begun: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.has_begun = has_begun
        for name in GUIDED:
            self.fields[f"guidance_{name}"] = forms.CharField(
                label=f"Guidance: {name.replace('for_chairs', 'confidential note').replace('_', ' ')}",
                required=False,
                widget=text_area(2),
                max_length=1000,
                initial=self.instance.review_guidance.get(name, ""),
                help_text="Empty: the usual words.",
            )
        self.initial["version"] = self.instance.version

    def sections(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [(title, [self[name] for name in names]) for title, names in self.SECTIONS]

    def keep_values(self, name: str) -> Any:
        """Whether or not a review holds the value: a refusal must not tell the scores of a paper."""
        rows = self.cleaned_data[name]
        before = {row["value"] for row in getattr(self.instance, name)}
        if self.has_begun and before - {row["value"] for row in rows}:
            raise ValidationError("Reviewing has begun: values can be reworded, none can be removed.")
        return rows

    def clean_scores(self) -> Any:
        return self.keep_values("scores")

    def clean_confidences(self) -> Any:
        return self.keep_values("confidences")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        low, high = data.get("min_pages"), data.get("max_pages")
        if low is not None and high is not None and low > high:
            self.add_error("max_pages", f"At most {high} pages is less than at least {low}.")
        return data

    def values(self) -> dict[str, Any]:
        """The fields as the action takes them."""
        data = self.cleaned_data
        guidance = {name: data[f"guidance_{name}"] for name in GUIDED if data[f"guidance_{name}"]}
        return {name: data[name] for name in self.Meta.fields} | {"review_guidance": guidance}

    def _post_clean(self) -> None:
        """Validate, but leave the instance as it is: the action changes it under its lock."""
        before = {name: getattr(self.instance, name) for name in self.Meta.fields}
        super()._post_clean()  # type: ignore[misc]
        for name, value in before.items():
            setattr(self.instance, name, value)


class DeadlineForm(forms.Form):
    """One date as it is announced: a local minute and its zone. That minute still belongs to the time left."""

    label = forms.CharField(max_length=80, help_text="As the call names it: Technical paper due.")
    announced = forms.DateTimeField(
        label="Announced minute",
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "60"}, format="%Y-%m-%dT%H:%M"),
        help_text="Until and including this minute: 23:59 means until midnight.",
        error_messages={"invalid": "Write date and time as 2026-03-31 23:59."},
    )
    zone = forms.CharField(
        max_length=60, help_text="AoE (anywhere on Earth, UTC-12), UTC, or a name such as Europe/Berlin."
    )
    grace_minutes = forms.IntegerField(
        label="Grace, minutes",
        min_value=0,
        max_value=1440,
        help_text="Not announced: for uploads that come just after.",
    )
    is_soft = forms.BooleanField(
        label="What comes later is taken and marked late", required=False, help_text="Usual for reviews."
    )
    is_public = forms.BooleanField(label="Shown in the call", required=False)
    # The version that the page showed, 0 for a date not set yet: two chairs do not overwrite each other.
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A local minute without zone: Django must not read it in the server's zone.
        field = self.fields["announced"]
        field.to_python = naive_minute  # type: ignore[method-assign]
        field.prepare_value = lambda value: value  # type: ignore[method-assign]

    @classmethod
    def of(cls, deadline: Deadline | None, data: Any = None, label: str = "") -> "DeadlineForm":
        if deadline is None:
            initial: dict[str, Any] = {
                "zone": calendar.AOE,
                "grace_minutes": 0,
                "is_public": True,
                "label": label,
                "version": 0,
            }
        else:
            initial = {
                "label": deadline.label,
                "announced": deadline.announced,
                "zone": deadline.zone,
                "grace_minutes": deadline.grace_minutes,
                "is_soft": deadline.is_soft,
                "is_public": deadline.is_public,
                "version": deadline.version,
            }
        return cls(data, initial=initial)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        zone, announced = data.get("zone"), data.get("announced")
        if zone:
            try:
                calendar.zone_of(zone)
            except calendar.CalendarError as error:
                self.add_error("zone", str(error))
                return data
        if zone and announced:
            try:
                data["cutoff"] = calendar.cutoff_of(announced, zone)
            except calendar.CalendarError as error:
                self.add_error("announced", str(error))
        return data

    def fields_of_action(self) -> dict[str, Any]:
        fields = {name: self.cleaned_data[name] for name in self.fields if name != "version"}
        return fields | {"based_on": self.cleaned_data["version"]}

    @property
    def fingerprint(self) -> str:
        """What a valid form would do, for the button that confirms it: nothing else than what was shown is done."""
        return urlencode(self.fields_of_action())

    def as_query(self) -> str:
        """What was typed, for an address that shows it again."""
        return urlencode({name: self.data[name] for name in self.fields if name in self.data})

    def show_as_of(self, version: int) -> None:
        """Show what was typed as a change of another version: the page shows that one now."""
        self.data = {**self.data.dict(), "version": str(version)}  # type: ignore[attr-defined]
        self.cleaned_data["version"] = version


def naive_minute(value: Any) -> datetime | None:
    """A local minute as typed, without a zone."""
    text = str(value or "").strip().replace(" ", "T")[:16]
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M")  # noqa: DTZ007 - its zone stands in the field beside it
    except ValueError:
        raise ValidationError("Write date and time as 2026-03-31 23:59.") from None


class TopicForm(forms.Form):
    title = PrintedField(label="Topic", max_length=200)
    parent = forms.ModelChoiceField(
        label="Below", queryset=Topic.objects.none(), required=False, empty_label="(first level)"
    )

    def __init__(self, *args: Any, edition: Edition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parents = Topic.objects.filter(edition=edition, parent=None)
        self.fields["parent"].queryset = parents  # type: ignore[attr-defined]


class RenameTopicForm(forms.Form):
    title = PrintedField(label="Topic", max_length=200)


ROLE_CHOICES = [
    ("reviewer", "Members of the programme committee (they review)"),
    ("chair", "Co-chairs"),
    ("proceedings", "Proceedings chair"),
]
ROLES_OF = {
    "reviewer": {"is_reviewer": True},
    "chair": {"is_chair": True},
    "proceedings": {"is_proceedings_chair": True},
}


class InviteForm(forms.Form):
    """A pasted list of people and what to ask them."""

    people = forms.CharField(
        label="People",
        widget=text_area(12),
        max_length=200_000,
        help_text="One a line: Name <mail>, affiliation",
    )
    role = forms.ChoiceField(label="Invite them as", choices=ROLE_CHOICES, initial="reviewer")
    note = forms.CharField(
        label="A personal word in each letter",
        required=False,
        widget=text_area(4),
        max_length=4000,
        help_text="Stands above the facts. Empty: only the facts.",
    )

    def read(self, known: dict[str, str]) -> tuple[list[Invitee], list[BadLine]]:
        return read_list(self.cleaned_data["people"], known)

    @property
    def roles(self) -> dict[str, bool]:
        return ROLES_OF[self.cleaned_data["role"]]


class MemberForm(forms.Form):
    """A member's roles."""

    is_chair = forms.BooleanField(label="Chair", required=False)
    is_proceedings_chair = forms.BooleanField(label="Proceedings chair", required=False)
    is_reviewer = forms.BooleanField(label="Reviewer", required=False)
    is_senior = forms.BooleanField(label="Senior", required=False)
    title = PrintedField(label="Role as printed", max_length=60, required=False, help_text="For example: co-chair")

    @classmethod
    def of(cls, member: Membership, data: Any = None) -> "MemberForm":
        names = ("is_chair", "is_proceedings_chair", "is_reviewer", "is_senior", "title")
        return cls(data, initial={name: getattr(member, name) for name in names})

    def roles(self) -> dict[str, bool]:
        return {name: bool(value) for name, value in self.cleaned_data.items() if name != "title"}


class ResendForm(forms.Form):
    email = AddressField(label="Send to", help_text="Correct the address here if it was wrong. The old link ends.")
    asked = forms.BooleanField(label="She declined, and asked me to be invited again", required=False)


class AcceptForm(forms.Form):
    max_load = forms.IntegerField(
        label="At most this many submissions",
        required=False,
        min_value=1,
        max_value=100,
        error_messages={"min_value": "Name at least 1; to take none, decline.", "max_value": "At most 100."},
    )


class DeclineForm(forms.Form):
    reason = forms.CharField(
        label="Reason, if you like",
        required=False,
        widget=text_area(3),
        max_length=4000,
        help_text="Only the chairs read it.",
    )
    suggestion = forms.CharField(
        label="Whom could they ask instead?", required=False, widget=text_area(2), max_length=1000
    )
