"""Pages and records agree, whoever writes them, and every command that a page or a docstring names exists."""

import re

import pytest

from bench.tables import CHECKOUT, contents, markdown, replace_between, reports

REPORTS = [report for some in reports().values() for report in some]


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.record.stem)
def test_tables_follow_from_the_record(report):
    """`python bench/tables.py` writes them anew."""
    for page, name, text in report.texts(report.read()):
        written = page.read_text(encoding="utf-8").partition(f"<!-- {name}:begin -->\n")[2].partition(f"\n<!-- {name}:end -->")[0]
        assert written == text.strip(), f"{page}: {name}"


def test_every_record_has_its_tables():
    records = {path for path in (CHECKOUT / "bench").glob("*/results/*.json") if path.stem not in ("cuda_kernels", "builds")}
    assert records <= {report.record for report in REPORTS}


def test_the_contents_list_every_section():
    assert (CHECKOUT / "bench" / "RESULTS.md").read_text(encoding="utf-8") == contents()


def test_commands_name_scripts_that_exist():
    found = {}
    for folder in ("bench", "kernels", "llm_client", "minirank", "examples", "tests"):
        for path in (CHECKOUT / folder).rglob("*.[pm][yd]"):
            found |= dict.fromkeys(re.findall(r"\bbench/[\w/]+\.(?:py|md|json|png)\b", path.read_text(encoding="utf-8")), path)
    found |= dict.fromkeys(re.findall(r"\bbench/[\w/]+\.\w+", (CHECKOUT / "README.md").read_text(encoding="utf-8")), "README.md")
    assert len(found) > 15 and not {name for name in found if not (CHECKOUT / name).exists()}


def test_a_table_by_hand():
    assert markdown(["a", "b"], [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |"


def test_a_table_goes_between_its_markers(tmp_path):
    path = tmp_path / "RESULTS.md"
    replace_between(path, "one", "first")
    replace_between(path, "two", "second")
    replace_between(path, "one", "third")
    assert path.read_text() == (
        "# Results\n\n<!-- one:begin -->\nthird\n<!-- one:end -->\n\n<!-- two:begin -->\nsecond\n<!-- two:end -->\n"
    )
