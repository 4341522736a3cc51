"""Fine-grained signals from job descriptions and resumes, each with its quoted evidence.

In reading order:

    schema           what extraction yields: values with their quotes, the features of a job and of a resume
    normalised_text  a text made plain, its sentences and sections
    suspicion        spans that speak to a machine: nothing is extracted from them
    personal         spans that say who a person is: nothing is extracted from them
    rules/           extraction without a server, up to extract_rules and grade_rules
    feature_files    extraction of a data folder, and the files beside the data
    llm/             extraction by a model on a server, up to extract_llm, grade_llm and hiring_summary
    grades           the file of relevance grades, and how they agree with people's
"""

from minirank.extract.feature_files import Features, extract_folder, read_features, write_features
from minirank.extract.normalised_text import clean_text
from minirank.extract.rules.extract_rules import TEXT_LIMIT, extract_job, extract_resume
from minirank.extract.rules.lexicon import lexicon
from minirank.extract.rules.spans import skill_spans
from minirank.extract.schema import EDUCATION, REMOTE, SENIORITY, Flag, JobFeatures, ResumeFeatures, Value
