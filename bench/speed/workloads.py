"""The three workloads of the speed benchmarks: sizes, random rows, and the same parameters for us and for the peers.

Axes: B rows, C categorical fields, D embedding width, F input width, R roles, E experts, H1 and H2 widths of an expert,
H3 width of a tower, T tasks (0 ctr, 1 cvr, 2 relevance).

Rows are random, with the skew of a log: an id has a probability of about 1 / its rank (Zipf with exponent 1, drawn as
exp(u log V) with u uniform), and ranks are spread over the table by a permutation, so that popular ids are no neighbours.
20 % of the impressions are clicked, 10 % of the clicked ones converted; relevance is a soft label with a confidence and is
missing for 30 % of the rows. The role of 20 % of the rows is unknown, as training hides it.
"""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from minirank.config.model import GateConfig, ModelConfig, TaskConfig
from minirank.kernels.batch import Batch, InputSpec
from minirank.kernels.ops import KINDS
from minirank.kernels.parameters import Arena, initial_values
from minirank.kernels.plan import Operation, Plan
from minirank.model.architectures import ARCHITECTURES, compile_plan
from minirank.model.label_rates import LabelRates

ROLES = 4
TASKS = ("ctr", "cvr", "relevance")
TASK_CONFIGS = (TaskConfig("ctr"), TaskConfig("cvr", given="ctr"), TaskConfig("relevance"))
CLICKED, CONVERTED, GRADED, ROLE_UNKNOWN = 0.2, 0.1, 0.7, 0.2
RATES = {"ctr.bce": 1.0, "cvr.bce": CLICKED, "relevance.bce": GRADED * 0.75}
GATES = ("bias", "full")
CANDIDATES = 1000
SEARCH_ROWS = 20
SEED = 0


@dataclass(frozen=True)
class Workload:
    """Sizes; the first job_fields fields and job_dense dense columns belong to the job, the others to the candidate."""

    name: str
    fields: int
    width: int
    vocabulary: int
    dense: int
    experts: int
    h1: int
    h2: int
    h3: int
    rows: int
    job_fields: int
    job_dense: int
    bulk_rows: int
    architecture: str = "mmoe"

    @property
    def inputs(self) -> int:
        """F, the width of the input vector."""
        return self.fields * self.width + self.dense


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("small", 16, 8, 10_000, 32, 4, 64, 32, 16, 1024, 8, 16, 65_536),
        Workload("base", 24, 16, 100_000, 192, 8, 256, 128, 64, 4096, 12, 96, 16_384),
        Workload("wide", 24, 16, 100_000, 192, 16, 512, 256, 128, 8192, 12, 96, 8_192),
    )
}


def plan_of(workload: Workload, gate: str) -> Plan:
    """The role is no part of x; it enters where the architecture has a place for it, without a penalty, which the peers lack."""
    return compile_plan(config_of(workload, gate), TASK_CONFIGS, spec_of(workload), LabelRates(1_000_000, RATES))


def spec_of(workload: Workload) -> InputSpec:
    """The inputs: fields, the role, dense columns."""
    categorical = (*((f"field{i}", workload.vocabulary) for i in range(workload.fields)), ("role", ROLES + 1))
    return InputSpec(categorical, (), tuple(f"dense{i}" for i in range(workload.dense)), TASKS)


def config_of(workload: Workload, gate: str) -> ModelConfig:
    """The model."""
    experts = {"experts": workload.experts, "expert_hidden": (workload.h1, workload.h2), "tower_hidden": (workload.h3,)}
    steered = ARCHITECTURES[workload.architecture].roles
    role = {"gate": GateConfig(role=gate if steered else "none", penalty=0.0), "role_in_x": False, "role_unknown_share": ROLE_UNKNOWN}
    return ModelConfig(workload.architecture, embedding=workload.width, **experts, **role)


