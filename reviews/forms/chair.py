"""What chairs type."""

from typing import Any

from django import forms

from dlonsc.editions.models import Membership
from reviews.models import Verdict
from submissions.access import overseen_by
from submissions.models import ConflictKind, Submission


class MemberField(forms.ModelChoiceField):  # type: ignore[type-arg]  # takes none at run time
    """Members by their names."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class HandlingChairForm(forms.Form):
    handling_chair = MemberField(
        Membership.objects.none(),
        required=False,
        empty_label="nobody in particular",
        label="Handling chair",
        help_text="Only chairs without a conflict of interest are offered.",
    )

    def __init__(self, *args: Any, submission: Submission, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chairs = Membership.objects.chairs().filter(edition=submission.edition_id).select_related("user", "edition")
        free = [chair.pk for chair in chairs if overseen_by(chair).filter(pk=submission.pk).exists()]
        field = self.fields["handling_chair"]
        if isinstance(field, MemberField):
            field.queryset = Membership.objects.filter(pk__in=free)
        field.initial = submission.handling_chair_id


class ConflictForm(forms.Form):
    kind = forms.ChoiceField(choices=ConflictKind.choices, label="Kind of conflict")
    reason = forms.CharField(max_length=500, label="Reason", help_text="Chairs read it; reviewers and authors do not.")


class LiftForm(forms.Form):
    reason = forms.CharField(max_length=500, label="Why is this no conflict?", help_text="Kept in the history.")


class AssignForm(forms.Form):
    """One reviewer for one submission, by hand."""

    member = forms.IntegerField(widget=forms.HiddenInput)


class DecisionForm(forms.Form):
    verdict = forms.ChoiceField(choices=Verdict.choices, widget=forms.RadioSelect, label="Decision")
    to_authors = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=20_000,
        label="Words to the authors",
        help_text="Goes into the letter and onto the authors' page, above the reviews.",
    )
    note = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=20_000,
        label="Reason, for chairs only",
        help_text="Never shown to authors or reviewers.",
    )
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class ReleaseForm(forms.Form):
    """The last step: the chair types the counts that she is about to make public."""

    accepts = forms.IntegerField(min_value=0, label="Number of acceptances")
    rejects = forms.IntegerField(min_value=0, label="Number of rejections")
    leave_undecided = forms.BooleanField(required=False, label="Announce without the undecided submissions")
    fingerprint = forms.CharField(max_length=64, widget=forms.HiddenInput)


class RunForm(forms.Form):
    """What the automatic assignment is to do."""

    OBJECTIVES = (
        ("total", "Greatest total of scores"),
        ("maxmin", "Help the worst-off submission first"),
        ("leximin", "Help the worst-off first, then the next, and so on"),
    )

    objective = forms.ChoiceField(choices=OBJECTIVES, label="Aim")
    share = forms.IntegerField(
        min_value=0,
        max_value=100,
        initial=100,
        required=False,
        label="How far to help the worst-off, in per cent",
        help_text="100 lifts the worst-off submission as far as it goes; 0 asks for the total alone.",
        widget=forms.NumberInput(attrs={"type": "range", "step": 5}),
    )
    demand = forms.IntegerField(min_value=1, max_value=10, label="Reviews per submission")
    handled = forms.BooleanField(
        required=False,
        label="Only submissions that I handle",
        help_text="For a handling chair: the others keep their reviewers, and count as load.",
    )
    reserve = forms.IntegerField(
        min_value=0,
        max_value=10,
        label="Places kept free per reviewer",
        help_text="For submissions that another chair handles, and for late changes.",
    )
    load_price = forms.FloatField(
        min_value=0,
        max_value=10,
        label="Price of unequal load",
        help_text="Score given up for each further submission of one reviewer; 0 asks only for the best fit.",
    )
    one_per_institution = forms.BooleanField(
        required=False, label="At most one reviewer of an institution per submission"
    )
    one_senior = forms.BooleanField(required=False, label="At least one senior reviewer per submission")
    partial = forms.BooleanField(required=False, label="If it cannot be done, propose the fairest partial assignment")
    prob_cap = forms.FloatField(
        required=False,
        min_value=0.1,
        max_value=1,
        label="Greatest probability of any pair",
        help_text="Empty: no chance involved. Below 1 nobody can be sure to get a submission by bidding for it.",
    )
    seed = forms.IntegerField(min_value=0, max_value=2**31 - 1, label="Seed")
    text = forms.FloatField(min_value=0, max_value=10, label="Weight of text")
    text_by = forms.ChoiceField(
        required=False,
        choices=(("words", "the words in them"), ("meaning", "their meaning (sentence vectors)")),
        label="Compare texts by",
        help_text="Meaning finds texts that say the same in other words; it is computed in the background.",
    )
    topic = forms.FloatField(min_value=0, max_value=10, label="Weight of topics")
    bid_base = forms.FloatField(
        min_value=1, max_value=5, label="Factor of a bid", help_text="A bid of 2 multiplies the score by this twice."
    )


class ImportForm(forms.Form):
    file = forms.FileField(
        label="File", help_text="Our own CSV, HotCRP's bulk assignment, or openreview-matcher's assignments.json."
    )
