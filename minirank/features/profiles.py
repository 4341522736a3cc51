"""Jobs and resumes as arrays: what extraction found in each, once an entity, ready to be paired."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from functools import cache
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from minirank.data.folder.records import Chosen, column_of
from minirank.data.folder.records import Records as ParsedLater
from minirank.extract import EDUCATION, LEADERSHIP, REMOTE, SENIORITY, JobFeatures, ResumeFeatures, Value, clean_form, clean_text
from minirank.extract.edited_text import EditedText
from minirank.extract.feature_columns import columns_of
from minirank.extract.schema import named
from minirank.features.embeddings import Meaning, asked_pieces, pieces
from minirank.features.found import Found, FoundColumns, FoundObjects
from minirank.features.sparse import Weights, column, sets
from minirank.features.tfidf import TextModel, top_tokens
from minirank.features.word_counts import words
from minirank.progress import counted

Record = Mapping[str, Any]  # a line of jobs.jsonl or resumes.jsonl
Records = Sequence[Record]
JobsFound = Sequence[JobFeatures]
ResumesFound = Sequence[ResumeFeatures]
Counts = tuple[csr_array, csr_array]  # of words and of parts of words, see `TextModel.count`
IN_PARTS, IN_WORDS = ("title", "forms"), ("phrases", "asked")  # of `wanted_texts`: how each is looked up
AROUND = 200  # characters of a line on either side of what it asks for
LEVELS = {"seniority": SENIORITY, "education": EDUCATION, "remote": REMOTE, "leadership": LEADERSHIP}
SETS = ("domains", "soft_skills", "languages", "industries", "conditions")  # of jobs and of resumes, under the names of their features


class Profiles:
    """n jobs or n resumes.

    Args:
        records: n lines of jobs.jsonl or resumes.jsonl.
        features: n `JobFeatures` or `ResumeFeatures`.
        found: what they hold, and what linked phrases name.
        names: keys of the id and of the time in `records`, and of the years in `features`.
        skills: name -> (n, COLUMNS), sets that jobs and resumes do not share.
        texts: the n texts; asked for where there is a model and no counts.
        model, most, counts: as in `job_profiles`.
        wanted: of jobs, n results of `wanted_texts`.

    Attributes:
        rows: (n,) which of `found` they are.
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
        found: Found,
        names: tuple[str, str, str],
        skills: dict[str, csr_array],
        texts: Sequence[str],
        model: TextModel | None,
        most: int,
        counts: Counts | None,
        wanted: Sequence[Mapping[str, str]] | None = None,
    ):
        id_name, time_name, years_name = names
        self.records, self.features, self.found, self.model = records, features, found, model
        self.rows = np.arange(len(records))
        self.key = np.array([column(name) for name in column_of(records, id_name)], np.int64)
        self.time = np.array(column_of(records, time_name), np.int64)
        self.years, self.title, self.domain = found.numbers(years_name), found.first("title"), found.first("domains")
        self.domain_column = np.array([-1 if name is None else column(name) for name in self.domain], np.int64)
        self.is_jobs = wanted is not None
        numbers = ("salary", "start") if self.is_jobs else ("salary", "notice", "tenure", "moves")
        self.numbers = {name: found.numbers(name) for name in numbers}
        self.currency = np.array([-1 if name is None else column(str(name)) for name in found.first("currency")], np.int64)
        levels = {name: found.first(name) for name in LEVELS}
        self.levels = {name: _places_in(LEVELS[name], values) for name, values in levels.items()}
        self.sets = skills | {name: found.sets(name) for name in SETS}
        self.sets |= {name: sets([_one(value) for value in levels[name]]) for name in ("seniority", "education")}
        self.sets["title"] = sets([_one(title) for title in self.title])
        words_of, parts_of = cache(words), cache(place_parts)
        self.sets["title_words"] = sets([words_of(title or "") for title in self.title])
        self.sets["location"] = sets([parts_of(record.get("location") or place) for record, place in zip(records, found.first("location"))])
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
            if values is None or isinstance(values, bool | TextModel | FoundObjects | FoundColumns):
                return values
            return values[some] if isinstance(some, slice) else [values[row] for row in rows]

        taken = copy(self)
        taken.counts = None
        vars(taken).update(chosen(vars(taken)))
        return taken

    def skill_counts(self) -> Counter[str]:
        """How many of these resumes hold each skill."""
        return self.found.skill_counts(self.rows)

    def without_terms(self) -> Profiles:
        """The same but for what is looked up in their texts, and what they are looked up by; `text` stays."""
        made = copy(self)
        made.tokens = made.counts = None
        made.wanted, made.saturated = {}, {}
        return made

    def without_texts(self) -> Profiles:
        """The same jobs or resumes but for what was made of the words of their texts."""
        made = self.without_terms()
        made.text = made.meaning = None
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


