"""A font moves the pen by its own widths, and each code stands for the letter its tables name."""

import pytest
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    PdfObject,
)

from submissions.lncs.fonts import Font


def entries(**items: PdfObject) -> DictionaryObject:
    return DictionaryObject({NameObject(f"/{key}"): value for key, value in items.items()})


def numbers(*values: float) -> ArrayObject:
    return ArrayObject([FloatObject(value) for value in values])


def cmap(text: bytes) -> DecodedStreamObject:
    made = DecodedStreamObject()
    made.set_data(text)
    return made


def simple(**items: PdfObject) -> Font:
    return Font(entries(Subtype=NameObject("/Type1"), **items))


def composite(child: DictionaryObject, **items: PdfObject) -> Font:
    return Font(entries(Subtype=NameObject("/Type0"), DescendantFonts=ArrayObject([child]), **items))


@pytest.mark.parametrize(
    ("name", "advance"),
    [("Helvetica", 0.667), ("ABCDEF+Helvetica", 0.667), ("Arial", 0.667), ("Courier", 0.6), ("Times-Roman", 0.722)],
)
def test_a_standard_font_without_widths_has_the_widths_every_viewer_knows(name: str, advance: float) -> None:
    assert simple(BaseFont=NameObject(f"/{name}")).measure(b"A")[0] == pytest.approx(advance)


def test_widths_begin_at_the_first_code_and_others_are_missing() -> None:
    font = simple(
        FirstChar=NumberObject(65), Widths=numbers(700, 300), FontDescriptor=entries(MissingWidth=NumberObject(123))
    )
    assert [font.measure(code)[0] for code in (b"A", b"B", b"C")] == pytest.approx([0.7, 0.3, 0.123])


@pytest.mark.parametrize(("key", "embedded"), [("FontFile", True), ("FontFile3", True), ("Flags", False)])
def test_a_font_is_embedded_when_its_file_is_there(key: str, embedded: bool) -> None:
    assert simple(FontDescriptor=entries(**{key: NumberObject(4)})).embedded is embedded


@pytest.mark.parametrize(
    ("glyph", "letter"),
    [
        ("alpha", "\u03b1"),
        ("A.alt", "A"),
        ("uni00E9", "\u00e9"),
        ("u1D400", "\U0001d400"),
        ("f_f_i", "ffi"),
        ("fi", "fi"),
        ("nothing-known", "\ufffd"),
    ],
)
def test_a_difference_names_the_letter_of_its_code(glyph: str, letter: str) -> None:
    differences = ArrayObject([NumberObject(1), NameObject("/B"), NameObject(f"/{glyph}")])
    font = simple(Encoding=entries(BaseEncoding=NameObject("/WinAnsiEncoding"), Differences=differences))
    assert font.measure(b"\x01\x02z")[1] == f"B{letter}z"


def test_without_an_encoding_ligatures_stand_where_tex_keeps_them() -> None:
    assert simple().measure(b"o\x0ece")[1] == "office"


def test_spaces_and_codes_are_counted() -> None:
    assert simple().measure(b"a b c")[2:] == (5, 2)


def test_a_unicode_table_overrides_the_encoding() -> None:
    table = cmap(b"1 beginbfchar <41> <03B1> endbfchar 1 beginbfrange <42> <43> <0062> endbfrange")
    assert simple(ToUnicode=table).measure(b"ABCD")[1] == "\u03b1bcD"


def test_a_composite_font_takes_widths_of_lists_and_of_ranges_else_its_default() -> None:
    widths = ArrayObject([NumberObject(1), numbers(250, 750), *numbers(10, 12, 400), NumberObject(20)])
    font = composite(entries(DW=NumberObject(900), W=widths))
    measured = [font.measure(bytes((0, code)))[0] for code in (1, 2, 3, 10, 12, 13)]
    assert measured == pytest.approx([0.25, 0.75, 0.9, 0.4, 0.4, 0.9])


def test_a_composite_font_reads_two_bytes_as_one_letter() -> None:
    table = cmap(
        b"2 beginbfchar <0001> <00660066> <0002> <FB01> endbfchar"
        b" 2 beginbfrange <0010> <0012> <0061> <0020> <0021> [<0078> <0079>] endbfrange"
    )
    font = composite(entries(), ToUnicode=table)
    codes = b"\x00\x01\x00\x02\x00\x10\x00\x12\x00\x20\x00\x21"
    assert font.measure(codes) == (pytest.approx(6.0), "fffiacxy", 6, 0)
    assert font.measure(b"\x00\x10\x00\x99")[1] == "a\ufffd"


def test_a_ligature_is_parted_beside_a_letter_that_is_not_known() -> None:
    font = composite(entries(), ToUnicode=cmap(b"1 beginbfchar <0002> <FB01> endbfchar"))
    assert font.measure(b"\x00\x02\x00\x99")[1] == "fi\ufffd"


def test_a_composite_font_without_its_child_is_one_em_wide() -> None:
    assert Font(entries(Subtype=NameObject("/Type0"))).measure(b"\x00\x01")[0] == pytest.approx(1.0)


def test_a_composite_font_is_embedded_when_its_child_is() -> None:
    assert composite(entries(FontDescriptor=entries(FontFile2=NumberObject(1)))).embedded is True
    assert composite(entries()).embedded is False


def test_a_drawn_font_measures_in_units_of_its_own() -> None:
    font = Font(
        entries(
            Subtype=NameObject("/Type3"),
            FontMatrix=numbers(0.01, 0, 0, 0.01, 0, 0),
            FirstChar=NumberObject(65),
            Widths=numbers(50, 60),
        )
    )
    assert (font.name, font.em, font.measure(b"AB")[0]) == ("Type3", 1.0, pytest.approx(1.1))


def test_a_bitmap_font_tells_its_size_by_the_widths_of_its_letters() -> None:
    modern = {"a": 0.5, "c": 0.444, "e": 0.444, "i": 0.278, "m": 0.833, "o": 0.5}
    widths = [modern.get(chr(code), 0.0) * 40 for code in range(97, 123)]
    font = Font(
        entries(
            Subtype=NameObject("/Type3"),
            FontMatrix=numbers(0.25, 0, 0, 0.25, 0, 0),
            FirstChar=NumberObject(97),
            Widths=numbers(*widths),
        )
    )
    assert font.em == pytest.approx(10.0)


@pytest.mark.parametrize("width", [NameObject("/wide"), ArrayObject()])
def test_a_width_that_is_no_number_counts_as_nothing(width: PdfObject) -> None:
    assert simple(FirstChar=NumberObject(65), Widths=ArrayObject([width])).measure(b"A")[0] == 0.0
