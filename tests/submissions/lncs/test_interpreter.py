"""Text stands where the drawing commands put it, and what the eye cannot see is known as such."""

import pytest
from pypdf import PdfWriter
from pypdf.errors import PdfReadError
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    PdfObject,
)

from submissions.lncs import interpreter
from submissions.lncs.errors import Exhausted, Malformed
from submissions.lncs.interpreter import Drawing, Interpreter, Run, unescape

PAGE = (0.0, 0.0, 600.0, 800.0)


def entries(**items: PdfObject) -> DictionaryObject:
    return DictionaryObject({NameObject(f"/{key}"): value for key, value in items.items()})


def numbers(*values: float) -> ArrayObject:
    return ArrayObject([FloatObject(value) for value in values])


def half_em() -> DictionaryObject:
    """A font whose every letter is half as wide as the font is large."""
    return entries(
        Type=NameObject("/Font"),
        Subtype=NameObject("/Type1"),
        BaseFont=NameObject("/Half"),
        FirstChar=NumberObject(0),
        Widths=numbers(*[500.0] * 256),
    )


def form(data: bytes, **items: PdfObject) -> DecodedStreamObject:
    made = DecodedStreamObject()
    made.set_data(data)
    made.update(entries(Subtype=NameObject("/Form"), **items))
    return made


def draw(data: bytes, *, hidden: frozenset[int] = frozenset(), **resources: DictionaryObject) -> Drawing:
    every = entries(**({"Font": entries(F1=half_em())} | resources))
    return Interpreter(hidden).draw(data, every, (1.0, 0.0, 0.0, 1.0, 0.0, 0.0), PAGE)


def only(data: bytes, **resources: DictionaryObject) -> Run:
    runs = draw(data, **resources).runs
    assert len(runs) == 1
    return runs[0]


def place(run: Run) -> tuple[float, float, float, float]:
    return (round(run.x0, 3), round(run.y0, 3), round(run.x1, 3), round(run.y1, 3))


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        (b"100 200 Td (abcd) Tj", (100, 200, 120, 200)),
        (b"2 Tc 100 200 Td (abcd) Tj", (100, 200, 128, 200)),
        (b"3 Tw 100 200 Td (a bc) Tj", (100, 200, 123, 200)),
        (b"50 Tz 100 200 Td (abcd) Tj", (100, 200, 110, 200)),
        (b"4 Ts 100 200 Td (abcd) Tj", (100, 204, 120, 204)),
        (b"0 1 -1 0 100 200 Tm (abcd) Tj", (100, 200, 100, 220)),
        (b"2 0 0 2 100 200 Tm (abcd) Tj", (100, 200, 140, 200)),
        (b"12 TL 100 200 Td T* (abcd) Tj", (100, 188, 120, 188)),
        (b"12 TL 100 200 Td (abcd) '", (100, 188, 120, 188)),
        (b'12 TL 100 200 Td 3 2 (a bc) "', (100, 188, 131, 188)),
        (b"50 100 TD 50 100 TD (abcd) Tj", (100, 200, 120, 200)),
        (b"50 -15 TD T* (abcd) Tj", (50, -30, 70, -30)),
        (b"100 200 Td [(ab) -100 (cd)] TJ", (100, 200, 121, 200)),
        (b"100 200 Td [(ab) % a remark\n(cd)] TJ", (100, 200, 120, 200)),
        (b"100 200 Td [<6162> 100 (cd)] TJ", (100, 200, 119, 200)),
        (b"100 200 Td <61626> Tj", (100, 200, 115, 200)),
        (b"100 200 Td (ab  ) Tj", (100, 200, 110, 200)),
    ],
)
def test_a_string_stands_where_the_text_operators_put_it(
    commands: bytes, expected: tuple[float, float, float, float]
) -> None:
    assert place(only(b"BT /F1 10 Tf " + commands + b" ET")) == expected


