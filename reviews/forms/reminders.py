"""When an edition reminds."""

from django import forms

from dlonsc.editions.forms import DaysField


class ScheduleForm(forms.Form):
    days = DaysField(
        label="Days before each date",
        required=False,
        help_text="7, 2, 0.5 (half a day). Only those who still have something open get one. Empty: no reminders.",
    )
    # The version that the page showed: two chairs do not overwrite each other.
    version = forms.IntegerField(widget=forms.HiddenInput)
