"""What an edition puts on its letters."""

from dlonsc.editions.models import Edition
from dlonsc.mail.post import Letterhead


def letterhead(edition: Edition) -> Letterhead:
    return Letterhead(edition=edition.slug, sender=edition.sender, reply_to=edition.reply_to or edition.contact_email)
