"""What a file is, is told from its bytes; what it would do by itself is found wherever a PDF keeps actions."""

import io
from collections.abc import Callable
from typing import Any

import pypdf
import pytest
from pypdf.errors import LimitReachedError, PdfReadError
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    PdfObject,
    TextStringObject,
)

from submissions.lncs import check, container
from submissions.lncs.checking import _geometry
from submissions.lncs.container import Document, PageNode, active_content, anatomy, rectangle, tighten
from submissions.lncs.errors import Exhausted, Malformed, reading
from tests.submissions.lncs.faults import archive, changed, with_
from tests.submissions.lncs.papers import make, stream, write

SCRIPT = "<</S/JavaScript/JS(app.alert\\(1\\))>>"


def entries(**items: PdfObject) -> DictionaryObject:
    return DictionaryObject({NameObject(f"/{key}"): value for key, value in items.items()})


def array(*items: PdfObject) -> ArrayObject:
    return ArrayObject(items)


def numbers(*values: int) -> ArrayObject:
    return ArrayObject([NumberObject(value) for value in values])


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (b"PK\x03\x04 archive ", b"", "a ZIP archive"),
        (b"MZ program ", b"", "a program"),
        (b"\x7fELF program ", b"", "a program"),
        (b"<HTML><body>", b"", "a web page"),
        (b"\n <!doctype html>", b"", "a web page"),
        (b"GIF89a image ", b"", "an image"),
        (b"#!/bin/sh\n", b"", "a script"),
        (b"words <script>1</script> ", b"", "a web page"),
        (b"a mail header\n", b"", ""),
        (b"", archive(), "a ZIP archive"),
        (b"", b"<html>paper</html>", "a web page"),
        (b"", b"\n\n\x00", ""),
    ],
)
def test_a_file_that_is_two_things_is_known_by_both_ends(before: bytes, after: bytes, kind: str) -> None:
    found = anatomy(before + make() + after)
    assert found is not None
    assert (found.polyglot, found.header_at) == (kind, len(before))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"%%EOF", b"", "end mark"),
        (b"startxref", b"startxyz", "pointer to the table of objects is missing"),
        (b"startxref\n", b"startxref\n77", "pointer to the table of objects is wrong"),
        (b"startxref\n", b"startxref\n9999999999999999", "pointer to the table of objects is wrong"),
    ],
)
def test_what_had_to_be_mended_is_told(old: bytes, new: bytes, said: str) -> None:
    found = anatomy(make().replace(old, new))
    assert found is not None
    assert any(said in one for one in found.repaired)
    assert "REPAIRED" in check(make().replace(old, new)).codes


def test_a_part_longer_than_its_file_is_damage() -> None:
    found = anatomy(make().replace(b"/Length ", b"/Length 9999999", 1))
    assert found is not None
    assert found.broken == ["a part says that it is longer than the whole file"]


def test_a_file_without_its_last_lines_is_read_all_the_same() -> None:
    data = make()
    report = check(data[: data.rindex(b"startxref")])
    assert (report.pages, "REPAIRED" in report.codes) == (6, True)


def tree(objects: dict[int, bytes], trailer: str = "") -> bytes:
    return write({1: b"<</Type/Catalog/Pages 2 0 R>>"} | objects, trailer)


LEAF = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"


