"""Letters that wait, by kind, and the one act on all of them: to keep back what was written before an instant."""

from django.contrib import messages
from django.db.models import Count, Max, Min
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from dlonsc.editions.models import Membership
from dlonsc.mail.ledger import NotPossible
from dlonsc.mail.models import State
from reviews.actions import restoring
from reviews.forms.waiting import BeforeForm
from reviews.views.chair.door import ChairRequest, chairs_only, page
from reviews.views.letters import kind_in_words


@chairs_only
def waiting(request: ChairRequest, chair: Membership) -> HttpResponse:
    """GET shows what waits; POST shows what would be kept back, and with `confirm` does it."""
    now = timezone.now()
    form = BeforeForm(request.POST if request.method == "POST" else None, initial={"before": now})
    chosen, before = None, now
    if form.is_valid():
        before = form.cleaned_data["before"]
        if "confirm" in request.POST and cancelled(request, chair, form):
            return redirect("letters:waiting", chair.edition.slug)
        chosen = restoring.waiting_letters(chair, before).count()
    rows = restoring.waiting_letters(chair, before).order_by().values("kind", "state")
    rows = rows.annotate(count=Count("pk"), first=Min("created_at"), last=Max("created_at")).order_by("kind", "state")
    lines = [{**row, "words": kind_in_words(row["kind"]), "label": State(row["state"]).label} for row in rows]
    context = {"form": form, "lines": lines, "chosen": chosen, "before": before}
    return page(request, chair, "waiting.html", context, status=422 if form.errors else 200)


def cancelled(request: ChairRequest, chair: Membership, form: BeforeForm) -> bool:
    data = form.cleaned_data
    try:
        count = restoring.cancel_waiting(
            chair, before=data["before"], expected=data["expected"] or 0, by=request.user, at=timezone.now()
        )
    except NotPossible as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, f"Kept back for good: {count}. They stand as cancelled in the list of letters.")
    return True
