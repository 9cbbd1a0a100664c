"""What authors type. Drafts are saved whatever is missing; only Submit asks for completeness."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from dlonsc.accounts.addresses import AddressField
from dlonsc.accounts.models import validate_orcid
from dlonsc.accounts.printed import PrintedField
from dlonsc.editions.models import Edition, Topic
from dlonsc.posted import fingerprint, whole_number
from submissions.actions.drafting import MOST_AUTHORS, AuthorEntry
from submissions.models import Author, ReproducibilityRecord, Submission

LONGEST_ABSTRACT = 10_000
LONGEST_ALGORITHMS = 20_000
# A form makes as many rows as a request claims to send: it must not claim thousands. Some are for removed rows.
MOST_AUTHOR_ROWS = MOST_AUTHORS + 10
MOST_RECORD_ROWS = 100


class LetterTextField(forms.CharField):
    """Words that other people get by letter: as many as a letter needs."""

    def __init__(self, *, rows: int, words: str = "", **kwargs: Any) -> None:
        help_text = f"{words} At most 5,000 characters.".strip()
        super().__init__(max_length=5_000, widget=forms.Textarea(attrs={"rows": rows}), help_text=help_text, **kwargs)


class NewSubmissionForm(forms.Form):
    title = PrintedField(
        label="Title", max_length=300, help_text="A working title is enough; everything can be changed later."
    )


class TopicsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Topics with their parent's words in front."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.parent.title}: {obj.title}" if obj.parent else str(obj.title)

    def clean(self, value: Any) -> Any:
        """A number that no database holds is no choice: SQLite's adapter would raise."""
        for pk in value or ():
            if whole_number(str(pk), other=-1) < 0:
                raise ValidationError(self.error_messages["invalid_pk_value"], "invalid_pk_value", {"pk": pk})
        return super().clean(value)


