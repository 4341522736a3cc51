"""The page as markup: whose texts are in it, what it may load, how it is built for those who do not see it, and what it answers."""

import base64
import hashlib
import html
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
import report_contents
from report_contents import HOSTILE

from minirank.report.card import summary
from minirank.report.markup import element, escape, figure, join, listed, more, percent, table
from minirank.report.page import TITLES, render

PAGES = ("full", "hostile", "table", "missing")
EMPTY = {"meta", "br", "col"}


class Parsed(HTMLParser):
    """A page as (tag, attributes, text within) of each element, in order; fails where an element is not closed."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.elements.append([tag, dict(attributes), ""])
        assert len(attributes) == len(dict(attributes)), f"an attribute twice in <{tag}>"
        if tag not in EMPTY:
            self.open.append(self.elements[-1])

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, text):
        for each in self.open:
            each[2] += text.replace("\u00a0", " ")

    def all(self, *tags):
        return [each for each in self.elements if each[0] in tags]

    def attributes(self, name):
        return [each[1][name] for each in self.elements if name in each[1]]


@pytest.fixture(scope="module", params=[*PAGES, "run"])
def page(request):
    """A page made by hand, or that of a real run."""
    made = request.getfixturevalue("contents") if request.param == "run" else getattr(report_contents, request.param)()
    return Parsed(render(made))


def test_texts_of_other_people_are_texts():
    made = render(report_contents.hostile())
    page = Parsed(made)
    assert len(page.all("script")) == len(page.all("style")) == 1 and not page.all("img", "iframe", "link", "object")
    assert not [name for _, attributes, _ in page.elements for name in attributes if name.startswith("on") or name == "style"]
    assert page.all("h1")[0][2].startswith("</style><script>document.title")  # shown as it is
    assert page.all("h1")[0][2].endswith("& \\u202e\\x00")  # what nobody could see is shown
    assert made.encode("utf-8").count(b"example.com") == made.count("x.png&quot; onerror=")


def test_a_browser_may_run_what_is_in_the_page_and_load_nothing(page):
    (policy,) = [each[1]["content"] for each in page.all("meta") if each[1].get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy and "http" not in policy
    for name, (_, _, text) in zip(("style-src", "script-src"), (*page.all("style"), *page.all("script"))):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}'" in policy
    assert not page.attributes("src") and all(link.startswith("#") for link in page.attributes("href"))


def test_every_link_and_label_leads_to_one_element(page):
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    named = [name for key in ("aria-labelledby", "aria-controls") for value in page.attributes(key) for name in value.split()]
    assert {link[1:] for link in page.attributes("href")} | set(named) <= set(ids)


def test_headings_go_down_step_by_step(page):
    levels = [int(each[0][1]) for each in page.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert [each[2] for each in page.all("h2")] == list(TITLES.values())


def test_tables_have_captions_and_headings_and_pictures_have_words(page):
    tables = page.all("table")
    assert len(page.all("caption")) == len(tables) and all(each[2] for each in page.all("caption"))
    assert all(each[1].get("scope") in ("col", "row") for each in page.all("th"))
    for _, attributes, _ in page.all("svg"):
        assert attributes["role"] == "img" and attributes["aria-labelledby"]
    assert all(len(each[2]) > 10 for each in page.all("desc"))


def test_a_section_that_is_missing_says_why():
    page = Parsed(render(report_contents.missing()))
    assert sum("has no jobs to rank" in each[2] for each in page.all("p")) == 6
    assert not page.all("svg") and any("None of the report's rules that could be checked found" in each[2] for each in page.all("p"))


def answers(contents):
    """Question -> its answer and reason, as the page's beginning has them."""
    shown = [each[2] for each in Parsed(render(contents)).all("li") if "?" in each[2] and "See why" in each[2]]
    return {text[: text.index("?")]: text[text.index("?") + 1 :].split(" See why")[0] for text in shown}


def test_the_four_questions_are_answered_first():
    found = answers(report_contents.full())
    assert found["Which role does it serve worst"].startswith("executiveexecutive reaches 66 %")
    assert found["Which expert is idle"] == "expert 0 (idle)expert 0 has 1.0 % of the weight, an even share would be 25 %."
    assert found["Is CVR calibrated"] == (
        "CalibratedPredicted 0.20, observed 0.19. Bin by bin the two differ by 0.012 on average (expected calibration error)."
    )
    assert found["Why does this candidate stand first"].startswith("r000001, for hrFirst by pCTR pCVR")


