"""PDF files: each with its trouble, and what is read of it."""

import pytest
from document_cases import wrong_in
from documents_extra import needs_documents
from pdf_cases import CASES
from pdf_makers import canvas_bytes, lines

pytestmark = needs_documents


@pytest.mark.parametrize("case", CASES, ids=str)
def test_pdf(case):
    assert wrong_in(case) == []


def test_a_short_word_by_chance_does_not_show_what_is_hidden_around_it(monkeypatch):
    """A few pixels of white letters across lines can pass for an `a`: the text that it stands in is hidden with it."""
    from minirank.data.documents.pdf.read_pdf import read_pdf
    from minirank.data.documents.pdf.seen import Drawn

    can_be_seen, inked = Drawn._can_be_seen, Drawn._inked
    monkeypatch.setattr(Drawn, "_can_be_seen", lambda self, piece: piece.text == "a" or can_be_seen(self, piece))
    monkeypatch.setattr(Drawn, "_inked", lambda self, ink, piece: piece.text == "a" or inked(self, ink, piece))

    def page(canvas):
        lines(canvas, ["Anna Miller, data engineer"])
        canvas.rect(72, 503, 400, 0.3, stroke=0, fill=1)
        canvas.setFillColorRGB(1, 1, 1)
        lines(canvas, ["a Kubernetes Terraform Snowflake"], y=500)

    [found] = read_pdf(canvas_bytes(page), "anna.pdf")
    assert found.text.strip() == "Anna Miller, data engineer"
    assert [each.text for each in found.hidden] == ["a Kubernetes Terraform Snowflake"]
