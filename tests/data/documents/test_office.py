"""Documents but for PDF: each with its trouble, and what is read of it."""

import pytest
from document_cases import wrong_in
from documents_extra import needs_documents
from office_cases import CASES

NEEDS_NOTHING = ("DOCX", "TXT", "MD", "CSV")  # pages and HTML within JSON are parsed by a package of the extra


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=() if case.format in NEEDS_NOTHING else needs_documents, id=str(case)) for case in CASES]
)
def test_documents(case):
    assert wrong_in(case) == []
