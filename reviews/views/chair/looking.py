"""Choose as whom to look at the edition, and stop."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from dlonsc.accounts.models import User
from dlonsc.editions.models import Membership
from reviews.access import sub_reviewed_by
from reviews.actions.looking import note_looking
from reviews.looking import KEY, NO_ROLE, authors_of, committee_of, looking_of, sub_reviewers_of
from reviews.views.chair.door import ChairRequest, chairs_only, page
from submissions.access import authored_by, overseen_by

VISITOR = "visitor"


class LookForm(forms.Form):
    person = forms.ChoiceField(label="Look as")

    def __init__(self, *args: object, chair: Membership) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        groups = {
            "Committee": list(committee_of(chair)),
            "Sub-reviewers": list(sub_reviewers_of(chair)),
            "Authors": list(authors_of(chair)),
        }
        self.people = {str(NO_ROLE.pk): NO_ROLE} | {
            str(person.pk): person for people in groups.values() for person in people
        }
        field = self.fields["person"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [
                (VISITOR, "a visitor, not signed in"),
                (str(NO_ROLE.pk), "somebody signed in, without a role"),
                *((role, [(str(one.pk), str(one)) for one in people]) for role, people in groups.items() if people),
            ]

    @property
    def chosen(self) -> User | None:
        return self.people.get(self.cleaned_data["person"])


@chairs_only
def look_as(request: ChairRequest, chair: Membership) -> HttpResponse:
    form = LookForm(request.POST if request.method == "POST" else None, chair=chair)
    if form.is_valid():
        person = form.chosen
        note_looking(chair, person, begins=True, by=request.user, at=timezone.now())
        request.session[KEY] = {"chair": chair.pk, "person": person.pk if person else None}
        return redirect(*first_page(chair, person))
    return page(request, chair, "look_as.html", {"form": form}, status=422 if form.errors else 200)


def first_page(chair: Membership, person: User | None) -> tuple[Any, ...]:
    """Where a person of this kind begins."""
    if person is None or person is NO_ROLE:
        return "editions:call", chair.edition.slug
    member = Membership.objects.active().filter(edition=chair.edition_id, user=person).first()
    if member is not None and member.is_reviewer:
        return "reviews:home", chair.edition.slug
    if member is not None and member.is_proceedings_chair:
        return "submissions:proceedings", chair.edition.slug
    task = sub_reviewed_by(person).filter(assignment__submission__in=overseen_by(chair)).first()
    if task is not None and not authored_by(person).filter(pk__in=overseen_by(chair)).exists():
        return "reviews:sub_review", chair.edition.slug, task.assignment.submission.number
    return "submissions:home", chair.edition.slug


@chairs_only
def stop(request: ChairRequest, chair: Membership) -> HttpResponse:
    looking = looking_of(request)
    if request.method == "POST" and looking is not None:
        note_looking(chair, looking.person, begins=False, by=request.user, at=timezone.now())
        del request.session[KEY]
    return redirect("reviews:look_as", chair.edition.slug)
