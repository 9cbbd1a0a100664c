"""What a chair types when she writes to an audience."""

from django import forms

from reviews.audiences import AUDIENCES, Audience


class AudienceForm(forms.Form):
    audience = forms.ChoiceField(
        label="To whom", choices=[(one.key, one.words) for one in AUDIENCES], widget=forms.RadioSelect
    )


class MailingForm(forms.Form):
    """What is wrong with the placeholders stands in the dry run."""

    subject = forms.CharField(max_length=200, label="Subject")
    text = forms.CharField(
        max_length=20_000,
        label="Text",
        help_text="Plain text; a blank line parts paragraphs, web addresses become links.",
        widget=forms.Textarea(attrs={"rows": 14}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: object, audience: Audience, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name in ("subject", "text"):
            self.fields[name].widget.attrs["data-placeholders"] = " ".join(audience.placeholders)


class MailingReleaseForm(forms.Form):
    """Beside the text, but part of its form: the words on the page are posted with the release."""

    count = forms.IntegerField(
        min_value=0, label="Number of letters", widget=forms.NumberInput(attrs={"form": "words", "data-not-kept": ""})
    )
    fingerprint = forms.CharField(widget=forms.HiddenInput, max_length=64)
