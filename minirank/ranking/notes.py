"""What to know about a ranking: a role that training never saw, texts in words or languages that it does not know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..config.model import ModelConfig
from ..errors import nearest
from ..extract import JobFeatures
from ..extract.language import named, unknown_languages
from ..features.new_texts import remark, too_few
from ..features.profiles import Profiles, job_text, resume_text


def note_of_role(role: str | None, known: Sequence[str], model: ModelConfig) -> str | None:
    """What to know about the role, None where there is nothing to say.

    Args:
        role: the recruiter's. known: roles that training saw.
    """
    if model.gate.role == "none" and not model.role_in_x:
        return "this model does not look at the role"
    if role is None:
        return "no role given: the list of a recruiter whose role is not known"
    if role not in known:
        near = nearest(role, known)
        meant = f"did you mean {near}?" if near else f"it knows {', '.join(known)}"
        return f"training never saw the role {role!r}, so what all roles share decides; {meant}"
    return None


def note_of_texts(
    job: dict[str, Any],
    asked: JobFeatures,
    words_known: tuple[np.ndarray, np.ndarray],
    resumes: Sequence[dict[str, Any]],
    features: Sequence[Any],
    table: Profiles,
) -> str | None:
    """What to know about the words and the language of the texts, None where there is nothing to say.

    Args:
        job, asked: mapping and its features.
        words_known: of the job, see `Encoder.words_known`.
        resumes, features, table: n mappings, n `ResumeFeatures`, and both made ready for encoding.
    """
    text = job_text(job, asked).text
    found = remark(
        too_few("the job", *words_known, lambda row: text),
        too_few("{:,} of {:,} resumes", table.known, table.foreign, lambda row: resume_text(resumes[row], features[row]).text),
    )
    languages = unknown_languages([text])
    by_llm = any(value.source == "llm" for value in (*asked.must_have, *asked.nice_to_have, *filter(None, [asked.title])))
    if not languages or by_llm or words_known[1][0]:
        return found
    note = f"the job is in {named(languages)}, of which the rules know little"
    return note if found is None else f"{note}; {found}"
