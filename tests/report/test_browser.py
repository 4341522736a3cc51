"""The page in a real browser: nothing is asked of a network, nothing is clipped, it works by keyboard, and axe finds no fault."""

import pytest
import report_contents
from browser import REQUIRED, chromium, needs_browser, opened
from case_table import cases
from checkout import ROOT

from minirank.report.page import render

pytestmark = needs_browser
PAGES = ("full", "hostile", "table", "missing")
WIDTHS = (360, 1400)
DEMO = ROOT / "minirank-demo" / "report.html"
OPEN = """async () => {
    document.querySelectorAll('details').forEach(each => each.open = true);
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);  // what watches sizes has seen them
}"""
CLIPPED = """() => {
    const found = [], width = document.documentElement.clientWidth;
    const told = each => each.tagName + '.' + each.className + ' ' + each.textContent.slice(0, 40);
    if (document.documentElement.scrollWidth > width) found.push('the page is wider than its window');
    for (const each of document.body.querySelectorAll('*')) {
        const box = each.getBoundingClientRect();
        if (!box.width || each.closest('svg, .scroll > *, pre, .skip, .hidden-label')) continue;
        if (box.left < -0.5 || box.right > width + 0.5) found.push('outside: ' + told(each));
    }
    for (const box of document.querySelectorAll('.scroll, pre'))
        if (box.scrollWidth > box.clientWidth && box.tabIndex !== 0) found.push('cannot be scrolled by keyboard: ' + told(box));
    for (const text of document.querySelectorAll('svg text')) {
        const view = text.ownerSVGElement.viewBox.baseVal, box = text.getBBox(), move = text.closest('g')?.transform.baseVal[0]?.matrix;
        const left = box.x + (move?.e ?? 0), top = box.y + (move?.f ?? 0);
        if (left < -1 || left + box.width > view.width + 1 || top < -1 || top + box.height > view.height + 1)
            found.push('outside of its picture: ' + text.textContent);
    }
    return found;
}"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Name -> file."""
    folder = tmp_path_factory.mktemp("pages")
    for name in PAGES:
        (folder / f"{name}.html").write_text(render(getattr(report_contents, name)()), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in PAGES}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_clipped_and_nothing_goes_wrong(browser, pages, name, width):
    with opened(browser, pages[name], width) as page:
        page.evaluate(OPEN)
        assert page.evaluate(CLIPPED) == []
        assert page.title().endswith(": a minirank report")


@pytest.mark.skipif(not REQUIRED and not DEMO.exists(), reason=f"no {DEMO.relative_to(ROOT)}: run minirank demo in {ROOT}")
@pytest.mark.parametrize("width", WIDTHS)
def test_the_report_of_the_demo(browser, width):
    """A real one, which .ci/run has made before."""
    with opened(browser, DEMO, width) as page:
        page.evaluate(OPEN)
        assert page.evaluate(CLIPPED) == []
        assert width != WIDTHS[0] or faults(page) == []  # once: it is long
        assert len(shown(page)) == 1 and page.get_by_role("tab").count() == 4


def faults(page):
    """What axe-core objects to."""
    from axe_playwright_python.sync_playwright import Axe

    return [f"{each['id']}: {each['help']}" for each in Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]]


@cases("""
    name | scheme | width=
    full | light | 360
    full | light | 1400
    full | dark | 360
    full | dark | 1400
    table | dark | 360
    missing | light | 1400
""")
def test_axe_finds_no_fault(browser, pages, name, scheme, width):
    with opened(browser, pages[name], width, color_scheme=scheme) as page:
        page.evaluate(OPEN)
        assert faults(page) == []


def shown(page):
    """The roles whose candidates can be seen."""
    roles = page.locator(".role")
    return [roles.nth(n).get_attribute("data-name") for n in range(roles.count()) if roles.nth(n).is_visible()]


def test_the_role_switch_works_by_keyboard(browser, pages):
    roles = list(report_contents.ROLES)
    with opened(browser, pages["full"]) as page:
        assert shown(page) == roles[:1]
        for _ in range(100):  # Tab goes to the switch, wherever it is
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.getAttribute('role')") == "tab":
                break
        for key, role in (
            ("ArrowRight", roles[1]),
            ("End", roles[-1]),
            ("ArrowRight", roles[0]),
            ("ArrowLeft", roles[-1]),
            ("Home", roles[0]),
        ):
            page.keyboard.press(key)
            assert shown(page) == [role]
            assert page.evaluate("document.activeElement.textContent") == role
            assert page.evaluate("[...document.querySelectorAll('[role=tab][aria-selected=true]')].map(each => each.textContent)") == [role]
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.dataset.name") == roles[0]  # into what the tab shows


def test_the_role_switch_works_by_mouse_and_by_link(browser, pages):
    with opened(browser, pages["full"]) as page:
        page.get_by_role("tab", name="headhunter").click()
        assert shown(page) == ["headhunter"]
        page.get_by_role("link", name="r000005").nth(1).click()  # in the second column of the first places
        page.wait_for_function("!document.getElementById('role-1').hidden")
        assert shown(page) == ["hiring_manager"]
        assert page.locator("#place-1-5 .reasons").is_visible() and not page.locator("#place-1-4 .reasons").is_visible()


def test_tab_stops_where_there_is_something_to_scroll(browser, pages):
    stops = {}
    for width in WIDTHS:
        with opened(browser, pages["full"], width) as page:
            page.evaluate(OPEN)
            stops[width] = page.evaluate("[...document.querySelectorAll('.scroll')].map(box => box.tabIndex)")
    assert set(stops[1400]) == {-1} and 0 in stops[360]


def test_without_scripts_all_roles_are_shown(browser, pages):
    with opened(browser, pages["full"], java_script_enabled=False) as page:
        assert shown(page) == list(report_contents.ROLES)
        assert page.get_by_role("tab").count() == 0


def test_on_paper_everything_is_shown(browser, pages):
    with opened(browser, pages["full"], 700, color_scheme="dark") as page:
        page.emulate_media(media="print", color_scheme="dark")
        assert shown(page) == list(report_contents.ROLES)
        assert not page.get_by_role("navigation").is_visible()
        assert page.locator("#figures-0-caption").bounding_box()["height"] > 0  # in a closed <details>
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_pictures_follow_the_colours_of_the_page(browser, pages):
    colors = {}
    for scheme in ("light", "dark"):
        with opened(browser, pages["full"], color_scheme=scheme) as page:
            colors[scheme] = page.evaluate("getComputedStyle(document.querySelector('svg rect.s0')).fill")
    assert colors == {"light": "rgb(31, 111, 196)", "dark": "rgb(90, 169, 238)"}


def test_faults_are_found(browser, tmp_path):
    """The checks themselves: a line too long for its window, a text outside its picture, a button without a name."""
    path = tmp_path / "page.html"
    path.write_text(
        f"<p style='white-space: nowrap'>{'word ' * 100}</p>"
        "<button></button><svg width='100' viewBox='0 0 100 20'><g transform='translate(60 10)'><text>a text too long</text></g></svg>",
        encoding="utf-8",
    )
    with opened(browser, path, 360) as page:
        assert [line.split(":")[0] for line in page.evaluate(CLIPPED)] == ["the page is wider than its window", "outside of its picture"]
        assert "button-name: Buttons must have discernible text" in faults(page)
