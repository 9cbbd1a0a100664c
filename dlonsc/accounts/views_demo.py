"""The demo's bar and its page of letters. Its addresses exist only when settings.DEMO is on."""

from django.contrib.auth import login, logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from dlonsc.accounts.models import User
from dlonsc.mail.models import Message
from dlonsc.posted import whole_number

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
SHOWN = 200


@require_POST
def become(request: HttpRequest) -> HttpResponse:
    """Switch person with one click; an empty choice signs out."""
    chosen = request.POST.get("person", "")
    if not chosen:
        logout(request)
        return redirect("editions:home")
    person = User.objects.filter(pk=whole_number(chosen), is_active=True).first()
    if person is None:
        raise Http404
    login(request, person, backend=BACKEND)
    onward = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(onward, allowed_hosts={request.get_host()}):
        return redirect(onward)
    return redirect("editions:dashboard")


@require_safe
def letters(request: HttpRequest) -> HttpResponse:
    """The letters that would have left, newest first."""
    to = request.GET.get("to", "").strip()
    rows = Message.objects.filter(to_email__icontains=to) if to else Message.objects.all()
    return render(request, "accounts/demo_letters.html", {"letters": rows[:SHOWN], "to": to, "shown": SHOWN})


@require_safe
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    message = Message.objects.filter(pk=pk).first()
    if message is None:
        raise Http404
    return render(request, "accounts/demo_letter.html", {"letter": message})
