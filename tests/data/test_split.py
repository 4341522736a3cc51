"""Splits follow time; a search is never split; nobody trains on a label that was not known yet."""

import itertools
from dataclasses import dataclass

import numpy as np
import pytest

from minirank.data import Impressions, split_by_time
from minirank.data.folder.delays import as_known_at_the_border
from minirank.data.folder.split import NEVER
from minirank.errors import DataError

DAY = 86_400


@dataclass(frozen=True)
class Shown:
    """Of a data folder what splits read."""

    impressions: Impressions


def impressions(searches, converted_at=None):
    """A folder's impressions from lists of row times (days), one list a search; every search has a conversion.

    Args:
        converted_at: (search, row) -> day of the conversion.
    """
    search = np.repeat(np.arange(len(searches)), [len(times) for times in searches]).astype(np.int32)
    time = np.array([round(day * DAY) for times in searches for day in times])
    n = len(time)
    within = np.concatenate([np.arange(len(times)) for times in searches])
    at = np.full(n, -1, np.int64)
    for (code, row), day in (converted_at or {}).items():
        at[(search == code) & (within == row)] = round(day * DAY)
    zero, nothing = np.zeros(n, np.int32), np.full(n, np.nan, np.float32)
    clicked = (within < 2).astype(np.float32)
    columns = {"search": search, "time": time, "clicked": clicked, "converted": (within == 0).astype(np.float32), "converted_at": at}
    columns |= {name: nothing.copy() for name in ("relevance", "confidence", "propensity")}
    columns |= dict.fromkeys(("role", "job", "resume", "position"), zero)
    rows = Impressions(row=np.arange(n), search_id=[f"s{code}" for code in range(len(searches))], **columns)
    return Shown(rows)


def searches_of(folder, rows):
    return sorted(set(folder.impressions.search[rows].tolist()))


def test_shares_borders_and_gap():
    folder = impressions([[day, day, day] for day in range(20)])  # 20 searches of 3 rows, one a day
    split = split_by_time(folder, valid=0.3, test=0.2, maturity_days=2)
    assert split.borders == (10 * DAY, 16 * DAY)
    assert searches_of(folder, split.train) == list(range(9))  # day 8 + 2 = day 10 is settled, day 9 is not
    assert searches_of(folder, split.valid) == list(range(10, 15))
    assert searches_of(folder, split.test) == list(range(16, 20))
    assert split.left_out == 6
    assert split.train.dtype == np.int64


@pytest.mark.parametrize("valid, test", [(0.15, 0.15), (0.3, 0.0), (0.0, 0.3), (0.25, 0.5)])
def test_parts_are_disjoint_and_ordered(valid, test):
    rng = np.random.default_rng(0)
    folder = impressions([[day, day + rng.random(), day] for day in np.sort(rng.random(200) * 100)])
    split = split_by_time(folder, valid, test, maturity_days=1)
    parts = [part for part in (split.train, split.valid, split.test) if len(part)]
    assert len(parts) == 1 + (valid > 0) + (test > 0)
    assert len(np.unique(np.concatenate(parts))) == sum(map(len, parts)) == 600 - split.left_out
    for earlier, later in itertools.pairwise(parts):
        assert folder.impressions.time[earlier].max() + DAY <= folder.impressions.time[later].min()
        assert not set(searches_of(folder, earlier)) & set(searches_of(folder, later))


def test_without_a_part_there_is_no_gap():
    folder = impressions([[day, day, day] for day in range(10)])
    split = split_by_time(folder, valid=0, test=0)
    assert len(split.train) == 30 and split.borders == (NEVER, NEVER) and split.left_out == 0


def test_a_search_that_straddles_the_border_is_left_out_whole():
    days = [[day, day, day] for day in range(20)]
    days[9] = [9, 9, 10.5]  # begins before the border at day 10, ends after it
    folder = impressions(days)
    split = split_by_time(folder, valid=0.3, test=0.2, maturity_days=0)
    assert split.borders[0] == 10 * DAY
    for part in (split.train, split.valid, split.test):
        assert 9 not in searches_of(folder, part)


