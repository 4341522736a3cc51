"""Pages (.html): what a browser shows, in the order of the file; what it does not show is reported.

The page is parsed as a browser with scripts parses it (so that `<noscript>` is no text); nothing is run and nothing is fetched.

Source: HTML Living Standard, 13 (parsing), 15 (rendering).
"""

from __future__ import annotations

import codecs
import re
from dataclasses import replace
from typing import Any

from justhtml import Element, JustHTML

from ..document import Document, Hidden
from ..job_posting import Posting, posting_in, text_of_posting
from ..lines import Lines, tidy
from ..text_encoding import decoded
from .styles import Look, Sheet, look_of

_SPACED = frozenset(
    "p h1 h2 h3 h4 h5 h6 ul ol dl table blockquote pre section article header footer main aside nav form fieldset figure hr address".split()
)
_BLOCKS = _SPACED | frozenset("div li dt dd tr caption legend figcaption summary details center body option optgroup dialog".split())
_NEVER = frozenset("head script style title datalist audio video canvas object iframe noembed noframes noscript template rp".split())
_WORD = re.compile(r"\w+")
LEAST_SHOWN = 0.9  # of the words of a job in JSON-LD: then the page is about that text
MOST_BESIDE = 0.2  # of as many words: what else the page shows, its menus aside; where that is more, the job is told there, too
_MENUS = frozenset("nav footer aside".split())
_REPORTED = {"noscript": "a text for browsers without scripts", "template": "a template", "datalist": "suggestions of a field"}
_CHARSET = re.compile(rb"<meta[^>]{1,200}?charset", re.I)


def read_html(content: bytes, name: str) -> list[Document]:
    """The one document of a page.

    Where the page says in JSON-LD of schema.org which job it offers, its place and date are taken from there; so are title and text, as far
    as the page shows the same words. What else it shows follows; where that is much, the page's own text stands.
    """
    page = JustHTML(_decoded(content), sanitize=False, scripting_enabled=True)
    reader = _Page(page)
    text = reader.text()
    title = reader.headings[0] if len(reader.headings) == 1 else ""
    fields, posting = {"title": title}, posting_in(reader.data)
    if posting is not None:
        shown = set(_WORD.findall(text.lower()))
        fields |= posting.fields
        fields["title"] = posting.fields["title"] if _all_in(posting.fields["title"], shown) else title
        said = _said_twice(posting, shown)
        if said:
            beside = _beside(said, posting.fields["title"], _Page(page, _MENUS).text())
            few = len(_WORD.findall(beside)) <= MOST_BESIDE * len(_WORD.findall(said))
            text = f"{said}\n\n{beside}".rstrip() if few else text
    notes = ("its style sheets lie elsewhere and were not read: what they hide was read as shown",) if reader.styled_elsewhere else ()
    return [Document(text, tuple(Hidden(tidy(each.text), each.why, each.where) for each in reader.hidden), notes, fields)]


def _all_in(said: str, words: set[str]) -> bool:
    return all(word in words for word in _WORD.findall(said.lower()))


def _said_twice(posting: Posting, shown: set[str]) -> str:
    """The text of a job in JSON-LD, as far as the page shows its words, line by line; empty where it shows another text."""

    def seen(said: str) -> str:
        return "\n".join(line for line in said.split("\n") if _all_in(line, shown))

    own = replace(
        posting,
        description=seen(posting.description),
        sections=[(heading, lines) for heading, said in posting.sections if (lines := seen(said)).strip()],
        facts=[fact for fact in posting.facts if _all_in(fact.partition(": ")[2], shown)],
    )
    before, after = (len(_WORD.findall(text_of_posting(replace(each, facts=[])))) for each in (posting, own))
    return text_of_posting(own) if after and after >= LEAST_SHOWN * before else ""


def _beside(said: str, title: str, shown: str) -> str:
    """The lines of what a page shows that a text and its title do not say."""
    words = set(_WORD.findall(f"{title} {said}".lower()))
    return "\n".join(line for line in shown.split("\n") if not _all_in(line, words))


def text_of_html(html: str) -> tuple[str, list[Hidden]]:
    """The text of a piece of HTML, and what of it is not seen."""
    reader = _Page(JustHTML(html, sanitize=False, scripting_enabled=True))
    return reader.text(), reader.hidden


def _decoded(content: bytes) -> str | bytes:
    """UTF-8 where it is valid; else the bytes, of which the parser finds the encoding, where the page names one."""
    if not content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            if not _CHARSET.search(content[:2_048]):
                return decoded(content)
    return content


