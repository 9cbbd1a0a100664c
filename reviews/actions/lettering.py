"""What chairs do with letters that wait, failed, or may have arrived."""

from contextlib import suppress
from datetime import datetime

from django.db import transaction

from dlonsc.accounts.models import User
from dlonsc.editions.guards import MOVED, TO_CHAIRS
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.record import record
from dlonsc.mail import guards, ledger
from dlonsc.mail.models import Campaign, Message, State
from reviews.anew import is_written_anew
from reviews.emails.deciding import post_decision
from reviews.emails.watching import mail_test
from reviews.letters import letters_for
from reviews.models import Decision
from submissions.models import Author
from submissions.states import State as SubmissionState

# No chair keeps from another what she did.
TOLD_TO_CHAIRS = frozenset({*TO_CHAIRS, "conflict_lifted", "decision_corrected", "announcement_undone"})


@transaction.atomic
def resolve(letter: Message, *, arrived: bool, by: User, at: datetime) -> None:
    """Settle a letter whose outcome is unknown.

    Raises ledger.NotPossible when somebody was quicker, or when it would be sent again and is not true any more.
    """
    if not arrived:
        _must_still_hold(letter)
    ledger.resolve_unknown(letter, by=str(by), at=at, arrived=arrived)
    note_letter("letter_arrived" if arrived else "letter_sent_again", letter, by, at)


@transaction.atomic
def send_again(letter: Message, *, by: User, at: datetime) -> None:
    """Queue a failed, returned or cancelled letter once more, with the same Message-ID.

    Raises ledger.NotPossible when somebody was quicker, or when what it tells is not true any more.
    """
    _must_still_hold(letter)
    ledger.send_again(letter, by=str(by), at=at)
    note_letter("letter_sent_again", letter, by, at)


def _must_still_hold(letter: Message) -> None:
    """Ask now what the ledger would ask before it leaves, so that nothing untrue waits in the queue."""
    kept = ledger.kept_from_leaving(letter)
    if kept is not None:
        raise ledger.NotPossible(f"It is not sent again: {kept}.")
    if is_written_anew(letter):
        raise ledger.NotPossible("It is not sent again: what is left of it is written anew by itself.")
    if letter.kind == "decision":
        # A correction on its way is waited for: the queue never holds accept and reject for one submission.
        list(Decision.objects.select_for_update().filter(pk=letter.guard.get("decision")))
    try:
        reason = guards.objection(letter)
    except guards.GuardMissing as error:
        raise ledger.NotPossible(f"It is not sent again: {error}.") from error
    # One that failed, with a date that was moved since, is kept back at its last look, and then written anew.
    if reason is not None and reason != MOVED:
        raise ledger.NotPossible(f"It is not sent again: {reason}.")


def listed_without_letter(letter: Message, at: datetime) -> list[Author]:
    """Whom a decision letter that did not arrive may go to instead: authors as the list stands, each of whom has none.

    An address that was wrong is put right in the author list, where all its authors hear of it; nobody types one here.
    """
    if letter.kind != "decision" or letter.state not in ledger.REPEATABLE:
        return []
    rows = Decision.objects.announced(at).select_related("submission", "announcement__corrects")
    decision = rows.filter(pk=letter.guard.get("decision"), announcement__campaign_id_label=letter.campaign_id).first()
    if decision is None or decision.submission.state != SubmissionState.SUBMITTED:
        return []
    letters = Message.objects.filter(kind=letter.kind, campaign=letter.campaign_id, subject_label=letter.subject_label)
    told = set(letters.values_list("to_email", flat=True))
    return [author for author in decision.submission.authors.exclude(email="") if author.email not in told]


@transaction.atomic
def send_to_listed(letter: Message, *, email: str, by: User, at: datetime) -> Message:
    """Write the decision that a letter did not bring to an author who stands in the list now and has no letter.

    Raises ledger.NotPossible when she is none, or has one already.
    """
    # A correction on its way is waited for, and who presses at the same time.
    decision = Decision.objects.select_for_update().filter(pk=letter.guard.get("decision")).first()
    author = next((one for one in listed_without_letter(letter, at) if one.email == email), None)
    if decision is None or author is None:
        raise ledger.NotPossible("This decision is not sent there: it was sent already, or is none of that author's")
    decision = Decision.objects.select_related("submission__edition", "announcement__corrects").get(pk=decision.pk)
    announcement, campaign = decision.announcement, letter.campaign
    if announcement is None or campaign is None:
        raise ledger.NotPossible("The decision is not announced any more")
    authors = list(decision.submission.authors.exclude(email=""))
    edition = decision.submission.edition
    [written] = post_decision(
        edition, decision, authors, announcement=announcement, campaign=campaign, at=at, to=[author]
    )
    note_letter("letter_sent_again", written, by, at)
    return written


@transaction.atomic
def cancel(letter: Message, *, by: User, at: datetime) -> None:
    """Keep a waiting letter back for good.

    Raises ledger.NotPossible when it was handed over already, or tells chairs what was done.
    """
    if letter.kind in TOLD_TO_CHAIRS:
        raise ledger.NotPossible("It tells chairs what was done, and is not kept back")
    ledger.cancel(letter, by=str(by), at=at)
    note_letter("letter_cancelled", letter, by, at)


@transaction.atomic
def send_failed_again(
    chair: Membership, *, campaign: Campaign | None = None, by: User, at: datetime
) -> tuple[int, int]:
    """Queue every failed letter that this chair may see, or those of one campaign.

    Returns how many are queued, and how many are not because what they tell is not true any more.
    """
    failed = letters_for(chair).filter(state=State.FAILED)
    if campaign is not None:
        failed = failed.filter(campaign=campaign)
    letters = list(failed.select_related("campaign"))
    queued = 0
    for letter in letters:
        with suppress(ledger.NotPossible):
            send_again(letter, by=by, at=at)
            queued += 1
    return queued, len(letters) - queued


@transaction.atomic
def pause(edition: Edition, *, campaign: Campaign | None = None, by: User, at: datetime) -> None:
    """Let the edition's letters wait, or one campaign's."""
    label = "" if campaign is not None else edition.slug
    ledger.pause(by=str(by), at=at, edition=label, campaign=campaign)
    detail = {"campaign": campaign.title} if campaign else {}
    record("letters_paused", by_id=by.pk, by=str(by), at=at, edition=edition.slug, detail=detail)


@transaction.atomic
def resume(edition: Edition, *, campaign: Campaign | None = None, by: User, at: datetime) -> None:
    label = "" if campaign is not None else edition.slug
    ledger.resume(by=str(by), at=at, edition=label, campaign=campaign)
    detail = {"campaign": campaign.title} if campaign else {}
    record("letters_resumed", by_id=by.pk, by=str(by), at=at, edition=edition.slug, detail=detail)


def note_letter(verb: str, letter: Message, by: User, at: datetime) -> None:
    record(
        verb,
        by_id=by.pk,
        by=str(by),
        at=at,
        edition=letter.edition,
        subject=letter.subject_label,
        detail={"letter": letter.pk, "kind": letter.kind},
    )


@transaction.atomic
def send_test(chair: Membership, *, by: User, at: datetime) -> Message | None:
    """Send a chair one letter that tests the way out; None when she had one within the same minute."""
    letter = mail_test(chair.edition, by, at=at)
    if letter is not None:
        note_letter("mail_tested", letter, by, at)
    return letter
