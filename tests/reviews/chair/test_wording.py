"""Chairs word the letters of their edition; what cannot be filled is refused, and the letters say it so."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.test import Client

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, LetterText, Membership
from dlonsc.history.models import Entry
from dlonsc.mail.models import Message
from dlonsc.mail.placeholders import fill
from reviews.actions import assigning, deciding, wording
from reviews.actions.deciding import Changed
from reviews.actions.wording import NotUsable
from reviews.lettertexts import AROUND_DETAILS, BY_KIND, KINDS, NO_LINK
from reviews.samples import MAKERS, sample_of
from submissions import emails
from submissions.models import Submission
from tests import factories
from tests.factories import AFTER_DEADLINE as AT
from tests.reviews.chair.test_announcing import announce, decide

pytestmark = pytest.mark.django_db
Browser = Callable[[User | Membership | None], Client]
OWN = "Hello {name},\n\n{correction}\n\n{title} is in. {link}\n\n{from_chairs}\n\n{reviews}"


def by(chair: Membership) -> User:
    assert chair.user is not None
    return chair.user


def exists(name: str) -> bool:
    try:
        get_template(name)
    except TemplateDoesNotExist:
        return False
    return True


def word(chair: Membership, kind: str, text: str, subject: str = "About {number}") -> LetterText | None:
    return wording.word(
        chair.edition, kind, subject=subject, text=text, based_on=last_of(chair, kind), by=by(chair), at=AT
    )


def last_of(chair: Membership, kind: str) -> int:
    row = chair.edition.letter_texts.filter(kind=kind).first()
    return row.pk if row else 0


@pytest.mark.parametrize("letter", KINDS, ids=lambda letter: letter.kind)
def test_where_a_chair_begins_to_write_can_be_saved_as_it_is(letter: object, chair: Membership) -> None:
    kind = getattr(letter, "kind", "")
    row = word(chair, kind, BY_KIND[kind].text, BY_KIND[kind].subject)
    assert row is not None
    assert (row.kind, row.text) == (kind, BY_KIND[kind].text)


def test_every_letter_has_a_preview_that_fills_all_it_may_hold(chair: Membership) -> None:
    assert set(MAKERS) == set(BY_KIND)
    for letter in KINDS:
        values = sample_of(chair, letter.kind).values
        assert set(letter.placeholders) <= set(values), letter.kind


@pytest.mark.parametrize(
    ("subject", "text", "wrong"),
    [
        ("", OWN, {"subject": "This is empty."}),
        ("S {numbr}", OWN, {"subject": "Nobody can fill {numbr}. Known are those listed beside."}),
        ("S {link}", OWN, {"subject": NO_LINK}),
        ("S {reviews}", OWN, {"subject": "A list does not fit into a subject."}),
        (
            "S",
            "Accepted! {link} {reviews}",
            {"text": "The text must hold {correction} and {from_chairs}: without it the letter is of no use."},
        ),
        ("S", OWN + "{password}", {"text": "Nobody can fill {password}. Known are those listed beside."}),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(
    chair: Membership, subject: str, text: str, wrong: dict[str, str]
) -> None:
    with pytest.raises(NotUsable) as refusal:
        word(chair, "decision_accept", text, subject)
    assert (refusal.value.fields, LetterText.objects.count()) == (wrong, 0)


def test_decision_letters_say_it_so_and_only_those_of_the_verdict(
    edition: Edition, paper: Submission, chair: Membership, author: User
) -> None:
    other = factories.make_submission(edition, author, title="Another")
    word(chair, "decision_accept", OWN)
    decide(paper, chair, words="Well done, {name}.")
    decide(other, chair, "reject")
    announce(chair)
    yes, no = Message.objects.filter(kind="decision").order_by("subject_label")
    assert yes.subject == f"About {paper.number}"
    assert yes.text.startswith(f"Hello {yes.to_name},\n\n{paper.title} is in. http")
    assert ("Well done, {name}." in yes.text, "<h2>From the chairs</h2>" in yes.html) == (True, True)
    assert no.subject == f"[{edition.name}] Paper {other.number}: decision"


def test_a_new_wording_after_the_dry_run_must_be_looked_at(
    edition: Edition, paper: Submission, chair: Membership
) -> None:
    decide(paper, chair)
    seen = deciding.plan(chair)
    word(chair, "decision_accept", OWN)
    with pytest.raises(Changed):
        deciding.announce(
            chair, accepts=1, rejects=0, fingerprint=seen.fingerprint, leave_undecided=False, by=by(chair), at=AT
        )
    assert Message.objects.filter(kind="decision").count() == 0


@pytest.mark.parametrize("kind", [kind for kind, *_ in AROUND_DETAILS])
def test_a_letter_around_details_is_one_that_the_house_writes(kind: str) -> None:
    """The built-in letter has a greeting of its own, which own words take the place of."""
    room = next(room for room in ("submissions", "editions", "reviews") if exists(f"{room}/emails/{kind}.txt"))
    text, html = (get_template(f"{room}/emails/{kind}.{form}").template.source for form in ("txt", "html"))
    assert "Dear {{" in text
    assert "Dear {{" in html or "_body.html" in html


def test_a_receipt_in_own_words_still_proves_all(edition: Edition, paper: Submission, chair: Membership) -> None:
    manuscript = paper.manuscripts.get(is_current=True)
    emails.receipt(paper, manuscript, at=AT - timedelta(days=1), is_new_version=False)
    plain = Message.objects.get(kind="receipt")
    sample = sample_of(chair, "receipt")
    word(chair, "receipt", "Hello {name}, paper {number}:\n\n{details}\n\nSee you!", "Got {title}")
    paper.edition = chair.edition
    manuscript = factories.make_manuscript(paper, b"%PDF-1.7 second")
    emails.receipt(paper, manuscript, at=AT, is_new_version=False)
    own = Message.objects.exclude(pk=plain.pk).get(kind="receipt")
    assert own.subject == f"Got {paper.title}"
    assert own.text.startswith(f"Hello {own.to_name}, paper {paper.number}:\n\nThe submission is received.")
    assert (manuscript.sha256 in own.text, manuscript.sha256 in own.html, own.text.endswith("See you!\n")) == (
        True,
        True,
        True,
    )
    assert (own.text.count("Dear"), own.html.count("Dear"), own.html.count("<table>")) == (0, 0, 1)
    # The preview shows the letter that was really written, to the person who got it.
    assert sample.to == f"{plain.to_name} <{plain.to_email}>"
    assert fill("Dear {name},\n\n{details}", sample.values) == plain.text.strip()
    assert sample_of(chair, "receipt") == sample


def test_letters_of_tasks_say_it_so(edition: Edition, paper: Submission, chair: Membership) -> None:
    member = factories.make_member(edition, email="rita@home.example")
    word(chair, "assigned", "Dear {name}: {due}\n\n{papers}\n\n{taken_back}\n\n{link}", "For {name}")
    paper.edition = chair.edition
    assigning.assign(paper, member, by=by(chair), at=AT)
    letter = Message.objects.get(kind="assigned")
    assert letter.subject == f"For {member.name}"
    assert f"\n\n  {paper.number}. {paper.title}\n\nhttp" in letter.text
    assert f"<ul><li>{paper.number}. {paper.title}</li></ul>" in letter.html


def test_a_reset_brings_the_built_in_text_back_and_keeps_the_history(edition: Edition, chair: Membership) -> None:
    word(chair, "decision_accept", OWN)
    assert word(chair, "decision_accept", OWN) is None
    seen = {"based_on": last_of(chair, "decision_accept"), "by": by(chair), "at": AT}
    wording.reset(chair.edition, "decision_accept", **seen)
    assert wording.reset(chair.edition, "decision_accept", **seen) is None
    assert Edition.objects.get(pk=edition.pk).own_texts == {}
    assert [row.text for row in LetterText.objects.all()] == ["", OWN]
    assert list(Entry.objects.order_by("pk").values_list("verb", flat=True)) == ["letter_worded", "letter_reset"]


def test_a_preview_is_made_for_somebody_the_chair_may_know(
    edition: Edition, paper: Submission, secret: Submission, chair: Membership
) -> None:
    member = factories.make_member(edition, email="rita@home.example")
    for row in (secret, paper):
        factories.make_assignment(row, member)
    sample = sample_of(chair, "assigned")
    shown = fill("{papers}", sample.values)
    assert (sample.to, paper.title in shown, secret.title in shown) == (
        f"{member.name} <rita@home.example>",
        True,
        False,
    )


def test_the_page_shows_saves_refuses_and_resets(edition: Edition, chair: Membership, as_user: Browser) -> None:
    browser, page = as_user(chair), f"/{edition.slug}/chair/mail/texts/assigned/"
    assert "built-in" in browser.get(f"/{edition.slug}/chair/mail/texts/").text
    typed = {"subject": "To {name}", "text": "{papers} {link} {due}", "based_on": "0"}
    assert "Not saved yet" in browser.post(page, {**typed, "show": "1"}).text
    assert LetterText.objects.count() == 0
    wrong = browser.post(page, {**typed, "text": "Typed {strange}"})
    assert (wrong.status_code, "Typed {strange}" in wrong.text, "Nobody can fill {strange}" in wrong.text) == (
        422,
        True,
        True,
    )
    assert browser.post(page, typed).status_code == 302
    assert "Your own text" in browser.get(page).text
    seen = last_of(chair, "assigned")
    assert browser.post(page, {"reset": "1", "based_on": seen}).status_code == 302
    assert "back to the built-in text" in browser.get(page).text
    assert browser.get(f"/{edition.slug}/chair/mail/texts/breaches/").status_code == 404


def test_the_second_of_two_chairs_who_word_a_letter_sees_both_texts_and_loses_nothing(
    edition: Edition, chair: Membership, other_chair: Membership, as_user: Browser
) -> None:
    page = f"/{edition.slug}/chair/mail/texts/assigned/"
    one, two = as_user(chair), as_user(other_chair)
    typed = {"subject": "To {name}", "text": "From one. {papers} {link} {due}", "based_on": "0"}
    assert [client.get(page).context["form"]["based_on"].value() for client in (one, two)] == [0, 0]
    assert one.post(page, typed).status_code == 302
    # Pressed twice it is saved already.
    assert one.post(page, typed).status_code == 302
    second = typed | {"text": "From two. {papers} {link} {due}"}
    # Only looking at how it reads does not make it newer.
    shown = two.post(page, second | {"show": "1"})
    assert shown.context["form"]["based_on"].value() == "0"
    refused = two.post(page, second)
    held = LetterText.objects.get()
    assert (refused.status_code, "From one." in refused.text, "From two." in refused.text) == (422, True, True)
    assert "Another chair changed this letter while the page was open." in refused.text
    assert refused.context["form"]["based_on"].value() == str(held.pk)
    assert two.post(page, second | {"based_on": held.pk}).status_code == 302
    assert [row.text[:9] for row in LetterText.objects.all()] == ["From two.", "From one."]


def test_a_page_from_before_does_not_reset_what_another_chair_has_worded_since(
    edition: Edition, chair: Membership, as_user: Browser
) -> None:
    letter = BY_KIND["assigned"]
    word(chair, "assigned", letter.text, letter.subject)
    seen = last_of(chair, "assigned")
    word(chair, "assigned", letter.text + "\nNewer.", letter.subject)
    page = f"/{edition.slug}/chair/mail/texts/assigned/"
    answer = as_user(chair).post(page, {"reset": "1", "based_on": seen}, follow=True)
    assert "nothing was reset" in answer.text
    assert [row.text.endswith("Newer.") for row in LetterText.objects.all()] == [True, False]
