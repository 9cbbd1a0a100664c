"""A person and what is held about her: her copy, and her wish to be forgotten."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from dlonsc.accounts.models import User
from reviews import copies
from reviews.actions import erasing
from reviews.persons import data_of, files_of


class WishForm(forms.Form):
    reason = forms.CharField(
        required=False,
        max_length=2000,
        label="Anything the administrator should know",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    sure = forms.BooleanField(label="I understand that I cannot sign in any more afterwards")


@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """What is held, in words; POST asks to be forgotten."""
    user = cast(User, request.user)
    form = WishForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if erasing.request(user, reason=form.cleaned_data["reason"], at=timezone.now()):
            messages.success(request, "The administrators have your wish.")
            return redirect("persons:mine")
        if erasing.has_said(user, form.cleaned_data["reason"]):
            return redirect("persons:mine")  # pressed twice
        form.add_error(None, "You have asked already; what you write now was sent to nobody.")
    context = {"form": form, "plan": erasing.plan(user), "asked": erasing.requested(user)}
    return render(request, "reviews/my_data.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def download(request: HttpRequest) -> HttpResponseBase:
    """Everything about oneself as one archive: JSON, and the files of her submissions."""
    user = cast(User, request.user)
    data = json.dumps(data_of(user, timezone.now()), cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)

    def files() -> Iterator[tuple[str, Path | bytes]]:
        yield "data.json", data.encode()
        yield from files_of(user)

    response = StreamingHttpResponse(copies.zipped(files()), content_type="application/zip")
    response.headers["Content-Disposition"] = 'attachment; filename="my-data.zip"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