def resume_texts(resumes: Records, features: ResumesFound) -> list[str]:
    """The texts of `resume_text`."""
    columns, read = columns_of(features), counted("cleaning resumes", resumes, len(resumes), "texts")
    if columns is None:
        return [resume_text(resume, each).text for resume, each in zip(read, features)]
    return [clean_text(resume["text"], *columns.flags_and_masks(row)) for row, resume in enumerate(read)]


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
        read = counted("reading jobs", texts, len(jobs), "texts")
        features = [model.links.job(text, len(job["title"]), f) for text, job, f in zip(read, jobs, features)]
    features = list(features)
    must, nice = [_values(named(f.must_have)) for f in features], [_values(named(f.nice_to_have)) for f in features]
    skills = {"must": sets(must), "nice": sets(nice), "named": sets([[*m, *n] for m, n in zip(must, nice)])}
    of_objects = FoundObjects(features)
    skills |= {"first": sets([names[:1] for names in must]), "stressed": of_objects.sets("stressed")}
    skills["employers"] = sets([_one(name) for name in of_objects.first("employer")])
    wanted = [wanted_texts(job, text, f) for job, text, f in zip(jobs, texts, features)]
    names = "job_id", "posted_at", "min_years"
    found = Profiles(jobs, features, of_objects, names, skills, _plain(texts), model, most, counts, wanted)
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
    texts: Sequence[str] | None = None,
) -> Profiles:
    """Resumes as arrays, with the skills that linked phrases name.

    Args:
        resumes: n mappings with resume_id, text, updated_at.
        features: n `ResumeFeatures`.
        model, most, counts: as in `job_profiles`. texts: of `resume_texts`, where they are at hand.
        candidates: whether they are who is compared, see `TextModel.among`; of a resume_id that stands there more than once the last
            line counts.
    """
    columns = columns_of(features)
    if texts is None:
        texts = [] if model is None else resume_texts(resumes, features)
    if candidates and model is not None and most and len(resumes):
        counts = model.count(texts) if counts is None else counts
        newest = list({resume_id: row for row, resume_id in enumerate(column_of(resumes, "resume_id"))}.values())
        model = model.among(*(found[newest] for found in counts))
    found: Found
    if columns is not None:
        found = FoundColumns(columns, *(((), ()) if model is None else model.links.named_in(texts, columns)))
    else:
        if model is not None and model.links.names:
            read = counted("reading resumes", resumes, len(resumes), "texts")
            features = [model.links.resume(resume_text(resume, each), each) for resume, each in zip(read, features)]
        features = list(features)
        found = FoundObjects(features)
    skills = {"employers": found.sets("employers"), "abilities": found.sets("skills", "soft_skills"), "depths": found.depths()}
    names = "resume_id", "updated_at", "years"
    made = Profiles(resumes, features, found, names, skills, texts, model, most, counts)
    depths = made.sets["depths"]
    made.sets["skills"] = csr_array((np.ones(len(depths.data)), depths.indices, depths.indptr), shape=depths.shape)
    if model is not None and model.vectors is not None and most:
        parts = [[piece for _, piece in pieces(text)] for text in texts]
        made.meaning = Meaning.of(model.vectors, parts, parts, None)
    return made


def _plain(texts: Iterable[EditedText]) -> list[str]:
    return [text.text for text in texts]


def place_parts(place: str | None) -> list[str]:
    """`Berlin, Germany` -> berlin, germany: a place given with and without its country still meets."""
    return [part for part in (p.strip().lower() for p in re.split(r"[,;/()]", place or "")) if part]


def _values(found: Iterable[Value]) -> list[Any]:
    return [item.value for item in found]


def _one(name) -> tuple:
    return () if name is None else (name,)


def _places_in(names: tuple[str, ...], found) -> np.ndarray:
    place = {name: i for i, name in enumerate(names)}
    return np.array([place.get(name, -1) for name in found], np.int8)
