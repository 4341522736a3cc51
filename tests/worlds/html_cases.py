"""Pages of the web and their troubles."""

import json

from document_cases import Case


def page(body, style="", head=""):
    """The bytes of a page in UTF-8."""
    return f"<!doctype html><html><head><title>A page</title><style>{style}</style>{head}</head><body>{body}</body></html>".encode()


POSTING = {
    "@context": "https://schema.org/",
    "@type": "JobPosting",
    "title": "Ward nurse",
    "description": "&lt;p&gt;We look for a nurse.&lt;/p&gt;&lt;ul&gt;&lt;li&gt;Triage&lt;/li&gt;&lt;/ul&gt;",
    "datePosted": "2024-05-01",
    "hiringOrganization": {"@type": "Organization", "name": "General Hospital"},
    "jobLocation": {"@type": "Place", "address": {"addressLocality": "Springfield", "addressCountry": "US"}},
}
LINKED = f'<script type="application/ld+json">{json.dumps(POSTING)}</script>'
FIELDS = {"title": "Ward nurse", "date": "2024-05-01", "location": "Springfield, US", "kind": "jobs"}

# Trouble -> (page, what must be read).
_SEEN = {
    "blocks, breaks, lists, entities": (
        page("<h1>Anna</h1><p>Nurse<br>since&nbsp;2019<ul><li>Triage<li>Wound care</ul>A &amp; B<div>C</div>D"),
        "Anna Nurse since 2019 - Triage - Wound care A & B C D",
    ),
    "a table by rows, a layout in a table": (
        page("<table><tr><th>Skill<th>Years<tr><td>Python<td>5</table><table><tr><td><p>left<p>1<td><p>right<p>2</table>"),
        "Skill | Years Python | 5 left 1 right 2",
    ),
    "tags without ends, tags that overlap": (page("<p>one<p>two<b>three<i>four</b>five</i>"), "one twothreefourfive"),
    "what a script and a style say": (page("Nurse<script>document.write('python')</script><style>python{}</style>"), "Nurse"),
    "an encoding that the page names": ("<meta charset=iso-8859-2><p>Jiří Novák".encode("iso-8859-2"), "Jiří Novák"),
    "UTF-16 by its mark": ("<p>Jiří Novák".encode("utf-16"), "Jiří Novák"),
    "white letters on a dark ground": (
        page("<div class=top><h1>Anna</h1></div>", ".top { background: linear-gradient(#203040, #405060); color: #fff }"),
        "Anna",
    ),
    "a child that is shown again": (
        page("<div style='visibility:hidden'><p style='visibility:visible;font-size:12px'>Nurse</p></div>"),
        "Nurse",
    ),
    "centred, and half off its place": (page("<p style='position:absolute;left:-50%;transform:translate(-50%,-50%)'>Nurse"), "Nurse"),
    "rules for print, for a pointer, for nobody": (
        page("<p class=a>Nurse", "@media print {.a {display:none}} .a:hover {display:none} .a::before {display:none} .a.b {display:none}"),
        "Nurse",
    ),
    "a rule that a later, a heavier or an inline one undoes": (
        page(
            "<p class=a id=i>one<p class=a style='display:block'>two<p class=b>three",
            "#i{display:block} .a{display:none} .b{display:none} .b{display:block}",
        ),
        "one two three",
    ),
    "what a form holds": (
        page("<input value='Anna'><input type=hidden value=python><select><option>Nurse<option>Cook</select>"),
        "Anna Nurse",
    ),
}