def test_a_wide_kern_is_a_space_and_a_very_wide_one_parts_two_columns() -> None:
    assert only(b"BT /F1 10 Tf [(ab) -300 (cd)] TJ ET").text == "ab cd"
    assert [run.text for run in draw(b"BT /F1 10 Tf [(ab) -2000 (cd)] TJ ET").runs] == ["ab", "cd"]


def test_escapes_stand_for_the_bytes_the_format_gives_them() -> None:
    assert unescape(rb"a\(b\)\101\n\\" + b"\\\r\nz") == b"a(b)A\n\\z"
    assert only(rb"BT /F1 10 Tf (a\(b\)\101(c)) Tj ET").text == "a(b)A(c)"


def test_what_q_saves_comes_back_with_its_end() -> None:
    runs = draw(b"q 1 0 0 1 50 60 cm BT /F1 10 Tf (a) Tj ET Q BT /F1 8 Tf (b) Tj ET Q").runs
    assert [(run.text, run.x0, run.y0, run.size) for run in runs] == [("a", 50, 60, 10), ("b", 0, 0, 8)]


@pytest.mark.parametrize(
    ("colour", "light"),
    [
        (b"0.5 g", 0.5),
        (b"1 1 1 rg", 1.0),
        (b"1 0 0 rg", 0.3),
        (b"0 0 0 0 k", 1.0),
        (b"0 0 0 1 k", 0.0),
        (b"/DeviceGray cs 0.25 sc", 0.25),
        (b"/DeviceRGB cs 0 1 0 scn", 0.59),
        (b"/Spot cs 0.25 scn", None),
        (b"/Pattern cs /P1 scn", None),
    ],
)
def test_the_lightness_of_a_colour_follows_its_space(colour: bytes, light: float | None) -> None:
    spaces = entries(Spot=ArrayObject([NameObject("/Separation"), NameObject("/Gold")]))
    found = only(colour + b" BT /F1 10 Tf (a) Tj ET", ColorSpace=spaces).light
    assert found == (None if light is None else pytest.approx(light))


def test_a_colour_space_of_a_profile_is_read_like_the_plain_ones() -> None:
    spaces = entries(C1=ArrayObject([NameObject("/ICCBased")]), C2=NameObject("/DeviceGray"))
    for name in (b"C1", b"C2"):
        assert only(b"/" + name + b" cs 0.75 sc BT /F1 10 Tf (a) Tj ET", ColorSpace=spaces).light == 0.75


def test_a_graphics_state_sets_transparency_and_font() -> None:
    state = entries(ca=FloatObject(0.25), Font=ArrayObject([half_em(), FloatObject(20)]))
    run = only(b"/G1 gs BT (ab) Tj ET", ExtGState=entries(G1=state))
    assert (run.alpha, run.size, run.x1) == (0.25, 20.0, 20.0)


def test_the_mode_of_rendering_is_kept_with_the_text() -> None:
    assert only(b"BT 3 Tr /F1 10 Tf (unseen) Tj ET").mode == 3


@pytest.mark.parametrize(("where", "clipped"), [(b"120 120 Td", False), (b"300 300 Td", True)])
def test_text_outside_its_clip_is_known_as_cut_away(where: bytes, clipped: bool) -> None:
    run = only(b"100 100 100 100 re W n BT /F1 10 Tf " + where + b" (ab) Tj ET")
    assert run.clipped is clipped


def test_filled_areas_tell_whether_they_cover_what_is_below() -> None:
    square = b"10 10 m 60 10 l 60 60 l 10 60 l h f "
    curve = b"100 10 m 100 60 150 60 150 10 c f "
    paints = draw(b"1 g 200 10 50 50 re f " + square + curve).paints
    assert [(paint.box, paint.covers, paint.light) for paint in paints] == [
        ((200, 10, 250, 60), True, 1.0),
        ((10, 10, 60, 60), True, 1.0),
        ((100, 10, 150, 60), False, 1.0),
    ]


