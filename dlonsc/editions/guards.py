"""The ledger's last look before a letter to an invited person leaves: None lets it go, words keep it and say why."""

from dlonsc.editions.models import Membership
from dlonsc.mail.models import Message


def still_asked(message: Message) -> str | None:
    """The invitation of this round is still without an answer: after a no, nothing more is sent."""
    wanted = message.guard
    row = Membership.objects.filter(pk=wanted["membership"], invitation_round=wanted["round"]).first()
    if row is None or row.removed_at is not None:
        return "the invitation was withdrawn or sent anew"
    if row.declined_at is not None:
        return "the invitation was declined in the meantime"
    if row.accepted_at is not None:
        return "the invitation was accepted in the meantime"
    return None
