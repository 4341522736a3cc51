"""Signs that something is wrong: each a function from the contents of a report to a sentence for every case, above a threshold."""

from __future__ import annotations

from collections.abc import Iterator

from ..run.gates import COLLAPSED, is_collapsed
from .contents import Contents
from .contents_learned import Calibration, Entry, Gates, Quality
from .contents_trained import Curves, Extraction
from .quality import CALIBRATED, LEAST_ROWS

FEW_EPOCHS = 3  # with fewer nothing is said of the best one
TOO_GOOD = 0.99  # an AUC from here on is rather a leak
FEW_POSITIVES = 100  # labels of the rarer class among the rows that are measured on
FLAT = 0.02  # standard deviation of a gate's weights over rows
ALIKE = 0.02  # difference of the roles' gates
FAR = 0.5  # share of what is reachable
KNOWN_WORDS = 0.5  # share of a text's words that training knows
UNREAD = 0.2  # share of texts in which nothing was read
FOREIGN = 0.1  # share of texts in languages that rules do not know
ENGLISH = ("English", "not told")


def not_finished(of: Contents) -> Iterator[str]:
    """Training was stopped, or never got to the end of an epoch."""
    if not of.overview.state.startswith("Finished"):
        yield of.overview.state


def left_out(of: Contents) -> Iterator[str]:
    """Tasks that were asked for and are not trained."""
    for task, why in of.overview.left_out.items():
        yield f"The task {task} is not trained: {why}."


def overfitting(of: Contents) -> Iterator[str]:
    """Validation got worse early."""
    curves = of.curves
    if isinstance(curves, Curves) and len(curves.epochs) >= FEW_EPOCHS and 0 < 2 * curves.best_epoch <= len(curves.epochs):
        yield f"Validation was best at epoch {curves.best_epoch} of {len(curves.epochs)} and did not get better after that."


def still_improving(of: Contents) -> Iterator[str]:
    """Validation was still getting better at the end."""
    curves = of.curves
    if not isinstance(curves, Curves) or not of.overview.state.startswith("Finished"):
        return
    if curves.watched and len(curves.epochs) >= FEW_EPOCHS and curves.best_epoch == curves.epochs[-1]:
        yield f"Validation was best at the last of the {len(curves.epochs)} epochs."


def guessing(of: Contents) -> Iterator[str]:
    """Tasks that are predicted no better than by chance."""
    for task, entry in _aucs(of):
        if entry.low is not None and entry.value is not None and entry.low <= 0.5:
            yield f"The AUC of {task} is {entry.value:.3f}, and its interval begins at {entry.low:.3f}: no better than guessing."


def too_good(of: Contents) -> Iterator[str]:
    """Tasks whose labels seem to be among the inputs."""
    for task, entry in _aucs(of):
        if entry.value is not None and entry.value >= TOO_GOOD:
            yield f"The AUC of {task} is {entry.value:.4f}, too good to be true."


def far(of: Contents) -> Iterator[str]:
    """Tasks of which much more could be had."""
    for task, entry in _aucs(of):
        if entry.share is not None and entry.share < FAR:
            yield f"The AUC of {task} has gone {100 * entry.share:.0f} % of the way from guessing to what is reachable."


def few_positives(of: Contents) -> Iterator[str]:
    """Tasks that are measured on few labels."""
    if isinstance(of.quality, Quality):
        for task in (task for task in of.quality.tasks if task.task in of.overview.tasks and task.metrics):
            entry = task.metrics[0].overall
            rarer = entry.rows if entry.positives is None else min(entry.positives, entry.rows - entry.positives)
            if rarer < FEW_POSITIVES:
                which = "" if entry.positives is None else f", of which {rarer:,} are of the rarer label"
                yield f"The task {task.task} is measured on {entry.rows:,} rows{which}."


def few_rows(of: Contents) -> Iterator[str]:
    """Roles that are measured on few rows."""
    if isinstance(of.quality, Quality):
        metric = next((metric for task in of.quality.tasks for metric in task.metrics if metric.roles), None)
        for role, entry in metric.roles.items() if metric is not None else ():
            if entry.rows < LEAST_ROWS:
                yield f"The role {role} has {entry.rows:,} {of.quality.part} rows."


def not_calibrated(of: Contents) -> Iterator[str]:
    """Tasks whose probabilities do not come true."""
    if isinstance(of.calibration, Calibration):
        for task in (task for task in of.calibration.tasks if task.task in of.overview.tasks):
            ratio = task.ratio
            if ratio.value is None or ratio.low is None or ratio.high is None or ratio.low <= 1 <= ratio.high:
                continue
            if abs(ratio.value - 1) > CALIBRATED:
                which = "high" if ratio.value < 1 else "low"
                yield f"The probabilities of {task.task} are too {which}: what is observed is {ratio.value:.2f} of what is predicted."


