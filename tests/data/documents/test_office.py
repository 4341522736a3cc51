"""Documents but for PDF: each with its trouble, and what is read of it."""

import pytest
from document_cases import wrong_in
from office_cases import CASES


@pytest.mark.parametrize("case", CASES, ids=str)
def test_documents(case):
    assert wrong_in(case) == []
