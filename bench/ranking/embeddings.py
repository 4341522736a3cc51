"""What vectors of texts bring beside rules and local links: links, rankers, halves of real postings, real resumes; and their price.

    python bench/ranking/embeddings.py DATA --cache FOLDER            DATA: with skillspan (and talentclef2026_ro_en)
    python bench/ranking/embeddings.py DATA --cache FOLDER --parts links rankers --seeds 11 12 13 --out try
    python bench/ranking/embeddings.py DATA --cache FOLDER --parts rankers --seeds 4          adds a world to the record

The vectors are those of all-MiniLM-L6-v2 (22M parameters, English), from the server of tests/worlds/sentence_encoder.py, which is
started here; another one is named with --base-url and --model. FOLDER keeps what it gave, the record each piece that was measured.

Thresholds of links were chosen in worlds 11 and 12, those of vectors in 11. --judge also reads the judgements of
TalentCLEF, and notes that among the readings of real_texts.py, for choices must not be made on them.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.ranking import real_texts
from bench.ranking.links import count_links
from bench.ranking.worlds import TITLES, Market, answer_cells, paired, train_once
from bench.tables import CHECKOUT, Report, machine, markdown, paragraphs, write_record
from minirank.config.configuration import Config, FolderConfig
from minirank.config.embeddings import EmbeddingConfig
from minirank.config.features import FeatureConfig
from minirank.config.model import ModelConfig
from minirank.extract import clean_form, extract_job, extract_resume
from minirank.features import Encoder
from minirank.features.embedding_sources import STORE, vectors_to_train
from minirank.features.embeddings import Meaning, Vectors, asked_pieces, best_cosines, pieces, whole_cosine
from minirank.features.links import Links
from minirank.features.profiles import job_text, resume_text
from minirank.llm_client import Store
from minirank.simulate import WorldConfig

SEEDS = [1, 2, 3, 4, 5]
SIZES = [2_000]
SERVER = CHECKOUT / "tests" / "worlds" / "sentence_encoder.py"
MODEL = "all-minilm-l6-v2"
# Name of a cell -> whether there are local links, and vectors.
CELLS = {"rules": (False, False), "links": (True, False), "vectors, no links": (False, True), "links and vectors": (True, True)}
GAINS = (("vectors beside rules", "vectors, no links", "rules"), ("vectors beside links", "links and vectors", "links"))
PARTS = ("links", "rankers", "halves")
SAMPLES = 2_000  # of the bootstrap over postings


@contextmanager
def serving() -> Iterator[str]:
    """The address of the sentence encoder's server, as long as it is needed."""
    server = subprocess.Popen([sys.executable, str(SERVER), "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        yield server.stdout.readline().strip()
    finally:
        server.kill()
        server.communicate()


def main() -> None:
    """Measure the parts, then write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="folder with skillspan, and talentclef2026_ro_en for --judge")
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps the vectors")
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=PARTS, help="what is measured; the record keeps the rest")
    parser.add_argument("--judge", action="store_true", help="read the judgements of TalentCLEF, which is noted")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS, help="of the worlds")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="impressions of the links' worlds")
    parser.add_argument("--impressions", type=int, default=SIZES[0], help="of the rankers' worlds")
    parser.add_argument("--inits", type=int, default=3, help="initialisations of each ranker")
    parser.add_argument("--base-url", help="of a server that embeds (default: the sentence encoder's, started here)")
    parser.add_argument("--model", default=MODEL, help="its name there")
    parser.add_argument("--out", type=Path, help="folder of the record; without it it goes to results/ and RESULTS.md")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    results = {} if options.out else REPORT.read()

    def keep(name: str, found: object) -> None:
        """Add a piece to the record."""
        with Store(options.cache / STORE) as store:
            ledger = store.ledger()
        results[name] = found
        results["server"] = {key: ledger[key] for key in ("tokens_in", "seconds", "attempts")}
        results.update(model=options.model, machine=machine("minirank", "numpy", "numba"))
        write_record(options.out / "embeddings.json" if options.out else REPORT.record, results)

    with serving() if options.base_url is None else nullcontext(options.base_url) as url:
        settings = EmbeddingConfig(model=options.model, base_url=url)
        if options.judge:
            keep("judged", measure_judged(options.data / "talentclef2026_ro_en", settings, options.cache))
            note_reading(results["judged"])
        if "halves" in options.parts:
            keep("halves", measure_halves(options.data / "skillspan" / "dev.json", settings, options.cache))
        if "links" in options.parts:
            links: list[dict] = []
            for world in (WorldConfig(seed, size) for size in options.sizes for seed in options.seeds):
                links.append(measure_links(world, settings, options.cache))
                keep("links", links)
        if "rankers" in options.parts:
            rankers = {"impressions": options.impressions, "inits": options.inits, "worlds": []}
            before = results.get("rankers", {})
            if all(before.get(key) == rankers[key] for key in ("impressions", "inits")):
                rankers["worlds"] = [world for world in before["worlds"] if world["seed"] not in options.seeds]
            for seed in options.seeds:
                world = WorldConfig(seed, options.impressions)
                rankers["worlds"].append(measure_rankers(world, settings, options.cache, options.inits))
                rankers["worlds"].sort(key=lambda world: world["seed"])
                keep("rankers", rankers)
    if options.out:
        print(table(results))
    else:
        REPORT.publish(results)


def config_of(cell: str, settings: EmbeddingConfig) -> FeatureConfig:
    """The features of a cell."""
    links, vectors = CELLS[cell]
    return FeatureConfig(links=links, embeddings=settings if vectors else EmbeddingConfig())


def training_texts(market: Market) -> tuple[list, list]:
    """Jobs, and the last snapshots of resumes, of training rows, as links are learned from them."""
    folder, features, train = market.folder, market.rules, market.split.train
    shown = folder.impressions
    jobs = [(job_text(folder.jobs[j], features.jobs[j]).text, features.jobs[j]) for j in np.unique(shown.job[train])]
    last = {folder.resumes[r]["resume_id"]: r for r in np.unique(shown.resume[train])}.values()
    return jobs, [(resume_text(folder.resumes[r], features.resumes[r]).text, features.resumes[r]) for r in last]


def encoder_of(market: Market, config: FeatureConfig, cache: Path) -> Encoder:
    """Fitted on what the rules read, with the vectors that the features name."""
    return Encoder.fit(market.folder, market.rules, market.split.train, config, vectors_to_train(config, cache, _say))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def measure_links(world: WorldConfig, settings: EmbeddingConfig, cache: Path) -> dict:
    """How many links are right, without vectors and with them."""
    with tempfile.TemporaryDirectory() as temporary:
        market = Market(world, Path(temporary) / "data")
        found: dict = {"seed": world.seed, "impressions": world.impressions}
        encoder = encoder_of(market, FeatureConfig(), cache)
        vectors = vectors_to_train(FeatureConfig(embeddings=settings), cache, _say)
        for cell, given in (("links", None), ("links and vectors", vectors.of)):
            # Whole texts are not embedded for this: phrases and names alone.
            text = replace(encoder.text, links=Links.fit(*training_texts(market), given))
            found[cell] = count_links(market.world, market.folder, market.rules, replace(encoder, text=text))
    _say(str(found))
    return found


def measure_rankers(world: WorldConfig, settings: EmbeddingConfig, cache: Path, inits: int) -> dict:
    """Figures of every cell, the mean over initialisations, and seconds."""
    found: dict = {"seed": world.seed, "cells": {}}
    with tempfile.TemporaryDirectory() as temporary:
        market = Market(world, Path(temporary) / "data")
        found["texts"] = len(market.folder.jobs) + len(market.folder.resumes)
        for cell in CELLS:
            config = config_of(cell, settings)
            encoder, begin = encoder_of(market, config, cache), time.process_time()
            dataset = encoder.dataset(market.folder, market.rules, market.split)
            seconds = time.process_time() - begin
            settled = Config(FolderConfig(market.folder.path), features=config, model=ModelConfig(architecture="shared_bottom"))
            runs = [replace(settled, training=replace(settled.training, seed=init)) for init in range(inits)]
            trained = [train_once(dataset, run, Path(temporary) / f"{cell} {init}")["figures"] for init, run in enumerate(runs)]
            figures = [[each[title] for title in TITLES] for each in trained]
            found["cells"][cell] = {"figures": np.mean(figures, axis=0).tolist(), "encode_seconds": seconds}
            if encoder.text.vectors is not None:
                found["pieces"] = len(encoder.text.vectors)
            _say(f"world {world.seed}, {cell}: {found['cells'][cell]}")
    return found


def likeness(vectors: Vectors, jobs: Sequence[dict], texts: Sequence[str]) -> dict[str, np.ndarray]:
    """Name of a similarity -> (Q, N) of jobs and resumes, as the product has them."""
    read_jobs, read_texts = [extract_job(job["title"], job["description"]) for job in jobs], [extract_resume(text) for text in texts]
    sources = [f"{job['title']}\n{job['description']}" for job in jobs]
    parts = [asked_pieces(clean_form(s, f.flagged, f.masked), len(job["title"])) for s, job, f in zip(sources, jobs, read_jobs)]
    of_jobs = Meaning.of(vectors, [whole for _, _, whole in parts], [asked for _, asked, _ in parts], [title for title, _, _ in parts])
    held = [[piece for _, piece in pieces(clean_form(text, f.flagged, f.masked).text)] for text, f in zip(texts, read_texts)]
    of_texts = Meaning.of(vectors, held, held, None)
    job, resume = (each.ravel() for each in np.meshgrid(range(len(jobs)), range(len(texts)), indexing="ij"))
    shape = len(jobs), len(texts)
    asked, title = best_cosines(of_jobs, job, of_texts, resume)
    whole = whole_cosine(of_jobs, job, of_texts, resume)
    return {"text_meaning": whole.reshape(shape), "asked_meaning": asked.reshape(shape), "title_meaning": title.reshape(shape)}


def standardised(scores: np.ndarray) -> np.ndarray:
    """Of each query: mean 0, deviation 1; what is unknown is in the middle."""
    spread = np.nanstd(scores, axis=1, keepdims=True)
    return np.nan_to_num((scores - np.nanmean(scores, axis=1, keepdims=True)) / np.where(spread > 0, spread, 1))


def with_sums(plain: np.ndarray, found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """BM25, each similarity, and the sum of BM25 and the mean of the similarities, all standardised."""
    alone = {"BM25": standardised(plain)} | {name: standardised(scores) for name, scores in found.items()}
    return alone | {"BM25 + all three": alone["BM25"] + np.mean([alone[name] for name in found], axis=0)}


def measure_halves(path: Path, settings: EmbeddingConfig, cache: Path) -> dict:
    """Halves of real postings that find each other: reciprocal ranks, by posting and direction."""
    first, second = real_texts.halves(path)
    vectors = vectors_to_train(FeatureConfig(embeddings=settings), cache, _say)
    ranks: dict[str, list] = {}
    for queries, texts in ((first, second), (second, first)):
        found = likeness(vectors, [real_texts.as_job(text) for text in queries], texts)
        for name, scores in with_sums(real_texts.bm25(queries, texts), found).items():
            rank = (scores >= np.diag(scores)[:, None]).sum(axis=1)
            ranks.setdefault(name, []).append((1 / rank).tolist())
    return {"postings": len(first), "ranks": ranks}


def measure_judged(path: Path, settings: EmbeddingConfig, cache: Path) -> dict:
    """NDCG@10 and MAP of the similarities alone, without a model."""
    jobs, texts, relevant = real_texts.read_talentclef(path)
    vectors = vectors_to_train(FeatureConfig(embeddings=settings), cache, _say)
    plain = real_texts.bm25([f"{job['title']}\n{job['description']}" for job in jobs], texts)
    found = with_sums(plain, likeness(vectors, jobs, texts))
    return {
        name: {
            "judged": real_texts.judged(scores, relevant),
            "by_job": [real_texts.judged(s[None], r[None]) for s, r in zip(scores, relevant)],
        }
        for name, scores in found.items()
    }


def note_reading(judged: dict) -> None:
    """Note among the readings of real_texts.py that the judgements were looked at, and what they said."""
    record = real_texts.REPORT.read()
    figures = ", ".join(f"{found['judged']['ndcg']:.3f} / {found['judged']['map']:.3f}" for found in judged.values())
    change = f"no model, vectors of an English sentence encoder, nothing chosen on it: {'; '.join(judged)}"
    record["readings"].append({"date": datetime.now(UTC).date().isoformat(), "change": change, "figures": figures})
    write_record(real_texts.REPORT.record, record)
    real_texts.REPORT.write_tables(record)


def interval(values: np.ndarray, places: np.ndarray) -> str:
    """A mean with its 95 % bootstrap interval; bold where that excludes 0."""
    means = values[places].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    text = f"{values.mean():+.3f} ({low:+.3f} to {high:+.3f})"
    return f"**{text}**" if low > 0 or high < 0 else text


def table(results: dict) -> str:
    """Markdown of the parts that were measured."""
    parts = [
        part(results[name])
        for name, part in (("links", links_table), ("rankers", rankers_table), ("halves", halves_table), ("judged", judged_table))
        if name in results
    ]
    return paragraphs(headline(results), *parts, price(results))


def headline(results: dict) -> str:
    """What it comes to, in a sentence."""
    told = []
    if "rankers" in results:
        clear = [
            f"{title} {gain} {name}"
            for name, gains in ranker_gains(results["rankers"]).items()
            for title, gain in gains.items()
            if gain.startswith("**")
        ]
        told.append(f"rankers: {'; '.join(clear) or 'no clear gain'}")
    if "links" in results:
        for size in dict.fromkeys(world["impressions"] for world in results["links"]):
            with_, without = (link_shares(results["links"], size, cell) for cell in ("links and vectors", "links"))
            told.append(
                f"links at {size:,} impressions: {with_['found']:.2f} of what is missing found, {without['found']:.2f} without vectors"
            )
    return f"What the vectors of {results['model']} bring. {'. '.join(text[0].upper() + text[1:] for text in told)}."


def link_shares(worlds: list[dict], size: int, cell: str) -> dict:
    """Share of right links, and of what is missing that they find: means over the worlds of a size, and in each."""
    chosen = [world[cell] for world in worlds if world["impressions"] == size]
    each = np.array([[world["right"] / max(world["added"], 1), world["right"] / max(world["missing"], 1)] for world in chosen])
    right, found = each.mean(axis=0)
    return {"right": right, "found": found, "phrases": np.mean([world["phrases"] for world in chosen]), "each": each}


def links_table(worlds: list[dict]) -> str:
    """Links with and without vectors."""
    rows = []
    for size in dict.fromkeys(world["impressions"] for world in worlds):
        without, with_ = (link_shares(worlds, size, cell) for cell in ("links", "links and vectors"))
        for cell, found in (("links", without), ("links and vectors", with_)):
            told = answer_cells(paired(with_["each"] - without["each"])) if found is with_ else ["", ""]
            cells = [f"{found['phrases']:.0f}", f"{found['right']:.3f}", told[0], f"{found['found']:.3f}", told[1]]
            rows.append([f"{size:,}", cell, *cells])
    seeds = ", ".join(str(seed) for seed in dict.fromkeys(world["seed"] for world in worlds))
    return paragraphs(
        f"Links, in the worlds {seeds} (thresholds were chosen in 11 and 12, those of vectors in 11). Right: of the names that links "
        "add to a text, those that it means; found: of the names that a text means and extraction misses, those that links add. "
        "Means over worlds, differences with the 95 % t interval.",
        markdown(["impressions", "", "linked phrases", "right", "beside links", "found", "beside links"], rows, left=2),
    )


def cells_of(results: dict) -> list[str]:
    """Those that every world has."""
    return [cell for cell in CELLS if all(cell in world["cells"] for world in results["worlds"])]


def ranker_gains(results: dict) -> dict[str, dict[str, str]]:
    """Name of a gain -> figure -> mean and 95 % t interval of the paired difference over worlds."""
    found = {}
    for name, ours, theirs in (each for each in GAINS if {*each[1:]} <= {*cells_of(results)}):
        cells = [np.subtract(w["cells"][ours]["figures"], w["cells"][theirs]["figures"]) for w in results["worlds"]]
        found[name] = dict(zip(TITLES, answer_cells(paired(np.array(cells))), strict=True))
    return found


def rankers_table(results: dict) -> str:
    """Rankers of the cells and their gains."""
    worlds = results["worlds"]
    means = [
        [cell, *(f"{value:.4f}" for value in np.mean([w["cells"][cell]["figures"] for w in worlds], axis=0))] for cell in cells_of(results)
    ]
    rows = [[name, *cells.values()] for name, cells in ranker_gains(results).items()]
    return paragraphs(
        f"Rankers: simulated worlds {', '.join(str(w['seed']) for w in worlds)}, {results['impressions']:,} impressions each, "
        f"{results['inits']} initialisation{'s' * (results['inits'] > 1)}, shared bottom, role in x; test rows. Gains with the "
        "95 % t interval of the paired difference over worlds, bold where it excludes 0.",
        markdown(["gain from", *TITLES], rows),
        markdown(["", *TITLES], means),
    )


def halves_table(results: dict) -> str:
    """Halves of postings."""
    draw = np.random.default_rng(0)
    n = results["postings"]
    places = draw.integers(0, n, (SAMPLES, n))
    plain = np.mean(results["ranks"]["BM25"], axis=0)
    rows = []
    for name, ranks in results["ranks"].items():
        both = np.mean(ranks, axis=0)
        first = np.mean(np.array(ranks) == 1)
        rows.append([name, f"{first:.3f}", f"{both.mean():.3f}", "" if name == "BM25" else interval(both - plain, places)])
    return paragraphs(
        f"Halves of {n} real postings (SkillSpan, dev) that find each other, odd lines and even lines, without a model; the "
        "interval is a bootstrap over postings. Nothing was chosen on them.",
        markdown(["", "first place", "reciprocal rank", "beside BM25"], rows),
    )


def judged_table(results: dict) -> str:
    """Real resumes for real jobs."""
    first = next(iter(results.values()))
    places = np.random.default_rng(0).integers(0, len(first["by_job"]), (SAMPLES, len(first["by_job"])))
    rows = []
    for name, found in results.items():
        apart = [np.array([a[key] - b[key] for a, b in zip(found["by_job"], first["by_job"])]) for key in ("ndcg", "map")]
        cells = ["" if found is first else interval(each, places) for each in apart]
        rows.append([name, f"{found['judged']['ndcg']:.3f}", cells[0], f"{found['judged']['map']:.3f}", cells[1]])
    return paragraphs(
        f"Real resumes for {len(first['by_job'])} real jobs (TalentCLEF 2026, Task A, development set, machine-translated into "
        "Romanian, which this encoder does not know), without a model; bootstrap over jobs. Nothing was chosen on them.",
        markdown(["", "NDCG@10", "beside BM25", "MAP", "beside BM25"], rows),
    )


def price(results: dict) -> str:
    """What was asked of the server."""
    server = results["server"]
    pieces_ = [f"{w['pieces']:,} different pieces of {w['texts']:,} texts" for w in results.get("rankers", {}).get("worlds", ())[:1]]
    told = f"The server read {server['tokens_in']:,} tokens in {server['attempts']:,} requests for all of this"
    return f"{told}{f'; a world of the rankers has {pieces_[0]}' if pieces_ else ''}. {results['machine']}"


REPORT = Report(__file__, table)


if __name__ == "__main__":
    main()
