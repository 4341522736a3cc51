"""How often the intervals of `minirank ab` are right, over many simulated tests whose truth is known.

    python bench/ranking/ab_coverage.py                 the campaign; it goes on where it was stopped
    python bench/ranking/ab_coverage.py --seeds 3       fewer worlds

A world's pages are the population. A test draws 1,000 of them with replacement, an order of each by the logging policy, and dice; its
truth is the lift over all pages in expectation. Ranker A knows the utility of a click as the texts show it with an error of two
deviations, B with one of half a deviation: B is better in truth. q of DR is the chance of a click as the texts show it.
"""

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy.special import logit

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.tables import Report, arguments, machine, markdown, paragraphs
from minirank.ab.lift import LEVEL as Z
from minirank.ab.lift import Totals, lift_of
from minirank.ab.off_policy import ESTIMATORS, METRICS, Logged, estimate, positions_of
from minirank.simulate import World, WorldConfig
from minirank.simulate.propensity import chances_of_ranks
from minirank.simulate.retrieval import SHUFFLED
from minirank.simulate.truth import PAGE, examine

FIRST_SEED, IMPRESSIONS, SEARCHES = 100, 40_000, 1_000
ERRORS = {"A": 2.0, "B": 0.5}  # in standard deviations of the utility
TESTS = "simulated A/B"
METHODS = (TESTS, *ESTIMATORS)


class Population:
    """The pages of a world: chances of each candidate, (P, 20) each, and where both rankers put them."""

    def __init__(self, seed: int) -> None:
        world = World(WorldConfig(seed=seed, impressions=IMPRESSIONS))
        log, draw = world.log, np.random.default_rng(seed)
        pairs = log.role, log.job, log.snapshot
        odds, reachable = world.probabilities(*pairs, 1), world.probabilities(*pairs, known="observables")
        self.attraction, self.conversion, self.merit = odds.click.reshape(-1, PAGE), odds.conversion.reshape(-1, PAGE), log.merit
        self.chances = chances_of_ranks(log.merit, SHUFFLED)
        utility = logit(reachable.click / examine(0))
        self.place = {}
        for name, error in ERRORS.items():
            score = utility + error * utility.std() * draw.normal(size=len(utility))
            self.place[name] = positions_of(log.search, log.position, score, np.arange(len(utility))).reshape(-1, PAGE)
        self.expected = (reachable.click.reshape(-1, PAGE), (reachable.click * reachable.conversion).reshape(-1, PAGE))

    def truth(self, rival: str) -> dict[str, float]:
        """Metric -> the lift of a ranker over A over all pages, in expectation."""
        arms = []
        for name in ("A", rival):
            click = examine(self.place[name]) * self.attraction
            arms.append(totals(click, click * self.conversion))
        return {metric: lift_of(arms[0][metric], arms[1][metric]).lift for metric in METRICS}

    def test(self, rival: str, draw: np.random.Generator) -> dict[str, dict]:
        """One test: method -> metric -> lift."""
        pages = draw.integers(len(self.merit), size=SEARCHES)
        clicks, answers = draw.random((2, SEARCHES, PAGE))  # the dice of both arms
        arms = []
        for name in ("A", rival):
            clicked = clicks < examine(self.place[name][pages]) * self.attraction[pages]
            arms.append(totals(clicked.astype(float), (clicked & (answers < self.conversion[pages])).astype(float)))
        found = {TESTS: {metric: lift_of(arms[0][metric], arms[1][metric]) for metric in METRICS}}
        return found | self.from_log(pages, rival, draw)

    def from_log(self, pages: np.ndarray, rival: str, draw: np.random.Generator) -> dict[str, dict]:
        """The estimates of a log of these pages, drawn anew."""
        merit = self.merit[pages]
        drawn = np.where(draw.random((SEARCHES, 1)) < SHUFFLED, 0.0, merit) + draw.normal(size=merit.shape)
        order = np.argsort(-drawn, axis=1)

        def shown(values: np.ndarray) -> np.ndarray:
            return np.take_along_axis(values[pages], order, 1).ravel()

        position = np.tile(np.arange(1, PAGE + 1), SEARCHES)
        clicked = draw.random(position.size) < examine(position) * shown(self.attraction)
        converted = np.where(clicked, draw.random(position.size) < shown(self.conversion), np.nan)
        chance = self.chances[pages[:, None], order, np.arange(PAGE)].ravel()
        logged = Logged(np.repeat(np.arange(SEARCHES), PAGE), position, chance, clicked.astype(float), converted)
        expected = dict(zip(("clicked", "outcome"), map(shown, self.expected)))
        return estimate(logged, shown(self.place["A"]), shown(self.place[rival]), expected)[0]


