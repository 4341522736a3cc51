"""What links between other words and names are worth: how many are right, what they cost, and rankers with and without them.

    python bench/ranking/links.py
    python bench/ranking/links.py --seeds 11 --sizes 2000 --out try

In a simulated world half of the skills are said in words that no lexicon knows. A link is right where the text that it is used
in means that name; phrases are counted and never shown. Worlds 11 to 13, in which the thresholds of links were chosen (11 and
12), are not those of the other tables.
"""

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.ranking.worlds import Market, train_once
from bench.tables import Report, machine, markdown, paragraphs, write_record
from minirank.config.configuration import Config, FolderConfig
from minirank.config.features import FeatureConfig
from minirank.config.model import ModelConfig
from minirank.data import DataFolder
from minirank.extract import Features
from minirank.features import Encoder
from minirank.features.profiles import job_profiles, resume_profiles
from minirank.simulate import World, WorldConfig

SHOWN = ("CTR AUC", "CVR AUC", "CTR GAUC", "NDCG@10", "relevance concordance")
INITS = {2_000: 6, 20_000: 2, 50_000: 1}  # initialisations for a number of impressions
SKILLS = ("must_have", "nice_to_have", "skills")
SAID = ("must", "nice", "skill")  # kinds of mentions


def main() -> None:
    """Measure every world and size, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13])
    parser.add_argument("--sizes", type=int, nargs="+", default=list(INITS), help="impressions of a world")
    parser.add_argument("--out", type=Path, help="folder of the record; without it it goes to results/ and RESULTS.md")
    options = parser.parse_args()
    worlds = [measure(WorldConfig(seed, size), INITS.get(size, 1)) for size in options.sizes for seed in options.seeds]
    results = {"seeds": options.seeds, "worlds": worlds, "machine": machine("minirank", "numpy", "scipy", "numba")}
    if options.out:
        write_record(options.out / "links.json", results)
        print(table(results))
    else:
        REPORT.publish(results)


def measure(config: WorldConfig, inits: int) -> dict:
    """One world: links, seconds and figures."""
    with tempfile.TemporaryDirectory() as temporary:
        market = Market(config, Path(temporary) / "data")
        folder, features, split = market.folder, market.rules, market.split
        found: dict = {"seed": config.seed, "impressions": config.impressions, "texts": len(folder.jobs) + len(folder.resumes)}
        for name in ("without", "with"):
            switches = FeatureConfig(links=name == "with")
            begin = time.process_time()
            encoder = Encoder.fit(folder, features, split.train, switches)
            fitted = time.process_time()
            dataset = encoder.dataset(folder, features, split)
            seconds = {"fit": fitted - begin, "dataset": time.process_time() - fitted}
            figures = defaultdict(list)
            for init in range(inits):
                settings = Config(FolderConfig(folder.path), features=switches, model=ModelConfig(architecture="shared_bottom"))
                settings = replace(settings, training=replace(settings.training, seed=init))
                for title, value in train_once(dataset, settings, Path(temporary) / f"{name} {init}")["figures"].items():
                    figures[title].append(value)
            found[name] = {"figures": {title: float(np.mean(values)) for title, values in figures.items()}, "seconds": seconds}
        found["links"] = count_links(market.world, folder, features, encoder)
        print({key: value for key, value in found.items() if key not in ("with", "without")}, flush=True)
        return found


def count_links(world: World, folder: DataFolder, features: Features, encoder: Encoder) -> dict:
    """How many names linked phrases add to texts, how many of these are meant there, and how many of those missing are found."""
    linked = job_profiles(folder.jobs, features.jobs, encoder.text, 0).features
    linked = [*linked, *resume_profiles(folder.resumes, features.resumes, encoder.text, 0).features]
    mentions = [found for *_, found in world.job_texts()] + [found for *_, found in world.resume_texts()]
    links = encoder.text.links.names
    others = set(links) & set(links.values())  # phrases that are linked to each other have no name of their own
    counts = {"phrases": sum(name not in others for name in links.values()), "others": len(others), "added": 0, "right": 0, "missing": 0}
    for before, after, said in zip([*features.jobs, *features.resumes], linked, mentions, strict=True):
        known, now = _names(before), _names(after) - others
        meant = {m.value for m in said if m.kind in SAID}
        counts["added"] += len(now - known)
        counts["right"] += len((now - known) & meant)
        counts["missing"] += len(meant - known)
    return counts


def _names(features) -> set:
    return {v.value for key in SKILLS for v in getattr(features, key, ()) if v.source != "tagger"}


def table(results: dict) -> str:
    """Markdown of the means over worlds."""
    groups = defaultdict(list)
    for world in results["worlds"]:
        groups[world["impressions"]].append(world)
    counts, figures = [], []
    gains = {}
    for size, worlds in groups.items():
        total = {key: sum(world["links"][key] for world in worlds) for key in worlds[0]["links"]}
        share = {
            "right": total["right"] / max(total["added"], 1),
            "found": total["right"] / max(total["missing"], 1),
            "phrases": total["phrases"] / len(worlds),
        }
        spent = {
            (name, part): np.mean([world[name]["seconds"][part] for world in worlds])
            for name in ("with", "without")
            for part in ("fit", "dataset")
        }
        texts = np.mean([world["texts"] for world in worlds])
        row = [f"{size:,}", f"{texts:,.0f}", f"{share['phrases']:.0f}", f"{share['right']:.3f}", f"{share['found']:.3f}"]
        row += [f"{spent['without', part]:.2f} / {spent['with', part]:.2f}" for part in ("fit", "dataset")]
        counts.append(row)
        for title in SHOWN:
            pairs = np.array([[world[name]["figures"][title] for name in ("without", "with")] for world in worlds])
            gains[size, title] = (pairs[:, 1] - pairs[:, 0]).mean()
            each = ", ".join(f"{gain:+.4f}" for gain in pairs[:, 1] - pairs[:, 0])
            figures.append([f"{size:,}", title, *(f"{value:.4f}" for value in pairs.mean(0)), f"{gains[size, title]:+.4f}", each])
    gained = ", ".join(f"{gains[size, 'CTR AUC']:+.4f} at {size:,}" for size in groups)
    return paragraphs(
        f"CTR AUC gained by links between other words and names, by impressions: {gained}.",
        f"Simulated worlds {', '.join(map(str, results['seeds']))}; shared bottom, role in x, the same rows with and without links. "
        "Right: of the names that links\nadd to a text, those that it means; found: of the names that a text means and extraction misses, "
        "those that links add.\nSeconds of one core, without / with links: of fitting the encoder, and of encoding all rows.",
        markdown(["impressions", "texts", "linked phrases", "right", "found", "s to fit", "s to encode"], counts),
        markdown(["impressions", "figure", "without", "with", "gain", "in each world"], figures, left=2),
        results["machine"],
    )


REPORT = Report(__file__, table)


if __name__ == "__main__":
    main()
