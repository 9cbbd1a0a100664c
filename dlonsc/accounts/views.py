"""Pages about oneself, and the pages for a form that is not taken: its session, or its place, is gone."""

from typing import Any

from allauth.account.views import ConfirmEmailView, ConfirmLoginCodeView, EmailView
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from dlonsc.accounts import interrupted
from dlonsc.accounts.forms import AffiliationForm, ProfileForm
from dlonsc.accounts.models import User


def signed_in(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - login_required has seen to it
    return request.user


def kept(user: User) -> User:
    """The account until the end of the act; 404 for who was erased meanwhile: nothing of hers is written any more."""
    return get_object_or_404(User.objects.select_for_update(no_key=True), pk=user.pk, is_active=True)


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Name as printed, ORCID iD, affiliations."""
    user = signed_in(request)
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    if request.method == "POST" and form.is_valid():
        # Nothing else, and nothing of who is erased meanwhile: what is written beside this must not be undone.
        with transaction.atomic():
            kept(user)
            form.instance.save(update_fields=form.Meta.fields)
        messages.success(request, "Profile saved.")
        return redirect("accounts:profile")
    context = {"form": form, "affiliations": user.affiliations.all(), "new": AffiliationForm(prefix="new")}
    return render(request, "accounts/profile.html", context)


@login_required
@require_POST
def add_affiliation(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    form = AffiliationForm(request.POST, prefix="new")
    if form.is_valid():
        with transaction.atomic():
            form.instance.user = kept(user)
            form.save()
        messages.success(request, f"{form.instance.institution} added.")
        return redirect("accounts:profile")
    context = {"form": ProfileForm(instance=user), "affiliations": user.affiliations.all(), "new": form}
    return render(request, "accounts/profile.html", context, status=422)


@login_required
def edit_affiliation(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one affiliation, say that one left, or remove it."""
    affiliation = get_object_or_404(signed_in(request).affiliations, pk=pk)
    if request.method == "POST" and "remove" in request.POST:
        affiliation.delete()
        messages.success(request, f"{affiliation.institution} removed.")
        return redirect("accounts:profile")
    form = AffiliationForm(request.POST or None, instance=affiliation)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            kept(signed_in(request))
            form.save()
        messages.success(request, f"{affiliation.institution} saved.")
        return redirect("accounts:profile")
    return render(request, "accounts/affiliation.html", {"form": form, "affiliation": affiliation})


@login_required
def carry_on(request: HttpRequest) -> HttpResponse:
    """The form that had to wait for a sign-in, as it was typed: one press sends it; POST here throws it away."""
    waiting = interrupted.kept_for(request)
    if request.method == "POST":
        interrupted.forget(request)
        messages.info(request, "It was not sent.")
        return redirect(waiting.back if waiting and waiting.back else "editions:dashboard")
    if waiting is None:
        return redirect("editions:dashboard")
    return render(request, "accounts/carry_on.html", {"waiting": waiting})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form came back after the session had changed: say so; the browser has kept what was typed."""
    referrer = request.headers.get("Referer", "")
    own = url_has_allowed_host_and_scheme(referrer, allowed_hosts={request.get_host()})
    return render(request, "accounts/csrf_failure.html", {"back": referrer if own else ""}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A page that is not there, or not for her, or not any more: then what she had typed for it stands here.

    Made of the request alone, so that it reads alike whatever is behind the address.
    """
    return render(request, "404.html", {"sent": interrupted.words_sent(request)}, status=404)


class Addresses(EmailView):  # type: ignore[misc]  # allauth has no types
    """allauth's page of one's addresses; each of its acts is one transaction with its letters.

    Nothing of who is erased meanwhile comes back: before any act allauth writes the account's own address, where it is
    missing.
    """

    @transaction.atomic
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if isinstance(request.user, User):
            kept(request.user)
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response


class ConfirmEmail(ConfirmEmailView):  # type: ignore[misc]  # allauth has no types
    """allauth's page of a link by mail; looking at another's signs nobody out. What a proof does is one transaction."""

    @transaction.atomic
    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post(*args, **kwargs)
        return response

    def logout_other_user(self, confirmation: Any) -> None:
        if self.request.method == "POST":
            super().logout_other_user(confirmation)


class ConfirmCode(ConfirmLoginCodeView):  # type: ignore[misc]  # allauth has no types
    """allauth's page of a code by mail, which proves its address: what a proof does is one transaction here too."""

    @transaction.atomic
    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post(*args, **kwargs)
        return response
