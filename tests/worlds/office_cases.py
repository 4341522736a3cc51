"""Documents but for PDF, and their troubles."""

import docx_cases

CASES = [*docx_cases.CASES]