def test_the_summary_says_how_good_worst_for_whom_and_what_to_trust():
    # Entries reach 0.74 where 0.82 is reachable: 0.24 of 0.32.
    assert " ".join(summary(report_contents.full())) == (
        "On 7,500 test rows it comes 75 % (ctr), 75 % (cvr) and 75 % (relevance) of the way from guessing to the best that is reachable. "
        "It serves executive worst. Calibrated: ctr, cvr and relevance. Expert 0 is idle."
    )
    full = report_contents.full()
    unsure = replace(full, quality=replace(full.quality, worst_rule="the intervals overlap, so that this may be chance."))
    assert "It serves executive worst, which may be chance. " in " ".join(summary(unsure))
    assert summary(report_contents.table())[0] == "On 7,500 test rows: ctr AUC 0.740, cvr AUC 0.740 and relevance CONCORDANCE 0.740."
    assert summary(report_contents.missing()) == (
        "Killed before its first epoch ended. How good it is cannot be said: this run was trained on a table, which has no jobs to rank.",
    )
    shown = Parsed(render(report_contents.full())).all("p")
    assert any("A ranker for four roles. It reaches 76 %" in text for _, _, text in shown)


def test_experts_that_all_work_are_not_called_idle():
    made = report_contents.full()
    experts = tuple(replace(each, load=0.25, state="works") for each in made.gates.experts)
    found = answers(replace(made, gates=replace(made.gates, experts=experts)))
    assert found["Which expert is idle"].startswith("NoneThe least used works too: expert 0 has 25 %")


def test_where_there_are_no_roles_none_is_spoken_of():
    assert list(answers(report_contents.table())) == ["Which expert is idle", "Is CVR calibrated"]
    assert "one role's" not in render(report_contents.table())


def test_nothing_to_warn_of_is_said_in_full_where_everything_was_read():
    made = replace(report_contents.full(), cautions=(), unreadable=())
    assert "None of the report's rules found anything to warn of." in html.unescape(render(made))


def test_the_first_places_of_all_roles_stand_side_by_side():
    page = render(report_contents.full())
    (side,) = [part for part in re.findall(r"<table>.*?</table>", page, re.S) if "side-by-side-caption" in part]
    assert re.findall(r'<th scope="col"[^>]*>(.*?)</th>', side) == ["place", *report_contents.ROLES]
    assert side.count("<tr>") == 6 and '<a href="#place-0-1">r000001</a><small>score 0.200</small>' in side
    assert '<a href="#place-2-5">r000005</a><small>5 for hr</small>' in side


def test_a_role_that_is_served_by_no_figure_has_a_dash():
    page = render(report_contents.full())
    assert "<small>less is better</small>" in page
    assert page.count('<p class="note">not defined: no positives</p>') == 3  # said once a task, not in every cell


def test_elements_escape_all_but_elements():
    assert element("p", "a < b", element("b", "&"), class_="x", data_name='"', hidden=True, title=None, lang=False) == (
        '<p class="x" data-name="&quot;" hidden>a &lt; b<b>&amp;</b></p>'
    )
    assert element("meta", charset="utf-8") == '<meta charset="utf-8">'
    assert join(["<", element("br")]) == "&lt;<br>"
    assert escape("5 % of 3 %x, a %") == "5\u00a0% of 3\u00a0%x, a %"
    assert more(HOSTILE).count("<script") == 0


def test_columns_of_numbers_stand_at_the_right():
    made = table("t", "caption", ["name", "count", "text"], [["a 1", "2,000", "a"], ["2", "–", "3 of 4 b"]])
    assert re.findall(r'<td class="n">(.*?)</td>', made) == ["2,000", "–"]
    assert '<th scope="col" class="n">count</th>' in made and '<th scope="row">a 1</th>' in made


def test_how_numbers_are_written():
    assert [figure(v) for v in (None, float("nan"), 0, 12_345, 0.12345, 12.3456, 0.00123, 1e9)] == [
        "–", "–", "0", "12,345", "0.123", "12.346", "0.00123", "1e+09",
    ]  # fmt: skip
    assert [percent(v) for v in (None, 0, 0.004, 0.0994, 0.0996, 0.5, 1)] == ["–", "0 %", "0.4 %", "9.9 %", "10 %", "50 %", "100 %"]
    assert [listed(v) for v in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
