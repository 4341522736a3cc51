"""Whether the packages are there that read PDF files and make the documents of the tests (extra `documents-test`)."""

import importlib.util
import os

import pytest

REQUIRED = os.environ.get("MINIRANK_DOCUMENTS_GATE") == "1"  # set by .ci/run: there nothing is skipped
LACKING = [name for name in ("pypdfium2", "justhtml", "reportlab", "pypdf", "docx") if importlib.util.find_spec(name) is None]
needs_documents = pytest.mark.skipif(
    bool(LACKING) and not REQUIRED, reason=f"needs {', '.join(LACKING)}: pip install -e '.[documents-test]'"
)
