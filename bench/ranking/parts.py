"""What each part of the method is worth: reading texts, past hires, the recruiter's role, tasks learned together, one change at a time.

    python bench/ranking/parts.py                         the campaign; it goes on where it was stopped
    python bench/ranking/parts.py --seeds 2 4 --train     some of the worlds and no table, so that two processes may share the work
    python bench/ranking/parts.py --seeds 11 --inits 1 --impressions 4000 --out try

Every cell is the default of minirank but for one change, trained on the same rows with the same epochs, optimiser and early stopping,
on one thread. Figures are those of the test rows, averaged over initialisations within a world and paired over worlds: the mean
difference with a 95 % t interval. AUCs count each row with its planted chance as positive and with the rest as negative, which spares
the luck of some 750 clicks and 150 answers a world. Null worlds and labels hold nothing for a part to find, so it must gain nothing.
"""

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import fill

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.ranking.worlds import ALL, FIGURES, NAMES, NOTHING, RARE, READ, Campaign, Cell, answer_cells, paired
from bench.tables import CHECKOUT, Report, machine, markdown, paragraphs, write_record
from minirank.config.features import FeatureConfig
from minirank.config.model import GateConfig, ModelConfig
from minirank.simulate import WorldConfig

IMPRESSIONS, SEEDS, INITS = 50_000, (1, 2, 3, 4, 5), 1
DEFAULT, PERFECT = "default", "recall 1, made up 0"
STRENGTHS, SEARCHES = (0.0, 0.5, 1.0, 2.0), (25, 100, 1000)
NULL = {"role_strength": 0.0, "signal_strength": 0.0, "relevance_strength": 0.0}
EIGHT = {"role_shares": tuple(share / 2 for share in WorldConfig.role_shares * 2)}
REST = sum(WorldConfig.role_shares[1:])
OFTEN = {"role_shares": (0.45, *(0.55 * share / REST for share in WorldConfig.role_shares[1:]))}  # searches of the rare role to take away
BARE, NO_LINKS, NO_HIRES = FeatureConfig(tokens=False, links=False), FeatureConfig(links=False), FeatureConfig(signals=False)
PLACES = {"nowhere": (False, False), "in the gates": (False, True), "in x": (True, False), "in x and the gates": (True, True)}
READERS = [name for name in READ if name.startswith("recall")]
BASELINES = ("shared_bottom", "omoe", "ple")


def role(place: str) -> ModelConfig:
    """The default, with the role in these places alone."""
    in_x, in_gates = PLACES[place]
    return ModelConfig(role_in_x=in_x, gate=GateConfig(role="full" if in_gates else "none"))


def of_strength(strength: float) -> dict:
    """How such a world differs."""
    return {} if strength == WorldConfig.role_strength else {"role_strength": strength}


def at(place: str, rest: str) -> str:
    """The name of such a cell."""
    return f"role {place}, {rest}"


STANDARD = Cell(model=role("in x and the gates"))
CELLS = {
    DEFAULT: STANDARD,
    "nothing read": replace(STANDARD, read=NOTHING, features=BARE),
    "nothing read, words": replace(STANDARD, read=NOTHING, features=NO_LINKS),
    "names alone": replace(STANDARD, read=NAMES, features=NO_LINKS),
    **{name: replace(STANDARD, read=name) for name in READERS},
    "null world": replace(STANDARD, world=NULL),
    "null world, nothing read": replace(STANDARD, read=NOTHING, features=BARE, world=NULL),
    "no hires": replace(STANDARD, features=NO_HIRES),
    "null world, no hires": replace(STANDARD, features=NO_HIRES, world=NULL),
    **{at(place, f"strength {each:g}"): Cell(model=role(place), world=of_strength(each)) for each in STRENGTHS for place in PLACES},
    "each task alone": replace(STANDARD, together=tuple((task,) for task in ALL)),
    "no relevance": replace(STANDARD, together=(("ctr", "cvr"),)),
    "relevance alone, half wrong": replace(STANDARD, together=(("relevance",),), noise=0.5),
    "half wrong": replace(STANDARD, noise=0.5),
    "all wrong": replace(STANDARD, noise=1.0),
    **{name: replace(STANDARD, model=replace(STANDARD.model, architecture=name)) for name in ("omoe", "ple")},
    "shared_bottom": Cell(model=replace(role("in x"), architecture="shared_bottom")),
}
for place in ("in x", "in x and the gates"):
    CELLS[at(place, PERFECT)] = Cell(PERFECT, model=role(place))
    CELLS[at(place, "eight roles")] = Cell(model=role(place), world=EIGHT)
    CELLS |= {at(place, f"{n} searches"): Cell(model=role(place), world=OFTEN, searches=n) for n in SEARCHES}