class _Page:
    """A page while it is walked through; elements of the names `without` are passed over."""

    def __init__(self, page: JustHTML, without: frozenset[str] = frozenset()) -> None:
        self._root: Any = page.root
        self._never = _NEVER | without
        self.hidden: list[Hidden] = []
        self.headings: list[str] = []
        self.data: list[str] = []  # JSON-LD
        self.styled_elsewhere = False
        self._cells: list[list[str]] = []
        styles = []
        for element in self._root.query("style, link, script"):
            attributes = element.attrs or {}
            if element.name == "style" and (attributes.get("media") or "all").strip().lower() in ("all", "screen"):
                styles.append(element.to_text(separator="", strip=False) or _raw(element))
            elif element.name == "link" and "stylesheet" in (attributes.get("rel") or "").lower().split():
                self.styled_elsewhere = True
            elif element.name == "script" and (attributes.get("type") or "").strip().lower() == "application/ld+json":
                self.data.append(_raw(element))
        self._sheet = Sheet(styles)

    def text(self) -> str:
        """What is seen."""
        lines = Lines(self.hidden)
        self._children(self._root, lines, Look(), False)
        return lines.text()

    def _children(self, node: Any, lines: Lines, look: Look, kept: bool) -> None:
        for each in node.children or ():
            if each.name == "#text":
                self._say(each.data or "", lines, look, kept)
            elif each.name == "#comment":
                self._report(each.data or "", "a comment")
            elif not each.name.startswith("#") and each.name != "!doctype":
                self._element(each, lines, look, kept)

    def _say(self, text: str, lines: Lines, look: Look, kept: bool) -> None:
        (lines.add if kept else lines.flow)(text, look.unseen)

    def _report(self, text: str, where: str) -> None:
        """What no browser shows, whatever the styles."""
        words = " ".join(text.split())
        if any(char.isalpha() for char in words) and not words.startswith("[if"):
            self.hidden.append(Hidden(words, "hidden", where))

    def _element(self, element: Element, lines: Lines, around: Look, kept: bool) -> None:
        name = element.name
        if name in self._never:
            if name in _REPORTED:
                self._report(_raw(element), _REPORTED[name])
            elif name == "head":
                self._comments(element)
            return
        look = look_of(element, self._sheet.style(element), around)
        attributes = element.attrs or {}
        if look.why is None and name == "dialog" and "open" not in attributes:
            look = Look("hidden")
        if name == "br":
            lines.add("\n", None)
        elif name in ("input", "textarea", "select"):
            self._field(element, lines, look)
        elif name == "tr":
            self._row(element, lines, look)
        else:
            self._block(element, lines, look, kept or name == "pre")

    def _block(self, element: Element, lines: Lines, look: Look, kept: bool) -> None:
        name = element.name
        block = name in _BLOCKS if look.block is None else look.block
        if block:
            lines.blank() if name in _SPACED else lines.end_begun_line()
        if name == "li":
            lines.mark("- ")
        if name == "h1":
            heading = Lines(self.hidden)
            self._children(element, heading, look, False)
            lines.extend(heading.text())
            self.headings += [" ".join(heading.text().split())] if heading.text() else []
        else:
            self._children(element, lines, look, kept)
        if block:
            lines.blank() if name in _SPACED else lines.end_begun_line()

    def _row(self, row: Element, lines: Lines, look: Look) -> None:
        """`a | b | c` where every cell is one line, else cell below cell."""
        lines.end_begun_line()
        texts = []
        for each in row.children or ():
            if each.name in ("td", "th"):
                cell = Lines(self.hidden)
                self._children(each, cell, look_of(each, self._sheet.style(each), look), False)
                texts.append(cell.text())
        lines.row(texts)

    def _field(self, element: Element, lines: Lines, look: Look) -> None:
        """What a form shows in a field: its value, the option that is chosen."""
        attributes = element.attrs or {}
        if element.name == "textarea":
            lines.add(_raw(element), look.unseen)
        elif element.name == "select":
            options = element.query("option")
            chosen = [each for each in options if "selected" in (each.attrs or {})] or options[:1]
            lines.add(" ".join(_raw(each).strip() for each in chosen), look.unseen)
        elif (attributes.get("type") or "text").lower() not in ("hidden", "password", "checkbox", "radio", "image", "file"):
            lines.add(f" {attributes.get('value') or ''} ", look.unseen)

    def _comments(self, head: Element) -> None:
        for each in head.children or ():
            if each.name == "#comment":
                self._report(each.data or "", "a comment")


def _raw(element: Any) -> str:
    """All text in an element, as it stands in the file."""
    parts, left = [], [element]
    while left:
        node = left.pop()
        if node.name == "#text":
            parts.append(node.data or "")
        content = getattr(node, "template_content", None)
        left += reversed([*(node.children or ()), *([content] if content is not None else [])])
    return "".join(parts)
