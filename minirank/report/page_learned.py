"""The page's sections on what was learned: quality by task and role, calibration, gates and experts."""

from __future__ import annotations

from .contents_learned import Calibration, Course, Entry, ExpertUse, GateMatrix, Gates, Metric, Quality, TaskCalibration, TaskQuality
from .markup import Html, element, figure, join, listed, more, percent, picture, table
from .series import Series
from .svg import bars, heat_map, lines

GUESSING = {"auc": 0.5, "gauc": 0.5, "concordance": 0.5}
ALL = "all rows"
REACHABLE = "reachable best"


def quality_section(quality: Quality) -> Html:
    """Pictures of the main metrics by role, and all metrics in tables."""
    compared = " The red stroke is the best that any model could reach with what can be seen." if quality.ceilings else ""
    whose = "all rows or on one role's" if quality.roles else "all rows"
    reading = (
        f"Measured on the {quality.rows:,} {quality.part} rows, which training did not see. Each bar is the model on {whose}, "
        f"its whisker the interval; AUC, GAUC and concordance begin at 0.5, where a model guesses.{compared}"
    )
    worst = element("p", element("strong", f"Served worst: {quality.worst_role}. " if quality.worst_role else ""), quality.worst_rule)
    return join(
        [
            element("p", reading),
            worst if quality.roles else "",
            *(part for number, task in enumerate(quality.tasks) for part in _quality_of(task, number, quality)),
            *(element("p", text, class_="note") for text in (quality.interval, quality.stored) if text),
        ]
    )


def _quality_of(task: TaskQuality, number: int, quality: Quality) -> list[Html]:
    """A task: its main metrics as pictures, all of them in a table."""
    mains = [metric for metric in task.metrics if metric.main and metric.overall.value is not None]
    pictures = [picture(*_bars(task, metric, f"quality-{number}-{place}")) for place, metric in enumerate(mains)]
    return [
        element("h3", task.title),
        element("div", *pictures, class_="figures") if pictures else Html(),
        _quality_table(task, f"figures-{number}", quality),
    ]


def _bars(task: TaskQuality, metric: Metric, name: str) -> tuple[str, str, str]:
    entries = {ALL: metric.overall} | metric.roles
    found = list(entries.values())
    title = f"{task.title}: {metric.title}"
    told = "; ".join(f"{name} {_told(entry)}" for name, entry in entries.items()) + "."
    values = Series(
        "model",
        [entry.value for entry in found],
        low=[entry.low for entry in found],
        high=[entry.high for entry in found],
        compared=[entry.reachable for entry in found] if any(entry.reachable is not None for entry in found) else None,
    )
    drawn = bars(name, title, told, list(entries), [values], start=GUESSING.get(metric.name, 0.0), compared=REACHABLE)
    return metric.title, drawn, f"{metric.meaning[:1].upper()}{metric.meaning[1:]}; {_better(metric)}."


def _better(metric: Metric) -> str:
    return {"higher": "more is better", "lower": "less is better", "one": "1 is best"}[metric.better]


def _told(entry: Entry) -> str:
    if entry.value is None:
        return entry.reason or "not defined"
    best = "" if entry.reachable is None else f", reachable {figure(entry.reachable)}"
    return f"{figure(entry.value)}{_between(entry)}{best}"


def _between(entry: Entry) -> str:
    return "" if entry.low is None or entry.high is None else f" ({figure(entry.low)} to {figure(entry.high)})"


def _quality_table(task: TaskQuality, name: str, quality: Quality) -> Html:
    """All metrics of a task, closed at first."""
    roles = [role for role in quality.roles if any(role in metric.roles for metric in task.metrics)]
    rows = [
        [
            join([metric.title, element("small", _better(metric))]),
            *map(_cell, (metric.overall, *(metric.roles.get(role) for role in roles))),
        ]
        for metric in task.metrics
    ]
    reasons = {entry.reason for metric in task.metrics for entry in (metric.overall, *metric.roles.values()) if entry.reason}
    below = " and the reachable best" if quality.ceilings else ""
    caption = f"{task.title}: every metric, below each figure its interval{below}"
    return more(
        f"All figures of {task.title}",
        table(name, caption, ["metric", ALL, *roles], rows),
        *(element("p", reason, class_="note") for reason in sorted(reasons)),
        paper=True,
    )


def _cell(entry: Entry | None) -> Html:
    if entry is None:
        return Html("–")
    told = [_between(entry).strip(" ()"), "" if entry.reachable is None else f"of {figure(entry.reachable)}"]
    return join([figure(entry.value), *(element("small", text) for text in told if text)])


def calibration_section(calibration: Calibration) -> Html:
    """Reliability diagrams with the verdict of each."""
    reading = (
        f"Rows of the {calibration.part} part in bins of rising prediction: points on the thin diagonal come true as often as predicted; "
        "below it the model promises too much, above it too little. The whisker is the 95 % interval of what was observed."
    )
    shown = [picture(task.title, _reliability(task, number), _calibration_note(task)) for number, task in enumerate(calibration.tasks)]
    rows = [
        [task.title, figure(task.ratio.value), _between(task.ratio).strip(" ()") or "–", figure(task.ece)] for task in calibration.tasks
    ]
    columns = ["task", "observed / predicted", "95 % interval", "expected calibration error"]
    return join(
        [
            element("p", reading),
            element("div", *shown, class_="figures"),
            table("calibration-table", "Over all rows: 1 in the first column means as many as predicted", columns, rows),
        ]
    )


def _calibration_note(task: TaskCalibration) -> Html:
    return join([element("strong", task.verdict)])


