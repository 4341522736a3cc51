"""From a simulated market to a ranked list in about a minute: simulate, extract, encode, train five models, compare them, rank one job.

The models ask what the recruiter's role is good for: as a feature of the input vector x {no, yes} times as
a part of the gates {no, yes}, and a shared bottom without experts. All see the same rows and get the
same epochs, optimiser and early stopping. What the report says follows from the figures. What else the method claims stands
beside them, from the committed record, and what a model reads, from recorded answers.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from textwrap import fill
from typing import Any

from .config.configuration import Config, FolderConfig
from .config.model import GateConfig, ModelConfig
from .data import DataFolder, Dataset, read_folder, split_by_time
from .demo_method import recorded_reading, worth
from .errors import RunError
from .evaluation import compare, format_comparison
from .evaluation.format_metrics import COLUMNS, aligned
from .extract import Features, extract_folder
from .extract.made_files import EXTRACTED, MADE_FILE, not_ours
from .features import Encoder, write_signals
from .kernels.cpu.compile import BESIDE, OWN_KERNELS, compiling, wait_for
from .kernels.parameters import TrainState, initial_values
from .locking import LOCK, holder, working_in
from .progress import Progress
from .ranking import Ranker
from .ranking.format_ranking import format_moves, format_ranking
from .report.collect import collect
from .report.page import render
from .run.backend import executor_of
from .run.folder import OURS
from .run.load_run import Run, load_run
from .run.measured import BOOTSTRAP, kept, measure
from .run.scoring import predictions_of
from .simulate import World, WorldConfig
from .simulate.write_folder import WORLD_FILES
from .storage import make_folder, write_json, write_text
from .training import prepare, train

IMPRESSIONS = 50_000
REPORT = "report.html"
TOP = 3
WIDTH = 118  # characters of a line of sentences
MARKER = ".minirank-demo"
MADE = ("data", "runs", "demo.txt", "results.json", REPORT)
PLAIN, FULL = GateConfig(role="none"), GateConfig(role="full")
MODELS = {
    "SharedBottom, role in x": ModelConfig(architecture="shared_bottom"),
    "MMoE, role nowhere": ModelConfig(role_in_x=False, gate=PLAIN),
    "MMoE, role in x": ModelConfig(gate=PLAIN),
    "MMoE, role in gates": ModelConfig(role_in_x=False, gate=FULL),
    "MMoE, role in x and gates": ModelConfig(gate=FULL),
}
QUESTIONS = (  # what is asked, the model without it, the model with it
    ("experts and gates in place of a shared bottom", "SharedBottom, role in x", "MMoE, role in x"),
    ("the role in x", "MMoE, role nowhere", "MMoE, role in x"),
    ("the role in the gates, when it is not in x", "MMoE, role nowhere", "MMoE, role in gates"),
    ("the role in the gates, when it is in x too", "MMoE, role in x", "MMoE, role in x and gates"),
)
SHOWN = "MMoE, role in x and gates"  # the model that ranks, and that the page is about
FIGURES = [(title, task, metric) for title, task, metric in COLUMNS if metric != "gauc"]


def run_demo(
    out: str | Path, seed: int = 0, *, impressions: int = IMPRESSIONS, epochs: int | None = None, progress: Progress = Progress()
) -> str:
    """Run the demonstration.

    Args:
        out: folder that it writes, new, empty, or of an earlier demonstration, which is then overwritten.
        seed: of the simulated market.
        impressions: rows of its log. epochs: at most, in place of the default of training.
        progress: told each step with its seconds.
    Returns:
        The report, which is also in demo.txt.
    Raises:
        RunError: the folder holds something else, or cannot be written.
    """
    with working_in(Path(out), "minirank demo", progress.say):
        return _run_demo(Path(out), seed, impressions, epochs, progress)


def _run_demo(out: Path, seed: int, impressions: int, epochs: int | None, progress: Progress) -> str:
    start = time.monotonic()
    prepare_folder(out)
    with compiling(*OWN_KERNELS, say=lambda why: progress.say(f"{0:6.1f} s  {BESIDE.format(why)}")) as processes:
        folder, features, config, dataset = make_market(out / "data", seed, impressions, progress)
        with step(progress, "waited for the kernels"):
            wait_for(processes)
    if epochs is not None:
        config = replace(config, training=replace(config.training, epochs=epochs))
    with step(progress, "loaded the kernels"):
        warm_up(config, dataset)
    runs = {name: train_model(config, model, name, out, dataset, progress) for name, model in MODELS.items()}
    with step(progress, f"evaluated {len(runs)} models on {len(dataset.test):,} test rows"):
        results = {name: evaluated(run, dataset) | {"parameters": parameters(run)} for name, run in runs.items()}
        predictions = {name: predictions_of(run, dataset, dataset.test) for name, run in runs.items()}
        differences = {
            asked: compare(dataset, dataset.test, predictions[a], predictions[b], bootstrap=BOOTSTRAP)["overall"]
            for asked, a, b in QUESTIONS
        }
    with step(progress, "ranked all candidates of one job for two roles"):
        last = folder.jobs[folder.impressions.job[-1]]["job_id"]
        first, second = [folder.roles[role] for role, _ in Counter(folder.impressions.role.tolist()).most_common(2)]
        ranker = Ranker(runs[SHOWN], folder, features)
        ranked = ranker.compare(last, first, second, top=TOP)

    with step(progress, "read ads from recorded answers of a model"):
        reading = recorded_reading(WIDTH)
    with step(progress, f"wrote {out / REPORT}"):
        write_text(out / REPORT, render(collect(runs[SHOWN].folder, ranker=ranker)))

    facts = {"seed": seed, "impressions": impressions, "jobs": len(folder.jobs), "resumes": len(folder.resumes)}
    counts = {part: len(getattr(dataset, part)) for part in ("train", "valid", "test")}
    report = "\n\n".join(
        [
            fill(
                f"A simulated talent market, seed {seed}: {len(folder.jobs):,} jobs, {len(folder.latest_resumes()):,} people with "
                f"{len(folder.resumes):,} snapshots of their resumes, {impressions:,} impressions, of which {counts['train']:,} train, "
                f"{counts['valid']:,} stop training early, {counts['test']:,} test, and {impressions - sum(counts.values()):,} lie so "
                f"close before a border of the split that an answer may still have been on its way.",
                WIDTH,
            ),
            format_comparison(results),
            format_differences(differences),
            "\n".join(fill(verdict(asked, found), WIDTH, subsequent_indent="  ") for asked, found in differences.items()),
            fill(caution(differences), WIDTH),
            worth(WIDTH),
            "\n\n".join([format_ranking(ranked.a), format_ranking(ranked.b), format_moves(ranked)]),
            reading,
            written(out, last, [first, second]),
        ]
    )
    write_json(
        out / "results.json", {"world": facts, "rows": counts, "models": results, "differences": differences, "ranking": ranked.to_json()}
    )
    write_text(out / "demo.txt", report + "\n")
    progress.say(f"{time.monotonic() - start:6.1f} s  in all")
    return report


def prepare_folder(out: Path) -> None:
    """Make the folder, or empty one that an earlier demonstration made.

    Raises:
        RunError: it holds something else, or cannot be used.
    """
    try:
        existing = [path.name for path in out.iterdir() if path.name != LOCK] if out.exists() else []
        if existing and MARKER not in existing:
            raise RunError(f"{out}: holds {min(existing)} and was not made by minirank demo; choose another folder with --out")
        foreign = _foreign(out)
        if foreign is not None:
            raise RunError(f"{out}: holds {foreign}, which minirank demo did not make; move it, or choose another folder with --out")
        for name in set(existing) & set(MADE):
            path = out / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    except OSError as error:
        raise RunError(f"{out}: cannot be used: {error.strerror}; choose another folder with --out") from None
    make_folder(out)
    write_text(out / MARKER, "minirank demo overwrites this folder\n")


def _foreign(out: Path) -> str | None:
    """What lies in the folders of an earlier demonstration and is not of it, None where there is nothing.

    Raises:
        RunError: one of its runs is being trained.
    """
    data, runs, models = out / "data", out / "runs", {slug(name) for name in MODELS}
    for folder, names in ((data, {*WORLD_FILES, MADE_FILE, *EXTRACTED}), (runs, models), *((runs / name, OURS) for name in models)):
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            return str(folder.relative_to(out))
        worker = holder(folder)
        if worker is not None:
            raise RunError(f"{folder}: in use by {worker}; wait until that ends, or choose another folder with --out")
        for path in sorted(folder.iterdir()) if folder.exists() else ():
            if path.name not in names and not path.name.endswith(".part") and path.name != LOCK:
                return str(path.relative_to(out))
    changed = not_ours(data, EXTRACTED)
    return None if changed is None else f"data/{changed}"


def make_market(path: Path, seed: int, impressions: int, progress: Progress) -> tuple[DataFolder, Features, Config, Dataset]:
    """Simulate a market, read its texts by rules, and encode its log."""
    with step(progress, f"simulated {impressions:,} impressions"):
        World(WorldConfig(seed=seed, impressions=impressions)).write(path)
        folder = read_folder(path)
    with step(progress, f"read {len(folder.jobs):,} jobs and {len(folder.resumes):,} resume snapshots by rules"):
        features = extract_folder(folder)
        write_signals(folder, features)
    data = FolderConfig(folder.path.resolve())
    config = Config(data=data)
    with step(progress, "encoded the impressions, once for all models"):
        share = data.split
        split = split_by_time(folder, share.valid, share.test, share.maturity_days)
        dataset = Encoder.fit(folder, features, split.train, config.features).dataset(folder, features, split)
    return folder, features, config, dataset


def warm_up(config: Config, dataset: Dataset) -> None:
    """One training step on one row, so that no model's seconds hold the compilation of the kernels."""
    ready = prepare(config, dataset=dataset)
    state = TrainState(initial_values(ready.plan, seed=0, dtype=config.training.dtype))
    executor_of(ready.config, ready.plan).step(state, dataset.rows.take(dataset.train[:1]), config.training.optimiser)


