"""Pictures: the places of what is drawn, computed by hand; odd values; texts of other people; colours that can be told apart."""

import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from case_table import cases

from minirank.report.series import Axis, Series
from minirank.report.svg import COLORS, WIDTH, bars, heat_map, lines, sheet

NAN = math.nan
HOSTILE = "<script>alert(\"1\")</script> & 'x'\x00\ud800\u202e"


def parsed(picture):
    """The elements of a picture, without their namespace."""
    root = ET.fromstring(picture)
    for element in root.iter():
        element.tag = element.tag.split("}")[1]
    return root


def numbers(element, *names):
    return [float(element.get(name)) for name in names]


def texts(root):
    return [element.text for element in root.iter("text")]


def curves(root):
    """The lines that are drawn, each as its points."""
    found = [path.get("d") for path in root.iter("path") if path.get("fill") == "none"]
    return [[[float(v) for v in point.split()] for point in re.findall(r"[ML]([^ML]+)", path)] for path in found]


def test_a_line_goes_through_its_points():
    root = parsed(lines("p", "title", "what it shows", [Series("loss", [0, 0.5, 1], x=[0, 5, 10])]))
    # Labels "0.0" .. "1.0" take 3 letters of 0.58 * 12 = 6.96 and 8 more: the plot goes from 28.88 to 340 - 16, from y = 188 up to 8.
    assert curves(root) == [[[28.9, 188], [176.4, 98], [324, 8]]]
    assert texts(root) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0", "0", "2", "4", "6", "8", "10"]


def test_logarithmic_axes():
    root = parsed(lines("p", "t", "d", [Series("loss", [1, 10, 0, 1000], x=[1, 10, 50, 100])], log="xy"))
    # 10 is a third of the way from 1 to 1000, and half of that from 1 to 100; 0 has no logarithm: the line ends before it.
    left = 8 + 5 * 6.96  # "1,000"
    (points,) = curves(root)
    assert points == [[round(left, 1), 188], [round((left + 324) / 2, 1), 128], [324, 8]]
    assert "1,000" in texts(root) and not any(text.startswith("-") for text in texts(root))


def test_gaps_break_a_line_and_every_value_keeps_its_marker():
    root = parsed(lines("p", "t", "d", [Series("a", [1, 2, None, 3, NAN, math.inf, 4], x=range(7))]))
    path = next(path.get("d") for path in root.iter("path") if path.get("fill") == "none")
    assert re.sub(r"[^ML]", "", path) == "MLMM"
    assert sum(path.get("fill") is None for path in root.iter("path")) == 4


def test_intervals_are_whiskers_of_a_few_points_and_a_band_of_many():
    few = parsed(lines("p", "t", "d", [Series("a", [1, 2], x=[0, 1], low=[0, None], high=[4, None])]))
    x1, y1, x2, y2 = next(numbers(each, "x1", "y1", "x2", "y2") for each in few.iter("line") if each.get("class") == "s0")
    assert (x1, y1, x2, y2) == (x1, 188, x1, 8)  # from 0 to 4, all that is shown
    n = 30
    many = parsed(lines("p", "t", "d", [Series("a", [1] * n, x=range(n), low=[0] * n, high=[2] * n)]))
    (band,) = [path.get("d") for path in many.iter("path") if path.get("fill-opacity")]
    assert band.count("L") == 2 * n - 1 and not any(each.get("class") == "s0" for each in many.iter("line"))


def test_a_mark_stands_at_its_place():
    root = parsed(lines("p", "t", "d", [Series("a", [0, 1], x=[0, 10])], mark=(5, "kept")))
    (mark,) = [each for each in root.iter("line") if each.get("stroke-dasharray")]
    assert numbers(mark, "x1", "x2") == [176.4, 176.4] and "kept" in texts(root)


