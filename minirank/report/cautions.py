"""What looks wrong in a report: every rule with its threshold in words, where the page shows it, and what helps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..run.gates import DEAD, IDLE, OF_COLLAPSED, OF_DEAD
from . import signs
from .contents import Caution, Contents, Section, Severity
from .quality import CALIBRATED, LEAST_ROWS


@dataclass(frozen=True)
class Rule:
    """Something that may be wrong.

    Args:
        threshold: when it is said, in words. remedy: what helps.
        find: contents -> a sentence for each case.
    """

    severity: Severity
    section: Section
    threshold: str
    remedy: str
    find: Callable[[Contents], Iterable[str]]


def cautions_of(contents: Contents) -> tuple[Caution, ...]:
    """Every rule applied to contents, serious ones first."""
    found = [
        Caution(name, rule.severity, rule.section, text, rule.remedy, rule.threshold)
        for name, rule in RULES.items()
        for text in rule.find(contents)
    ]
    return tuple(sorted(found, key=lambda caution: caution.severity != "serious"))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


RULES = {
    "not finished": Rule(
        "serious",
        "overview",
        "training was stopped, or no epoch of it is finished",
        "Go on with `minirank train CONFIG --resume`: what is shown here is the best epoch so far.",
        signs.not_finished,
    ),
    "task left out": Rule(
        "serious",
        "overview",
        "a task that was asked for is not trained",
        "Give training rows with different labels of the task, such as a longer log; `minirank validate` says what is missing.",
        signs.left_out,
    ),
    "too good to be true": Rule(
        "serious",
        "quality",
        f"an AUC of {signs.TOO_GOOD:g} or more",
        "Look for an input that is known only after the label, or rows of the test that are in training too.",
        signs.too_good,
    ),
    "no better than guessing": Rule(
        "serious",
        "quality",
        "the interval of an AUC holds 0.5",
        "Take more rows, check that the labels are what they seem, and look at which inputs are unknown.",
        signs.guessing,
    ),
    "few labels": Rule(
        "serious",
        "quality",
        f"fewer than {signs.FEW_POSITIVES} labels, or labels of the rarer class, among the rows that are measured on",
        "Believe the intervals, not the values; take a longer log, or a larger data.split.test.",
        signs.few_positives,
    ),
    "role served worse": Rule(
        "serious",
        "quality",
        "the intervals of the worst and the best role do not overlap",
        "Look at the role's rows and labels, let the gates see the role (model.gate.role: full), or collect more of its searches.",
        signs.role_apart,
    ),
    "not calibrated": Rule(
        "serious",
        "calibration",
        f"observed / predicted is more than {CALIBRATED:g} away from 1, and its interval does not hold 1",
        "The order of candidates may still be right, but do not read the numbers as chances; train on newer rows, do without the "
        "task's positive_weight if it has one, or fit a calibration to validation rows.",
        signs.not_calibrated,
    ),
    "collapsed gate": Rule(
        "serious",
        "gates",
        f"a gate gives one expert {100 * signs.COLLAPSED:.0f} % of the weight in {100 * signs.COLLAPSED:.0f} % of the rows",
        _sentence(OF_COLLAPSED),
        signs.collapsed,
    ),
    "dead expert": Rule(
        "serious",
        "gates",
        f"an expert has less than {100 * DEAD:.0f} % of its even share for every task and role",
        _sentence(OF_DEAD),
        signs.dead,
    ),
    "unknown words": Rule(
        "serious",
        "extraction",
        f"training knows less than {100 * signs.KNOWN_WORDS:.0f} % of the words of a part's texts",
        "Train on texts of this kind, or let a language model read them (`minirank extract DATA --base-url URL --model M`).",
        signs.unknown_words,
    ),
    "overfitting": Rule(
        "minor",
        "curves",
        f"the best epoch lies in the first half of {signs.FEW_EPOCHS} or more",
        "The best epoch is kept. Lower training.optimiser.learning_rate, raise its weight_decay, take a smaller model or more rows.",
        signs.overfitting,
    ),
    "still improving": Rule(
        "minor",
        "curves",
        f"the best epoch is the last one of {signs.FEW_EPOCHS} or more",
        "Raise training.epochs and train again.",
        signs.still_improving,
    ),
    "far from the reachable": Rule(
        "minor",
        "quality",
        f"less than {100 * signs.FAR:.0f} % of the way from guessing to the reachable AUC",
        "Take more rows, a larger model, or features that are switched off; the simulator knows that more can be had.",
        signs.far,
    ),
    "role with few rows": Rule(
        "minor",
        "quality",
        f"fewer than {LEAST_ROWS} rows of a role among those that are measured on",
        "Take its figures as a hint; a longer log has more.",
        signs.few_rows,
    ),
    "idle expert": Rule(
        "minor",
        "gates",
        f"an expert has less than {100 * IDLE:.0f} % of its even share for every task and role",
        "Take fewer experts (model.experts): the model may do as well with less.",
        signs.idle,
    ),
    "flat gate": Rule(
        "minor",
        "gates",
        f"the weights of a gate differ over rows by a standard deviation below {signs.FLAT:g}",
        "The gate chooses little: train longer, lower model.gate.temperature, or compare with architecture: shared_bottom.",
        signs.flat,
    ),
    "roles alike": Rule(
        "minor",
        "gates",
        f"the gates of different roles differ by less than {100 * signs.ALIKE:.0f} % of the weight",
        "The role changes little: set model.gate.role: full, lower model.gate.penalty, or take it that roles want the same here.",
        signs.roles_alike,
    ),
    "unread texts": Rule(
        "minor",
        "extraction",
        f"neither a title nor a skill in more than {100 * signs.UNREAD:.0f} % of the texts",
        "Add labels of your field (`minirank extract --gazetteer FILE`), or let a language model read them (--base-url).",
        signs.unread,
    ),
    "foreign language": Rule(
        "minor",
        "extraction",
        f"rules read, and more than {100 * signs.FOREIGN:.0f} % of the texts are not in English",
        "Let a language model read them (`minirank extract DATA --base-url URL --model M`).",
        signs.foreign,
    ),
    "texts that speak to machines": Rule(
        "minor",
        "extraction",
        "any text with such a passage",
        "Look at the `flagged` spans in job_features.jsonl and resume_features.jsonl.",
        signs.to_machines,
    ),
    "inputs that lost much": Rule(
        "minor", "extraction", "a remark about an input in the list of inputs", "See the remarks under the list of inputs.", signs.columns
    ),
}
