"""Administrators see who asks to be forgotten, what that means for each, and do it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from dlonsc.accounts.models import User
from reviews.actions import erasing
from reviews.actions.assigning import Refused

View = Callable[..., HttpResponse]


class EraseForm(forms.Form):
    email = forms.EmailField(label="Her address, typed by you")
    sure = forms.BooleanField(label="I have seen what goes and what stays, and that it cannot be undone")

    def __init__(self, *args: Any, person: User) -> None:
        super().__init__(*args)
        self.person = person

    def clean_email(self) -> str:
        typed = str(self.cleaned_data["email"])
        if typed.lower() != self.person.email.lower():
            raise forms.ValidationError("This is not the address that the person signs in with.")
        return typed


def administrators_only(view: View) -> View:
    """404 for everybody else: whether somebody asked must not show."""

    @login_required
    @wraps(view)
    def checked(request: HttpRequest, **words: Any) -> HttpResponse:
        if not (isinstance(request.user, User) and request.user.is_superuser):
            raise Http404
        return view(request, **words)

    return checked


@administrators_only
def wishes(request: HttpRequest) -> HttpResponse:
    """Everybody who asked and is still there, the longest waiting first; and a way to anybody by her address."""
    typed = request.GET.get("email", "").strip()
    found = User.objects.filter(email=typed.lower(), is_active=True).first() if typed else None
    if found is not None:
        return redirect("persons:erase", person=found.pk)
    context = {"wishes": erasing.wishes(), "typed": typed}
    return render(request, "reviews/erasure/wishes.html", context)


@administrators_only
def erase(request: HttpRequest, person: int) -> HttpResponse:
    """What erasing this person would do now; POST does it."""
    user = get_object_or_404(User, pk=person, is_active=True)
    form = EraseForm(request.POST if request.method == "POST" else None, person=user)
    if form.is_valid():
        try:
            erasing.erase(user, by=str(request.user), at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Done. The account can never be signed in to again.")
            return redirect("persons:wishes")
    context = {"person": user, "plan": erasing.plan(user), "asked": erasing.requested(user), "form": form}
    return render(request, "reviews/erasure/person.html", context, status=422 if form.errors else 200)
