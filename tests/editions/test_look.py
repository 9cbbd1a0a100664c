"""The tags of the design system: what they say, and that a screen reader hears the same."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template

from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Deadline, Edition
from dlonsc.editions.templatetags.look import ICONS, badge, histogram, icon, instant, markdown, plural, time_left


class PaperForm(forms.Form):
    title = forms.CharField(help_text="as printed", max_length=9)
    pages = forms.IntegerField(required=False)
    kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    sure = forms.BooleanField(required=False)


def render(source: str, **context: object) -> str:
    """What the template says, with the line breaks of its source folded."""
    return " ".join(Template(source).render(Context(context)).split()).replace("> ", ">")


def test_a_field_ties_label_help_error_and_control_together() -> None:
    html = render("{% field form.title %}", form=PaperForm({"title": ""}))
    assert '<label for="id_title">Title' in html
    assert 'aria-describedby="id_title-help id_title-error"' in html
    assert 'aria-invalid="true"' in html
    assert '<div class="help" id="id_title-help">as printed</div>' in html
    assert '<p class="error" id="id_title-error">This field is required.</p>' in html


def test_no_field_lets_a_browser_cut_what_is_pasted_without_a_word() -> None:
    form = PaperForm({"title": "Out of the Proxy", "kind": "a"})
    shown = render("{% field form.title %}", form=form)
    pages = (Path(settings.BASE_DIR) / "templates").rglob("*.html")
    assert [page.name for page in pages if "maxlength" in page.read_text()] == []
    assert ('value="Out of the Proxy"' in shown, "maxlength" in shown) == (True, False)
    assert form.errors["title"] == ["Ensure this value has at most 9 characters (it has 16)."]


def test_an_optional_field_says_so_and_a_required_one_does_not() -> None:
    form = PaperForm()
    assert "optional" in render("{% field form.pages %}", form=form)
    assert "optional" not in render("{% field form.title %}", form=form)


def test_a_choice_is_a_fieldset_with_its_question_as_legend() -> None:
    html = render("{% field form.kind %}", form=PaperForm())
    assert "<fieldset" in html
    assert "<legend>Kind" in html


def test_a_check_box_stands_inside_its_label() -> None:
    html = render("{% field form.sure %}", form=PaperForm())
    assert html.index("<label") < html.index('type="checkbox"') < html.index("</label>")


def test_the_error_summary_links_to_each_wrong_field() -> None:
    html = render("{% error_summary form %}", form=PaperForm({"title": "", "pages": "many", "kind": "a"}))
    assert "2 things need your attention" in html
    assert '<a href="#id_title">Title: This field is required.</a>' in html
    assert '<a href="#id_pages">Pages: Enter a whole number.</a>' in html
    assert 'role="alert"' in html


def test_a_form_without_errors_has_no_summary() -> None:
    assert render("{% error_summary form %}", form=PaperForm({"title": "x", "kind": "a"})) == ""
    assert render("{% error_summary form %}", form=PaperForm()) == ""


def test_the_error_summary_reads_the_forms_of_a_formset() -> None:
    rows = forms.formset_factory(PaperForm)({
        "form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-title": "", "form-0-kind": "a",
    })  # fmt: skip
    assert '<a href="#id_form-0-title">Title: This field is required.</a>' in render(
        "{% error_summary rows %}", rows=rows
    )


@pytest.mark.parametrize(
    ("source", "never"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("[x](javascript:alert(1))", "<a href"),
        ("![x](https://elsewhere.example/pixel.png)", "<img"),
        ('<img src=x onerror="alert(1)">', "<img"),
        ("<iframe src=//x.example></iframe>", "<iframe"),
        ('<p style="position:fixed">x</p>', "<p style"),
        (r"$\href{javascript:alert(1)}{x}$", "javascript"),
        (r"$\text{<script>alert(1)</script>}$", "<script"),
        (r"$\style{position:fixed}{x}$", "style="),
    ],
)
def test_markdown_lets_no_active_content_through(source: str, never: str) -> None:
    assert never not in markdown(source)


def test_markdown_keeps_what_reviews_need() -> None:
    html = markdown("**bold** and `code`\n\n- one\n- [two](https://site.example/)\n\n|a|b|\n|-|-|\n|1|2|")
    for part in ("<strong>bold</strong>", "<code>code</code>", "<li>one</li>", "<td>1</td>"):
        assert part in html
    assert '<a href="https://site.example/" rel="noopener noreferrer nofollow">two</a>' in html


def test_a_formula_is_drawn_by_the_browser_and_a_broken_one_stays_as_typed() -> None:
    assert markdown("$n^2$").strip() == (
        '<p><math display="inline"><mrow><msup><mi>n</mi><mn>2</mn></msup></mrow></math></p>'
    )
    assert markdown("A\n\n$$n$$").strip() == '<p>A</p>\n\n<math display="block"><mrow><mi>n</mi></mrow></math>'
    for typed in (r"\def\a{\a\a}\a", "{" * 3000):
        assert f"<code>{typed}</code>" in markdown(f"${typed}$")


def test_an_amount_of_money_is_no_formula() -> None:
    assert markdown("It costs $5 and $6.") == "<p>It costs $5 and $6.</p>\n"


def test_a_badge_escapes_its_words_and_knows_only_five_kinds() -> None:
    assert badge("<b>", "stop") == '<span class="badge badge-stop">&lt;b&gt;</span>'
    assert badge("x", "rainbow") == '<span class="badge badge-plain">x</span>'


@pytest.mark.parametrize(("count", "words"), [(0, "0 letters"), (1, "1 letter"), (2, "2 letters")])
def test_plural(count: int, words: str) -> None:
    assert plural(count, "letter", "letters") == words


def test_every_icon_is_silent_for_screen_readers() -> None:
    for name in ICONS:
        assert 'aria-hidden="true"' in icon(name)


def test_an_instant_is_written_in_utc_with_its_weekday() -> None:
    html = instant(datetime(2020, 4, 1, 12, 0, tzinfo=UTC))
    assert html == '<time datetime="2020-04-01T12:00:00Z" data-instant>Wed 1 Apr 2020, 12:00 UTC</time>'
    assert instant(None) == ""


def test_a_deadline_says_its_minute_the_same_minute_in_utc_and_counts_to_its_exclusive_end() -> None:
    edition = Edition(slug="x")
    row = Deadline(
        edition=edition, phase=Phase.SUBMISSION, zone="AoE", cutoff_at=datetime(2020, 4, 1, 12, 0, tzinfo=UTC)
    )
    html = render("{% deadline row %}", row=row)
    assert "Tue 31 Mar 2020, 23:59 AoE" in html
    assert "= Wed 1 Apr 2020, 11:59 UTC" in html
    assert 'datetime="2020-04-01T11:59:00Z" data-local' in html
    assert 'data-countdown="2020-04-01T12:00:00Z"' in html


def test_a_deadline_of_another_zone_is_shown_in_aoe_and_utc_too() -> None:
    row = Deadline(phase=Phase.SUBMISSION, zone="Europe/Berlin", cutoff_at=datetime(2020, 4, 1, 12, 0, tzinfo=UTC))
    html = render("{% deadline row %}", row=row)
    assert "Wed 1 Apr 2020, 13:59 Europe/Berlin" in html
    assert "= Tue 31 Mar 2020, 23:59 AoE" in html
    assert "= Wed 1 Apr 2020, 11:59 UTC" in html


def test_an_extended_deadline_shows_the_later_minute() -> None:
    row = Deadline(phase=Phase.SUBMISSION, zone="UTC", cutoff_at=datetime(2020, 4, 1, 12, 0, tzinfo=UTC))
    html = render("{% deadline row later %}", row=row, later=datetime(2020, 4, 3, 12, 0, tzinfo=UTC))
    assert "Fri 3 Apr 2020, 11:59 UTC" in html
    assert "Wed 1 Apr" not in html


def test_the_workshop_itself_is_a_day() -> None:
    row = Deadline(phase=Phase.EVENT, zone="AoE", cutoff_at=datetime(2020, 6, 26, 12, 0, tzinfo=UTC))
    html = render("{% deadline row %}", row=row)
    assert "Thu 25 Jun 2020" in html
    assert "23:59" not in html


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=12, hours=3), "in 12 days"),
        (timedelta(days=3), "in 3 days"),
        (timedelta(days=2, hours=3, minutes=5), "in 2 days 3 hours"),
        (timedelta(days=1, hours=1), "in 1 day 1 hour"),
        (timedelta(hours=5, minutes=21), "in 5 hours 21 minutes"),
        (timedelta(0), ""),
        (timedelta(seconds=-1), ""),
    ],
)
def test_what_is_left_in_words(left: timedelta, words: str) -> None:
    assert time_left(left) == words


SCALE = [{"value": 1, "label": "accept"}, {"value": -1, "label": "reject"}, {"value": 0, "label": "neither"}]


def test_a_histogram_says_in_words_what_it_draws() -> None:
    html = histogram([1, 1, -1, None], SCALE)
    assert 'aria-label="Scores: 1 x -1, 2 x +1"' in html
    assert html.count("<rect") == 3


def test_no_scores_no_picture() -> None:
    assert histogram([], SCALE) == ""
    assert histogram([None], SCALE) == ""
