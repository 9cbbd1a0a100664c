"""The delegate who handles what every chair is in conflict with."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from dlonsc.editions.models import Membership
from reviews.actions.assigning import Refused
from reviews.actions.delegating import name_delegate
from reviews.delegates import chairs_of, needs_delegate
from reviews.forms.chair import MemberField
from reviews.views.chair.door import ChairRequest, chairs_only, page


class DelegateForm(forms.Form):
    member = MemberField(Membership.objects.none(), label="Delegate")

    def __init__(self, *args: object, chair: Membership) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        field = self.fields["member"]
        if isinstance(field, MemberField):
            # All of them: leaving out who is in conflict would tell who is.
            members = Membership.objects.active().filter(edition=chair.edition_id, is_chair=False)
            field.queryset = members.order_by("name", "pk")


@chairs_only
def delegate(request: ChairRequest, chair: Membership) -> HttpResponse:
    form = DelegateForm(request.POST if request.method == "POST" else None, chair=chair)
    if form.is_valid():
        member = form.cleaned_data["member"]
        try:
            name_delegate(chair.edition, member, by=request.user, at=timezone.now())
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"{member.name} is now a chair, as delegate. All chairs are told by letter.")
        return redirect("reviews:delegate", slug=chair.edition.slug)
    context = {"form": form, "needed": needs_delegate(chair.edition), "chairs": chairs_of(chair.edition)}
    return page(request, chair, "delegate.html", context, status=422 if form.errors else 200)