@dataclass(frozen=True)
class Gain:
    """A row of the table: what one cell has more than another.

    Args:
        asked: what is gained from.
        without, having: names of cells.
        null: nothing can be gained.
        of: whose rows; a role's or all.
    """

    asked: str
    without: str
    having: str
    null: bool = False
    of: str = "overall"


def steered(rest: str, where: str, **more) -> Gain:
    """What the role in the gates is worth where it is in x already."""
    return Gain(f"role in the gates, in x too: {where}", at("in x", rest), at("in x and the gates", rest), **more)


def square(strength: float) -> list[Gain]:
    """The 2 x 2 of roles."""
    rest, alike = f"strength {strength:g}", f"roles {strength:g}x as different" if strength else "one taste for all roles"
    names = {place: at(place, rest) for place in PLACES}
    return [
        Gain(f"role in x: {alike}", names["nowhere"], names["in x"], strength == 0),
        Gain(f"role in the gates, not in x: {alike}", names["nowhere"], names["in the gates"], strength == 0),
        steered(rest, alike, null=strength == 0),
        Gain(f"role in x, in the gates too: {alike}", names["in the gates"], names["in x and the gates"], strength == 0),
    ]


READING, HIRES, ROLE, TOGETHER, EXPERTS = "reading", "past hires", "role", "tasks together", "experts"
GAINS = {
    READING: [
        Gain("words alone, over similarities of texts", "nothing read", "nothing read, words"),
        Gain("names that rules know, over similarities", "nothing read", "names alone"),
        Gain("rules, open forms and links, over similarities", "nothing read", DEFAULT),
        Gain("open forms and links, over names", "names alone", DEFAULT),
        *(Gain(f"a reader of {name}, over similarities", "nothing read", name) for name in READERS),
        Gain("a perfect reader, over the rules", DEFAULT, PERFECT),
        Gain("rules, over similarities: only the position counts", "null world, nothing read", "null world", null=True),
    ],
    HIRES: [
        Gain("past hires", "no hires", DEFAULT),
        Gain("past hires: only the position counts", "null world, no hires", "null world", null=True),
    ],
    ROLE: [
        *(gain for strength in STRENGTHS for gain in square(strength)),
        steered(PERFECT, "a perfect reader"),
        steered("eight roles", "eight roles"),
        *(steered(f"{n} searches", f"{RARE} alone, {n:,} searches", of=RARE) for n in SEARCHES),
    ],
    TOGETHER: [
        Gain("three tasks together, over each alone", "each task alone", DEFAULT),
        Gain("relevance as a third task", "no relevance", DEFAULT),
        Gain("relevance as a third task: half of its grades wrong", "no relevance", "half wrong"),
        Gain("relevance with the others, over alone: half wrong", "relevance alone, half wrong", "half wrong"),
        Gain("relevance as a third task: all grades wrong", "no relevance", "all wrong", null=True),
    ],
    EXPERTS: [Gain(f"mmoe in place of {name}", name, DEFAULT) for name in BASELINES],
}
HEAD = {
    READING: "rules, open forms and links, over similarities",
    HIRES: "past hires",
    ROLE: "role in x: roles 1x as different",
    "gates": "role in the gates, in x too: roles 1x as different",
    "distinct": "role in the gates, in x too: roles 2x as different",
    TOGETHER: "three tasks together, over each alone",
}
ROWS = {gain.asked: gain for gains in GAINS.values() for gain in gains}
BY_ROLE = [gain for strength in STRENGTHS for gain in square(strength)[::2]]