class DetailsForm(forms.Form):
    """A draft may miss any of it but the title; Submit asks for what `NEEDED` names, and the labels say so."""

    NEEDED = ("abstract", "topics", "is_original")
    use_required_attribute = False
    version = forms.IntegerField(widget=forms.HiddenInput)
    title = PrintedField(label="Title", max_length=300)
    abstract = forms.CharField(
        label="Abstract", max_length=LONGEST_ABSTRACT, widget=forms.Textarea(attrs={"rows": 8}), required=False
    )
    keywords = forms.CharField(label="Keywords", max_length=300, required=False, help_text="separated by commas")
    topics = TopicsField(
        queryset=Topic.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Topics",
        help_text="Reviewers are matched by these. Choose the one to three that fit best.",
    )
    is_original = forms.BooleanField(
        required=False, label="We declare that this work is unpublished, original, and not under review elsewhere."
    )

    def __init__(self, *args: Any, edition: Edition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        topics = edition.topics.select_related("parent")
        children = topics.filter(parent__isnull=False)
        self.fields["topics"].queryset = children if children.exists() else topics  # type: ignore[attr-defined]
        self.mark_needed(needed=True)

    def mark_needed(self, *, needed: bool) -> None:
        for name in self.NEEDED:
            self.fields[name].required = needed

    def full_clean(self) -> None:
        self.mark_needed(needed=False)
        super().full_clean()
        self.mark_needed(needed=True)


def plain_orcid(text: str) -> str:
    return text.strip().upper().removeprefix("HTTPS://ORCID.ORG/")


class AuthorForm(forms.Form):
    name = PrintedField(label="Name as printed", max_length=200)
    email = AddressField(label="E-mail")
    institution = forms.CharField(label="Institution", max_length=200, required=False)
    town = forms.CharField(label="Town", max_length=100, required=False)
    country = forms.CharField(label="Country", max_length=100, required=False)
    orcid = forms.CharField(label="ORCID iD", max_length=40, required=False)
    is_contact = forms.BooleanField(label="Contact author", required=False)

    def clean_orcid(self) -> str:
        value = plain_orcid(str(self.cleaned_data["orcid"]))
        if value:
            validate_orcid(value)
        return value


class BaseAuthors(forms.BaseFormSet):  # type: ignore[type-arg]
    """The author list in order; two rows with one address are refused with the row marked."""

    def clean(self) -> None:
        seen: dict[str, int] = {}
        for number, form in enumerate(self.forms, start=1):
            if self.can_delete and form.cleaned_data.get("DELETE"):
                continue
            email = str(form.cleaned_data.get("email", "")).lower()
            if email and email in seen:
                form.add_error("email", f"This address is also in row {seen[email]}. Each author has an own address.")
                raise ValidationError(f"Row {number}: {email} is also in row {seen[email]}.")
            if email:
                seen[email] = number

    def entries(self) -> list[AuthorEntry]:
        """The rows in the order that was chosen, without the removed and the empty ones."""
        rows = [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        rows.sort(key=lambda form: form.cleaned_data.get("ORDER") or 10_000)
        names = AuthorEntry.__dataclass_fields__
        return [AuthorEntry(**{name: form.cleaned_data[name] for name in names}) for form in rows]


AuthorFormSet = forms.formset_factory(
    AuthorForm,
    formset=BaseAuthors,
    extra=0,
    can_order=True,
    can_delete=True,
    max_num=MOST_AUTHOR_ROWS,
    absolute_max=MOST_AUTHOR_ROWS,
)


def authors_initial(submission: Submission) -> list[dict[str, Any]]:
    names = AuthorEntry.__dataclass_fields__
    return [{name: getattr(row, name) for name in names} for row in submission.authors.all()]


class SoftwareForm(forms.Form):
    name = forms.CharField(label="Software", max_length=200, required=False)
    release = forms.CharField(label="Release", max_length=100, required=False)
    url = forms.CharField(label="URL or commit", max_length=300, required=False)


class DatasetForm(forms.Form):
    name = forms.CharField(label="Data set", max_length=200, required=False)
    version = forms.CharField(label="Version", max_length=100, required=False)
    subset = forms.CharField(label="Subset", max_length=200, required=False)
    licence = forms.CharField(label="Licence", max_length=100, required=False)
    url = forms.CharField(label="URL", max_length=300, required=False)


class HardwareForm(forms.Form):
    system = forms.CharField(label="System", max_length=200, required=False)
    nodes = forms.CharField(label="Nodes", max_length=60, required=False)
    cpu = forms.CharField(label="CPU", max_length=200, required=False)
    accelerator = forms.CharField(label="Accelerator", max_length=200, required=False)
    interconnect = forms.CharField(label="Interconnect", max_length=200, required=False)


BENCHMARKS = [
    ("", "choose"),
    ("MLPerf", "MLPerf"),
    ("ResNet-50/ImageNet-1K", "ResNet-50 with ImageNet-1K"),
    ("other", "other"),
    ("none", "none"),
]


class BenchmarkForm(forms.Form):
    name = forms.ChoiceField(label="Benchmark", choices=BENCHMARKS, required=False)
    detail = forms.CharField(label="Version, division, task", max_length=300, required=False)


ROWS: dict[str, type[forms.Form]] = {
    "software": SoftwareForm,
    "datasets": DatasetForm,
    "hardware": HardwareForm,
    "benchmarks": BenchmarkForm,
}
TITLES = {
    "algorithms": "Algorithms",
    "software": "Software releases",
    "datasets": "Data sets",
    "hardware": "Hardware",
    "benchmarks": "Benchmarks",
}


class ReproducibilityForm(forms.Form):
    """The texts of the record; the rows are formsets beside it."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    algorithms = forms.CharField(
        label="Algorithms, models, training procedure",
        max_length=LONGEST_ALGORITHMS,
        widget=forms.Textarea(attrs={"rows": 5}),
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for section, words in TITLES.items():
            self.fields[f"not_{section}"] = forms.CharField(
                label=f"{words}: not applicable because", max_length=300, required=False
            )


class RecordForms:
    """The whole reproducibility record as one form: texts, and a formset of rows per section."""

    def __init__(self, record: ReproducibilityRecord, data: Any = None) -> None:
        initial: dict[str, Any] = {"version": record.version, "algorithms": record.algorithms}
        initial |= {f"not_{section}": record.not_applicable.get(section, "") for section in TITLES}
        self.texts = ReproducibilityForm(data, initial=initial)
        # No row that was sent is left out for being as one that stands: an added row that was saved comes again.
        standing = {section: getattr(record, section) if data is None else None for section in ROWS}
        self.rows = {
            section: forms.formset_factory(
                form,
                extra=0 if standing[section] else 1,
                can_delete=True,
                max_num=MOST_RECORD_ROWS,
                absolute_max=MOST_RECORD_ROWS,
            )(data, initial=standing[section], prefix=section)
            for section, form in ROWS.items()
        }

    def is_valid(self) -> bool:
        return self.texts.is_valid() and all(rows.is_valid() for rows in self.rows.values())

    def use_version(self, version: int) -> None:
        """Let what was typed be saved over the newer text, now that its writer was told."""
        self.texts.data = {**self.texts.data.dict(), "version": version}  # type: ignore[attr-defined]

    def sections(self) -> list[dict[str, Any]]:
        """What the template walks: title, formset, the field of "not applicable"."""
        return [
            {"name": name, "title": TITLES[name], "formset": self.rows.get(name), "not": self.texts[f"not_{name}"]}
            for name in TITLES
        ]

    def values(self) -> dict[str, Any]:
        """The record's values: rows without the empty and the removed ones."""
        kept = {
            section: [
                {name: value.strip() for name, value in form.cleaned_data.items() if name != "DELETE"}
                for form in rows.forms
                if form.cleaned_data
                and not form.cleaned_data.get("DELETE")
                and any(value for name, value in form.cleaned_data.items() if name != "DELETE")
            ]
            for section, rows in self.rows.items()
        }
        reasons = {name: self.texts.cleaned_data[f"not_{name}"].strip() for name in TITLES}
        return kept | {
            "algorithms": self.texts.cleaned_data["algorithms"],
            "not_applicable": {name: reason for name, reason in reasons.items() if reason},
        }


class UploadForm(forms.Form):
    file = forms.FileField(
        label="PDF", allow_empty_file=True, widget=forms.ClearableFileInput(attrs={"accept": "application/pdf,.pdf"})
    )


class SupplementForm(forms.Form):
    file = forms.FileField(label="File", allow_empty_file=True)
    description = forms.CharField(label="What it is", max_length=200, required=False)


class WithdrawForm(forms.Form):
    reason = LetterTextField(label="Reason", required=False, rows=3)


class AuthorChangeForm(forms.Form):
    reason = LetterTextField(label="Reason", rows=3, words="All authors of both lists read it.")


class QuestionForm(forms.Form):
    text = LetterTextField(label="Your question", rows=4)


class ItemForm(forms.Form):
    file = forms.FileField(label="File", allow_empty_file=True)


ORCID_FIELD = "orcid-"


def orcid_field(author: Author) -> str:
    """The name of an author's field, by her address: no other author has it, and it stays when a list is written anew.

    Not by her place, which another may have when the form comes back, nor by her row, which every change makes anew.
    """
    return ORCID_FIELD + fingerprint(author.email.lower())[:12]


class CameraReadyForm(forms.Form):
    version = forms.CharField(widget=forms.HiddenInput, required=False)
    running_head = PrintedField(label="Running head", max_length=120, required=False, help_text="short title")
    licence_signer = PrintedField(label="Licence signed by", max_length=200, required=False)
    licence_signed_on = forms.DateField(
        label="Signed on", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    alt_text_done = forms.BooleanField(label="All figures have alternative texts", required=False)

    def __init__(self, data: QueryDict | None = None, *, authors: list[Author], **kwargs: Any) -> None:
        self.authors = {orcid_field(author): author for author in authors}
        self.left_over: list[str] = []
        if data is not None:
            self.left_over = sorted(
                value.strip()
                for name in data.keys() - self.authors.keys()
                for value in data.getlist(name)
                if name.startswith(ORCID_FIELD) and value.strip()
            )
            # What the page that was sent did not ask for stays as it is.
            data = data.copy()
            for name, author in self.authors.items():
                data.setdefault(name, author.orcid)
        super().__init__(data, **kwargs)
        for name, author in self.authors.items():
            self.fields[name] = forms.CharField(
                label=f"ORCID iD of {author.name}", max_length=40, required=False, initial=author.orcid
            )

    def clean(self) -> dict[str, Any]:
        for name in self.authors:
            value = plain_orcid(self.cleaned_data.get(name, ""))
            self.cleaned_data[name] = value
            try:
                if value:
                    validate_orcid(value)
            except ValidationError as error:
                self.add_error(name, error)
        if self.left_over:
            self.add_error(
                None,
                f"The author list was changed meanwhile, and nothing was saved. {', '.join(self.left_over)} was typed "
                "for an author whose address it does not hold any more: type it beside the right author.",
            )
        return self.cleaned_data

    def details(self) -> dict[str, Any]:
        """The values that are no ORCID iDs."""
        known = self.base_fields.keys() - {"version"}
        return {name: value for name, value in self.cleaned_data.items() if name in known}

    def keys_of_values(self) -> list[tuple[str, str]]:
        """Each field with the key of its value in `printing.save_details`' refusal."""
        details = [(name, name) for name in self.base_fields if name != "version"]
        return details + [(name, author.email) for name, author in self.authors.items()]

    def orcids(self) -> dict[str, str]:
        """ORCID iDs by the authors' addresses, which stay when the list is written anew."""
        return {author.email: self.cleaned_data[name] for name, author in self.authors.items()}
