"""The letters of the edition in the chairs' own words: the list, and one with its preview, reset and history."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from dlonsc.editions.models import Membership
from dlonsc.mail.placeholders import fill
from dlonsc.mail.post import one_line
from reviews.actions import wording
from reviews.forms.wording import WordingForm
from reviews.lettertexts import BY_KIND, KINDS, LetterKind
from reviews.samples import sample_of
from reviews.views.chair.door import ChairRequest, chairs_only, page


@chairs_only
def texts(request: ChairRequest, chair: Membership) -> HttpResponse:
    own = chair.edition.own_texts
    return page(request, chair, "texts.html", {"lines": [(one, own.get(one.kind)) for one in KINDS]})


@chairs_only
def text(request: ChairRequest, chair: Membership, kind: str) -> HttpResponse:
    """POST saves, resets, or with `show` only shows how it would read; what was typed stays in the form."""
    letter = BY_KIND.get(kind)
    if letter is None:
        raise Http404
    own = chair.edition.own_texts.get(kind)
    given = {"subject": own.subject, "text": own.text} if own else {"subject": letter.subject, "text": letter.text}
    form = WordingForm(request.POST if request.method == "POST" else None, letter=letter, initial=given)
    if request.method == "POST" and "reset" in request.POST:
        wording.reset(chair.edition, kind, by=request.user, at=timezone.now())
        messages.success(request, "The built-in text holds again; yours stays in the history below.")
        return redirect("letters:text", chair.edition.slug, kind)
    if form.is_valid():
        given = form.cleaned_data
        if "show" not in request.POST:
            saved = wording.word(chair.edition, kind, **given, by=request.user, at=timezone.now())
            words = "Saved: letters written from now on say it so." if saved else "It was so already; nothing changed."
            messages.success(request, words)
            return redirect("letters:text", chair.edition.slug, kind)
    context = {
        "letter": letter,
        "own": own,
        "form": form,
        "tried": form.is_valid() and request.method == "POST",
        "preview": preview(chair, letter, given) if not form.errors else None,
        "history": chair.edition.letter_texts.filter(kind=kind).select_related("written_by"),
    }
    return page(request, chair, "text.html", context, status=422 if form.errors else 200)


def preview(chair: Membership, letter: LetterKind, given: dict[str, str]) -> dict[str, object]:
    """The letter as a real recipient would get it."""
    sample = sample_of(chair, letter.kind)
    subject, text = (fill(given[name], sample.values) for name in ("subject", "text"))
    return {"to": sample.to, "is_real": sample.is_real, "subject": one_line(subject), "text": text.strip()}
