"""Which waiting letters a chair means."""

from django import forms


class BeforeForm(forms.Form):
    before = forms.DateTimeField(
        label="Written before (UTC)",
        help_text="After a restore: the time of the backup, 2026-03-31 02:00.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    # What the page showed; another number means that it must be looked at again.
    expected = forms.IntegerField(required=False, widget=forms.HiddenInput)
