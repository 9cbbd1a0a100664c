"""Who proves the first address of an account takes it over: what somebody else signed up with opens it no more.

Anybody can sign up with anybody's address and a password, or an account elsewhere, of his own, and wait until its owner
proves the address (the "pre-hijacking" of accounts, Sudhodanan and Paverd, USENIX Security 2022).
"""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest

from dlonsc.accounts.models import User

CHOSEN_HERE = "password-chosen-here"
MADE_HERE = "account-made-here"
DROPPED = (
    "You confirmed your address in another browser, or another session, than that in which the password of this "
    "account was chosen. So that nobody else's password opens it, it does not count any more. Choose one in your "
    "profile, or go on signing in with a code by mail."
)
DROPPED_ELSEWHERE = (
    "You confirmed your address in another browser, or another session, than that in which this account was made with "
    "an account elsewhere. So that nobody else's opens it, that is not connected any more. Connect yours in your "
    "profile, or go on signing in with a code by mail."
)


def mark_choice(request: HttpRequest | None, user: User, **_: Any) -> None:
    """Remember in the session of a sign-up, or of a reset by mail, that the password was chosen there."""
    if request is not None:
        request.session[CHOSEN_HERE] = user.pk


def mark_sign_up(request: HttpRequest | None, user: User, **_: Any) -> None:
    """Remember in the session of a sign-up that the account was made there, with a password or an account elsewhere."""
    mark_choice(request, user)
    if request is not None:
        request.session[MADE_HERE] = user.pk


def take_over(request: HttpRequest | None, email_address: EmailAddress, **_: Any) -> None:
    """The first address of an account is proven. Unless that happens where it was made, what opened it goes."""
    user = email_address.user
    # Administrators are made on the server, not by a form.
    if request is None or user.is_staff or user.is_superuser:
        return
    if EmailAddress.objects.filter(user=user, verified=True).exclude(pk=email_address.pk).exists():
        return
    # Before the first proof nobody connects an account to one that is made: what is connected made it. A reset by mail
    # says nothing about it.
    if request.session.get(MADE_HERE) != user.pk and SocialAccount.objects.filter(user=user).delete()[0]:
        messages.warning(request, DROPPED_ELSEWHERE)
    if request.session.get(CHOSEN_HERE) == user.pk or not user.has_usable_password():
        return
    user.set_unusable_password()
    user.save(update_fields=["password"])
    request.has_taken_over = True  # type: ignore[attr-defined]
    messages.warning(request, DROPPED)


def release(request: HttpRequest | None, email_address: EmailAddress, **_: Any) -> None:
    """Who proves an address has it. An account that only claims it, and has proven none, is nobody's and ends.

    Only where the proving account is signed in: who presses the link of a stranger's letter does not end her own.
    """
    if request is None or request.user != email_address.user:
        return
    claims = User.objects.filter(email=email_address.email.lower()).exclude(pk=email_address.user_id)
    # Administrators are made on the server, not by a form.
    for claim in claims.filter(is_staff=False, is_superuser=False).exclude(emailaddress__verified=True):
        for rows in (EmailAddress, SocialAccount):
            rows.objects.filter(user=claim).delete()
        claim.email, claim.is_active = f"unproven-{claim.pk}@erased.invalid", False
        claim.set_unusable_password()
        claim.save(update_fields=["email", "is_active", "password"])


def keep_signed_in(request: HttpRequest, user: User) -> None:
    """A sign-in that was begun with the old password hash goes on with the new one."""
    if getattr(request, "has_taken_over", False):
        user.refresh_from_db(fields=["password"])
        update_session_auth_hash(request, user)
