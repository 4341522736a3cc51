"""Contents of a report, made by hand: of a recruiting run with everything, of one whose texts are hostile, of one where all is missing."""

from dataclasses import replace

from minirank.report.contents import CardSection, Caution, Contents, Missing
from minirank.report.contents_learned import (
    Bin,
    Calibration,
    Course,
    Entry,
    ExpertUse,
    GateMatrix,
    Gates,
    Metric,
    Quality,
    TaskCalibration,
    TaskQuality,
)
from minirank.report.contents_ranked import Place, Reason, RoleRanking, SameJob
from minirank.report.contents_trained import Column, Curve, Curves, Extraction, Fact, FieldCoverage, Overview, Part, TaskCurves, TextsRead

ROLES = ("hr", "hiring_manager", "headhunter", "executive")
TASKS = {"ctr": "ctr (was the candidate clicked)", "cvr": "cvr (was a clicked candidate reached)", "relevance": "relevance (how fitting)"}
HOSTILE = '</style><script>document.title = "run"</script><img src="https://example.com/x.png" onerror="alert(1)"> & \u202e\x00'


def entry(value, reachable=None, reason=""):
    """A metric with an interval of 0.02 to both sides."""
    known = value is not None
    low, high = (value - 0.02, value + 0.02) if known else (None, None)
    share = (value - 0.5) / (reachable - 0.5) if known and reachable else None
    return Entry(1_000, 200, value, low, high, reachable, None, share, reason)


def quality(roles, worst):
    tasks = []
    for task, title in TASKS.items():
        main = "concordance" if task == "relevance" else "auc"
        by_role = {role: entry(0.75 - 0.03 * number, 0.82) for number, role in enumerate(roles)}
        lost = {role: entry(None, reason="not defined: no positives") for role in roles}
        metrics = (
            Metric(main, main.upper(), "how often a better one is scored higher", "higher", True, entry(0.74, 0.82), by_role),
            Metric("ndcg@10", "NDCG@10", "how well the first ten are ordered", "higher", True, entry(0.5, 0.61), by_role),
            Metric("log_loss", "log loss", "how surprised the model is", "lower", False, entry(0.3), lost),
        )
        tasks.append(TaskQuality(task, title, metrics))
    rule = f"{worst} reaches 66 % of the way from guessing to the best, 70 % or more all others." if worst else "There are no two roles."
    return Quality("test", 7_500, roles, "95 % intervals, 200 bootstrap draws of jobs.", "", True, tuple(tasks), worst, rule)


def calibration():
    bins = tuple(Bin(500, 0.05 * n, 0.045 * n, 0.045 * n - 0.02, 0.045 * n + 0.02) for n in range(1, 16))
    verdict = "Calibrated: predicted 0.20, observed 0.19."
    return Calibration("test", tuple(TaskCalibration(task, title, 0.012, entry(0.97), bins, verdict) for task, title in TASKS.items()))


def gates(roles, experts=4):
    names = tuple(f"expert {n}" for n in range(experts))
    weights = [(0.01, *((0.99 - 0.1 * n) / (experts - 1),) * (experts - 2)) for n in range(len(roles))]
    weights = tuple((*row, 1 - sum(row)) for row in weights)
    matrices = tuple(
        GateMatrix(task, title, names, roles, (900,) * len(roles), weights, weights[0], weights[0], 0.4, 0.1)
        for task, title in TASKS.items()
    )
    uses = tuple(
        ExpertUse(name, tuple(TASKS), weights[0][n], 1 / experts, weights[0][n], ("ctr", roles[0], weights[0][n]), "works" if n else "idle")
        for n, name in enumerate(names)
    )
    loads = {name: (0.25, None, weights[0][n]) for n, name in enumerate(names)}
    course = Course((1, 2, 3), dict.fromkeys(TASKS, (0.9, 0.8, None)), loads, ("expert 0 is dead: take fewer experts",))
    return Gates("test", 7_500, matrices, uses, {"ctr": 0.12, "cvr": 0.08} if len(roles) > 1 else {}, course)


def ranking(roles, told='must-haves 5 of 9: sql, docker ("Docker Swarm")'):
    def place(role, rank):
        ranks = {other: rank + number for number, other in enumerate(roles)}
        reasons = (
            Reason("must-haves", told, True),
            Reason("notice", "free in 13 weeks (4 asked)", False),
            Reason("title", "data engineer"),
        )
        gates = {task: {f"expert {n}": 0.25 for n in range(4)} for task in TASKS}
        summary = f"First by pCTR pCVR: {told}."
        probabilities, standing = {"pCTR": 0.4, "pCVR": 0.5, "pCTCVR": 0.2}, {"pCTR": 2, "pCVR": 1}
        gains = {"skills": 1.8, "past hires": 1.2, "notice": 0.9}
        return Place(f"r{rank:06}", rank, 0.2, probabilities, ranks, standing, gates, gains, reasons, summary)

    rankings = tuple(RoleRanking(role, "", tuple(place(role, rank) for rank in range(1, 6))) for role in roles)
    pairs = [(a, b) for number, a in enumerate(roles) for b in roles[number + 1 :]]
    medians = {"pCTR": dict.fromkeys(roles, 0.05), "pCVR": dict.fromkeys(roles, 0.2)}
    asks = (Fact("must have", "sql, docker"), Fact("years", "4"))
    job = SameJob("j000462", "Data Engineer", asks, "Chosen for its many clicks.", "pCTR pCVR", 2_500, medians, rankings, {}, {})
    return replace(job, overlap=dict.fromkeys(pairs, 0.6), kendall=dict.fromkeys(pairs, 0.8))


