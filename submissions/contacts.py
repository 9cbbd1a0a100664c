"""Who answers for a submission: whom reminders, chasing and moved dates go to."""

from collections.abc import Iterable

from allauth.account.models import EmailAddress

from dlonsc.accounts.models import addresses_beside
from dlonsc.mail import erased
from dlonsc.mail.guards import OTHER_ADDRESS
from dlonsc.mail.models import Message
from submissions.models import Submission
from submissions.states import State


def contacts(submission: Submission) -> list[tuple[str, str]]:
    """Who answers for a submission: its creator and its contact author, each address once, as (address, name)."""
    return contacts_of([submission])[submission.pk]


def contacts_of(submissions: Iterable[Submission]) -> dict[int, list[tuple[str, str]]]:
    """`contacts` of many, by primary key, from a constant number of queries.

    An account that was closed or erased gets no letters, not even as the contact author; what was submitted is then
    answered for by all its other authors. The contact author of a draft answers for it once she has confirmed that she
    is its author. A creator whom another took off the list does not answer for it any more, and learns nothing of it.
    """
    rows = list(submissions)
    listed = {row.pk: [one for one in row.authors.all() if one.email] for row in rows}
    gone = erased.among(one.email for authors in listed.values() for one in authors)
    if gone:
        # Who has come back with a new account is written to again.
        gone -= {
            email.lower()
            for email in EmailAddress.objects.filter(email__in=gone, verified=True).values_list("email", flat=True)
        }
    found = {}
    for row in rows:
        owner = row.created_by
        is_hers = owner.is_active and not row.creator_left
        out = gone if is_hers else {*gone, owner.email.lower()}
        authors = [one for one in listed[row.pk] if one.email.lower() not in out]
        # A draft names whomever its creator typed: a stranger is not written to before she was there herself.
        named = [one for one in authors if one.is_contact and (row.state != State.DRAFT or one.confirmed_at)]
        if not named and row.state != State.DRAFT:
            named = authors
        people = {owner.email.lower(): owner.name} if is_hers else {}
        for one in named:
            people.setdefault(one.email.lower(), one.name)
        found[row.pk] = list(people.items())
    return found


def answers_no_more(message: Message, submission: Submission) -> str | None:
    """Why the recipient of a letter is none of those who answer for a submission now; None when she is.

    The words free its key: whoever answers for it under another address, or instead of her, is written to anew.
    """
    people = {email for email, _ in contacts(submission)}
    return OTHER_ADDRESS if people.isdisjoint(addresses_beside(message.to_email)) else None
