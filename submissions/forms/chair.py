"""What chairs type on the authors' side."""

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Count

from dlonsc.editions.calendar import AOE, CalendarError, Phase, cutoff_of
from submissions.models import Submission, SubmissionQuerySet

# Beside the papers and reviewers that a chair has before her, a field must say who reads it.
READ_BY_AUTHORS = "All authors of the paper read it."


class NumberChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        authors = "1 author" if obj.author_count == 1 else f"{obj.author_count} authors"
        return f"{obj.number}: {obj.title[:80]} ({authors})"


class UntilField(forms.CharField):
    """A local minute of AoE, as date-time inputs give it; cleans to the exclusive instant after it."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"})

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return cutoff_of(datetime.fromisoformat(text).replace(tzinfo=None, second=0), AOE)
        except (ValueError, CalendarError) as error:
            raise forms.ValidationError("Enter a day and a minute, for example 2026-04-02T23:59.") from error


class LateForm(forms.Form):
    submission = NumberChoice(queryset=Submission.objects.none(), label="Paper", to_field_name="number")
    phase = forms.ChoiceField(
        label="For", choices=[(Phase.SUBMISSION.value, "submission"), (Phase.CAMERA_READY.value, "camera-ready")]
    )
    until = UntilField(label="Until (AoE)", help_text="includes the minute")
    reason = forms.CharField(label="Reason", max_length=500, help_text=READ_BY_AUTHORS)

    def __init__(self, *args: Any, rows: SubmissionQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["submission"].queryset = rows.annotate(author_count=Count("authors", distinct=True))  # type: ignore[attr-defined]


class OverrideForm(forms.Form):
    note = forms.CharField(
        label="Why this PDF is fine", help_text=READ_BY_AUTHORS, widget=forms.Textarea(attrs={"rows": 2})
    )


class CorrectForm(forms.Form):
    until = UntilField(label="Until (AoE)", help_text="includes the minute")
    text = forms.CharField(label="Words to the authors", required=False, widget=forms.Textarea(attrs={"rows": 3}))


class TextForm(forms.Form):
    text = forms.CharField(label="Words to the authors", widget=forms.Textarea(attrs={"rows": 3}))


class AnswerChangeForm(forms.Form):
    answer = forms.CharField(label="Words to the authors", required=False, widget=forms.Textarea(attrs={"rows": 2}))