def full(roles=ROLES, worst="executive", experts=4):
    """Everything there is."""
    epochs = tuple(range(1, 9))
    losses = (
        Curve("train", "training", tuple(0.5 / n for n in epochs)),
        Curve("valid", "validation", tuple(0.5 / n + 0.01 * n for n in epochs)),
    )
    metrics = (
        Curve("auc", "AUC", tuple(0.74 - 0.1 / n for n in epochs)),
        Curve("gauc", "GAUC", (None, *(0.7 - 0.1 / n for n in epochs[1:]))),
    )
    curves = Curves(
        epochs,
        5,
        "mean.log_loss",
        tuple(TaskCurves(task, title, losses, metrics) for task, title in TASKS.items()),
        (1.5,) * 8,
        (20_000.0,) * 8,
        {},
    )
    texts = tuple(
        TextsRead(
            kind,
            600,
            tuple(FieldCoverage(field, 0.9, 3.4, {"rules": 0.8, "tagger": 0.2}) for field in ("must_have", "title", "years")),
            0.02,
            0.001,
            {"name": 512, "phone": 400},
            {"English": 590, "German": 10},
            600,
            {"test": 0.97},
        )
        for kind in ("jobs", "resumes")
    )
    columns = tuple(Column(f"input {n}", "dense", 200, 120, 0.02, {"valid": 0.01, "test": 0.03}) for n in range(12))
    parts = tuple(
        Part(
            name, rows, 900, 500, "2024-01-01T00:00:00Z", "2024-06-01T00:00:00Z", {"ctr": 0.1, "cvr": 0.2}, {"ctr": rows, "cvr": rows // 10}
        )
        for name, rows in (("train", 30_000), ("valid", 7_500), ("test", 7_500))
    )
    facts = (Fact("data", "data", "unchanged since training"), Fact("model", "mmoe, 4 experts"), Fact("numbers learned", "111,957"))
    cautions = (
        Caution("idle expert", "minor", "gates", "expert 0 is idle.", "Train with fewer experts.", "below half of its even share"),
        Caution(
            "role served badly", "serious", "quality", "executive is served worst.", "Collect more of its rows.", "below 0.7 of the best"
        ),
    )
    return Contents(
        "mmoe-role-in-x",
        "2026-01-02T03:04:05Z",
        "0.1.0",
        ("A ranker for four roles.", "It reaches 76 % of what could be reached.", "It serves executive worst."),
        cautions,
        ("metrics.jsonl: its last line is cut; it is left out",),
        Overview(
            "recruiting",
            "Finished: the parameters of epoch 5 of 8 are kept.",
            facts,
            parts,
            tuple(TASKS),
            {},
            "data:\n  folder: data\n",
            "x = 1\n",
        ),
        curves,
        quality(roles, worst),
        calibration(),
        gates(roles, experts),
        ranking(roles),
        Extraction("Read by rules.", texts, columns, ("2 inputs are constant.",)),
        (CardSection("Meant for", ("Ranking candidates.",)), CardSection("Not meant for", ("Deciding about people.",))),
    )


def hostile():
    """Texts of other people in every place that a text of theirs can reach, and long words."""
    made = full(roles=(HOSTILE, "a" * 200, "hr"), worst=HOSTILE, experts=12)
    job = ranking((HOSTILE, "a" * 200, "hr"), told=HOSTILE + "w" * 300)
    places = [replace(place, resume_id=HOSTILE) for place in job.rankings[0].places]
    first = replace(job.rankings[0], places=tuple(places), note=HOSTILE)
    job = replace(
        job, job_id=HOSTILE, title=HOSTILE, asks=(Fact(HOSTILE, HOSTILE, HOSTILE),), chosen=HOSTILE, rankings=(first, *job.rankings[1:])
    )
    overview = replace(made.overview, config=HOSTILE + "\n" + "x" * 400, plan=HOSTILE, facts=(Fact("data", "/" + "f" * 300, HOSTILE),))
    caution = replace(made.cautions[0], text=HOSTILE, remedy=HOSTILE, threshold=HOSTILE)
    card = (CardSection(HOSTILE, (HOSTILE, "u" * 300)),)
    return replace(
        made, name=HOSTILE, summary=(HOSTILE,), cautions=(caution,), unreadable=(HOSTILE,), overview=overview, ranking=job, card=card
    )


def missing():
    """A table without roles, of whose run nothing can be read."""
    why = Missing("This run was trained on a table, which has no jobs to rank.")
    overview = Overview("table", "Killed before its first epoch ended.", (), (), (), {}, "", "")
    return Contents("empty", "2026-01-02T03:04:05Z", "0.1.0", (), (), (), overview, why, why, why, why, why, why, ())


def table():
    """A run on a table: no roles, two tasks, one epoch."""
    made = full(roles=("all rows",), worst=None)
    one = replace(
        made.curves,
        epochs=(1,),
        best_epoch=1,
        tasks=tuple(
            replace(task, losses=tuple(replace(c, values=c.values[:1]) for c in task.losses), metrics=()) for task in made.curves.tasks
        ),
        seconds=(None,),
        rows_per_second=(None,),
    )
    plain = replace(
        made.quality,
        roles=(),
        ceilings=False,
        tasks=tuple(
            replace(task, metrics=tuple(replace(m, roles={}, overall=replace(m.overall, reachable=None, share=None)) for m in task.metrics))
            for task in made.quality.tasks
        ),
    )
    return replace(made, curves=one, quality=plain, ranking=missing().ranking, extraction=replace(made.extraction, made="", texts=()))