def train_model(config: Config, model: ModelConfig, name: str, out: Path, dataset: Dataset, progress: Progress) -> Run:
    """Train one of the models into a run folder of its own."""
    path = out / "runs" / slug(name)
    with step(progress, lambda: f"trained {name}, {ended.epoch} epochs, best {ended.best_epoch}"):
        ended = train(replace(config, model=model), path, dataset=dataset)
    return load_run(path)


@contextmanager
def step(progress: Progress, text: str | Callable[[], str]) -> Iterator[None]:
    """Say how many seconds the body took; a `text` that is a function is called at the end."""
    start = time.monotonic()
    yield
    progress.say(f"{time.monotonic() - start:6.1f} s  {text() if callable(text) else text}")


def evaluated(run: Run, dataset: Dataset) -> dict[str, Any]:
    """The metrics of a run's test rows, as training kept them."""
    measured = kept(run.folder, run.config) or measure(run, dataset)
    assert measured is not None  # a market has test rows
    return dict(measured["results"])


def parameters(run: Run) -> int:
    """How many numbers the model has learned."""
    return run.plan.size(table=False) + run.plan.size(table=True)


def format_differences(differences: dict[str, dict]) -> str:
    """What each question gains or loses, with its interval; `*` where that excludes 0."""
    cells = [["gain from", *(title for title, _, _ in FIGURES)]]
    for asked, found in differences.items():
        entries = [found[task][metric] for _, task, metric in FIGURES]
        cells.append([asked, *(difference_cell(entry) for entry in entries)])
    return "\n".join([*aligned(cells), "* the 95 % interval of the paired difference, a bootstrap over test jobs, excludes 0"])