def test_bars_begin_at_their_start_and_end_at_their_value():
    series = [Series("model", [0.75, 1.0], low=[0.625, None], high=[0.875, None], compared=[1.0, None])]
    root = parsed(bars("p", "t", "d", ["a", "bb"], series, start=0.5, compared="best"))
    # From 24 to 340 - 14 - the five letters of "0.750" = 291.2: 267.2 for 0.5 .. 1.
    first, second = (numbers(each, "x", "width") for each in root.iter("rect"))
    assert first == [24, 133.6] and second == [24, 267.2]
    whisker, end, other = [numbers(each, "x1", "x2") for each in root.iter("line") if each.get("stroke-width") == "1.25"][:3]
    assert whisker == [90.8, 224.4] and end == [90.8, 90.8] and other == [224.4, 224.4]
    mark = next(numbers(each, "x1", "x2") for each in root.iter("line") if each.get("class") == "mark")
    assert mark == [291.2, 291.2]
    assert {"a", "bb", "0.750", "1", "best", "95\u00a0% interval"} <= set(texts(root))


def test_bars_below_their_start_go_to_the_left():
    root = parsed(bars("p", "t", "d", ["a"], [Series("m", [0.25])], start=0.5))
    assert numbers(next(root.iter("rect")), "x", "width") == [24, 267.2]  # all the way from 0.5 to 0.25, which is the left end


def test_groups_stand_below_each_other_and_their_bars_too():
    root = parsed(bars("p", "t", "d", ["a", "b"], [Series("x", [1, 2]), Series("y", [3, None])]))
    tops = [numbers(each, "y", "height") for each in root.iter("rect") if each.get("rx")]
    assert tops == [[11, 11], [24, 11], [49, 11]]  # 13 a bar, 12 between groups; the missing one leaves its place empty
    assert texts(root).count("–") == 1


def test_a_heat_map_is_darker_where_there_is_more():
    root = parsed(heat_map("p", "t", "d", ["a"], ["x", "y", "z"], [[0.25, 0.75, None]]))
    cells = [numbers(each, "x", "width", "fill-opacity") for each in root.iter("rect")]
    # (340 - 8 - 6.96) / 3 = 108.35 a cell, 1 of it free on each side.
    assert cells == [[16, 106.3, 0.197], [124.3, 106.3, 0.53], [232.7, 106.3, 0]]
    assert texts(root) == ["x", "y", "z", "a", "0.25", "0.75", "–"]


def test_a_heat_map_of_many_columns_grows_wider():
    root = parsed(heat_map("p", "t", "d", ["a"], [str(n) for n in range(16)], [[1 / 16] * 16]))
    assert float(root.get("viewBox").split()[2]) == pytest.approx(14.96 + 16 * 38, abs=0.1)


@cases("""
    low= | high= | expected=
    0 | 1 | [0, 0.2, 0.4, 0.6, 0.8, 1]
    0.61 | 0.79 | [0.65, 0.7, 0.75]
    -3 | 7 | [-2, 0, 2, 4, 6]
    0 | 123456 | [0, 50000, 100000]
""")
def test_ticks_are_round(low, high, expected):
    assert [value for value, _ in Axis(low, high).ticks()] == pytest.approx(expected)


def test_ticks_of_whole_numbers_and_of_logarithms():
    assert Axis(1, 3).ticks(whole=True) == [(1, "1"), (2, "2"), (3, "3")]
    assert [label for _, label in Axis(0.1, 1000, log=True).ticks()] == ["0.1", "1.0", "10.0", "100.0", "1,000.0"]
    assert [label for _, label in Axis(0.03, 0.6, log=True).ticks()] == ["0.05", "0.10", "0.20", "0.50"]
    assert [label for _, label in Axis(0, 2e7).ticks(2)] == ["0", "1e+07", "2e+07"]


@pytest.mark.parametrize("values", [[], [NAN, None], [7], [0, 0, 0], [1e-30, 1e30], [-5, 5], [1e300, 2e300], [5e-324]])
@pytest.mark.parametrize("log", ["", "xy"])
def test_odd_values_are_drawn_within_the_picture(values, log):
    series = [Series("a", values, x=range(1, len(values) + 1), low=values, high=values), Series("b", [], x=[])]
    pictures = [lines("p", "t", "d", series, log=log, mark=(1, "here"))]
    pictures.append(bars("p", "t", "d", [str(n) for n in range(len(values))], series[:1]))
    pictures.append(heat_map("p", "t", "d", ["a"], [str(n) for n in range(len(values))], [values]))
    for picture in pictures:
        assert "nan" not in picture and "inf" not in picture
        root = parsed(picture)
        width, height = (float(v) for v in root.get("viewBox").split()[2:])
        for name, limit in (("x", width), ("x1", width), ("x2", width), ("y", height), ("y1", height), ("y2", height)):
            assert all(-0.1 <= float(each.get(name)) <= limit + 0.1 for each in root.iter() if each.get(name))
    if not any(value is not None and math.isfinite(value) for value in values):
        assert "nothing to show" in pictures[0]


