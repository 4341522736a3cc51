"""Short texts as resumes and jobs of one day."""

from minirank.extract import extract_job, extract_resume

UPDATED = 1_740_787_200  # 2025-03-01


def resume(text):
    """Features of a resume with a header, so that the text is no name."""
    return extract_resume(f"Cook\nBerlin\n\n{text}", UPDATED)


def job(text, title="Cook"):
    """Features of a job."""
    return extract_job(title, text, posted_at=UPDATED)


def shown(value):
    """What a value says, or None."""
    return None if value is None else value.value
