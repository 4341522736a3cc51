"""The campaign of delayed conversions: what its table compares."""

from bench.ranking.delayed import CORRECTED, DROPPED, KNOWN, NEGATIVES, table


def test_the_table_compares_each_way_with_waiting_and_with_knowing():
    ways = {DROPPED: {"1": [0.02, 0.70], "2": [0.04, 0.72]}, NEGATIVES: {"1": [-0.21, 0.71], "2": [-0.19, 0.73]}}
    ways |= {CORRECTED: {"1": [0.0, 0.71], "2": [0.0, 0.73]}, KNOWN: {"1": [0.01, 0.72], "2": [0.01, 0.74]}}
    record = {"ways": ways, "to_come": 0.15, "impressions": 1000, "days": 14, "maturity_days": 7.0, "seconds": 60, "machine": "a machine"}
    told = table(record)
    assert "15% of the conversions had not come yet. The mean pCVR is off by -20.0% where their rows" in told
    assert "| taken for negatives | **-0.2000** (-0.3271 to -0.0729) | 0.7200 | **+0.0100** (+0.0100 to +0.0100) |" in told
    assert "| all known at once | **+0.0100** (+0.0100 to +0.0100) | 0.7300 |" in told and told.count("|  |") == 2
