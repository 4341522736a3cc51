"""A ZIP of XML parts (a .docx), opened with limits: nothing is written to disk, nothing is fetched, no entity is expanded.

Source: Open Packaging Conventions, ECMA-376 part 2.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from ..document import Unreadable
from ..file_kinds import PASSWORD

MEMBERS = 10_000  # of an archive
LARGEST_MEMBER = 2**26  # bytes that a part may unpack to
SMALL, RATIO, LARGEST = 2**24, 100, 2**28  # all that is read may unpack to so many bytes, to so many times its size, and to no more
DEEPEST = 200  # elements within each other
DAMAGED = "open it and save it anew"
UNDERSTOOD = "understood"  # attribute of an `mc:Choice` whose namespaces Word knows
_MICROSOFT = ("http://schemas.microsoft.com/office/", "http://schemas.openxmlformats.org/", "http://purl.oclc.org/ooxml/")

# Namespaces as their usual prefixes; the second address of each is that of the strict variant.
_PREFIXES = {
    "w": ("http://schemas.openxmlformats.org/wordprocessingml/2006/main", "http://purl.oclc.org/ooxml/wordprocessingml/main"),
    "r": ("http://schemas.openxmlformats.org/officeDocument/2006/relationships", "http://purl.oclc.org/ooxml/officeDocument/relationships"),
    "a": ("http://schemas.openxmlformats.org/drawingml/2006/main", "http://purl.oclc.org/ooxml/drawingml/main"),
    "wp": (
        "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
        "http://purl.oclc.org/ooxml/drawingml/wordprocessingDrawing",
    ),
    "m": ("http://schemas.openxmlformats.org/officeDocument/2006/math", "http://purl.oclc.org/ooxml/officeDocument/math"),
    "dgm": ("http://schemas.openxmlformats.org/drawingml/2006/diagram", "http://purl.oclc.org/ooxml/drawingml/diagram"),
    "c": ("http://schemas.openxmlformats.org/drawingml/2006/chart", "http://purl.oclc.org/ooxml/drawingml/chart"),
    "pic": ("http://schemas.openxmlformats.org/drawingml/2006/picture", "http://purl.oclc.org/ooxml/drawingml/picture"),
    "mc": ("http://schemas.openxmlformats.org/markup-compatibility/2006",),
    "wps": ("http://schemas.microsoft.com/office/word/2010/wordprocessingShape",),
    "w14": ("http://schemas.microsoft.com/office/word/2010/wordml",),
    "v": ("urn:schemas-microsoft-com:vml",),
    "dcterms": ("http://purl.org/dc/terms/",),
}
_PREFIX = {address: prefix for prefix, addresses in _PREFIXES.items() for address in addresses}


@dataclass(frozen=True)
class Link:
    """A relationship of a part: its type (the last word of the address) and the name of the part it leads to."""

    type: str
    target: str


class Package:
    """The parts of a package by their names, which are looked up in the archive and used for nothing else.

    Raises:
        Unreadable: it is no ZIP, or is more than the limits allow.
    """

    def __init__(self, content: bytes, member_limit: int = LARGEST_MEMBER, limit: int | None = None) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
            raise Unreadable(f"damaged: {error}", remedy=DAMAGED) from None
        self._member_limit = member_limit
        self._left = min(LARGEST, max(SMALL, RATIO * len(content))) if limit is None else limit
        members = self._zip.infolist()
        if len(members) > MEMBERS:
            raise Unreadable(f"an archive of {len(members):,} files", remedy=DAMAGED)
        self._members = {_name(member.filename): member for member in members}
        self._twice = {name for name, times in Counter(_name(member.filename) for member in members).items() if times > 1}

    def __contains__(self, name: str) -> bool:
        return _name(name) in self._members

    def names(self) -> list[str]:
        """Of all parts, in small letters."""
        return list(self._members)

    def read(self, name: str) -> bytes:
        """The bytes of a part.

        Raises:
            Unreadable: it is not there, unpacks to too much, or cannot be unpacked.
        """
        key = _name(name)
        if key not in self._members:
            raise Unreadable(f"damaged: {name} is missing", remedy=DAMAGED)
        if key in self._twice:  # programs differ in which of them they show
            raise Unreadable(f"damaged: {name} is in it twice", remedy=DAMAGED)
        member = self._members[key]
        if member.flag_bits & 1:
            raise PASSWORD
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Unreadable(f"{name} is packed in a way that Word does not use", remedy=DAMAGED)
        most = min(self._member_limit, self._left)
        try:
            with self._zip.open(member) as stream:
                content = stream.read(most + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
            raise Unreadable(f"damaged: {error}", remedy=DAMAGED) from None
        if len(content) > most:
            raise Unreadable("unpacks to far more than its size is worth", remedy="save it as PDF, if it is what it should be")
        self._left -= len(content)
        return content

    def xml(self, name: str) -> Element:
        """The root of an XML part."""
        return parse_xml(self.read(name), name)

    def shared_xml(self, name: str) -> Element:
        """The root of a part that many files of one program have alike, such as its styles; nobody changes it."""
        return _parsed_before(self.read(name), name)

    def links(self, part: str = "") -> dict[str, Link]:
        """Relationships of a part, or of the package, by their ids; what lies outside the package is left out."""
        folder, name = posixpath.split(part)
        rels = posixpath.join(folder, "_rels", f"{name}.rels")
        if rels not in self:
            return {}
        found = {}
        for each in self.xml(rels):
            if each.get("TargetMode") != "External" and "Target" in each.attrib:
                target = posixpath.normpath(posixpath.join("/", folder, each.attrib["Target"])).lstrip("/")
                found[each.get("Id", "")] = Link(each.get("Type", "").rpartition("/")[2], target)
        return found


def _name(name: str) -> str:
    """A part's name as names are compared: in small letters, without escapes, without the backslashes of careless programs."""
    return unquote(name.replace("\\", "/")).lstrip("/").lower()


