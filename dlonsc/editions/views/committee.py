"""The committee: the board of invitations, roles, the pasted list, and the page behind an invitation's link."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_http_methods

from dlonsc.accounts.models import User
from dlonsc.editions import actions
from dlonsc.editions.access import chair_of
from dlonsc.editions.emails import label_of, preview_invitation, reminder_for, role_words
from dlonsc.editions.forms import AcceptForm, DeclineForm, InviteForm, MemberForm, ResendForm
from dlonsc.editions.invitations import read_token
from dlonsc.editions.models import Edition, Membership
from dlonsc.editions.pasted import BadLine, Invitee
from dlonsc.editions.upstairs import upstairs
from dlonsc.editions.views.doors import chairs_page
from dlonsc.editions.views.settings import person
from dlonsc.mail.models import Message
from dlonsc.mail.models import State as LetterState
from dlonsc.posted import fingerprint, whole_number

SILENT_AFTER = timedelta(days=5)
# States of a letter that did not arrive.
LOST = (LetterState.FAILED, LetterState.BOUNCED)
LETTERS = ("invitation", "invitation_reminder", "sign_in_reminder")
NOT_ENDED = (
    "This press changed nothing: {} has answered, or that invitation or place had ended already. Who accepts at "
    "another address has her earlier place again; this list says where she stands."
)
# (key, words, meaning of the badge), in the order of the board.
STATES = {
    "silent": ("Silent", "care"),
    "invited": ("Invited", "note"),
    "seen": ("Read, answers later", "note"),
    "accepted": ("Accepted", "good"),
    "unclaimed": ("Accepted, not signed in yet", "care"),
    "declined": ("Declined", "stop"),
    "listed": ("Named, not invited", "plain"),
    "removed": ("Removed", "plain"),
}


def state_of(member: Membership, asked_at: datetime | None, at: datetime) -> str:
    """A key of STATES. `asked_at`: the last letter that asked for an answer."""
    if member.removed_at is not None:
        return "removed"
    if member.declined_at is not None:
        return "declined"
    if member.accepted_at is not None:
        return "accepted" if member.user_id else "unclaimed"
    if member.invited_at is None:
        return "listed"
    if at - (asked_at or member.invited_at) >= SILENT_AFTER:
        return "silent"
    return "seen" if member.opened_at is not None else "invited"


def role_of(member: Membership) -> str:
    roles = {
        "chair": member.is_chair,
        "proceedings chair": member.is_proceedings_chair,
        "senior reviewer" if member.is_senior else "reviewer": member.is_reviewer,
    }
    return ", ".join(words for words, holds in roles.items() if holds) or "none"


def last_asked(edition: Edition) -> dict[str, datetime]:
    """When each member was last asked, by the label of the letter."""
    rows = Message.objects.filter(edition=edition.slug, kind__in=LETTERS).values("subject_label")
    return {row["subject_label"]: row["last"] for row in rows.annotate(last=Max("created_at"))}


def not_reached(chair: Membership) -> set[str]:
    """Addresses whose last letter that was settled did not arrive, of those letters that the reading chair may see: by
    another, a mark would tell who reviews what is hidden from her.
    """
    settled = upstairs.letters_for(chair).filter(finished_at__isnull=False).order_by()
    sent = (LetterState.SENT,)
    last = {
        states: dict(settled.filter(state__in=states).values_list("to_email").annotate(last=Max("finished_at")))
        for states in (LOST, sent)
    }
    return {email for email, at in last[LOST].items() if email not in last[sent] or last[sent][email] < at}


def addresses_of(member: Membership) -> set[str]:
    return {member.email.lower(), member.user.email.lower() if member.user else ""} - {""}


def board_rows(chair: Membership, at: datetime) -> list[dict[str, Any]]:
    edition = chair.edition
    asked, lost = last_asked(edition), not_reached(chair)
    told = upstairs.are_rules_told(chair)
    rows = []
    for member in edition.memberships.select_related("user").prefetch_related("affiliations"):
        asked_at = asked.get(label_of(member), member.invited_at)
        key = state_of(member, asked_at, at)
        words, meaning = STATES[key]
        if key == "silent" and asked_at is not None:
            words = f"Silent {(at - asked_at).days} days"
        last = max(filter(None, (asked_at, member.accepted_at)), default=at)
        rows.append(
            {
                "member": member,
                "key": key,
                "words": words,
                "meaning": meaning,
                "role": role_of(member),
                "asked_at": asked_at,
                "is_silent": key in {"silent", "unclaimed"} and at - last >= SILENT_AFTER,
                "is_lost": bool(addresses_of(member) & lost),
                "lacks_rules": told and member.rules_at is None,
            }
        )
    return rows


@chairs_page("GET", "HEAD")
def board(request: HttpRequest, slug: str) -> HttpResponse:
    chair = chair_of(request.user, slug)
    rows = board_rows(chair, timezone.now())
    shown = request.GET.get("state", "")
    counts = {key: sum(1 for row in rows if row["key"] == key) for key in STATES}
    words = {
        "edition": chair.edition,
        "rows": [row for row in rows if not shown or row["key"] == shown or (shown == "lost" and row["is_lost"])],
        "shown": shown,
        "tally": [{"key": key, "words": STATES[key][0], "count": count} for key, count in counts.items() if count],
        "silent": [row for row in rows if row["is_silent"]],
        "lost": [row for row in rows if row["is_lost"]],
        "total": len(rows),
    }
    return render(request, "editions/chair/board.html", words)


@chairs_page("GET", "HEAD", "POST")
def remind(request: HttpRequest, slug: str) -> HttpResponse:
    """Who would be reminded, by name; then the letters."""
    chair, at = chair_of(request.user, slug), timezone.now()
    edition = chair.edition
    silent = [row for row in board_rows(chair, at) if row["is_silent"]]
    if request.method == "POST":
        wanted = {whole_number(pk) for pk in request.POST.getlist("member")}
        chosen = [row["member"] for row in silent if row["member"].pk in wanted]
        reminded = actions.remind_invited(edition=edition, members=chosen, by=person(request), at=at)
        messages.success(request, f"{len(reminded)} reminded. Who was written to today gets no second letter.")
        return redirect("editions:chair_committee", slug)
    # One of each letter, as the first of those who get it.
    first = {reminder_for(row["member"]): row["member"] for row in reversed(silent)}
    by = str(person(request))
    letters = [preview_invitation(edition, member, asked_by=by, letter=letter) for letter, member in first.items()]
    return render(request, "editions/chair/remind.html", {"edition": edition, "silent": silent, "letters": letters})


# --- Inviting --------------------------------------------------------------------------------------------------------


@chairs_page("GET", "HEAD", "POST")
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    """A pasted list: read, shown with its letter, then sent. Lines that cannot be used stay in the box."""
    edition = chair_of(request.user, slug).edition
    form = InviteForm(request.POST if request.method == "POST" else None)
    words: dict[str, Any] = {"edition": edition, "form": form}
    if request.method != "POST" or not form.is_valid():
        return render(request, "editions/chair/invite.html", words, status=422 if form.errors else 200)
    good, bad = form.read(actions.known_addresses(edition))
    words |= {"good": good, "bad": bad}
    if good:
        words["letter"] = preview_invitation(
            edition,
            Membership(edition=edition, name=good[0].name, email=good[0].email, **without_reviewer(form.roles)),
            asked_by=str(person(request)),
            note=form.cleaned_data["note"],
        )
        words["fingerprint"] = fingerprint_of(good, words["letter"])
        if request.POST.get("send") == words["fingerprint"]:
            return send(request, edition, form, good, bad)
        words["changed"] = "send" in request.POST
    return render(request, "editions/chair/invite.html", words, status=200 if good else 422)


def fingerprint_of(people: list[Invitee], letter: dict[str, str]) -> str:
    """Changes with everybody who would be invited and every word to them: what was shown must be what is sent."""
    told = [[row.name, row.email, row.affiliation] for row in people] + [letter["subject"], letter["text"]]
    return fingerprint(told)


def without_reviewer(roles: dict[str, bool]) -> dict[str, bool]:
    return {"is_reviewer": False} | roles


def send(
    request: HttpRequest, edition: Edition, form: InviteForm, good: list[Invitee], bad: list[BadLine]
) -> HttpResponse:
    invited = actions.invite(
        edition=edition,
        people=good,
        roles=form.roles,
        note_text=form.cleaned_data["note"],
        by=person(request),
        at=timezone.now(),
    )
    messages.success(request, f"{len(invited)} invitation{'s' if len(invited) != 1 else ''} on the way.")
    if not bad:
        return redirect("editions:chair_committee", edition.slug)
    left = InviteForm(initial=form.cleaned_data | {"people": "\n".join(row.text for row in bad)})
    return render(request, "editions/chair/invite.html", {"edition": edition, "form": left, "good": [], "bad": bad})


# --- One member ------------------------------------------------------------------------------------------------------


def one_member(edition: Edition, pk: int) -> Membership:
    return get_object_or_404(edition.memberships.select_related("user", "edition"), pk=pk)


@chairs_page("GET", "HEAD", "POST")
def member(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """A member's roles; the last chair stays one."""
    chair = chair_of(request.user, slug)
    edition = chair.edition
    row = one_member(edition, pk)
    form = MemberForm.of(row, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            changed = actions.set_roles(
                membership=row,
                roles=form.roles(),
                title=form.cleaned_data["title"],
                by=person(request),
                at=timezone.now(),
                based_on=request.POST.get("version"),
            )
        except actions.EditionError as error:
            form.add_error(None, str(error))
            row = one_member(edition, pk)
        else:
            messages.success(request, f"{row.name}: roles changed." if changed else "Nothing was different.")
            return redirect("editions:chair_committee", slug)
    letters = list(upstairs.letters_for(chair).filter(subject_label=label_of(row))[:20])
    words = {
        "edition": edition,
        "member": row,
        "form": form,
        "version": actions.version_of_roles(row),
        "resend": ResendForm(initial={"email": row.email}),
        "letters": letters,
        "is_lost": bool(addresses_of(row) & not_reached(chair)),
        "lost": next((letter for letter in letters if letter.state in LOST), None),
        "awaiting": actions.awaiting(row),
        "may_invite": not row.is_active,
        "rules_told": upstairs.are_rules_told(chair),
    }
    return render(request, "editions/chair/member.html", words, status=422 if form.errors else 200)


@chairs_page("POST")
def resend(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    row = one_member(chair_of(request.user, slug).edition, pk)
    form = ResendForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"{request.POST.get('email', '')[:100]!r} is no e-mail address; nothing was sent.")
        return redirect("editions:member", slug, pk)
    try:
        invited = actions.resend_invitation(
            membership=row,
            email=form.cleaned_data["email"],
            asked=form.cleaned_data["asked"],
            by=person(request),
            at=timezone.now(),
        )
        messages.success(request, f"A new invitation to {row.name} is on the way; the old link has ended.")
        pk = invited.pk
    except actions.EditionError as error:
        messages.error(request, str(error))
    return redirect("editions:member", slug, pk)


@chairs_page("POST")
def end(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Withdraw an invitation, remove a member, or take a removal back."""
    row = one_member(chair_of(request.user, slug).edition, pk)
    by, at = person(request), timezone.now()
    try:
        if "restore" in request.POST:
            if actions.restore_member(membership=row, by=by, at=at):
                messages.success(request, f"{row.name} is a member again.")
            else:
                messages.info(request, f"There was no removal of {row.name} to take back; nothing changed.")
        elif answered_meanwhile(request, row):
            messages.error(request, f"{row.name} has answered, or was invited again, meanwhile. Nothing was changed.")
            return redirect("editions:member", slug, pk)
        elif "withdraw" in request.POST or actions.awaiting(row):
            if actions.withdraw_invitation(membership=row, by=by, at=at):
                messages.success(request, f"The invitation to {row.name} is withdrawn; its link has ended.")
            else:
                messages.error(request, NOT_ENDED.format(row.name))
        elif actions.remove_member(membership=row, by=by, at=at):
            messages.success(request, f"{row.name} is removed. What she wrote is kept.")
        else:
            messages.error(request, NOT_ENDED.format(row.name))
    except actions.EditionError as error:
        messages.error(request, str(error))
    return redirect("editions:chair_committee", slug)


def answered_meanwhile(request: HttpRequest, row: Membership) -> bool:
    """Whether the pressed button stood on a page that showed another state: one ends a place, the other a question."""
    pressed = [name for name in ("withdraw", "remove") if name in request.POST]
    is_other = bool(pressed) and pressed != ["withdraw" if actions.awaiting(row) else "remove"]
    # What has ended already is not ended again, and the act says so.
    return is_other and row.removed_at is None


# --- The page behind the link ----------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Answer an invitation without signing in, once. Looking has no effect."""
    found = read_token(token)
    members = Membership.objects.select_related("edition", "user", "invited_by")
    row = members.filter(pk=found[0]).first() if found else None
    if found is None or row is None:
        return private(render(request, "editions/invitation/damaged.html", status=404))
    words: dict[str, Any] = {"edition": row.edition, "member": row, "role": role_words(row), "token": token}
    if has_ended(row, found[1]):
        return ended(request, words)
    accept, decline = AcceptForm(), DeclineForm()
    if request.method == "POST":
        answer = request.POST.get("answer")
        accept = AcceptForm(request.POST) if answer == "accept" else accept
        decline = DeclineForm(request.POST) if answer == "decline" else decline
        by = request.user if isinstance(request.user, User) else None
        is_told = actions.is_hers(row, by)
        if answered(request, row, str(answer), accept, decline, by):
            row = members.get(pk=row.pk)
            if is_told and lives_elsewhere(row) and not has_ended(row, found[1]):
                messages.success(request, "Thank you. Your place in the committee has the roles of this invitation.")
                return redirect("editions:dashboard")
            return redirect("editions:invitation", token)
        row = members.get(pk=row.pk)
        if has_ended(row, found[1]):
            return ended(request, words)
    is_open = actions.awaiting(row)
    sent = [] if is_open else not_taken(request)
    has_accepted = row.accepted_at is not None or lives_elsewhere(row)
    words |= {"member": row, "accept": accept, "decline": decline, "has_accepted": has_accepted, "sent": sent}
    status = 422 if accept.errors or sent else 200
    return private(render(request, "editions/invitation/page.html", words, status=status))


def lives_elsewhere(row: Membership) -> bool:
    """Whether an invitation was accepted by somebody who has, or had, a place, and ended in that one."""
    return row.removed_at is not None and row.accepted_at is None and row.declined_at is None


def has_ended(row: Membership, number: int) -> bool:
    """Whether the link of a round is one no more. Who withdraws an invitation begins a new round; one that was accepted
    stays so for who holds its link, whichever place lives by it and whatever becomes of that.
    """
    return number != row.invitation_round or (row.removed_at is not None and row.declined_at is not None)


def ended(request: HttpRequest, words: dict[str, Any]) -> HttpResponse:
    words = words | {"sent": not_taken(request)}
    return private(render(request, "editions/invitation/ended.html", words, status=410))


def not_taken(request: HttpRequest) -> list[tuple[str, str]]:
    """(label, value) of what somebody wrote to decline an invitation that is open no more."""
    if request.POST.get("answer") != "decline":
        return []
    return [(str(field.label), value) for field in DeclineForm(request.POST) if (value := str(field.value() or ""))]


def answered(
    request: HttpRequest, row: Membership, answer: str, accept: AcceptForm, decline: DeclineForm, by: User | None
) -> bool:
    """Whether the post was an answer (also a repeated one) rather than something to correct."""
    at = timezone.now()
    if answer == "later":
        actions.see_invitation(membership=row, at=at)
        messages.success(request, "Noted that you have read it. The same link works when you have decided.")
        return True
    if answer == "accept" and accept.is_valid():
        try:
            actions.accept_invitation(membership=row, max_load=accept.cleaned_data["max_load"], by=by, at=at)
        except actions.EditionError as error:
            accept.add_error(None, str(error))
        return accept.is_valid()
    if answer == "decline" and decline.is_valid():
        said = decline.cleaned_data
        if actions.decline_invitation(membership=row, **said, by=by, at=at) or not any(said.values()):
            return True
        # The same words a second time are a second press.
        stands = Membership.objects.filter(pk=row.pk, declined_at__isnull=False, suggestion=said["suggestion"])
        return stands.filter(decline_reason=said["reason"]).exists()
    return answer not in {"accept", "decline"}


def private(response: HttpResponse) -> HttpResponse:
    """A capability in the address: no cache and no search engine keeps the page."""
    patch_cache_control(response, private=True, no_store=True)
    response.headers["X-Robots-Tag"] = "noindex"
    return response
