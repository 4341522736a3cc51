"""Lesson 15: from a data folder to a ranked list.

You learn the road of a real ranker, one call a step: texts, signals, training, figures that can be trusted, and a list with reasons.
"""

# %% [markdown]
# # 15. From a data folder to a ranked list
#
# All parts together. A data folder holds jobs, resumes, recruiters, past hires, and which candidates recruiters saw, clicked and
# reached. This one is simulated, so that the truth is known; your own has the same files (minirank/data/folder/FORMAT.md).
# Here roles differ twice as much as usual, so that little data shows it.

# %%
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

from minirank import Progress, Ranker, config_from_dict, evaluate_run, extract_folder, format_ranking, read_folder, train
from minirank.simulate import World, WorldConfig

work = Path(tempfile.mkdtemp())
World(WorldConfig(seed=7, impressions=8_000, role_strength=2.0, ctr=0.2, cvr=0.4)).write(work / "data")
folder = read_folder(work / "data")
print(f"{len(folder.jobs)} jobs, {len(folder.resumes)} resumes, {len(folder.impressions):,} impressions; roles: {', '.join(folder.roles)}")

# %% [markdown]
# ## Signals
# Rules read the texts (lesson 11's model would do it as well); each value keeps the words that it was read from.

# %%
features = extract_folder(folder)
must = features.jobs[6].must_have[:2]
print(f"{folder.jobs[6]['title']} must have:", ", ".join(f"{value.value} (from {value.quote!r})" for value in must))

# %% [markdown]
# ## Training
# The keys are those of a ranker.yaml. `reference` is the NumPy executor of lesson 10; `cpu`, the default, is the compiled one. The
# split follows time: later searches are kept for the test, and everything learned from data is learned from earlier ones.

# %%
model = {"experts": 3, "expert_hidden": [16], "tower_hidden": [8], "gate": {"role": "full", "penalty": 10.0}}
steps = {"epochs": 4, "batch_rows": 128, "optimiser": {"learning_rate": 0.003, "weight_decay": 1.0}}
exact = {"backend": "reference", "precision": "float64"}
config = config_from_dict({"data": {"folder": work / "data"}, "model": model, "training": {**steps, **exact}})
train(config, work / "run", progress=Progress(sys.stderr))
ranker = Ranker.load(work / "run")

# %% [markdown]
# ## Figures
# Of later searches, with the interval that other searches might have given, and what could be reached at best.

# %%
tasks = evaluate_run(ranker.run, "test", bootstrap=50)["overall"]["tasks"]
figures = {
    f"{task} {name}": tasks[task]["metrics"][name] for task, name in (("ctr", "gauc"), ("ctcvr", "auc"), ("relevance", "concordance"))
}
for name, found in figures.items():
    print(f"{name}: {found['value']:.3f} ({found['low']:.3f} to {found['high']:.3f}), reachable {found['reachable']:.3f}")

# %% [markdown]
# ## Lists
# Every candidate for the newest job, for each role; then a job and two people that nobody saw before.

# %%
lists = ranker.rank_roles(folder.jobs[-1]["job_id"], folder.roles, top=3)
first = lists.rankings[0].candidates[0].probabilities
print(f"the first for an {folder.roles[0]}: pCTR {first['pCTR']:.4f} x pCVR {first['pCVR']:.4f} = {first['pCTCVR']:.4f}")
for a, role in enumerate(folder.roles):
    others = (f"{10 * lists.overlap(a, b):.0f} with {other}" for b, other in enumerate(folder.roles) if b != a)
    print(f"first ten for {role}, in common:", ", ".join(others))
job = {"title": "Data Engineer", "description": "You need Python and SQL. Spark is a plus. 3+ years."}
ann, ben = "Data engineer, 2019 - present. Python, SQL, Spark.", "Accountant with five years of experience in Excel and SAP."
people = [{"resume_id": "ann", "text": ann}, {"resume_id": "ben", "text": ben}]
print(format_ranking(ranker.rank(job, people, role="headhunter")))

# %% [markdown]
# ## The picture
# Left: the figures, their intervals, and what is reachable (x). Right: who stands first for somebody, and where for the others.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for y, found in enumerate(figures.values()):
    left.plot([found["low"], found["high"]], [y, y], "C0", linewidth=4, alpha=0.4)
    left.plot(found["value"], y, "C0o")
    left.plot(found["reachable"], y, "kx")
left.set(title="later searches", xlabel="0.5 is chance", xlim=(0.5, 1), yticks=range(3), yticklabels=figures, ylim=(-0.5, 2.5))
leaders = lists.ranks[:, (lists.ranks <= 3).any(axis=0)]
for r, look in enumerate(("C0o-", "C1s--", "ko:", "C4s-.")):
    line, *_ = right.plot(leaders[:, leaders.argmin(axis=0) == r], look)
    line.set_label(f"highest for {folder.roles[r]}")
right.set(title="the first three of each role", ylabel="rank", yscale="log", xticks=range(4), xticklabels=folder.roles)
right.invert_yaxis()
figure.legend(loc="outside lower right", ncols=4, fontsize="small")
figure.savefig("15_rank_candidates.png")
