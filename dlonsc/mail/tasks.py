"""Doorbells of the ledger."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from dlonsc.mail import ledger, mailbox


@shared_task(name="dlonsc.mail.tasks.deliver")
def deliver(message_id: int) -> None:
    """Deliver one letter if it is due."""
    ledger.deliver_now(message_id)


@shared_task(name="dlonsc.mail.tasks.sweep")
def sweep() -> None:
    """Deliver every letter that is due and was never rung, and release expired leases."""
    ledger.sweep()


@shared_task(name="dlonsc.mail.tasks.poll_mailbox")
def poll_mailbox() -> None:
    """Read the delivery reports that came back by mail, when a mailbox is named."""
    if settings.BOUNCE_MAILBOX:
        mailbox.poll(settings.BOUNCE_MAILBOX, at=timezone.now())