@pytest.mark.parametrize(
    ("objects", "said"),
    [
        ({1: b"<</Type/Catalog>>"}, "page tree is missing"),
        ({1: b"<</Type/Catalog/Pages[1 2]>>"}, "page tree is missing"),
        ({1: b"(no catalogue)"}, "no catalogue"),
        ({2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>", 3: b"<</Type/Pages/Kids[2 0 R]/Count 1>>"}, "circle"),
        ({2: b"<</Type/Pages/Kids[3 0 R 9 0 R]/Count 1>>", 3: LEAF, 8: b"null"}, "a page is missing"),
        ({2: b"<</Type/Pages/Kids[3 0 R]/Count 2>>", 3: LEAF}, "says that it has 2 pages, but 1 are there"),
        ({2: b"<</Type/Pages/Kids[3 0 R]>>", 3: LEAF}, "no number of pages"),
        ({2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>", 3: LEAF[:-2] + b"/Contents 9 0 R>>", 9: b"(x)"}, "not where"),
    ],
)
def test_a_page_tree_that_contradicts_itself_is_damage(objects: dict[int, bytes], said: str) -> None:
    report = check(tree(objects))
    assert [said in finding.message for finding in report.findings if finding.code == "MALFORMED"] == [True]


def test_a_page_tree_deeper_than_any_program_makes_is_damage() -> None:
    nodes = {number: b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % (number + 1) for number in range(2, 80)}
    report = check(tree(nodes | {80: LEAF}))
    assert ["levels deep" in finding.message for finding in report.findings if finding.code == "MALFORMED"] == [True]


def test_pages_in_several_branches_and_a_branch_used_twice_are_counted() -> None:
    objects = {
        2: b"<</Type/Pages/Kids[3 0 R 4 0 R 3 0 R]/Count 5>>",
        3: b"<</Type/Pages/Kids[5 0 R 5 0 R]/Count 2>>",
        4: LEAF,
        5: LEAF,
    }
    leaves, faults = Document(tree(objects)).pages()
    assert (len(leaves), faults) == (5, [])


@pytest.mark.parametrize("kids", [b"3 0 R " * 12, b"3 0 R 2 0 R " * 6])
def test_more_pages_than_anybody_writes_exhaust_the_check(kids: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "MAXIMUM_PAGES", 10)
    shared = {2: b"<</Type/Pages/Kids[%s]/Count 12>>" % kids.replace(b"2 0 R", b"4 0 R"), 3: LEAF, 4: LEAF}
    with pytest.raises(Exhausted):
        Document(tree(shared)).pages()


def test_leaves_shared_by_many_branches_exhaust_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "MAXIMUM_PAGES", 10)
    shared = {2: b"<</Kids[3 0 R 3 0 R 3 0 R 3 0 R]/Count 12>>", 3: b"<</Kids[4 0 R 4 0 R 4 0 R]/Count 3>>", 4: LEAF}
    with pytest.raises(Exhausted):
        Document(tree(shared)).pages()


def saved(change: Callable[[pypdf.PdfWriter], object]) -> Document:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(make()))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return Document(out.getvalue())


@pytest.mark.parametrize(
    ("catalogue", "expected"),
    [
        (f"/OpenAction{SCRIPT}", [("JAVASCRIPT", None)]),
        ("/OpenAction<</S/GoTo/D[4 0 R/Fit]>>", []),
        ("/OpenAction[4 0 R/Fit]", []),
        ("/OpenAction<</S/URI/URI(http://example.org)>>", [("AUTO_ACTION", None)]),
        ("/OpenAction<</S/GoTo/Next[<</S/Launch/F(a)>>]>>", [("LAUNCH", None)]),
        (f"/OpenAction<</S/GoTo/Next{SCRIPT}>>", [("JAVASCRIPT", None)]),
        (f"/AA<</WC{SCRIPT}>>", [("JAVASCRIPT", None)]),
        ("/AA<</WC null>>", [("AUTO_ACTION", None)]),
        (f"/Names<</JavaScript<</Kids[<</Names[(a){SCRIPT}]>>]>>>>", [("JAVASCRIPT", None)]),
        ("/AF[<</F(data.csv)>>]", [("ATTACHMENT", None)]),
        ("/AF[<</UF(run.exe. )>>]", [("LAUNCH", None)]),
        ("/AcroForm<</XFA(x)>>", [("FORM", None)]),
        ("/AcroForm<</Fields[]>>", []),
        (f"/AcroForm<</Fields[<</Kids[<</A{SCRIPT}>>]>>]>>", [("FORM", None), ("JAVASCRIPT", None)]),
        (f"/AcroForm<</Fields[<</AA<</K{SCRIPT}>>>>]>>", [("FORM", None), ("JAVASCRIPT", None)]),
        ("/Outlines<</First<</Title(a)/A<</S/Launch/F(a)>>/Next<</Title(b)>>>>>>", [("LAUNCH", None)]),
        ("/Outlines<</First<</A<</S/SubmitForm>>>>>>", [("AUTO_ACTION", None)]),
    ],
)
def test_what_acts_by_itself_is_found_in_the_catalogue(catalogue: str, expected: list[tuple[str, None]]) -> None:
    document = Document(changed(catalogue=catalogue))
    active, _ = active_content(document, document.pages()[0])
    assert [(code, page) for code, page, _ in active.found] == expected


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        (f"/Subtype/Link/A{SCRIPT}", [("JAVASCRIPT", 2)]),
        ("/Subtype/Link/A<</S/URI/URI(http://example.org)>>", []),
        (f"/Subtype/Widget/AA<</E{SCRIPT}>>", [("JAVASCRIPT", 2)]),
        ("/Subtype/FileAttachment/FS<</F(data.csv)>>", [("ATTACHMENT", 2)]),
        ("/Subtype/FileAttachment/FS<</F(data.csv)/EF<</F 10 0 R>>>>", [("LAUNCH", 2)]),
        ("/Subtype/RichMedia", [("ATTACHMENT", 2)]),
    ],
)
def test_what_acts_by_itself_is_found_on_a_page(note: str, expected: list[tuple[str, int]]) -> None:
    extra = ["", f"/Annots[<</Type/Annot{note}>>]", *[""] * 4]
    document = Document(changed(page_extra=extra, objects=[stream(b"MZ program")]))
    active, notes = active_content(document, document.pages()[0])
    assert [(code, page) for code, page, _ in active.found] == expected
    assert notes == []