def test_searches_that_begin_together_stay_together():
    folder = impressions([[day // 4] * 3 for day in range(20)])  # four searches at each time
    split = split_by_time(folder, valid=0.3, test=0.3, maturity_days=0)
    assert searches_of(folder, split.train) == list(range(8))
    assert searches_of(folder, split.valid) == list(range(8, 12))


def test_a_label_that_is_younger_than_the_gap_is_left_out():
    folder = impressions([[day, day, day] for day in range(20)])
    known = split_by_time(folder, valid=0.3, test=0.2, maturity_days=0)
    assert 9 in searches_of(folder, known.train)
    mature = split_by_time(folder, valid=0.3, test=0.2, maturity_days=5)
    assert searches_of(folder, mature.train) == [0, 1, 2, 3, 4, 5]


def test_a_conversion_after_the_border_is_left_out_however_old_its_impression_is():
    folder = impressions([[day, day, day] for day in range(20)], converted_at={(1, 0): 10.5, (2, 0): 10})
    split = split_by_time(folder, valid=0.3, test=0.2, maturity_days=2)
    assert searches_of(folder, split.train) == [0, 2, 3, 4, 5, 6, 7, 8]


WHOLE = "set data.split.valid and data.split.test to 0 to train on all rows"


@pytest.mark.parametrize(
    "part, days, arguments, says",
    [
        (
            "train",
            10,
            {"valid": 0.5, "test": 0.3, "maturity_days": 7},
            ": in each of its 2 searches .* lower data.split.maturity_days .it is 7",
        ),
        (
            "valid",
            10,
            {"valid": 0.2, "test": 0.5, "maturity_days": 3},
            ": in each of its 2 searches .* lower data.split.maturity_days .it is 3",
        ),
        ("valid", 2, {"valid": 0.1, "test": 0.5, "maturity_days": 0}, "; give a smaller share to the other parts, or take a longer log"),
        ("train", 1, {"maturity_days": 0}, ", for there is one search alone; take a longer log"),
    ],
)
def test_an_empty_part_is_an_error_that_says_why(part, days, arguments, says):
    folder = impressions([[day, day, day] for day in range(days)])
    with pytest.raises(DataError, match=rf"impressions.csv: the {part} part of the split is empty{says}.*; {WHOLE}"):
        split_by_time(folder, **arguments)


def test_one_moment_cannot_be_split():
    with pytest.raises(DataError, match=f"the train part of the split is empty, for all 10 searches begin at the same time; .*; {WHOLE}"):
        split_by_time(impressions([[1, 1, 1]] * 10), maturity_days=0)
    assert len(split_by_time(impressions([[1, 1, 1]] * 10), valid=0, test=0).train) == 30


@pytest.mark.parametrize("arguments", [{"valid": 0.6, "test": 0.4}, {"valid": -0.1}, {"maturity_days": -1}])
def test_shares_that_make_no_sense(arguments):
    with pytest.raises(ValueError, match="must be"):
        split_by_time(impressions([[1, 1, 1]]), **arguments)


def test_open_labels_are_kept_and_told_by_how_many_come_later():
    """40 searches, one a day, whose first rows convert: on day 0 after 0.5 days, on others after 1.5; the border is day 32."""
    searches = [[day, day] for day in range(40)]
    folder = impressions(searches, {(day, 0): day + (1.5 if day % 4 else 0.5) for day in range(40)})
    split = split_by_time(folder, valid=0, test=0.2, maturity_days=2, keep_open=True)
    assert searches_of(folder, split.train) == list(range(32)) and split.to_come is None
    known, split = as_known_at_the_border(folder, split, 2)
    to_come, converted = split.to_come[::2], known.impressions.converted[::2]
    np.testing.assert_array_equal(to_come[:31], 0)  # day 30 is two days old
    assert to_come[31] == pytest.approx(23 / 31) and (to_come[32:] == 0).all()  # a day old: 8 of 31 older ones took half a day
    np.testing.assert_array_equal(converted[:31], 1)
    assert converted[31] == 0 and (converted[32:] == 1).all()
    with pytest.raises(DataError, match="29 conversions of training rows older than data.split.maturity_days"):
        as_known_at_the_border(folder, split_by_time(folder, 0, 0.2, 4, keep_open=True), 4)


def test_without_a_border_the_log_ends_where_it_ends():
    folder = impressions([[day, day] for day in range(40)], {(day, 0): day + 0.25 for day in range(40)})
    known, split = as_known_at_the_border(folder, split_by_time(folder, 0, 0, 1, keep_open=True), 1)
    assert (split.to_come == 0).all() and (known.impressions.converted[::2] == 1).all()
