"""A letter in a chair's own words."""

from django import forms

from reviews.lettertexts import LetterKind


class WordingForm(forms.Form):
    subject = forms.CharField(max_length=200, label="Subject")
    text = forms.CharField(
        max_length=20_000,
        label="Text",
        help_text="Plain text; a blank line parts paragraphs, web addresses become links.",
        widget=forms.Textarea(attrs={"rows": 18}),
    )

    based_on = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: object, letter: LetterKind, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.letter = letter
        for field in self.fields.values():
            field.widget.attrs["data-placeholders"] = " ".join(letter.placeholders)

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        given = {name: str(data.get(name, "")) for name in ("subject", "text")}
        for name, words in self.letter.wrong_with(**given).items():
            if name not in self.errors:
                self.add_error(name, words)
        return data
