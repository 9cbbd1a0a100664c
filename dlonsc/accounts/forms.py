"""Forms about oneself."""

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from dlonsc.accounts.models import Affiliation, User
from dlonsc.accounts.printed import PrintedField

NAME_HELP = "As it should stand in the proceedings, for example Ada M. Lovelace."


class SignupDetails(forms.Form):
    """What sign-up asks beside allauth's own fields."""

    name = PrintedField(
        label="Your name as printed", max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    field_order = ["name", "email", "password1"]

    def signup(self, request: HttpRequest, user: User) -> None:
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when run
    name = PrintedField(label="Name as printed", max_length=200, help_text=NAME_HELP)
    # Longer than an iD: people paste the whole address.
    orcid = forms.CharField(
        label="ORCID iD",
        required=False,
        max_length=60,
        help_text="For example 0000-0002-1825-0097. The last character is checked.",
    )

    class Meta:
        model = User
        fields = ("name", "orcid", "digest", "compact_tables")
        help_texts = {
            "digest": "It leaves at 06:00 UTC. Decisions, receipts, and reminders of the last day before a date "
            "come at once all the same.",
        }
        labels = {"compact_tables": "Compact tables", "digest": "One letter a day instead of single reminders"}

    def clean_orcid(self) -> str:
        return str(self.cleaned_data["orcid"]).strip().upper().rstrip("/").rpartition("/")[2]


class AffiliationForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when run
    class Meta:
        model = Affiliation
        fields = ("institution", "town", "country", "domain", "until")
        widgets = {"until": forms.DateInput(attrs={"type": "date"})}
        help_texts = {
            "domain": "for example hpc.example",
            "until": "empty while there",
        }

    def clean_domain(self) -> str:
        domain = str(self.cleaned_data["domain"]).strip().lower().rpartition("@")[2]
        if domain and "." not in domain:
            raise ValidationError("A mail domain has a dot in it, for example hpc.example.")
        return domain