def dead(of: Contents) -> Iterator[str]:
    """Experts without any weight to speak of."""
    yield from _experts(of, "dead", "is dead")


def idle(of: Contents) -> Iterator[str]:
    """Experts that nobody needs."""
    yield from _experts(of, "idle", "is idle")


def _experts(of: Contents, state: str, words: str) -> Iterator[str]:
    if isinstance(of.gates, Gates):
        for use in of.gates.experts:
            if use.state == state:
                yield f"The {use.expert} {words}: its mean weight is {use.load:.3f}, an even share would be {use.even:.3f}."


def collapsed(of: Contents) -> Iterator[str]:
    """Gates that always choose the same expert."""
    if isinstance(of.gates, Gates):
        for gate in of.gates.matrices:
            if len(gate.experts) > 1 and is_collapsed(gate.top, max(gate.first)):
                name = gate.experts[gate.first.index(max(gate.first))]
                yield f"The gate of {gate.task} gives {name} {100 * gate.top:.0f} % of the weight whatever the row."


def flat(of: Contents) -> Iterator[str]:
    """Gates that choose nothing."""
    if isinstance(of.gates, Gates):
        for gate in of.gates.matrices:
            if len(gate.experts) > 1 and gate.spread < FLAT and gate.top < COLLAPSED:
                yield f"The gate of {gate.task} weighs its experts nearly alike in all rows (standard deviation {gate.spread:.3f})."


def roles_alike(of: Contents) -> Iterator[str]:
    """Roles that get the same gates."""
    if isinstance(of.gates, Gates) and of.gates.role_matters and max(of.gates.role_matters.values()) < ALIKE:
        yield f"The gates of different roles differ by {100 * max(of.gates.role_matters.values()):.1f} % of the weight at most."


def role_apart(of: Contents) -> Iterator[str]:
    """A role that is clearly served worse than the best."""
    if isinstance(of.quality, Quality) and of.quality.worst_role and "overlap" not in of.quality.worst_rule:
        yield f"The role {of.quality.worst_role} is served worse than others. {of.quality.worst_rule}"


def unknown_words(of: Contents) -> Iterator[str]:
    """Texts in words that training does not know."""
    for texts in of.extraction.texts if isinstance(of.extraction, Extraction) else ():
        for part, share in texts.known_words.items():
            if share < KNOWN_WORDS:
                yield f"Training knows {100 * share:.0f} % of the words of the {part} rows' {texts.kind}."


def unread(of: Contents) -> Iterator[str]:
    """Texts in which nothing was found."""
    for texts in of.extraction.texts if isinstance(of.extraction, Extraction) else ():
        if texts.unread > UNREAD:
            yield f"In {100 * texts.unread:.0f} % of the {texts.kind} neither a title nor a skill was found."


def foreign(of: Contents) -> Iterator[str]:
    """Texts in languages that the rules do not know."""
    if isinstance(of.extraction, Extraction) and "without a language model" in of.extraction.made:
        for texts in of.extraction.texts:
            others = {name: count for name, count in texts.languages.items() if name not in ENGLISH}
            if texts.sampled and sum(others.values()) > FOREIGN * texts.sampled:
                share = 100 * sum(others.values()) / texts.sampled
                yield f"{share:.0f} % of the {texts.kind} are in languages of which the rules know little ({', '.join(others)})."


def to_machines(of: Contents) -> Iterator[str]:
    """Texts that speak to machines."""
    for texts in of.extraction.texts if isinstance(of.extraction, Extraction) else ():
        if texts.flagged > 0:
            yield f"{100 * texts.flagged:.1f} % of the {texts.kind} hold a passage that speaks to a machine; nothing was read from it."


def columns(of: Contents) -> Iterator[str]:
    """Inputs that are of little use."""
    if isinstance(of.extraction, Extraction) and of.extraction.remarks:
        count = len(of.extraction.remarks)
        yield f"{'One input' if count == 1 else f'{count} inputs'} lost much once they were encoded: {of.extraction.remarks[0]}."


def _aucs(of: Contents) -> Iterator[tuple[str, Entry]]:
    """The AUC of each task, on all rows."""
    if isinstance(of.quality, Quality):
        for task in of.quality.tasks:
            for metric in task.metrics:
                if metric.name == "auc":
                    yield task.task, metric.overall
