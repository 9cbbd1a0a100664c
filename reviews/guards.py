"""The ledger's last look before a letter of this room leaves: None lets it go, words keep it and say why."""

from django.utils import timezone

from dlonsc.editions.models import Edition, Membership
from dlonsc.mail.guards import OnlyThis
from dlonsc.mail.models import Message
from reviews.access import discussions_of, discussions_overseen_by, open_sub_reviews
from reviews.audiences import BY_KEY
from reviews.models import Assignment, Decision
from submissions.models import Submission
from submissions.states import State


def decision_stands(message: Message) -> str | None:
    """The letter still tells the decision that is announced, of a standing submission, to one of its authors."""
    wanted = message.guard
    row = Decision.objects.filter(pk=wanted["decision"]).select_related("announcement", "submission").first()
    if row is None or row.announcement is None or row.announcement.stopped_at is not None:
        return "the decision is not announced any more"
    # A correction takes back the letters of one submission; those of the others in the old campaign still hold.
    if message.campaign_id != row.announcement.campaign_id_label:
        return OnlyThis("the decision was corrected")
    if (row.verdict, row.version) != (wanted["verdict"], wanted["version"]):
        return "the decision changed after this letter was written"
    # While it was held, the authors may have withdrawn, or changed their list: the letters of others go on.
    if row.submission.state != State.SUBMITTED:
        return OnlyThis("the submission was withdrawn or returned in the meantime")
    if not row.submission.authors.filter(email__iexact=message.to_email).exists():
        return OnlyThis("the recipient is no author of the submission any more")
    return None


def review_is_open(message: Message) -> str | None:
    """At least one of the reviews that the reminder asks for is still missing."""
    rows = Assignment.objects.standing().filter(pk__in=message.guard["assignments"])
    if rows.exclude(review__submitted_at__isnull=False).exists():
        return None
    return "the reviews were submitted in the meantime"


def still_in_audience(message: Message) -> str | None:
    """Whoever has left the audience since the release gets no letter that is not true any more; the others theirs."""
    wanted, at = message.guard, timezone.now()
    audience = BY_KEY[wanted["audience"]]
    edition = Edition.objects.get(slug=message.edition)
    among = Submission.objects.filter(pk__in=wanted["submissions"])
    if any(person.key == wanted["person"] for person in audience.people(edition, among, at)):
        return None
    return OnlyThis(audience.left)


def is_still_invited(message: Message) -> str | None:
    """The named person may still accept."""
    if open_sub_reviews(timezone.now()).invited().filter(pk=message.guard["sub_reviewer"]).exists():
        return None
    return "the invitation has ended, or was answered, in the meantime"


def may_read_the_discussion(message: Message) -> str | None:
    """The recipient may still read at least one of the discussions, and has not read the news yet."""
    wanted = message.guard
    member = Membership.objects.select_related("edition", "user").get(pk=wanted["membership"])
    for rows in (discussions_of(member), discussions_overseen_by(member)):
        found = rows.filter(submission__in=wanted["submissions"])
        if "comment" in wanted:
            found = found.exclude(marks__membership=member, marks__comment__gte=wanted["comment"])
        if found.exists():
            return None
    return "the discussion was read in the meantime, or is none of hers any more"
