"""Made manuscripts: PDFs that are really LNCS (A4, text block 122 x 193 mm, 10 on 12 point, single column).

The sizes are those of llncs.cls 2.22: title 14 bold, headings 12 and 10 bold, abstract and references 9 on 11.
"""

from functools import cache
from io import BytesIO
from pathlib import Path
from random import Random

from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, NextPageTemplate, PageBreak, PageTemplate, Paragraph

from reviews.demo import words

FONTS = Path(__file__).parent / "fonts"
WIDTH, HEIGHT = 122 * mm, 193 * mm
LEFT, BOTTOM = 44 * mm, 52 * mm
WORDS_PER_PAGE = 430


@cache
def register_fonts() -> None:
    for face in ("Regular", "Bold", "Italic"):
        pdfmetrics.registerFont(TTFont(f"PaperSerif-{face}", str(FONTS / f"PaperSerif-{face}.ttf")))


def style(name: str, size: float, leading: float, **more: object) -> ParagraphStyle:
    return ParagraphStyle(name, fontName="PaperSerif-Regular", fontSize=size, leading=leading, **more)


def running_head(canvas: Canvas, document: BaseDocTemplate) -> None:
    """The page number above the text block, outside on both sides, as llncs sets it."""
    canvas.setFont("PaperSerif-Regular", 9)
    top = BOTTOM + HEIGHT + 16
    if document.page % 2:
        canvas.drawRightString(LEFT + WIDTH, top, str(document.page))
    else:
        canvas.drawString(LEFT, top, str(document.page))


def manuscript(
    *, title: str, authors: list[tuple[str, str]], abstract: str, pages: int, random: Random, keywords: str = ""
) -> bytes:
    """A PDF of exactly `pages` pages; `authors` are (name, institution)."""
    register_fonts()
    body = style("body", 10, 12, alignment=TA_JUSTIFY, firstLineIndent=15)
    flush = style("flush", 10, 12, alignment=TA_JUSTIFY)
    small = style("small", 9, 11, alignment=TA_JUSTIFY, leftIndent=10 * mm, rightIndent=10 * mm, spaceBefore=8)
    heading = ParagraphStyle(
        "heading", fontName="PaperSerif-Bold", fontSize=12, leading=14, spaceBefore=14, spaceAfter=6
    )
    names = ", ".join(name for name, _ in authors)
    homes = "<br/>".join(dict.fromkeys(home for _, home in authors))
    story: list[Flowable] = [
        Paragraph(
            title, ParagraphStyle("title", fontName="PaperSerif-Bold", fontSize=14, leading=17, alignment=TA_CENTER)
        ),
        Paragraph(names, style("names", 10, 12, alignment=TA_CENTER, spaceBefore=14)),
        Paragraph(homes, style("homes", 9, 11, alignment=TA_CENTER, spaceBefore=6)),
        Paragraph(f'<font name="PaperSerif-Bold">Abstract.</font> {abstract}', small),
        Paragraph(f'<font name="PaperSerif-Bold">Keywords:</font> {keywords or "deep learning, scaling"}', small),
        NextPageTemplate("later"),
    ]
    for number, section in enumerate(("Introduction", "Method", "Evaluation", "Related Work", "Conclusion"), start=1):
        if number > pages:
            break
        if number > 1 and number <= pages:
            story.append(PageBreak())
        story.append(Paragraph(f"{number} &nbsp; {section}", heading))
        story.append(Paragraph(words.paragraph(random, 60), flush))
        share = 180 if number == 1 else full_pages(number, pages) * WORDS_PER_PAGE - 130
        while share > 0:
            story.append(Paragraph(words.paragraph(random, 90), body))
            share -= 95
    return typeset(story)


def full_pages(section: int, pages: int) -> int:
    """How many pages a section (2 to 5) fills, so that sections 2 to 5 fill all pages after the first."""
    later = pages - 1
    sections = min(4, later)
    return later // sections + (1 if section - 2 < later % sections else 0)


def typeset(story: list[Flowable]) -> bytes:
    out = BytesIO()
    frame = {"leftPadding": 0, "rightPadding": 0, "topPadding": 0, "bottomPadding": 0}
    document = BaseDocTemplate(out, pagesize=A4, title="", author="", invariant=True)
    document.addPageTemplates(
        [
            PageTemplate("first", [Frame(LEFT, BOTTOM, WIDTH, HEIGHT, **frame)]),
            PageTemplate("later", [Frame(LEFT, BOTTOM, WIDTH, HEIGHT, **frame)], onPage=running_head),
        ]
    )
    document.build(story)
    return out.getvalue()
