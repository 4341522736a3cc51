"""What the table of lost shares is made of."""

from bench.ranking.lost import CELLS, GROUPS, STEERED, table
from minirank.simulate.tastes import APPEALS


def test_groups_are_parts_of_the_truth_and_the_table_says_what_each_adds():
    assert set(GROUPS["all of the team"]) | set(GROUPS["all but the team"]) == set(GROUPS["all"]) == set(APPEALS)
    cells = {name: {"1": [0.5 + row / 100, 0.4 + row / 100], "2": [0.5, 0.4]} for row, name in enumerate(CELLS)}
    told = table({"cells": cells, "impressions": 50_000, "machine": "a machine"})
    gain = (list(CELLS).index(f"{STEERED}, and tenure") - list(CELLS).index(STEERED)) / 200
    assert f"| and, from the truth: tenure | 0.520 | 0.420 | {gain:+.3f} |" in told
