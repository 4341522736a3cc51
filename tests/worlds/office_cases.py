"""Documents but for PDF, and their troubles."""

import docx_cases
import html_cases
import text_cases

CASES = [*docx_cases.CASES, *html_cases.CASES, *text_cases.CASES]
