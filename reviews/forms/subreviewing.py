"""What is typed about a sub-reviewer: by the reviewer, the chair, and herself."""

from django import forms

from dlonsc.accounts.addresses import AddressField
from dlonsc.accounts.printed import PrintedField


class NameForm(forms.Form):
    name = PrintedField(label="Name", max_length=200)
    email = AddressField(
        label="E-mail address",
        help_text="The invitation goes there, and only an account with this address can accept it.",
    )
    institution = forms.CharField(label="Institution", max_length=200)
    why = forms.CharField(
        label="A word for the chairs",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Why she: my doctoral student, works on this very method.",
        max_length=2000,
    )


class AnswerForm(forms.Form):
    """A chair's answer."""

    reason = forms.CharField(
        label="Reason",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For chairs only: neither the reviewer nor the named person reads it.",
        max_length=2000,
    )


class DeclineForm(forms.Form):
    reason = forms.CharField(
        label="Why",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The reviewer who asks you reads it. You may leave it empty.",
        max_length=2000,
    )
