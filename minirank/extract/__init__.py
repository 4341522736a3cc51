"""Fine-grained signals from job descriptions and resumes, each with its quoted evidence."""

from minirank.extract.feature_files import Features, extract_folder, read_features, write_features
from minirank.extract.normalised_text import clean_text
from minirank.extract.rules.extract_rules import TEXT_LIMIT, extract_job, extract_resume
from minirank.extract.rules.lexicon import lexicon
from minirank.extract.rules.spans import skill_spans
from minirank.extract.schema import EDUCATION, REMOTE, SENIORITY, Flag, JobFeatures, ResumeFeatures, Value

__all__ = [
    "EDUCATION",
    "REMOTE",
    "SENIORITY",
    "TEXT_LIMIT",
    "Features",
    "Flag",
    "JobFeatures",
    "ResumeFeatures",
    "Value",
    "clean_text",
    "extract_folder",
    "extract_job",
    "extract_resume",
    "lexicon",
    "read_features",
    "skill_spans",
    "write_features",
]