def parse_xml(content: bytes, name: str) -> Element:
    """The root of an XML text; names of elements and attributes have their usual prefixes, such as `w:p`.

    Raises:
        Unreadable: it is not well-formed, has a document type (which entities need), or is nested too deeply.
    """
    builder, short, depth = TreeBuilder(), dict[str, str](), 0
    spaces: defaultdict[str | None, list[str]] = defaultdict(list)  # prefix -> addresses, the innermost last
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def renamed(full: str) -> str:
        if full not in short:
            address, _, local = full.rpartition(" ")
            short[full] = f"{_PREFIX.get(address, '?')}:{local}" if address else local
        return short[full]

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise Unreadable(f"{name} has more than {DEEPEST} elements within each other", remedy=DAMAGED)
        given = {renamed(key): value for key, value in attributes.items()}
        asked = given.get("Requires", "").split() if renamed(tag) == "mc:Choice" else []
        if asked and all(spaces[prefix] and spaces[prefix][-1].startswith(_MICROSOFT) for prefix in asked):
            given[UNDERSTOOD] = "1"
        builder.start(renamed(tag), given)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(short[tag])

    def refuse(*_: object) -> None:
        raise Unreadable(f"{name} declares a document type, which could hold entities", remedy=DAMAGED)

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, builder.data
    parser.StartNamespaceDeclHandler = lambda prefix, address: spaces[prefix].append(address or "")
    parser.EndNamespaceDeclHandler = lambda prefix: spaces[prefix].pop()
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(content, True)
        return builder.close()
    except expat.ExpatError as error:
        raise Unreadable(f"damaged: {name}: {error}", remedy=DAMAGED) from None


@lru_cache(4)  # SPEED: styles are nine tenths of what python-docx writes
def _parsed_before(content: bytes, name: str) -> Element:
    return parse_xml(content, name)


def descendant(element: Element | None, *tags: str) -> Element | None:
    """The first child of a tag, its first child of the next tag, and so on; None where one is missing."""
    for tag in tags:
        element = None if element is None else element.find(tag)
    return element
