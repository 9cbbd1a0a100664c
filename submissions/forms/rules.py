"""The rules of the format check, as an edition settles them: one choice a code."""

from typing import Any

from django import forms

from dlonsc.editions.models import Edition
from submissions.lncs import DEFAULT_SEVERITIES, SETTABLE_CODES

WORDS = {"block": "blocks", "warn": "warns", "info": "informs"}
FINAL_WORDS = {"block": "must change", "warn": "warns", "info": "informs"}


class RulesForm(forms.Form):
    """What each finding does. Empty means the usual; only what differs is kept."""

    words = WORDS

    def __init__(self, *args: Any, severities: dict[str, str], version: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"] = forms.IntegerField(widget=forms.HiddenInput, initial=version)
        for code in SETTABLE_CODES:
            usual = DEFAULT_SEVERITIES[code]
            others = [(name, words) for name, words in self.words.items() if name != usual]
            self.fields[code] = forms.ChoiceField(
                label=code,
                required=False,
                choices=[("", f"usual: {self.words[usual]}"), *others],
                initial=severities.get(code, ""),
            )

    @property
    def codes(self) -> list[forms.BoundField]:
        return [self[code] for code in SETTABLE_CODES]

    def severities(self) -> dict[str, str]:
        return {code: self.cleaned_data[code] for code in SETTABLE_CODES if self.cleaned_data[code]}


class CameraReadyRulesForm(RulesForm):
    """The proceedings chair's own: page limits that may differ from those of submissions, and what must be changed."""

    words = FINAL_WORDS

    def __init__(self, *args: Any, edition: Edition, **kwargs: Any) -> None:
        own = edition.camera_ready_rules
        severities = own.get("severities", edition.check_severities)
        super().__init__(*args, severities=severities, version=edition.version, **kwargs)
        for name, label, usual in (
            ("min_pages", "Pages, at least", edition.min_pages),
            ("max_pages", "Pages, at most", edition.max_pages),
        ):
            self.fields[name] = forms.IntegerField(
                label=label,
                required=False,
                min_value=1,
                max_value=999,
                initial=own.get(name),
                help_text=f"Empty: {usual}",
            )
        self.edition = edition

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        low = data.get("min_pages") or self.edition.min_pages
        high = data.get("max_pages") or self.edition.max_pages
        if low > high:
            self.add_error("max_pages", f"At most {high} pages is less than at least {low}.")
        return data

    def rules(self) -> dict[str, Any]:
        """What the edition keeps; a rule set that says nothing of its own is the one of submissions."""
        data = self.cleaned_data
        pages = {name: data[name] for name in ("min_pages", "max_pages") if data.get(name)}
        own = self.severities()
        return pages | ({"severities": own} if own != self.edition.check_severities else {})


def explained(form: RulesForm, texts: dict[str, str]) -> list[dict[str, Any]]:
    """Each code's field with the first sentence of its explanation; those that differ from the usual first."""
    rows = [{"field": field, "text": texts.get(field.name, ""), "own": bool(field.value())} for field in form.codes]
    return sorted(rows, key=lambda row: not row["own"])
