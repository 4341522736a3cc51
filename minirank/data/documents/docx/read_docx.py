"""Word documents (.docx, .docm), read from their XML: what Word shows on its pages, in order.

Read: paragraphs, lists, tables row by row, text boxes behind the paragraph that they hang on, content controls, fields' results,
tracked insertions; the headers before, footnotes and footers behind. Left out: tracked deletions, comments, fields' instructions,
embedded objects, macros. What Word does not show is reported.

Source: ECMA-376 part 1 (WordprocessingML); part 3 (alternate content).
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from ..colours import WHITE
from ..document import Document, Hidden, Unreadable
from ..lines import Lines, tidy
from .look import Styles, Theme, is_on
from .package import Link, Package
from .place import Page
from .story import NOTES, Walk

_TEMPLATE_DATE = "2013-12-23T23:15:00Z"  # of the template that python-docx begins every document with


def read_docx(content: bytes, name: str) -> list[Document]:
    """The one document of a file of Word.

    Raises:
        Unreadable: see `Package`; it is no document of Word, or holds no text.
    """
    return [Word(Package(content)).document()]


class Word:
    """A package of Word with its styles; `document` walks through it."""

    def __init__(self, package: Package) -> None:
        self._package = package
        main = next((link.target for link in package.links().values() if link.type == "officeDocument"), None)
        if main is None:
            raise Unreadable("no Word document: it names no main part", remedy="save it as DOCX or PDF")
        self._root, self._links = package.xml(main), package.links(main)
        if self._root.tag != "w:document":
            raise Unreadable("no Word document", remedy="save it as DOCX or PDF")
        settings = self._part("settings")
        self._even = is_on(settings, "w:evenAndOddHeaders")
        self.theme = Theme(self._part("theme"))
        self.styles = Styles(self._part("styles"), self.theme)
        self._numbered = self._part("numbering") is not None
        self.page = Page(next(self._root.iter("w:sectPr"), None))
        self.paper = WHITE
        if (ground := self._root.find("w:background")) is not None and is_on(settings, "w:displayBackgroundShape"):
            self.paper = self.theme.of(ground, "w:color", "themeColor") or WHITE
        self.hidden: list[Hidden] = []
        self.notes: list[str] = []
        self.cited: dict[str, list[str]] = {kind: [] for kind in NOTES.values()}

    def document(self) -> Document:
        """What the pages show.

        Raises:
            Unreadable: nothing but pictures, or parts that only Word unpacks.
        """
        body = self._root.find("w:body")
        texts = [] if body is None else [self._story(body)]
        texts = [*self._margin("w:headerReference"), *texts, *self._cited(), *self._margin("w:footerReference")]
        text = tidy("\n\n".join(filter(None, texts)))
        pictures = any(next(self._root.iter(tag), None) is not None for tag in ("pic:pic", "v:imagedata"))
        chunks = next(self._root.iter("w:altChunk"), None) is not None
        if not text and not self.hidden:
            if chunks:
                raise Unreadable("its text lies in a part that only Word unpacks", remedy="open it in Word and save it anew")
            if pictures:
                raise Unreadable("no text: its content is a picture", remedy="run OCR over it, and save it as PDF")
        if chunks:
            self.notes.append("a part that only Word unpacks was not read; open it in Word and save it anew")
        for kind, tag in (("a diagram", "dgm:relIds"), ("a chart", "c:chart")):
            if next(self._root.iter(tag), None) is not None:
                self.notes.append(f"{kind} was not read")
        return Document(text, tuple(Hidden(tidy(each.text), each.why, each.where) for each in self.hidden), tuple(self.notes), self._date())

    def _part(self, kind: str) -> Element | None:
        """The root of the part of a kind that the main part links to."""
        link = next((link for link in self._links.values() if link.type == kind), None)
        return None if link is None or link.target not in self._package else self._package.shared_xml(link.target)

    def _story(self, root: Element, where: str = "") -> str:
        lines = Lines(self.hidden)
        Walk(self, lines, self.paper, where=where).blocks(root)
        return lines.text()

    def _margin(self, tag: str) -> list[str]:
        """The texts of all headers or footers that some page shows, each once."""
        found: dict[str, None] = {}
        for section in self._root.iter("w:sectPr"):
            for each in section.findall(tag):
                kind, link = each.get("w:type", "default"), self._links.get(each.get("r:id", ""))
                shown = kind == "default" or (kind == "first" and is_on(section, "w:titlePg")) or (kind == "even" and self._even)
                if shown and link is not None and link.target in self._package:
                    found.setdefault(link.target)
        where = "a header" if tag == "w:headerReference" else "a footer"
        return [self._other_story(Link("", target), where) for target in found]

    def _other_story(self, link: Link, where: str) -> str:
        return self._story(self._package.xml(link.target), where)

    def _cited(self) -> list[str]:
        """Footnotes and endnotes that the text refers to, in that order."""
        texts = []
        for kind, tag in (("footnotes", "w:footnote"), ("endnotes", "w:endnote")):
            root = self._part(kind) if self.cited[kind] else None
            by_id = {} if root is None else {each.get("w:id"): each for each in root.findall(tag)}
            texts += [self._story(by_id[key], f"a {kind[:-1]}") for key in dict.fromkeys(self.cited[kind]) if key in by_id]
        return texts

    def _date(self) -> dict[str, str]:
        """When it was last saved, as its properties say."""
        link = next((link for link in self._package.links().values() if link.type == "core-properties"), None)
        if link is None or link.target not in self._package:
            return {}
        modified = (self._package.xml(link.target).findtext("dcterms:modified") or "").strip()
        return {"date": modified} if modified and modified != _TEMPLATE_DATE else {}
