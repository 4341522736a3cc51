"""PDF files: each with its trouble, and what is read of it."""

import pytest
from document_cases import wrong_in
from documents_extra import needs_documents
from pdf_cases import CASES

pytestmark = needs_documents


@pytest.mark.parametrize("case", CASES, ids=str)
def test_pdf(case):
    assert wrong_in(case) == []