def test_an_area_that_cannot_be_seen_is_not_painted() -> None:
    clear = entries(G1=entries(ca=FloatObject(0.0)))
    assert draw(b"/G1 gs 10 10 50 50 re f", ExtGState=clear).paints == []
    assert draw(b"10 10 50 0.2 re f").paints == []


def test_an_inline_image_is_painted_and_its_bytes_are_no_commands() -> None:
    drawing = draw(b"q 100 0 0 50 20 30 cm BI /W 1 /H 1 ID (no text) Tj EI Q BT /F1 10 Tf (after) Tj ET")
    assert [run.text for run in drawing.runs] == ["after"]
    assert [(paint.box, paint.image, paint.covers) for paint in drawing.paints] == [((20, 30, 120, 80), True, True)]


@pytest.mark.parametrize("data", [b"BI /W 1 (x) Tj", b"BI /W 1 ID abc (x) Tj"])
def test_an_inline_image_without_an_end_takes_the_rest(data: bytes) -> None:
    assert draw(data).runs == []


def test_a_shading_fills_the_clip() -> None:
    assert [paint.box for paint in draw(b"100 100 50 60 re W n /S1 sh").paints] == [(100, 100, 150, 160)]


def test_a_form_is_moved_by_its_matrix_and_cut_by_its_box() -> None:
    data = b"BT /F1 10 Tf 10 10 Td (in) Tj 500 0 Td (out) Tj ET"
    small = form(data, BBox=numbers(0, 0, 100, 100), Matrix=numbers(1, 0, 0, 1, 50, 60))
    runs = draw(b"/X1 Do", XObject=entries(X1=small)).runs
    assert [(run.text, run.x0, run.y0, run.clipped, run.in_form) for run in runs] == [
        ("in", 60, 70, False, True),
        ("out", 560, 70, True, True),
    ]


def test_a_form_as_large_as_the_page_counts_as_the_page_itself() -> None:
    whole = form(b"BT /F1 10 Tf (a) Tj ET", BBox=numbers(0, 0, 600, 800))
    assert only(b"/X1 Do", XObject=entries(X1=whole)).in_form is False


def test_a_form_uses_its_own_fonts() -> None:
    own = half_em()
    own[NameObject("/BaseFont")] = NameObject("/Own")
    inner = form(b"BT /F1 10 Tf (a) Tj ET", Resources=entries(Font=entries(F1=own)))
    assert only(b"/X1 Do", XObject=entries(X1=inner)).font == "Own"


def test_a_form_that_draws_itself_is_malformed() -> None:
    loop = form(b"/X1 Do")
    with pytest.raises(Malformed, match="contains itself"):
        draw(b"/X1 Do", XObject=entries(X1=loop))


def test_forms_nested_too_deep_exhaust_the_check() -> None:
    every = {f"X{depth}": form(b"/X%d Do" % (depth + 1)) for depth in range(20)}
    with pytest.raises(Exhausted, match="fourteen deep"):
        draw(b"/X0 Do", XObject=entries(**every))


@pytest.mark.parametrize(("mask", "covers"), [(None, True), ("ImageMask", False)])
def test_an_image_covers_unless_it_is_a_mask(mask: str | None, covers: bool) -> None:
    image = form(b"")
    image[NameObject("/Subtype")] = NameObject("/Image")
    if mask:
        image[NameObject(f"/{mask}")] = NumberObject(1)
    paints = draw(b"50 0 0 50 10 10 cm /I1 Do", XObject=entries(I1=image)).paints
    assert [(paint.box, paint.covers) for paint in paints] == [((10, 10, 60, 60), covers)]