def test_texts_of_other_people_are_texts():
    pictures = [
        lines(
            "p",
            HOSTILE,
            HOSTILE,
            [Series(HOSTILE, [1], x=[1]), Series("b", [2], x=[1])],
            x_label=HOSTILE,
            y_label=HOSTILE,
            mark=(1, HOSTILE),
        ),
        bars("p", HOSTILE, HOSTILE, [HOSTILE], [Series(HOSTILE, [1], compared=[2]), Series("b", [2])], x_label=HOSTILE, compared=HOSTILE),
        heat_map("p", HOSTILE, HOSTILE, [HOSTILE], [HOSTILE], [[1]]),
    ]
    for picture in [*pictures, sheet(HOSTILE, [(HOSTILE, picture) for picture in pictures])]:
        root = parsed(picture)  # well-formed, in spite of characters that XML does not have
        assert picture.encode("utf-8") and "script" not in {each.tag for each in root.iter()}
        assert root.find("title").text.startswith("<script>")


def test_what_a_picture_shows_is_told_in_words():
    root = parsed(lines("loss", "Loss of clicks", "It falls from 1 to 0.", [Series("a", [1, 0], x=[1, 2])]))
    assert root.get("role") == "img" and root.get("aria-labelledby") == "loss-title loss-desc"
    assert [(each.get("id"), each.text) for each in (root.find("title"), root.find("desc"))] == [
        ("loss-title", "Loss of clicks"),
        ("loss-desc", "It falls from 1 to 0."),
    ]
    assert "a: 1 at 1" in [each.text for each in root.iter("title")]  # where a pointer rests


def test_a_sheet_holds_its_pictures_side_by_side():
    one = lines("a", "t", "d", [Series("a", [1, 2], x=[1, 2])])
    two = heat_map("b", "t", "d", ["a"], ["x"], [[1]])
    root = parsed(sheet("all", [("first", one), ("second", two), ("third", one)]))
    inner = [numbers(each, "x", "y", "width") for each in root if each.tag == "svg"]
    assert [each[0] for each in inner] == [16, 16 + WIDTH + 32, 16] and inner[0][1] == inner[1][1] < inner[2][1]
    assert texts(root)[0] == "all" and {"first", "second", "third"} <= set(texts(root))


def luminance(color):
    """Relative luminance of WCAG 2."""
    return linear(color) @ [0.2126, 0.7152, 0.0722]


def linear(color):
    share = np.asarray([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_colours_stand_out_on_white():
    assert min(contrast(color, "#ffffff") for color in COLORS) >= 4.5


def test_numbers_can_be_read_on_the_darkest_cell():
    mixed = [round(0.53 * int(COLORS[0][at : at + 2], 16) + 0.47 * 255) for at in (1, 3, 5)]
    assert contrast("#{:02x}{:02x}{:02x}".format(*mixed), "#000000") >= 4.5


def test_colours_differ_for_the_colour_blind():
    """In CIELAB under protanopia and deuteranopia (Machado et al., 2009), where a difference of 5 is plain to see."""
    protan = np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]])
    deutan = np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]])
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    for blindness in (protan, deutan):
        xyz = np.array([to_xyz @ np.clip(blindness @ linear(color), 0, 1) for color in COLORS]) / [0.9505, 1, 1.089]
        f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
        lab = np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)
        apart = np.linalg.norm(lab[:, None] - lab[None], axis=2) + 1e9 * np.eye(len(lab))
        assert apart.min() > 15, (apart.min(), np.unravel_index(apart.argmin(), apart.shape))
