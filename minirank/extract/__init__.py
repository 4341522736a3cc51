"""Fine-grained signals from job descriptions and resumes, each with its quoted evidence.

In reading order:

    schema           what extraction yields: values with their quotes, the features of a job and of a resume
    edited_text      a text after replacements, every span of which leads back to the source
    normal_form/     the plain form of a text: what PDF files and web pages make of letters is undone
    personal         spans that say who a person is: nothing is extracted from them
    masked_text      what is read of a document: its plain form without these spans
    normalised_text  its sentences and sections
    suspicion        spans that speak to a machine: nothing is extracted from them either
    rules/           extraction without a server, up to extract_rules and grade_rules
    feature_files    extraction of a data folder, and the files beside the data
    llm/             extraction by a model on a server, up to extract_llm, grade_llm and hiring_summary
    grades           the file of relevance grades, and how they agree with people's

The names below are imported when they are first asked for: who reads what was extracted needs none of the rules' patterns.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from minirank.extract.schema import (
    CONDITIONS,
    DEPTH,
    EDUCATION,
    LEADERSHIP,
    REMOTE,
    SENIORITY,
    Flag,
    JobFeatures,
    Mask,
    ResumeFeatures,
    Value,
)

if TYPE_CHECKING:
    from minirank.extract.feature_files import Features, extract_folder, read_features, write_features
    from minirank.extract.masked_text import TEXT_LIMIT, clean_form, clean_text
    from minirank.extract.rules.extract_rules import extract_job, extract_resume
    from minirank.extract.rules.lexicon import lexicon
    from minirank.extract.rules.spans import skill_spans

MODULES = {
    "feature_files": ("Features", "extract_folder", "read_features", "write_features"),
    "masked_text": ("TEXT_LIMIT", "clean_form", "clean_text"),
    "rules.extract_rules": ("extract_job", "extract_resume"),
    "rules.lexicon": ("lexicon",),
    "rules.spans": ("skill_spans",),
}
__all__ = [
    "CONDITIONS",
    "DEPTH",
    "EDUCATION",
    "LEADERSHIP",
    "REMOTE",
    "SENIORITY",
    "TEXT_LIMIT",
    "Features",
    "Flag",
    "JobFeatures",
    "Mask",
    "ResumeFeatures",
    "Value",
    "clean_form",
    "clean_text",
    "extract_folder",
    "extract_job",
    "extract_resume",
    "lexicon",
    "read_features",
    "skill_spans",
    "write_features",
]


def __getattr__(name: str) -> Any:
    """One of these names, from its module."""
    for module, names in MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it offers {', '.join(__all__)}")
