"""allauth's letters go through the ledger like all others."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.hashers import make_password
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from dlonsc.accounts.addresses import validate_kept
from dlonsc.accounts.first_proof import keep_signed_in
from dlonsc.accounts.limits import address_of, count
from dlonsc.accounts.models import User
from dlonsc.accounts.opening import is_only_added
from dlonsc.accounts.printed import without_hidden
from dlonsc.mail.post import Letterhead, post

MOST_WRONG_PASSWORDS = 100
KNOWN = "known-browser"
ACCOUNT_LETTER = "accounts/emails/account"
# What the ledger calls allauth's letters; the rest (a password changed, a passkey added) are notices.
KINDS = {
    "account/email/email_confirmation": "verification",
    "account/email/email_confirmation_signup": "verification",
    "account/email/password_reset_key": "password_reset",
    "account/email/unknown_account": "unknown_account",
    "account/email/account_already_exists": "account_exists",
    "account/email/login_code": "sign_in_code",
}
# They open an account: no page, and no copy of what is held about somebody, shows them again.
OPENING = frozenset({"verification", "password_reset", "sign_in_code"})


SIGN_IN_FIRST = (
    "Nothing was confirmed. This address was added to an account that has another one already: sign in to it in this "
    "browser, then open the link again. If you have no such account, somebody else added your address; do nothing."
)

NOT_OPENED = (
    "The e-mail address or the password is not correct, or the address is not confirmed yet: then open the link in its "
    "letter, or ask for a sign-in code."
)


@dataclass(frozen=True)
class Site:
    """What allauth's templates call the current site."""

    domain: str
    name: str = "DLonSC"


def _mark(email: str) -> str:
    """What stands for an address in a cookie, which holds no letters beyond Latin-1."""
    return salted_hmac(KNOWN, email, algorithm="sha256").hexdigest()[:32]