def test_no_more_than_two_hundred_actions_are_told() -> None:
    many = f"/Annots[{'<</Subtype/RichMedia>>' * 300}]"
    document = Document(changed(page_extra=[many, *[""] * 5]))
    assert len(active_content(document, document.pages()[0])[0].found) == 200


def test_an_outline_that_runs_in_a_circle_ends() -> None:
    catalogue = "/Outlines 10 0 R"
    objects = [b"<</First 11 0 R>>", b"<</Title(a)/Next 11 0 R/First 10 0 R>>"]
    document = Document(changed(catalogue=catalogue, objects=objects))
    assert active_content(document, document.pages()[0])[0].found == []


def test_an_attachment_that_cannot_be_read_is_damage() -> None:
    odd = stream(b"MZ program").replace(b"/FlateDecode", b"/NoSuchFilter")
    report = check(changed(catalogue="/AF[<</F(a)/EF<</F 10 0 R>>>>]", objects=[odd]))
    assert [finding.code for finding in report.findings] == ["MALFORMED"]
    assert report.pages == 6


def test_layers_that_are_off_by_default_are_hidden_but_those_that_are_on() -> None:
    catalogue = "/OCProperties<</OCGs[10 0 R 11 0 R]/D<</BaseState/OFF/ON[11 0 R]>>>>"
    layers = [b"<</Type/OCG/Name(a)>>", b"<</Type/OCG/Name(b)>>"]
    assert Document(changed(catalogue=catalogue, objects=layers)).hidden_layers() == {10}


def test_metadata_are_texts_by_name() -> None:
    xmp = b"<dc:creator><rdf:li>Ada Example</rdf:li></dc:creator>"
    made = changed(
        info="/Author(Ada Example)/Trapped/True/Pages 3", catalogue="/Metadata 10 0 R", objects=[stream(xmp)]
    )
    assert Document(made).metadata() == {"Author": "Ada Example", "Trapped": "/True", "xmp": xmp.decode()}
    assert Document(make()).metadata() == {}


@pytest.mark.parametrize(
    ("value", "box"),
    [
        (numbers(0, 0, 10, 20), (0, 0, 10, 20)),
        (numbers(10, 20, 0, 0), (0, 0, 10, 20)),
        (numbers(0, 0, 10), None),
        (array(NameObject("/a"), *numbers(1, 2, 3)), None),
        (NumberObject(1), None),
        (None, None),
    ],
)
def test_a_box_is_four_numbers_in_any_order(value: Any, box: Any) -> None:
    assert rectangle(value) == box