def _reliability(task: TaskCalibration, number: int) -> str:
    bins = task.bins
    ends = [0.0, max((max(b.predicted, b.high) for b in bins), default=1.0)]
    points = Series(
        "observed", [b.observed for b in bins], x=[b.predicted for b in bins], low=[b.low for b in bins], high=[b.high for b in bins]
    )
    told = "Observed for predicted: " + ", ".join(f"{figure(b.observed)} for {figure(b.predicted)}" for b in bins) + "."
    diagonal = Series("as predicted", ends, x=ends, plain=True)
    return lines(f"calibration-{number}", f"Calibration of {task.title}", told, [points, diagonal], x_label="predicted", y_label="observed")


def gates_section(gates: Gates) -> Html:
    """What each expert does, and how each task's gate weighs them for each role."""
    experts = [each.expert for each in gates.experts]
    loads = Series("load", [100 * each.load for each in gates.experts], compared=[100 * each.even for each in gates.experts])
    told = "; ".join(f"{each.expert} {percent(each.load)}, even share {percent(each.even)}, {each.state}" for each in gates.experts) + "."
    title, label = "Share of the work by expert", "% of the gates' weight"
    use = bars("experts", title, told, experts, [loads], x_label=label, compared="even share", form="{:.1f}")
    columns = ["expert", "state", "load", "even share", "weighs most", "strongest for"]
    rows = [_expert_row(each) for each in gates.experts]
    caption = f"Means over {gates.rows:,} {gates.part} rows and the gates that can choose the expert"
    reading = (
        "Each row is a role and adds up to 100 %: the darker the cell, the more the task's gate listens to that expert. "
        "Rows that look alike mean that the role changes little. "
    )
    maps = [picture(*_gate_map(matrix, number)) for number, matrix in enumerate(gates.matrices)]
    return join(
        [
            element("p", _experts_told(gates.experts)),
            element(
                "div",
                picture(title, use, "A bar far below the stroke belongs to an expert that is hardly asked."),
                table("experts-table", caption, columns, rows),
                class_="beside",
            ),
            element("h3", "Who asks which expert"),
            element("p", reading, _role_matters(gates)),
            element("div", *maps, class_="figures"),
            *(_course(gates.course) if gates.course else []),
        ]
    )


def _course(course: Course) -> list[Html]:
    """How the gates and the load of the experts came to be what they are, and what training warned of."""
    told = "On a sample of rows after each epoch. Entropy is 1 where a gate weighs all experts alike, 0 where it asks one for everything."
    shown = (("entropy", "Entropy of the gates", course.entropy, ""), ("load", "Load of the experts", course.load, "mean weight"))
    pictures = [picture(title, _by_epoch(name, title, course, found, label)) for name, title, found, label in shown]
    return [
        element("h3", "The course of training"),
        element("p", told),
        element("div", *pictures, class_="figures"),
        *(element("p", f"Training warned: {text}.", class_="note") for text in course.warnings),
    ]


def _by_epoch(name: str, title: str, course: Course, found: dict[str, tuple[float | None, ...]], label: str) -> str:
    ends = [f"{key}: {figure(values[0])} after epoch {course.epochs[0]}, {figure(values[-1])} at the end" for key, values in found.items()]
    series = [Series(key, values, x=course.epochs) for key, values in found.items()]
    return lines(f"course-{name}", title, "; ".join(ends) + ".", series, x_label="epoch", y_label=label)


def _experts_told(experts: tuple[ExpertUse, ...]) -> str:
    lazy = [
        f"{each.expert} is {each.state} ({percent(each.load)} of the weight, {percent(each.even)} would be even)"
        for each in experts
        if each.state != "works"
    ]
    return f"{listed(lazy)}." if lazy else f"All {len(experts)} experts work: none falls far below its even share of the gates' weight."


def _role_matters(gates: Gates) -> str:
    if not gates.role_matters:
        return ""
    shares = listed([f"{percent(share)} for {task}" for task, share in gates.role_matters.items()])
    return f"Between two roles, on average {shares} of the weight moves to other experts."


def _expert_row(each: ExpertUse) -> list[object]:
    task, role, weight = each.strongest
    badge = element(
        "span", each.state, class_="badge " + ("fine" if each.state == "works" else "serious" if each.state == "dead" else "minor")
    )
    where = f"{task}, {role}: {percent(weight)}" if role and role != ALL else f"{task}: {percent(weight)}"
    return [each.expert, badge, percent(each.load), percent(each.even), f"{percent(each.first)} of rows", where]


def _gate_map(matrix: GateMatrix, number: int) -> tuple[str, str, str]:
    names, weights = list(matrix.roles), list(matrix.weights)
    if len(names) > 1:
        names, weights = [ALL, *names], [matrix.overall, *weights]
    told = []
    for name, row in zip(names, weights):
        most = sorted(zip(row, matrix.experts), key=lambda pair: -pair[0])[:2]
        told.append(f"{name}: " + ", ".join(f"{expert} {percent(weight)}" for weight, expert in most))
    title = f"Gate of {matrix.title}"
    values = [[100 * weight for weight in row] for row in weights]
    columns = [expert.removeprefix("expert ") for expert in matrix.experts]
    shown = heat_map(f"gate-{number}", title, "Most weight, in percent: " + "; ".join(told) + ".", names, columns, values, form="{:.0f}")
    even = percent(1 / len(matrix.experts))
    note = f"On a single row the strongest expert has {percent(matrix.top)} on average; {even} would mean that the gate chooses nothing."
    return title, shown, note
