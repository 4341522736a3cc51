"""Which features enter the model: one frozen dataclass, each group can be switched off for an ablation."""

from __future__ import annotations

from dataclasses import dataclass

from minirank.errors import ConfigError

from .embeddings import EmbeddingConfig

ID_COLUMNS = ("job_id", "resume_id", "team_id", "recruiter_id")
MOST_BUCKETS = 2**24


@dataclass(frozen=True)
class FeatureConfig:
    """Features of a job, a resume and their pair.

    Args:
        match: dense match features (coverage of must-haves, gaps in years and seniority, ...).
        signals: closeness to past hires, and what they have more than others of their domain.
        text: TF-IDF similarities between texts.
        skills: bags of skills (must-haves, nice-to-haves, the resume's, the must-haves covered).
        tokens: bags of hashed words of the job and of the resume.
        embeddings: vectors of the pieces of texts: how near a job and a resume are by them, and, with links, what else is another word
            for a skill; needs text or tokens. Off.
        links: phrases that training texts show to be other words for a skill count as that skill; needs text or tokens.
        ids: job_id, resume_id and team_id as categorical fields. Off, for they do not generalise.
        columns: further categorical fields, `job.KEY` or `resume.KEY`, keys of the JSON lines.
        min_count: training jobs and resumes that must hold a word, skill or title for it to get an id.
        buckets: hash buckets of words.
        bigrams: pairs of neighbouring words are words too.
        tokens_per_text: words of one text that enter its bag, those of highest TF-IDF first.
        hires: k; past hires count as a signal where there are at least k + 1 of them.
        max_hires: the latest hires of a team (or of such jobs) that are looked at.
    """

    match: bool = True
    signals: bool = True
    text: bool = True
    skills: bool = True
    tokens: bool = True
    links: bool = True
    ids: bool = False
    columns: tuple[str, ...] = ()
    min_count: int = 3
    buckets: int = 2**18
    bigrams: bool = False
    tokens_per_text: int = 64
    hires: int = 2
    max_hires: int = 30
    embeddings: EmbeddingConfig = EmbeddingConfig()

    def __post_init__(self):
        object.__setattr__(self, "columns", tuple(self.columns))
        for name, least in (("min_count", 1), ("buckets", 2), ("tokens_per_text", 1), ("hires", 1), ("max_hires", 1)):
            if getattr(self, name) < least:
                raise ConfigError(f"features.{name}: expected {least} or more, got {getattr(self, name)}")
        if self.buckets > MOST_BUCKETS:
            raise ConfigError(f"features.buckets: expected at most {MOST_BUCKETS}, got {self.buckets}")
        if self.max_hires <= self.hires:
            raise ConfigError(f"features.max_hires: expected more than hires={self.hires}, got {self.max_hires}")
        if self.embedded and not (self.text or self.tokens):
            raise ConfigError("features.embeddings: needs features.text or features.tokens; switch one of them on")
        for column in self.columns:
            kind, _, key = column.partition(".")
            if kind not in ("job", "resume") or not key:
                raise ConfigError(f"features.columns: expected job.KEY or resume.KEY, got {column!r}")
            if key in ID_COLUMNS:
                raise ConfigError(f"features.columns: {key} is an identifier; write `ids: true` to use identifiers")

    @property
    def embedded(self) -> bool:
        """Whether vectors of texts are features."""
        return self.embeddings.model is not None