def test_text_on_a_layer_that_is_off_is_hidden_until_the_layer_ends() -> None:
    writer = PdfWriter()
    off, on = writer._add_object(entries()), writer._add_object(entries())
    layers = entries(
        Off=off,
        On=on,
        AllOff=entries(OCGs=ArrayObject([off])),
        Some=entries(OCGs=ArrayObject([off, on])),
        One=entries(OCGs=off),
    )
    data = b"BT /F1 10 Tf "
    for name in (b"Off", b"On", b"AllOff", b"Some", b"One"):
        data += b"/OC /" + name + b" BDC /Span BMC (" + name + b") Tj EMC EMC "
    runs = draw(data + b"(plain) Tj EMC ET", hidden=frozenset({off.idnum}), Properties=layers).runs
    assert [(run.text, run.hidden_layer) for run in runs] == [
        ("Off", True),
        ("On", False),
        ("AllOff", True),
        ("Some", False),
        ("One", True),
        ("plain", False),
    ]


def test_a_form_on_a_layer_that_is_off_is_hidden() -> None:
    writer = PdfWriter()
    off = writer._add_object(entries())
    layered = form(b"BT /F1 10 Tf (a) Tj ET", OC=off)
    runs = draw(b"/X1 Do", hidden=frozenset({off.idnum}), XObject=entries(X1=layered)).runs
    assert [run.hidden_layer for run in runs] == [True]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (b"(said)", "said"),
        (b"<FEFF00480069> ", "Hi"),
        (b"<4869> ", "Hi"),
        (b"<4869>", "Hi"),
        (b"(a > b)", "a > b"),
    ],
)
def test_text_given_instead_of_what_is_drawn_is_kept(given: bytes, text: str) -> None:
    assert draw(b"/Span <</ActualText " + given + b">> BDC EMC").actual_texts == [text]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"q " * 5_001, "graphics states"),
        (b"/A BMC " * 5_001, "marked content"),
        (b"/A /B BDC " * 5_001, "marked content"),
    ],
)
def test_endless_nesting_exhausts_the_check(data: bytes, message: str) -> None:
    with pytest.raises(Exhausted, match=message):
        draw(data)


@pytest.mark.parametrize(
    "data", [b"/None Do", b"Do", b"gs", b"/None gs", b"1 2 cm", b"1 Tm", b"Td", b"Tc", b"Tj", b"n", b"f", b"EMC Q"]
)
def test_a_command_without_what_it_needs_draws_nothing(data: bytes) -> None:
    drawing = draw(data)
    assert (drawing.runs, drawing.paints) == ([], [])


def test_text_far_outside_of_any_page_is_left_out() -> None:
    assert draw(b"BT /F1 10 Tf 9000000 0 Td (far) Tj ET").runs == []


def test_a_number_that_is_none_counts_as_nothing() -> None:
    assert place(only(b"BT /F1 10 Tf 100 1.2.3 Td (a) Tj ET")) == (100, 0, 105, 0)


def test_trailing_spaces_of_a_composite_font_are_not_part_of_its_line() -> None:
    table = form(b"2 beginbfchar <0001> <0061> <0002> <0020> endbfchar")
    child = entries(DW=NumberObject(500))
    wide = entries(Subtype=NameObject("/Type0"), DescendantFonts=ArrayObject([child]), ToUnicode=table)
    runs = draw(b"BT /F2 10 Tf <00010001> Tj <000100020002> Tj <0002> Tj ET", Font=entries(F2=wide)).runs
    assert [(run.text, run.x0, run.x1) for run in runs] == [("aa", 0, 10), ("a  ", 10, 15)]


def test_a_form_within_a_page_that_was_drawn_is_read_once() -> None:
    inner = form(b"BT /F1 10 Tf (a) Tj ET")
    drawing = draw(b"/X1 Do 1 0 0 1 50 0 cm /X1 Do", XObject=entries(X1=inner))
    assert [run.x0 for run in drawing.runs] == [0, 50]


@pytest.mark.parametrize(
    "thing",
    [
        entries(Subtype=NameObject("/Form")),
        form(b"(a) Tj"),
    ],
)
def test_what_is_neither_an_image_nor_a_form_draws_nothing(thing: PdfObject) -> None:
    if isinstance(thing, DecodedStreamObject):
        thing[NameObject("/Subtype")] = NameObject("/PS")
    assert draw(b"BT /F1 10 Tf /X1 Do ET", XObject=entries(X1=thing)).runs == []