@pytest.mark.parametrize(
    ("leaf", "geometry"),
    [
        (entries(MediaBox=numbers(0, 0, 600, 800)), ((0, 0, 600, 800), 0, 1.0, 0)),
        (entries(MediaBox=numbers(0, 0, 600, 800), CropBox=numbers(50, 0, 900, 800)), ((50, 0, 600, 800), 50, 1.0, 0)),
        (
            entries(MediaBox=numbers(0, 0, 600, 800), CropBox=numbers(700, 0, 900, 800)),
            ((0, 0, 600, 800), 0, 1.0, 0),
        ),
        (
            entries(MediaBox=numbers(0, 0, 600, 800), Rotate=NumberObject(-90), UserUnit=NumberObject(2)),
            ((0, 0, 600, 800), 0, 2.0, 270),
        ),
        (
            entries(MediaBox=numbers(0, 0, 600, 800), Rotate=NameObject("/a"), UserUnit=NumberObject(0)),
            ((0, 0, 600, 800), 0, 1.0, 0),
        ),
        (entries(MediaBox=numbers(0, 0, 0, 800)), None),
        (entries(), None),
    ],
)
def test_a_page_is_what_its_boxes_leave_of_it(leaf: DictionaryObject, geometry: Any) -> None:
    assert _geometry(PageNode(leaf, {})) == geometry


def test_a_page_inherits_what_it_does_not_say_itself() -> None:
    node = PageNode(entries(Rotate=NumberObject(90)), {"/Rotate": NumberObject(0), "/MediaBox": numbers(0, 0, 1, 1)})
    assert (node.get("/Rotate"), node.get("/MediaBox"), node.get("/CropBox")) == (90, numbers(0, 0, 1, 1), None)


@pytest.mark.parametrize(
    ("raised", "becomes", "said"),
    [
        (LimitReachedError("Detected loop"), Malformed, "refers to itself"),
        (LimitReachedError("too much"), Exhausted, "unpacks"),
        (MemoryError(), Exhausted, "unpacks"),
        (PdfReadError("odd"), Malformed, "the table cannot be read"),
        (RecursionError(), Malformed, "the table cannot be read"),
        (Exhausted("already"), Exhausted, "already"),
        (Malformed("already"), Malformed, "already"),
    ],
)
def test_what_the_reader_raises_becomes_one_of_two_errors(
    raised: Exception, becomes: type[Exception], said: str
) -> None:
    with pytest.raises(becomes, match=said), reading("the table cannot be read"):
        raise raised


def test_an_error_of_our_own_is_not_taken_for_a_bad_file() -> None:
    with pytest.raises(ZeroDivisionError), reading("the table cannot be read"):
        raise ZeroDivisionError


def test_reading_what_is_right_changes_nothing() -> None:
    with reading("the table cannot be read"):
        pass


def test_the_limits_of_the_reader_are_set() -> None:
    tighten()
    bomb = DecodedStreamObject()
    bomb.set_data(b"0" * 21_000_000)
    packed = bomb.flate_encode()
    packed.decoded_self = None
    with pytest.raises(LimitReachedError):
        packed.get_data()


def test_a_name_tree_that_holds_itself_ends() -> None:
    made = saved(lambda writer: None)
    loop = entries(Names=array(TextStringObject("a"), NumberObject(1)))
    loop[NameObject("/Kids")] = array(loop)
    made.catalogue[NameObject("/Names")] = entries(EmbeddedFiles=loop)
    assert len(active_content(made, [])[0].found) == 200


def test_no_size_no_measures() -> None:
    report = check(with_().replace(b"/MediaBox[0 0 595.276 841.890]", b"/MediaBox[0 0 0 0]" + b" " * 12))
    assert [(finding.code, finding.pages) for finding in report.findings] == [("PAPER", (1, 2, 3, 4, 5, 6))]
