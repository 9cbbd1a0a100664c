"""Which account a letter opens: never that of somebody who only added its address and has not proven it.

Anybody can add anybody's address to an account of his own. A code or a reset asked for with that address comes to its
owner, who would open a stranger's account with it, and by typing the code prove her address for him. Nor does it keep
the owner from an account of her own: for a sign-up such an account is not there.
"""

import secrets
from collections.abc import Iterable
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import RequestLoginCodeForm, ResetPasswordForm, SignupForm
from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.models import EmailAddress
from allauth.socialaccount.forms import SignupForm as SocialSignupForm
from allauth.socialaccount.models import SocialAccount
from django.db import router, transaction
from django.db.models import Model
from django.http import HttpRequest

from dlonsc.accounts.models import User

NOBODY = 0


def opened_by(email: str, users: Iterable[User]) -> list[User]:
    """Those of the accounts that a letter to this address may open: it is proven, or none of theirs is.

    One query whoever is asked about, so that its time tells nothing.
    """
    users = list(users)
    rows = EmailAddress.objects.filter(user__in=[NOBODY, *(user.pk for user in users)], verified=True)
    proven = list(rows.values_list("user_id", "email"))
    further = {user for user, _ in proven} - {user for user, address in proven if address.lower() == email.lower()}
    return [user for user in users if user.pk not in further]


class AskForCode(RequestLoginCodeForm):  # type: ignore[misc]  # allauth has no types
    _user: User | None

    def clean_email(self) -> str:
        email: str = get_adapter().clean_email(super().clean_email())
        found = [self._user] if self._user else []
        opened = opened_by(email, found)
        if opened != found:
            # allauth takes any one of those who have the address, proven by none.
            others = filter_users_by_email(email, is_active=True, for_login=True)
            opened = opened_by(email, others)
        self._user = opened[0] if opened else None
        return email


class AskForReset(ResetPasswordForm):  # type: ignore[misc]  # allauth has no types
    users: list[User]

    def clean_email(self) -> str:
        email: str = super().clean_email()
        self.users = opened_by(email, self.users)
        return email


def is_only_added(email: str) -> bool:
    """Whether accounts have an address, and to none of them it is more than added."""
    found: list[User] = filter_users_by_email(email)
    return bool(found) and not has_account(email, found)


def has_account(email: str, found: list[User]) -> bool:
    """Whether one of these accounts, which have an address, is opened by it, or has it as its first one: two accounts
    cannot sign in with one first address, whatever of it is proven.
    """
    return bool(opened_by(email, found)) or any(user.email.lower() == email.lower() for user in found)


@transaction.atomic
def take_numbers(*, elsewhere: bool) -> None:
    """As many as a new account takes: people read those of their own, on pages and in links, and who has made one
    before a sign-up with somebody's address and one after it would count whether that made one too.
    """
    user = User.objects.create_user(f"{secrets.token_hex(16)}@taken.invalid")
    rows: list[Model] = [user, EmailAddress.objects.create(user=user, email=user.email)]
    if elsewhere:
        rows.append(SocialAccount.objects.create(user=user, provider="taken", uid=user.email))
    for row in reversed(rows):
        # Nothing hangs on them: Django would look in every table.
        model = type(row)
        model._base_manager.filter(pk=row.pk)._raw_delete(router.db_for_write(model))


class UniqueWhereOpened:
    """A sign-up whose address is another's only where a letter about it could open that account."""

    account_already_exists: bool
    is_elsewhere = False

    def validate_unique_email(self, value: str) -> str:
        self.account_already_exists = has_account(value, filter_users_by_email(value))
        return value

    def try_save(self, request: HttpRequest) -> Any:
        if self.account_already_exists:
            take_numbers(elsewhere=self.is_elsewhere)
        return super().try_save(request)  # type: ignore[misc]  # of allauth's form, which follows


class SignUp(UniqueWhereOpened, SignupForm):  # type: ignore[misc]  # allauth has no types
    """Of who types address and password."""


class SignUpElsewhere(UniqueWhereOpened, SocialSignupForm):  # type: ignore[misc]  # allauth has no types
    """Of who comes with an account elsewhere that tells no address."""

    is_elsewhere = True
