"""The letters of the edition in the chairs' own words: the list, and one with its preview, reset and history."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from dlonsc.editions.models import LetterText, Membership
from dlonsc.mail.placeholders import fill
from dlonsc.mail.post import one_line
from dlonsc.posted import whole_number
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
    history = chair.edition.letter_texts.filter(kind=kind).select_related("written_by")
    own, held, seen = standing(letter, history.first())
    form = WordingForm(
        request.POST if request.method == "POST" else None, letter=letter, initial={**held, "based_on": seen}
    )
    overtaken = False
    try:
        if request.method == "POST" and "reset" in request.POST:
            based_on = whole_number(request.POST.get("based_on", ""))
            wording.reset(chair.edition, kind, based_on=based_on, by=request.user, at=timezone.now())
            messages.success(request, "The built-in text holds again; yours stays in the history below.")
            return redirect("letters:text", chair.edition.slug, kind)
        if form.is_valid() and "show" not in request.POST:
            saved = wording.word(chair.edition, kind, **form.cleaned_data, by=request.user, at=timezone.now())
            words = "Saved: letters written from now on say it so." if saved else "It was so already; nothing changed."
            messages.success(request, words)
            return redirect("letters:text", chair.edition.slug, kind)
    except wording.Overtaken as refusal:
        if "reset" in request.POST:
            messages.error(request, f"{refusal} Look at the newer text; nothing was reset.")
            return redirect("letters:text", chair.edition.slug, kind)
        overtaken = True
        form.add_error(None, f"{refusal} Yours is still in the form; save again to put it in the place of theirs.")
        # Both texts are before her now: the next press is meant.
        own, held, seen = standing(letter, history.first())
        form.data = form.data.copy()  # type: ignore[attr-defined]
        form.data["based_on"] = str(seen)  # type: ignore[index]
    context = {
        "letter": letter,
        "own": own,
        "form": form,
        "tried": request.method == "POST" and not form.errors,
        "preview": preview(chair, letter, form.cleaned_data if form.is_bound else held) if not form.errors else None,
        "history": history,
        "seen": seen,
        "theirs": held if overtaken else None,
    }
    return page(request, chair, "text.html", context, status=422 if form.errors else 200)


def standing(letter: LetterKind, last: LetterText | None) -> tuple[LetterText | None, dict[str, str], int]:
    """The edition's own text if one holds, the words that hold, and what a new text is then based on."""
    own = last if last and last.text else None
    words = own or letter
    return own, {"subject": words.subject, "text": words.text}, last.pk if last else 0


def preview(chair: Membership, letter: LetterKind, given: dict[str, str]) -> dict[str, object]:
    """The letter as a real recipient would get it."""
    sample = sample_of(chair, letter.kind)
    subject, text = (fill(given[name], sample.values) for name in ("subject", "text"))
    return {"to": sample.to, "is_real": sample.is_real, "subject": one_line(subject), "text": text.strip()}
