"""Whose the letters to an address are: when it comes to another person, those to the former one do not."""

from collections.abc import Collection, Iterable

from django.db.models import Q

from dlonsc.mail.models import Message


def give_up(emails: Iterable[str], account: int) -> None:
    """An account gives up addresses that it had proven: what was written to them until now is that account's alone."""
    written = Message.objects.filter(to_email__in={email.lower() for email in emails})
    written.filter(given_up_by_id_label=None).update(given_up_by_id_label=account)


def hers(emails: Collection[str], account: int) -> Q:
    """The letters of an account that has proven these addresses, also those from before it had them."""
    return Q(Q(given_up_by_id_label=None) | Q(given_up_by_id_label=account), to_email__in=emails)
