"""Filled text forms, pasted or uploaded."""

from typing import Any

from django import forms

from dlonsc.posted import as_typed


class UploadForm(forms.Form):
    file = forms.FileField(label="The filled text file", required=False)
    pasted = forms.CharField(
        label="Or its text, pasted", required=False, widget=forms.Textarea(attrs={"rows": 10}), max_length=2_000_000
    )

    def clean_file(self) -> str:
        file = self.cleaned_data["file"]
        if file is None:
            return ""
        if file.size > 2_000_000:
            raise forms.ValidationError(f"{file.size / 1e6:.1f} MB; a text form has at most 2 MB.")
        try:
            return as_typed(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise forms.ValidationError("This is not a text file in UTF-8. Save it as plain text, UTF-8.") from error

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not (data.get("file") or data.get("pasted", "").strip()):
            raise forms.ValidationError("Choose a file or paste its text.")
        return data

    def text(self) -> str:
        return str(self.cleaned_data.get("file") or self.cleaned_data.get("pasted") or "")
