"""Lesson 15: from a data folder to a ranked list, in Python.

You learn the road that the command line takes, one call a step: a data folder, what rules read in its
texts, features, a model, its metrics, and a list of candidates with the reasons. The folder comes from
the simulator, so that the truth is known; your own folder has the same files.
"""

import tempfile
from pathlib import Path

from minirank.config.configuration import Config, FolderConfig, TrainingConfig
from minirank.config.model import GateConfig, ModelConfig
from minirank.data import read_folder, split_by_time
from minirank.extract import extract_folder
from minirank.features import Encoder
from minirank.ranking import Ranker
from minirank.ranking.format_ranking import format_ranking
from minirank.run.load_run import load_run
from minirank.run.scoring import evaluate_run
from minirank.simulate import World, WorldConfig
from minirank.training import train

work = Path(tempfile.mkdtemp())

# 1. A data folder: jobs, resumes, recruiters, hires, and what recruiters did with the lists they saw.
World(WorldConfig(seed=7, impressions=12_000)).write(work / "data")
folder = read_folder(work / "data")
print(f"{len(folder.jobs)} jobs, {len(folder.resumes)} resumes, {len(folder.impressions):,} impressions, roles: {', '.join(folder.roles)}")

# 2. Signals: what rules find in the texts, each value with the words that it was read from.
features = extract_folder(folder)
must = features.jobs[0].must_have
print(f"\n{folder.jobs[0]['title']} must have:", ", ".join(f"{value.value} (from {value.quote!r})" for value in must[:3]))

# 3. Rows: the split follows time, and everything that is learned from data is learned from its first part.
split = split_by_time(folder)
encoder = Encoder.fit(folder, features, split.train)
dataset = encoder.dataset(folder, features, split)
inputs = dataset.inputs
print(f"\n{len(inputs.categorical)} categorical fields, {len(inputs.bags)} multi-valued ones, {len(inputs.dense)} dense columns")

# 4. A model: experts that all roles share, gates that the recruiter's role steers.
config = Config(
    data=FolderConfig(work / "data"),
    model=ModelConfig(experts=2, expert_hidden=(16,), tower_hidden=(8,), gate=GateConfig(role="full")),
    training=TrainingConfig(epochs=4),
)
train(config, work / "run", dataset=dataset)
run = load_run(work / "run")

# 5. Metrics on later searches, beside what could be reached at best.
results = evaluate_run(run, "test", dataset=dataset, bootstrap=50)
for task, metric in (("ctr", "gauc"), ("ranking", "ndcg@10"), ("relevance", "concordance")):
    entry = results["overall"]["tasks"][task]["metrics"][metric]
    print(f"{task} {metric}: {entry['value']:.3f} ({entry['low']:.3f} to {entry['high']:.3f}), reachable {entry['reachable']:.3f}")

# 6. A list for a recruiter, and why. `job` and `resumes` may also be dictionaries that nobody saw before.
ranking = Ranker(run, folder, features).rank(folder.jobs[-1]["job_id"], role="hiring_manager", top=3)
print("\n" + format_ranking(ranking))
assert all(candidate.probabilities["pCTCVR"] <= candidate.probabilities["pCTR"] for candidate in ranking.candidates)

# Exercise: rank the same job for "executive" and for a role that does not exist. Who moves, and why?
