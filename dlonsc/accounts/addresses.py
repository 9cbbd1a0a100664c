"""E-mail addresses as people type them. They are kept in small letters, and a small letter can be longer: of the
Turkish capital I with a dot it is two signs.
"""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

LONGEST = 254


def validate_kept(email: str) -> None:
    """Refuse what is too long as it is kept."""
    size = len(email.lower())
    if size > LONGEST:
        raise ValidationError(f"In small letters this address has {size} characters; at most {LONGEST} are kept.")


def validate_grown(email: str) -> None:
    """Of what is too long as it was typed, the field itself says so."""
    if len(email) <= LONGEST:
        validate_kept(email)


class AddressField(forms.EmailField):
    default_validators = [*forms.EmailField.default_validators, validate_grown]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST, **kwargs)
