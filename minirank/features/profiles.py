"""Jobs and resumes as arrays: what extraction found in each, once an entity, ready to be paired."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from minirank.data.folder.records import Chosen
from minirank.data.folder.records import Records as ParsedLater
from minirank.extract import DEPTH, EDUCATION, LEADERSHIP, REMOTE, SENIORITY, JobFeatures, ResumeFeatures, Value, clean_form
from minirank.extract.edited_text import EditedText
from minirank.extract.schema import named
from minirank.features.embeddings import Meaning, asked_pieces, pieces
from minirank.features.sparse import Weights, column, sets
from minirank.features.tfidf import TextModel, top_tokens, words

Record = Mapping[str, Any]  # a line of jobs.jsonl or resumes.jsonl
Records = Sequence[Record]
JobsFound = Sequence[JobFeatures]
ResumesFound = Sequence[ResumeFeatures]
Counts = tuple[csr_array, csr_array]  # of words and of parts of words, see `TextModel.count`
IN_PARTS, IN_WORDS = ("title", "forms"), ("phrases", "asked")  # of `wanted_texts`: how each is looked up
AROUND = 200  # characters of a line on either side of what it asks for
LEVELS = {"seniority": SENIORITY, "education": EDUCATION, "remote": REMOTE, "leadership": LEADERSHIP}
SETS = ("domains", "soft_skills", "languages", "industries", "conditions")  # of jobs and of resumes, under the names of their features
DEPTHS = {name: (place + 1) / len(DEPTH) for place, name in enumerate(DEPTH)}  # how deep a skill is held
UNSTATED_DEPTH = DEPTHS["solid"]
DEPTH_OF_YEARS = ((5, "expert"), (2, "solid"), (0, "basic"))  # from so many years with a skill on


class Profiles:
    """n jobs or n resumes.

    Args:
        records: n lines of jobs.jsonl or resumes.jsonl.
        features: n `JobFeatures` or `ResumeFeatures`.
        names: keys of the id and of the time in `records`, and of the years in `features`.
        skills: name -> n lists, sets that jobs and resumes do not share.
        texts: the n texts; asked for where there is a model and no counts.
        model, most, counts: as in `job_profiles`.
        wanted: of jobs, n results of `wanted_texts`.

    Attributes:
        key: (n,) int64, a hash of job_id or resume_id.
        time: (n,) int64 seconds, when a job was posted or a resume updated.
        years: (n,) float64, asked for or had; NaN is unknown.
        levels: seniority, education, remote, leadership -> (n,) int8, place in `LEVELS`, -1 is unknown.
        numbers: salary and, of jobs, start, of resumes, notice, tenure and moves -> (n,) float64, NaN is unknown.
        currency: (n,) int64, a hash of the salary's currency, -1 is unknown.
        title, domain: n strings (the first domain), or None.
        domain_column: (n,) int64, the column of `domain`, -1 is unknown.
        is_jobs: whether these are jobs.
        sets: name -> (n, COLUMNS) sparse rows, see `sparse.sets`.
        text: (n, buckets) TF-IDF rows of parts of words, or None where the encoder reads no text. Of resumes that were kept they are
            `Weights`, as are those of `saturated`.
        tokens: (n, V + 1) sparse rows, whose columns are ids of words, or None likewise.
        wanted: of jobs, name -> (n, buckets), `Rarity.shares` of the words or the parts of words in what `wanted_texts` cuts out;
            empty where the encoder reads no text.
        title_rarity: (n,) float64 within 0 .. 1; of jobs, where most candidates are foreign, how rare the parts of words of the title are
            beside those of the whole text (`Rarity.rarity_beside`): what stands first there may be no title. Else 1.
        saturated: of resumes, words and parts -> (n, buckets), `TextModel.saturated`, or empty likewise.
        known: (n,) float64, see `TextModel.known`; NaN where the encoder reads no text.
        foreign: (n,) bool, see `TextModel.foreign`.
        meaning: the vectors of the texts' pieces, or None where the encoder has no vectors.
        model: which the texts are read with: jobs and resumes that are paired share it.
        counts: of resumes, (n, buckets) each of words and of parts of words; None where no text is read, and of chosen rows.
    """

    def __init__(
        self,
        records: Records,
        features: Sequence[Any],
        names: tuple[str, str, str],
        skills: dict[str, list],
        texts: Iterable[str],
        model: TextModel | None,
        most: int,
        counts: Counts | None,
        wanted: Sequence[Mapping[str, str]] | None = None,
    ):
        id_name, time_name, years_name = names
        self.records, self.features, self.model = records, features, model
        self.key = np.array([column(record[id_name]) for record in records], np.int64)
        self.time = np.array([record[time_name] for record in records], np.int64)
        self.years = np.array([value_of(getattr(f, years_name), np.nan) for f in features], np.float64)
        self.title = [value_of(f.title) for f in features]
        self.domain = [f.domains[0].value if f.domains else None for f in features]
        self.domain_column = np.array([-1 if name is None else column(name) for name in self.domain], np.int64)
        self.is_jobs = wanted is not None
        numbers = ("salary", "start") if self.is_jobs else ("salary", "notice", "tenure", "moves")
        self.numbers = {name: np.array([value_of(getattr(f, name), np.nan) for f in features], np.float64) for name in numbers}
        self.currency = np.array([-1 if f.currency is None else column(str(f.currency.value)) for f in features], np.int64)
        levels = {name: [value_of(getattr(f, name)) for f in features] for name in LEVELS}
        self.levels = {name: _places_in(LEVELS[name], found) for name, found in levels.items()}
        lists: dict[str, Any] = {name: [_values(getattr(f, name)) for f in features] for name in SETS}
        lists |= {name: [_one(value) for value in levels[name]] for name in ("seniority", "education")}
        lists |= {"title": [_one(title) for title in self.title], "title_words": [words(title or "") for title in self.title]}
        lists["location"] = [place_parts(r.get("location") or value_of(f.location)) for r, f in zip(records, features)]
        self.sets = {name: sets(rows) for name, rows in (skills | lists).items()}
        self.text: csr_array | Weights | None = None
        self.tokens: csr_array | None = None
        self.wanted: dict[str, csr_array] = {}
        self.saturated: dict[str, csr_array | Weights] = {}
        self.known, self.foreign = np.full(len(records), np.nan), np.zeros(len(records), bool)
        self.title_rarity = np.ones(len(records))
        self.meaning: Meaning | None = None
        self.counts: Counts | None = None
        if model is not None and most:
            in_words, in_parts = model.count(texts) if counts is None else counts
            self.text, self.tokens = model.parts.tfidf(in_parts), top_tokens(model.words.of_kept(model.words.tfidf(in_words)), most)
            self.known, self.foreign = model.known(in_words), model.foreign(in_words)
            if wanted is None:
                self.counts = in_words, in_parts
                self.saturated = {"words": model.saturated(in_words, model.word_length), "parts": model.saturated(in_parts, model.length)}
            else:
                self.wanted = {name: model.parts.shares(model.count_parts([texts[name] for texts in wanted])) for name in IN_PARTS}
                if model.parts.compared is not None:
                    self.title_rarity = model.parts.rarity_beside(self.wanted["title"], in_parts)
                self.wanted |= {name: model.words.shares(model.count_words([t[name] for t in wanted]), often=True) for name in IN_WORDS}
                self.wanted["text"] = model.words.shares(in_words, often=True)

    def __len__(self) -> int:
        return len(self.records)

    def take(self, rows: Sequence[int] | np.ndarray) -> Profiles:
        """The given rows, in the given order, each with the same numbers."""
        neighbours = isinstance(rows, range) and rows.step == 1 and len(rows) > 0  # SPEED: some parts of the whole, one after another
        some = slice(rows[0], rows[-1] + 1) if neighbours else np.asarray(rows, np.int64)
        rows = np.asarray(rows, np.int64)

        def chosen(values: Any) -> Any:
            if isinstance(values, dict):
                return {name: chosen(part) for name, part in values.items()}
            if isinstance(values, (np.ndarray, csr_array)):
                return values[some]
            if isinstance(values, Meaning | Weights):
                return values.take(rows)
            if isinstance(values, ParsedLater | Chosen):
                return Chosen(values, rows)
            if values is None or isinstance(values, bool | TextModel):
                return values
            return values[some] if isinstance(some, slice) else [values[row] for row in rows]

        taken = copy(self)
        taken.counts = None
        vars(taken).update(chosen(vars(taken)))
        return taken

    def without_texts(self) -> Profiles:
        """The same jobs or resumes but for what was made of the words of their texts."""
        made = copy(self)
        made.text = made.tokens = made.meaning = made.counts = None
        made.wanted, made.saturated = {}, {}
        return made


def job_text(job: Record, features: JobFeatures) -> EditedText:
    """Title and description in their plain form, without flagged and masked spans."""
    return clean_form(f"{job['title']}\n{job['description']}", features.flagged, features.masked)


def wanted_texts(job: Record, text: EditedText, features: JobFeatures) -> dict[str, str]:
    """What of a job is looked up in a resume's text, in its plain form: name -> text.

    `title`; `forms`: must- and nice-to-haves that the tagger has marked; `phrases`: responsibilities; `asked`: the lines that
    hold must- or nice-to-haves.

    Args:
        job: mapping with title.
        text: of `job_text`.
        features: of the job.
    """
    plain, values = text.text, (*features.must_have, *features.nice_to_have)
    lines: list[list[int]] = []
    for start, end in sorted(text.text_span(value.start, value.end) for value in values):
        begin = max(plain.rfind("\n", 0, start) + 1, start - AROUND)
        finish = min(plain.find("\n", end) % (len(plain) + 1), end + AROUND)
        if lines and begin <= lines[-1][1]:
            lines[-1][1] = max(lines[-1][1], finish)
        else:
            lines.append([begin, finish])
    return {
        "title": plain[: text.text_span(0, len(job["title"]))[1]],
        "forms": "\n".join(str(value.value) for value in values if value.source == "tagger"),
        "phrases": "\n".join(str(value.value) for value in features.responsibilities),
        "asked": "\n".join(plain[begin:finish] for begin, finish in lines),
    }


def resume_text(resume: Record, features: ResumeFeatures) -> EditedText:
    """The resume's text in its plain form, without flagged and masked spans."""
    return clean_form(resume["text"], features.flagged, features.masked)