def asked_by(person: User | None) -> str:
    """How a letter to a further address names the account that asks; '' for the first address of an account.

    Its name is not said: anybody may call himself by words that he wants to send to somebody.
    """
    proven = EmailAddress.objects.filter(user=person, verified=True).order_by("-primary", "pk").first()
    if person is None or proven is None:
        return ""
    local, _, domain = proven.email.rpartition("@")
    return f"{local[:1]}...@{domain}"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Sign-up, verification, reset and sign-in codes as letters of the ledger."""

    error_messages = DefaultAccountAdapter.error_messages | {"email_password_mismatch": NOT_OPENED}

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Render allauth's words and post them. Each is asked for by a person, so each has a key of its own.

        None is addressed by a name: who asks for one to somebody else's address has typed it.
        """
        site = Site(domain=self.request.get_host())
        person = context.get("user")
        kind = KINDS.get(template_prefix, "account_notice")
        # A sign-up has no account yet that asks; it must cost as much as one with an address that has an account.
        asker = asked_by(person) if template_prefix == "account/email/email_confirmation" else ""
        more = {"current_site": site, "email": email, "asked_by": asker}
        rendered = self.render_mail(template_prefix, email, more | context)
        post(
            key=f"{kind}:{secrets.token_hex(12)}",
            to_email=email,
            letter=ACCOUNT_LETTER,
            context={"subject": rendered.subject, "body": str(rendered.body).strip()},
            head=Letterhead(sender="DLonSC"),
            at=timezone.now(),
            kind=kind,
            at_most_once=False,
        )

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """A further address is confirmed where its account is signed in; elsewhere it may be a stranger's wish."""
        proven = EmailAddress.objects.filter(user=email_address.user_id, verified=True).exclude(pk=email_address.pk)
        if proven.exists() and request.user != email_address.user:
            messages.warning(request, SIGN_IN_FIRST)
            return False
        return bool(super().confirm_email(request, email_address))

    def clean_email(self, email: str) -> str:
        """Of sign-up, of a further address, and of what a letter is asked for with."""
        cleaned = str(super().clean_email(email))
        validate_kept(cleaned)
        return cleaned

    def clean_password(self, password: str, user: Any = None) -> str:
        """At sign-up allauth knows only the address: the name typed beside it counts too."""
        if user is not None and user.pk is None:
            user.name = user.name or self.request.POST.get("name", "")
        cleaned: str = super().clean_password(password, user)
        return cleaned

    def send_account_already_exists_mail(self, email: str) -> None:
        """A password typed at sign-up is hashed here too: otherwise the quick answer tells that there is an account."""
        if typed := self.request.POST.get("password1"):
            make_password(typed)
        super().send_account_already_exists_mail(email)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return True

    def get_client_ip(self, request: HttpRequest) -> str:
        """An address of version 4 that is written as one of version 6 stays one: it is in no network of version 6."""
        given: str = super().get_client_ip(request)
        address = ip_address(given)
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return str(mapped or given)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong passwords are counted per account and address together: a stranger's do not shut the owner out."""
        return f"{credentials.get('email', '').lower()}:{address_of(request)}"

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """A password is the wrong one beside an address that no account has proven.

        Whoever signs up with somebody's address, or adds it to his own account, and then signs in with it and the
        password that he chose, would read whether it had an account.
        """
        email = str(credentials.get("email", "")).lower()
        if not EmailAddress.objects.filter(email=email, verified=True).exists():
            credentials["password"] = secrets.token_urlsafe()
        return super().authenticate(request, **credentials)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Beside allauth's limit: an account whose password is guessed from many addresses waits for the next day.

        NIST SP 800-63B asks for at most 100 wrong passwords. A browser that has signed in to the account before is not
        counted, and a code by mail or a passkey always works, so the owner is not shut out.
        """
        super().pre_authenticate(request, **credentials)
        email = str(credentials.get("email", "")).lower()
        if request.get_signed_cookie(KNOWN, default="", salt=email) == _mark(email):
            return
        if count(f"password {email}", timedelta(days=1), timezone.now()) > MOST_WRONG_PASSWORDS:
            raise self.validation_error("too_many_login_attempts")

    def post_login(self, request: HttpRequest, user: Any, **words: Any) -> HttpResponse:
        """Remember in the browser that this account was opened from it."""
        keep_signed_in(request, user)
        response: HttpResponse = super().post_login(request, user, **words)
        email = user.email.lower()
        response.set_signed_cookie(
            KNOWN,
            _mark(email),
            salt=email,
            max_age=365 * 24 * 3600,
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
            samesite="Lax",
            path="/accounts/",
        )
        return response


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Signing in with an account elsewhere."""

    def new_user(self, request: HttpRequest, sociallogin: SocialLogin) -> Any:
        """What made an account opens it only once an address of it is proven; until then it begins a sign-up again.

        So it does where the address that was typed, or told, has an account: who comes a second time would read it.
        """
        account = sociallogin.account
        made = SocialAccount.objects.filter(provider=account.provider, uid=account.uid)
        # Administrators are made on the server, not by a form.
        made = made.filter(user__is_staff=False, user__is_superuser=False)
        made.exclude(user__emailaddress__verified=True).delete()
        return super().new_user(request, sociallogin)

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        """allauth signs up whose address the account elsewhere tells without a form that would ask for the name.

        Only what is proven there comes along: of the rest it would be read which address has an account here.
        """
        sociallogin.email_addresses = [address for address in sociallogin.email_addresses if address.verified]
        if sociallogin.email_addresses:
            data = data | {"email": sociallogin.email_addresses[0].email}
        user: User = super().populate_user(request, sociallogin, data)
        parts = [data.get("first_name"), data.get("last_name")]
        local = user.email.partition("@")[0]
        said = (data.get("name"), " ".join(filter(None, parts)), data.get("username"), local)
        user.name = next(filter(None, (without_hidden(words or "")[:200] for words in said)), "")
        return user

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Not with an address that another account has only added: allauth would write to it that it has an account.

        Who comes with it is asked by the form, as who comes with none, for what she types there is proven by a letter.
        """
        if any(is_only_added(address.email) for address in sociallogin.email_addresses[:1]):
            sociallogin.email_addresses = []
            return False
        return bool(super().is_auto_signup_allowed(request, sociallogin))

    def get_app(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Any:
        """allauth has addresses for every provider that it knows; one without keys here is not found."""
        try:
            return super().get_app(request, provider, client_id=client_id)
        except SocialApp.DoesNotExist as error:
            raise Http404 from error