def totals(clicks: np.ndarray, conversions: np.ndarray) -> dict[str, Totals]:
    """CTR, CVR and CTCVR of pages (P, 20)."""
    shown, clicked, converted = np.full(len(clicks), float(PAGE)), clicks.sum(1), conversions.sum(1)
    return {"CTR": Totals(clicked, shown), "CVR": Totals(converted, clicked), "CTCVR": Totals(converted, shown)}


def measure(seed: int, times: int) -> dict:
    """Of one world: rival -> method -> metric -> sums over its tests."""
    population, draw, found = Population(seed), np.random.default_rng([seed, 1]), {}
    for rival in ERRORS:
        truth = population.truth(rival)
        sums: dict = defaultdict(lambda: defaultdict(float))
        for _ in range(times if rival == "B" else times // 10):
            for method, lifts in population.test(rival, draw).items():
                for metric, lift in lifts.items():
                    each = sums[f"{method}|{metric}"]
                    defined = bool(np.isfinite(lift.lift))
                    each["tests"] += 1
                    each["defined"] += defined
                    if defined:
                        each["right"] += lift.low <= truth[metric] <= lift.high
                        each["zero"] += lift.low == lift.lift == lift.high == 0
                        each["above"] += lift.low > 0
                        each["error"] += lift.lift - truth[metric]
                        each["squares"] += (lift.lift - truth[metric]) ** 2
                        each["half"] += (lift.high - lift.low) / 2
        found[rival] = {"truth": truth, "sums": sums}
    return found


def table(results: dict) -> str:
    """Markdown."""
    worlds = list(results["worlds"].values())
    rows, shares = [], {}
    for method in METHODS:
        for metric in METRICS:
            each = added([world["B"]["sums"][f"{method}|{metric}"] for world in worlds])
            n = each["defined"]
            shares[method, metric] = 100 * each["right"] / n
            bias, error = each["error"] / n, np.sqrt(each["squares"] / n)
            biased = f"{100 * bias:+.1f} %" if abs(bias) > Z * error / np.sqrt(n) else "none seen"
            cells = [f"{shares[method, metric]:.1f} %", biased, f"{100 * error:.1f} %", f"{100 * each['half'] / n:.1f} %"]
            rows.append([method if metric == METRICS[0] else "", metric, *cells, f"{100 * each['above'] / n:.0f} %"])
    same = added([each for world in worlds for each in world["A"]["sums"].values()])
    truths = []
    for metric in METRICS:
        values = [100 * world["B"]["truth"][metric] for world in worlds]
        truths.append(f"{metric} {np.mean(values):+.1f} % ({min(values):+.1f} to {max(values):+.1f})")
    tests = int(added([world["B"]["sums"][f"{TESTS}|CTR"] for world in worlds])["tests"])
    simulated = [shares[TESTS, metric] for metric in METRICS]
    logged = [shares[method, metric] for method in ESTIMATORS for metric in METRICS]
    return paragraphs(
        f"Intervals of 95 % hold the truth in {min(simulated):.1f} to {max(simulated):.1f} % of {tests:,} simulated tests, and in "
        f"{min(logged):.1f} to {max(logged):.1f} % of the estimates from their logs; A against itself gives exactly 0 in "
        f"{same['zero']:,.0f} of {same['defined']:,.0f}.",
        f"{len(worlds)} worlds, {SEARCHES:,} searches a test; by chance a share of 95 % is seen within "
        f"{100 * Z * np.sqrt(0.95 * 0.05 / tests):.1f} points. True lifts, mean over worlds and range: {', '.join(truths)}.",
        markdown(["method", "metric", "interval right", "bias", "error", "half an interval", "interval above 0"], rows, left=2),
        results["machine"],
    )


def added(sums: list[dict]) -> dict[str, float]:
    """Key -> the sum over all."""
    keys = ("tests", "defined", "right", "zero", "above", "error", "squares", "half")
    return {key: sum(each.get(key, 0.0) for each in sums) for key in keys}


REPORT = Report(__file__, table)


def main() -> None:
    options = arguments(__doc__, seeds=6, times=200)
    results = REPORT.read() or {"times": options.times, "worlds": {}}
    if results["times"] != options.times:
        sys.exit(f"{REPORT.record} holds {results['times']} tests a world; remove it, or say --times {results['times']}")
    for seed in range(FIRST_SEED, FIRST_SEED + options.seeds):
        if str(seed) not in results["worlds"]:
            results["worlds"][str(seed)] = measure(seed, options.times)
            REPORT.publish(results | {"machine": machine("numpy", "scipy")})


if __name__ == "__main__":
    main()