def job_profiles(
    jobs: Records,
    features: JobsFound,
    model: TextModel | None,
    most: int,
    counts: Counts | None = None,
    texts: Sequence[EditedText] | None = None,
) -> Profiles:
    """Jobs as arrays, with what linked phrases ask for.

    Args:
        jobs: n mappings with job_id, team_id, title, description, posted_at.
        features: n `JobFeatures`.
        model: words and links in use, or None for neither.
        most: words of a text that enter its bag; with 0 texts are read for links alone.
        counts, texts: `model.count` of the jobs' texts, and these, as `job_text` gives them, where they are at hand.
    """
    if texts is None or model is None:
        texts = [] if model is None else list(map(job_text, jobs, features))
    if model is not None:
        features = [model.links.job(text, len(job["title"]), f) for text, job, f in zip(texts, jobs, features)]
    must, nice = [_values(named(f.must_have)) for f in features], [_values(named(f.nice_to_have)) for f in features]
    skills: dict[str, list] = {
        "must": must,
        "nice": nice,
        "named": [[*m, *n] for m, n in zip(must, nice)],
        "first": [names[:1] for names in must],
    }
    skills |= {"stressed": [_values(f.stressed) for f in features], "employers": [_one(value_of(f.employer)) for f in features]}
    wanted = [wanted_texts(job, text, f) for job, text, f in zip(jobs, texts, features)]
    found = Profiles(jobs, features, ("job_id", "posted_at", "min_years"), skills, _plain(texts), model, most, counts, wanted)
    if model is not None and model.vectors is not None and most:
        parts = [asked_pieces(text, len(job["title"])) for text, job in zip(texts, jobs)]
        titles, asked, whole = [title for title, _, _ in parts], [part for _, part, _ in parts], [part for _, _, part in parts]
        found.meaning = Meaning.of(model.vectors, whole, asked, titles)
    return found