# Trouble -> (page, why a text is not seen, its wording); what is seen is `Nurse`.
_UNSEEN = {
    "display none by a class": (
        page("Nurse <p class='x python'>python", ".x, .y > b { color: red; DISPLAY : none !important }"),
        "hidden",
        "python",
    ),
    "display none, written with escapes and comments": (
        page("Nurse <p class=x>python", ".x{dis/**/play:none} .x{display:n\\6f ne}"),
        "hidden",
        "python",
    ),
    "display none through a variable": (page("Nurse <p class=x>python", ":root{--off:none} .x{display:var(--off)}"), "hidden", "python"),
    "the attribute hidden": (page("Nurse<div hidden><p>python</div>"), "hidden", "python"),
    "visibility hidden": (page("Nurse<b style='visibility:hidden'> python</b>"), "hidden", "python"),
    "white on white": (page("Nurse<b style='color:#fff'> python</b>"), "white", "python"),
    "nearly white, by a selector of children": (
        page("<p>Nurse<b> python</b>", "body > p b { color: rgb(250 250 250 / 90%) }"),
        "white",
        "python",
    ),
    "white by an attribute, as pages had it once": (page("<font color=black>Nurse</font><font color=white> python"), "white", "python"),
    "the ground's colour": (
        page("<div style='background:navy;color:white'>Nurse<b style='color:#000080'> python</b></div>"),
        "white",
        "python",
    ),
    "letters without size": (page("Nurse<b style='font-size:0'> python</b>"), "tiny", "python"),
    "letters of a pixel, by font": (page("Nurse<b style='font: bold 1px/1 Arial'> python</b>"), "tiny", "python"),
    "a transparent colour": (page("Nurse<b style='color:transparent'> python</b>"), "transparent", "python"),
    "without opacity": (page("Nurse<b style='opacity:.01'> python</b>"), "transparent", "python"),
    "off the screen": (page("Nurse<p class=x>python", ".x{position:absolute;left:-9999px}"), "outside", "python"),
    "indented off the screen": (page("Nurse<p style='text-indent:-9999px'>python"), "outside", "python"),
    "moved off the screen": (page("Nurse<p style='transform:translateX(-9999px)'>python"), "outside", "python"),
    "cut to a pixel, as for a reader aloud": (
        page("Nurse<p class=sr-only>python", ".sr-only{position:absolute;width:1px;height:1px;overflow:hidden;clip:rect(0,0,0,0)}"),
        "clipped",
        "python",
    ),
    "a comment": (page("Nurse<!-- python -->"), "hidden", "python"),
    "a template": (page("Nurse<template><p>python</template>"), "hidden", "python"),
    "for browsers without scripts": (page("<p>Nurse<noscript><p>python</p></noscript>"), "hidden", "<p>python</p>"),
    "a dialog that is closed": (page("Nurse<dialog>python</dialog>"), "hidden", "python"),
}

CASES = [
    *(Case("HTML", trouble, "a.html", lambda content=content: content, (text,)) for trouble, (content, text) in _SEEN.items()),
    *(
        Case("HTML", trouble, "a.html", lambda content=content: content, ("Nurse",), ((words, why),))
        for trouble, (content, why, words) in _UNSEEN.items()
    ),
    Case(
        "HTML",
        "the job that it offers, as JSON-LD",
        "a.html",
        lambda: page(
            "<nav>Home Jobs</nav><h1>Ward nurse</h1><p>We look for a nurse.<ul><li>Triage</ul><p>General Hospital, Springfield, US"
            "<p>Company Location",
            head=LINKED,
        ),
        ("We look for a nurse. - Triage Company: General Hospital Location: Springfield, US",),
        fields=FIELDS,
    ),
    Case(
        "HTML",
        "a job that JSON-LD tells in part, all of it on the page",
        "a.html",
        lambda: page(
            "<nav>Home Jobs</nav><h1>Ward nurse</h1><p>We look for a nurse.<ul><li>Triage<li>Wound care<li>SQL</ul><p>Eight hours.",
            head=LINKED,
        ),
        ("Home Jobs Ward nurse We look for a nurse. - Triage - Wound care - SQL Eight hours.",),
        fields=FIELDS,
    ),
    Case(
        "HTML",
        "a job in JSON-LD, and one line more on the page",
        "a.html",
        lambda: page(
            "<nav>Home Jobs</nav><h1>Ward nurse</h1><p>We look for a nurse.<ul><li>Triage</ul><p>General Hospital, Springfield, US"
            "<p>Company Location<p>Wound care<footer>Imprint of this page</footer>",
            head=LINKED,
        ),
        ("We look for a nurse. - Triage Company: General Hospital Location: Springfield, US Wound care",),
        fields=FIELDS,
    ),
    Case(
        "HTML",
        "a text in JSON-LD alone, which nobody sees",
        "a.html",
        lambda: page("<h1>Ward nurse</h1><p>We look for a cook.", head=LINKED),
        ("Ward nurse We look for a cook.",),
        fields=FIELDS,
    ),
    Case(
        "HTML",
        "style sheets that lie elsewhere",
        "a.html",
        lambda: page("Nurse", head="<link rel=stylesheet href=/a.css>"),
        ("Nurse",),
        notes=("style sheets lie elsewhere",),
    ),
    Case(
        "HTML",
        "a title and a firm in JSON-LD that the page does not show",
        "a.html",
        lambda: page(
            "<h1>Nurse</h1><p>We look for a nurse.<ul><li>Triage</ul>",
            head=LINKED.replace("Ward", "Python").replace("Triage", "Triage&lt;li&gt;sql"),
        ),
        ("We look for a nurse. - Triage",),
        fields=FIELDS | {"title": "Nurse"},
    ),
    Case("HTML", "named .doc", "a.doc", lambda: page("Nurse"), ("Nurse",)),
    Case("HTML", "in an encoding that nothing names", "a.html", lambda: "<p>Jiří".encode("iso-8859-2"), problem="encoding is not certain"),
]