def main() -> None:
    """Train what is missing, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS), help="of the worlds")
    parser.add_argument("--inits", type=int, default=INITS, help="initialisations of each cell in each world")
    parser.add_argument("--impressions", type=int, default=IMPRESSIONS)
    parser.add_argument("--cells", nargs="+", default=list(CELLS), choices=list(CELLS), metavar="NAME", help="of the cells (default: all)")
    parser.add_argument("--train", action="store_true", help="write no table")
    parser.add_argument("--out", type=Path, help="folder of the records; without it they go to results/ and RESULTS.md")
    options = parser.parse_args()
    folder = options.out or REPORT.record.parent
    folder.mkdir(parents=True, exist_ok=True)
    cells, records = {name: CELLS[name] for name in options.cells}, []
    for seed in options.seeds:
        records += Campaign(cells, seed, options.impressions, folder / "parts.jsonl").run(options.inits)
    results = summarise(records) | {"impressions": options.impressions, "inits": options.inits}
    results["machine"] = machine("minirank", "numpy", "numba")
    if options.train or set(options.cells) != set(CELLS):
        return
    if not options.out:
        REPORT.publish(results)
        write_record(WORTH, worth(results))
    else:
        write_record(folder / "parts.json", results)
        print(table(results))


def summarise(records: list[dict]) -> dict:
    """Cell -> world -> part of the rows -> FIGURES, the mean over initialisations; of each cell parameters and reachable FIGURES."""
    parts = {name: gain.of for gain in ROWS.values() for name in (gain.without, gain.having)}
    roles = {name for gain in BY_ROLE for name in (gain.without, gain.having)}
    found: dict[str, dict] = {"cells": {}, "reachable": {}, "parameters": {}}
    for record in records:
        name, world = record["cell"], str(record["world"])
        for part, values in record["figures"].items():
            if part in ("overall", parts[name]) or name in roles:
                found["cells"].setdefault(name, {}).setdefault(world, {}).setdefault(part, []).append(values)
        found["reachable"].setdefault(name, []).append(record["ceiling"]["overall"])
        found["parameters"][name] = record["parameters"]
    for worlds in found["cells"].values():
        for world, of in worlds.items():
            worlds[world] = {part: mean(rows) for part, rows in of.items()}
    found["reachable"] = {name: mean(rows) for name, rows in found["reachable"].items()}
    return found | {"minutes": round(sum(record["seconds"] for record in records) / 60)}


def mean(rows: list[list]) -> list[float | None]:
    """Of each column; None where it has one."""
    return [None if None in column else round(float(np.mean(column)), 5) for column in zip(*rows)]


def gained(results: dict, gain: Gain, part: str | None = None) -> dict:
    """FIGURES gained, paired over worlds, with their intervals; NaN where a cell has none."""
    without, having = results["cells"][gain.without], results["cells"][gain.having]
    return paired(np.array([np.subtract(*(np.array(of[world][part or gain.of], float) for of in (having, without))) for world in having]))


def cells_of(answer: dict, columns: range | list[int] = range(len(FIGURES))) -> list[str]:
    """Of a Markdown row; empty where there is no figure."""
    chosen = {key: None if values is None else [values[column] for column in columns] for key, values in answer.items()}
    return ["" if "nan" in cell else cell for cell in answer_cells(chosen)]


def told(answer: dict) -> str:
    """CTR AUC in a sentence, such as `+0.012 (+0.002 to +0.023)`."""
    value = f"{answer['mean'][0]:+.3f}"
    return value if answer["low"] is None else f"{value} ({answer['low'][0]:+.3f} to {answer['high'][0]:+.3f})"


def headline(results: dict) -> str:
    """Two sentences: what each part is worth, and what null worlds say."""
    gains = {part: told(gained(results, ROWS[asked])) for part, asked in HEAD.items()}
    nulls = [gained(results, gain) for gain in ROWS.values() if gain.null]
    bounds = [pair for answer in nulls if answer["low"] for pair in zip(answer["low"], answer["high"]) if pair[0] < pair[1]]
    above, below = sum(low > 0 for low, _ in bounds), sum(high < 0 for _, high in bounds)
    worlds = len(results["cells"][DEFAULT])
    sentences = (
        f"CTR AUC gained, with 95 % intervals over {worlds} simulated worlds: {gains[READING]} by what rules read in the texts, "
        f"{gains[HIRES]} by past hires, {gains[ROLE]} by the recruiter's role as an input, {gains['gates']} more by the role in the gates "
        f"({gains['distinct']} where roles differ twice as much), {gains[TOGETHER]} by learning three tasks together.",
        f"Where there is nothing to find, {above} of {len(bounds)} intervals lie above 0 and {below} below, where by chance alone it would "
        f"be {len(bounds) * 0.025:.1f} each.",
    )
    return "\n".join(fill(sentence, 130) for sentence in sentences)


def worth(results: dict) -> dict:
    """What the demonstration shows of the table."""
    gains = {asked: gained(results, ROWS[asked]) for asked in HEAD.values()}
    shown = {
        asked: {title: [round(answer[key][place], 4) for key in ("mean", "low", "high")] for place, title in enumerate(FIGURES[:2])}
        for asked, answer in gains.items()
    }
    return {"worlds": len(results["cells"][DEFAULT]), "impressions": results["impressions"], "gains": shown}


def table(results: dict) -> str:
    """Markdown: two sentences, the gains, those of each role, and the cells."""
    if not results:
        return ""
    rows = []
    for part, gains in GAINS.items():
        for gain in gains:
            rows.append([part, f"*null:* {gain.asked}" if gain.null else gain.asked, *cells_of(gained(results, gain))])
    worlds = ", ".join(results["cells"][DEFAULT])
    inits, many, cells = results["inits"], "s" * (results["inits"] > 1), list(CELLS.values())
    distinct = sum(cell not in cells[:place] for place, cell in enumerate(cells))
    setup = (
        f"Worlds: seeds {worlds}, {results['impressions']:,} impressions each, {inits} initialisation{many}; test rows. Gains are means "
        "over worlds, with the 95 % t interval of the paired difference over worlds; bold where it excludes 0. One factor at a time "
        f"around the default, which has the role in x and in the gates; {distinct} cells, {results['minutes']} minutes of training. "
        f"{results['machine']}."
    )
    picture = "![What each part is worth: gains with 95 % intervals over worlds](results/parts.png)"
    return paragraphs(
        headline(results), picture, markdown(["part", "gain from", *FIGURES], rows, left=2), _by_role(results), _levels(results), setup
    )


def _by_role(results: dict) -> str:
    roles = [name for name in next(iter(results["cells"][BY_ROLE[0].having].values())) if name != "overall"]
    rows = []
    for gain in BY_ROLE:
        rows.append([gain.asked, *(cells_of(gained(results, gain, name), [0])[0] for name in ("overall", *roles))])
    return "CTR AUC gained for each role:\n\n" + markdown(["gain from", "all rows", *roles], rows)


def _levels(results: dict) -> str:
    rows = []
    for name, worlds in results["cells"].items():
        found = mean([of["overall"] for of in worlds.values()])
        rows.append([name, *("" if value is None else f"{value:.4f}" for value in found), f"{results['parameters'][name]:,}"])
    rows.append(["all that is observable, default world", *(f"{value:.4f}" for value in results["reachable"][DEFAULT]), ""])
    return "The cells, means over worlds:\n\n" + markdown(["cell", *FIGURES, "parameters"], rows)


WORTH = CHECKOUT / "minirank" / "worth.json"  # for the demonstration, which has no checkout
REPORT = Report(__file__, table, also=((CHECKOUT / "README.md", "parts", headline),))


if __name__ == "__main__":
    main()
