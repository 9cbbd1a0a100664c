"""People. The e-mail address is the login; a person may have several, and is one person for every conflict."""

import re
from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone

ORCID = re.compile(r"[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]")


def validate_orcid(value: str) -> None:
    """Refuse an ORCID iD whose ISO 7064 mod 11-2 check character is wrong (support.orcid.org, structure of the iD)."""
    if not ORCID.fullmatch(value):
        raise ValidationError("An ORCID iD has the form 0000-0002-1825-0097.")
    total = 0
    for digit in value.replace("-", "")[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    if value[-1] != ("X" if check == 10 else str(check)):
        raise ValidationError("The last character of this ORCID iD does not fit the others; one digit is mistyped.")


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    @transaction.atomic
    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Made on the server and not by a form: the address is taken as proven, or the password would not count."""
        user = self.create_user(email, password, is_staff=True, is_superuser=True, **fields)
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField("e-mail address", max_length=254, unique=True)
    name = models.CharField("name as printed", max_length=200)
    orcid = models.CharField("ORCID iD", max_length=19, blank=True, validators=[validate_orcid])
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=timezone.now)
    # Interface choices that follow the person from machine to machine.
    compact_tables = models.BooleanField(default=False)
    digest = models.BooleanField("one letter a day instead of single reminders", default=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_user_per_email")]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def verified_emails(self) -> list[str]:
        """All addresses that this person has proven to hold, lower case."""
        rows = EmailAddress.objects.filter(user=self, verified=True).values_list("email", flat=True)
        return sorted(email.lower() for email in rows)


def addresses_beside(email: str) -> set[str]:
    """An address, and all that the account which has proven to hold it has proven too; lower case."""
    holders = User.objects.filter(pk__in=EmailAddress.objects.filter(email=email.lower(), verified=True).values("user"))
    return {email.lower(), *(one for user in holders for one in user.verified_emails)}


def display_name(user: User) -> str:
    """What allauth's pages and letters call a person."""
    return user.name or user.email


class Affiliation(models.Model):
    """One of a person's homes. Past ones count for conflicts for some years."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="affiliations")
    institution = models.CharField(max_length=200)
    town = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=100, blank=True)
    domain = models.CharField("mail domain", max_length=100, blank=True, help_text="for example hpc.example")
    until = models.DateField("left in", null=True, blank=True)

    class Meta:
        ordering = ["until", "pk"]

    def __str__(self) -> str:
        return self.institution


class Hit(models.Model):
    """How many requests of one kind came from one account or address in one window; see dlonsc.accounts.limits."""

    key = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField(default=0)
    until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.count} until {self.until:%Y-%m-%d %H:%M}"