def resume_profiles(
    resumes: Records,
    features: ResumesFound,
    model: TextModel | None,
    most: int,
    counts: Counts | None = None,
    candidates: bool = False,
    texts: Sequence[EditedText] | None = None,
) -> Profiles:
    """Resumes as arrays, with the skills that linked phrases name.

    Args:
        resumes: n mappings with resume_id, text, updated_at.
        features: n `ResumeFeatures`.
        model, most, counts, texts: as in `job_profiles`.
        candidates: whether they are who is compared, see `TextModel.among`; of a resume_id that stands there more than once the last
            line counts.
    """
    if texts is None or model is None:
        texts = [] if model is None else list(map(resume_text, resumes, features))
    if candidates and model is not None and most and len(resumes):
        counts = model.count(_plain(texts)) if counts is None else counts
        newest = list({resume["resume_id"]: row for row, resume in enumerate(resumes)}.values())
        model = model.among(*(found[newest] for found in counts))
    if model is not None:
        features = list(map(model.links.resume, texts, features))
    skills = {"employers": [_values(f.employers) for f in features]}
    skills["abilities"] = [_values((*f.skills, *f.soft_skills)) for f in features]
    found = Profiles(resumes, features, ("resume_id", "updated_at", "years"), skills, _plain(texts), model, most, counts)
    depths = sets([_values(f.skills) for f in features], [[_depth(skill) for skill in f.skills] for f in features])
    found.sets["depths"] = depths
    found.sets["skills"] = csr_array((np.ones(len(depths.data)), depths.indices, depths.indptr), shape=depths.shape)
    if model is not None and model.vectors is not None and most:
        parts = [[piece for _, piece in pieces(text.text)] for text in texts]
        found.meaning = Meaning.of(model.vectors, parts, parts, None)
    return found


def _plain(texts: Iterable[EditedText]) -> list[str]:
    return [text.text for text in texts]


def place_parts(place: str | None) -> list[str]:
    """`Berlin, Germany` -> berlin, germany: a place given with and without its country still meets."""
    return [part for part in (p.strip().lower() for p in re.split(r"[,;/()]", place or "")) if part]


def value_of(found: Value | None, default: Any = None) -> Any:
    """The value that was found, `default` where none was."""
    return default if found is None else found.value


def _depth(skill: Value) -> float:
    """How deep a skill is held, as stated, or as its years say, or in between."""
    if skill.depth is None and skill.years is not None:
        return DEPTHS[next(name for least, name in DEPTH_OF_YEARS if skill.years >= least)]
    return UNSTATED_DEPTH if skill.depth is None else DEPTHS[skill.depth]


def _values(found: Iterable[Value]) -> list[Any]:
    return [item.value for item in found]


def _one(name) -> tuple:
    return () if name is None else (name,)


def _places_in(names: tuple[str, ...], found) -> np.ndarray:
    place = {name: i for i, name in enumerate(names)}
    return np.array([place.get(name, -1) for name in found], np.int8)