def facts_of(config: ModelConfig, tasks: tuple[TaskConfig, ...], spec: InputSpec) -> dict:
    """What peers/torch_architectures.py is told of a model whose role is no part of x."""
    names = ("architecture", "experts", "task_experts", "shared_experts", "levels")
    facts = {name: getattr(config, name) for name in names} | {"temperature": config.gate.temperature}
    facts |= {"expert_depth": len(config.expert_hidden), "tower_depth": len(config.tower_hidden)}
    facts |= {"tasks": [task.name for task in tasks], "given": {task.name: task.given for task in tasks if task.given}}
    return facts | {"fields": {name: size for name, size in spec.categorical if name != config.role_field}}


def parameters(plan: Plan) -> Arena:
    """Initial parameters; what starts at zero gets noise here, or a peer that forgets the role would not be noticed."""
    values = initial_values(plan, SEED)
    generator = np.random.default_rng(SEED)
    for name, view in values.items():
        if plan.parameters[name].init == "zero":
            view[...] = generator.normal(0, 0.05, view.shape)
    return values


def random_batch(workload: Workload, rows: int, seed: int) -> Batch:
    """Rows as this file's head describes them."""
    generator = np.random.default_rng([SEED, seed])
    rank = np.exp(generator.random((rows, workload.fields)) * np.log(workload.vocabulary - 1)).astype(np.int64)
    ids = 1 + spread(rank, workload.vocabulary - 1)
    role = generator.integers(1, ROLES + 1, rows)
    role[generator.random(rows) < ROLE_UNKNOWN] = 0
    clicked = generator.random(rows) < CLICKED
    converted = np.where(clicked, generator.random(rows) < CONVERTED, np.nan)
    relevance = np.where(generator.random(rows) < GRADED, generator.random(rows), np.nan)
    weights = np.ones((rows, len(TASKS)), np.float32)
    weights[:, 2] = generator.uniform(0.5, 1, rows)
    ids, dense = np.column_stack((ids, role)).astype(np.int32), generator.standard_normal((rows, workload.dense), np.float32)
    labels = np.column_stack((clicked, converted, relevance)).astype(np.float32)
    return Batch(ids, (), dense, labels, weights, np.arange(rows, dtype=np.int32) // 10)


def spread(rank: np.ndarray, size: int) -> np.ndarray:
    """A fixed permutation of 0 .. size-1: rank times a number that has no factor in common with size."""
    stride = int(size * 0.618)
    while np.gcd(stride, size) != 1:
        stride += 1
    return rank * stride % size


def request(workload: Workload, seed: int, candidates: int = CANDIDATES) -> Batch:
    """The candidates of one job for one recruiter: the job's columns and the role are the same in all rows."""
    rows = random_batch(workload, candidates, seed)
    rows.ids[:, : workload.job_fields] = rows.ids[0, : workload.job_fields]
    rows.ids[:, -1] = 1 + seed % ROLES
    rows.dense[:, : workload.job_dense] = rows.dense[0, : workload.job_dense]
    return rows


def whole_searches(workload: Workload, seed: int) -> Batch:
    """Training rows of whole searches, SEARCH_ROWS each: the job's columns and the role are the same in all rows of a search."""
    rows = random_batch(workload, workload.rows, seed)
    search = np.arange(workload.rows, dtype=np.int32) // SEARCH_ROWS
    first = search * SEARCH_ROWS
    for columns, count in ((rows.ids, workload.job_fields), (rows.dense, workload.job_dense)):
        columns[:, :count] = columns[first, :count]
    rows.ids[:, -1] = rows.ids[first, -1]
    return replace(rows, groups=search, shared=of_job(workload))


def of_job(workload: Workload) -> tuple[str, ...]:
    """Names of the inputs that belong to the job or to the recruiter."""
    return (*(f"field{i}" for i in range(workload.job_fields)), "role", *(f"dense{i}" for i in range(workload.job_dense)))


def scale(batch: Batch) -> np.ndarray:
    """(B, T) what a row's loss is multiplied by: weight / (B rate), 0 where the label is missing."""
    rates = np.array(list(RATES.values()))
    return np.where(np.isnan(batch.labels), 0, batch.weights / rates / len(batch)).astype(np.float32)


def loss(batch: Batch, logits: np.ndarray) -> float:
    """The objective from (B, T) logits."""
    labels = np.nan_to_num(batch.labels)
    return float((scale(batch) * (np.logaddexp(0, logits) - labels * logits)).sum())


def step_flop(workload: Workload, gate: str) -> int:
    """Floating point operations of one training step: products of matrices and mixtures, 2 for a multiply-add.

    Forward, gradients of the weights, and gradients of the inputs where they are needed: not those of dense columns. The
    role's part of a `full` gate counts once, with the matrix of the row's own role. Element by element work (ReLU, softmax,
    losses, Adam, embeddings) is left out.
    """
    return 2 * workload.rows * sum(map(_multiply_adds, plan_of(workload, gate).forward))


def _multiply_adds(op: Operation) -> int:
    """Of one row, forward and backward."""
    if op.kind == "mixture":
        return 3 * op.inputs[0].width * op.output.width
    x = op.inputs[0] if op.inputs else None
    return (2 * x.width + x.differentiable) * op.output.width if KINDS[op.kind].multiplies else 0


def arrays(plan: Plan, workload: Workload, values: Arena) -> dict[str, np.ndarray]:
    """The parameters but the tables, by the names and in the shapes that the peers of mmoe use."""
    experts = range(workload.experts)
    made = {"gate_w": values["gate.weight"], "gate_b": values["gate.bias"], "role_b": values["gate.role_bias"]}
    if "gate.role_weight" in plan.parameters:
        made["role_w"] = values["gate.role_weight"]
    for kind, name in (("w", "weight"), ("b", "bias")):
        for layer, part in ((1, "0"), (2, "out")):
            made[f"{kind}{layer}"] = np.stack([values[f"expert.{e}.{layer - 1}.{name}"] for e in experts])
            made[f"tower_{kind}{layer}"] = np.stack([values[f"tower.{task}.{part}.{name}"] for task in TASKS])
    return made


def batch_of(workload: Workload, kind: str, seed: int) -> Batch:
    """Rows of a kind: `train`, `searches`, `request` or `bulk`."""
    if kind in ("request", "searches"):
        return {"request": request, "searches": whole_searches}[kind](workload, seed)
    return random_batch(workload, workload.rows if kind == "train" else workload.bulk_rows, seed)


def write(folder: Path, workload: Workload, gate: str, batches: list[tuple[str, int]]) -> None:
    """What a peer loads: `problem.json`, `tables.npy` (C V, D), `network.npz`, `batch<i>.npz`; see peers/worker.py.

    Of another architecture than mmoe `network.npz` holds all parameters, by our names.

    Args:
        batches: kind and seed of each.
    """
    write_problem(folder, workload, gate, batches)
    plan = plan_of(workload, gate)
    values = parameters(plan)
    if workload.architecture != Workload.architecture:
        np.savez(folder / "network.npz", **dict(values.items()))
    else:
        np.savez(folder / "network.npz", **arrays(plan, workload, values))
        np.save(folder / "tables.npy", tables_of(workload, values))
    for number, (kind, seed) in enumerate(batches):
        batch = batch_of(workload, kind, seed)
        inputs = {"ids": batch.ids[:, :-1], "role": batch.ids[:, -1], "dense": batch.dense}
        np.savez(folder / f"batch{number}.npz", **inputs, labels=np.nan_to_num(batch.labels), scale=scale(batch))


def tables_of(workload: Workload, values: Arena) -> np.ndarray:
    """(C V, D) all tables, one below the other."""
    tables = np.empty((workload.fields * workload.vocabulary, workload.width), np.float32)
    for i in range(workload.fields):
        tables[i * workload.vocabulary : (i + 1) * workload.vocabulary] = values[f"embedding.field{i}"]
    return tables


def write_problem(folder: Path, workload: Workload, gate: str, batches: list[tuple[str, int]]) -> None:
    """All that ours loads: it makes parameters and rows anew from their seeds."""
    sizes = asdict(workload)
    if workload.architecture == Workload.architecture:
        del sizes["architecture"]  # builds that know no other one take part
    facts = facts_of(config_of(workload, gate), TASK_CONFIGS, spec_of(workload)) | {"search_rows": SEARCH_ROWS}
    problem = {"gate": gate, "batches": batches, "sizes": sizes, "facts": facts}
    (folder / "problem.json").write_text(json.dumps(problem), encoding="utf-8")