def difference_cell(entry: dict) -> str:
    """Such as `+0.0123*`."""
    if entry["difference"] is None:
        return "-"
    return f"{entry['difference']:+.4f}{'*' if direction(entry) else ' '}"


def direction(entry: dict) -> int:
    """1 where the interval lies above 0, -1 below, 0 where it holds 0 or there is none."""
    if entry["low"] is None:
        return 0
    return 1 if entry["low"] > 0 else -1 if entry["high"] < 0 else 0


def verdict(asked: str, found: dict) -> str:
    """What the figures say about one question, in a sentence."""
    sides: dict[int, list[str]] = {1: [], -1: [], 0: []}
    for title, task, metric in FIGURES:
        entry = found[task][metric]
        where = direction(entry)
        interval = f" ({entry['difference']:+.4f}, {entry['low']:+.4f} to {entry['high']:+.4f})" if where else ""
        sides[where].append(title + interval)
    parts = [(1, "better in"), (-1, "worse in"), (0, "no clear difference in")]
    said = [f"{words} {', '.join(sides[where])}" for where, words in parts if sides[where]]
    return f"{asked[0].upper()}{asked[1:]}: {'; '.join(said)}."


def caution(differences: dict[str, dict]) -> str:
    """How far these figures carry."""
    count = len(differences) * len(FIGURES)
    return (
        f"One market and one training of each model: the intervals cover the choice of test jobs alone, and of {count} of them "
        f"about {count * 0.05:.0f} would exclude 0 by chance. The next table repeats them over worlds and initialisations."
    )


def written(out: Path, job: str, roles: list[str]) -> str:
    """What lies where, and a command to go on with."""
    lines = [f"data       {out / 'data'}"]
    lines += [f"run        {out / 'runs' / slug(name)}" for name in MODELS]
    lines += [f"figures    {out / 'results.json'}", f"this text  {out / 'demo.txt'}"]
    lines += [f"report     {(out / REPORT).resolve().as_uri()}", f"           a page about {SHOWN}: open it in a browser"]
    run = out / "runs" / slug(SHOWN)
    return "\n".join([*lines, f"go on with minirank rank {run} --job {job} --role {roles[0]} --versus {roles[1]}"])


def slug(name: str) -> str:
    """A model's name as a folder's."""
    return name.lower().replace(",", "").replace(" ", "-")