def test_a_name_may_be_written_with_its_codes() -> None:
    assert only(b"BT /F#31 10 Tf (ab) Tj ET").font == "Half"


@pytest.mark.parametrize(
    ("matrix", "x0"),
    [(numbers(1, 0, 0, 1, 5), 0), (ArrayObject([NameObject("/a")] * 6), 0), (numbers(1, 0, 0, 1, 5, 0), 5)],
)
def test_a_matrix_that_is_none_moves_nothing(matrix: ArrayObject, x0: float) -> None:
    assert only(b"/X1 Do", XObject=entries(X1=form(b"BT /F1 10 Tf (a) Tj ET", Matrix=matrix))).x0 == x0


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"(a) " * 1_100, "operands without a command"),
        (b"n " * 1_100, "drawing commands"),
        (b"/X1 Do " * 20, "drawings inside drawings"),
        (b"BT /F1 10 Tf (a) Tj (a) Tj (a) Tj ET", "pieces of text"),
    ],
)
def test_more_of_anything_than_a_paper_needs_exhausts_the_check(
    data: bytes, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interpreter, "MAXIMUM_COMMANDS", 999)
    monkeypatch.setattr(interpreter, "MAXIMUM_FORMS", 9)
    monkeypatch.setattr(interpreter, "MAXIMUM_RUNS", 2)
    with pytest.raises(Exhausted, match=message):
        draw(data, XObject=entries(X1=form(b"")))


def test_more_than_the_file_may_unpack_to_exhausts_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "MAXIMUM_DECODED", 30)
    every = entries(X1=form(b"n " * 10), X2=form(b"n " * 10))
    with pytest.raises(Exhausted, match="unpack"):
        draw(b"/X1 Do /X2 Do", XObject=every)


def test_of_a_path_without_end_the_first_part_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    paints = draw(b"10 10 m " + b"60 60 l " * 200_100 + b"f").paints
    assert [(paint.box, paint.covers) for paint in paints] == [((10, 10, 60, 60), False)]


def test_a_path_of_nothing_paints_nothing() -> None:
    assert draw(b"h f 1 re f m l f").paints == []
    assert draw(b"5 m 5 l 5 l 5 l f").paints == []


def test_areas_beyond_the_first_twenty_thousand_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "MAXIMUM_PAINTS", 2)
    assert len(draw(b"10 10 50 50 re f " * 3).paints) == 2


def test_a_piece_beyond_reason_in_size_is_left_out() -> None:
    assert draw(b"BT /F1 10 Tf 9999999 0 0 9999999 0 0 Tm (a) Tj ET").runs == []


def test_what_the_page_refers_to_may_be_broken() -> None:
    class Broken(DictionaryObject):
        def raw_get(self, key: object) -> object:
            raise PdfReadError("broken")

    broken = Broken({NameObject("/X1"): NumberObject(1)})
    with pytest.raises(Malformed, match="refers to"):
        draw(b"/X1 Do", XObject=broken)


def test_text_in_an_array_that_holds_a_comment_with_brackets_is_shown() -> None:
    assert only(b"BT /F1 10 Tf [(ab) % (not) a remark\n(cd)] TJ ET").text.startswith("ab")
    assert draw(b"[0 1] 0 d").runs == []


def test_bytes_that_are_no_commands_are_passed_over() -> None:
    assert only(b"\x00\xff}{ BT /F1 10 Tf (a) Tj ET \xfe").text == "a"


def test_a_drawing_that_cannot_be_read_is_damage() -> None:
    class Broken(DecodedStreamObject):
        def get(self, key: object, default: object = None) -> object:
            raise PdfReadError("broken")

    with pytest.raises(Malformed, match="what the page draws"):
        draw(b"/X1 Do", XObject=entries(X1=Broken()))
