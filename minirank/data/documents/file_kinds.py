"""What a file is, by its first bytes before its name; and what is said of those that are not read."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import PurePath

from .document import Unreadable

PASSWORD = Unreadable("protected by a password", remedy="remove the password and save it again")

# What begins like this is read as such, whatever its name says. (first bytes, within so many bytes, suffix)
_MAGIC = ((b"%PDF-", 1024, ".pdf"), (b"{\\rtf", 5, ".rtf"), (b"\x89PNG", 4, ".png"), (b"\xff\xd8\xff", 3, ".jpg"), (b"GIF8", 4, ".gif"))
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html)\b", re.I)
_OLD_OFFICE = (".doc", ".xls", ".ppt", ".msg")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # the name of a stream in an Office file behind a password
_FOLDERS = {"word/": ".docx", "xl/": ".xlsx", "ppt/": ".pptx"}  # a ZIP that holds such a folder is such a file
_WORD = (".docx", ".docm", ".dotx", ".dotm")

_PICTURE = ("a picture", "run OCR over it and save it as PDF")
_WORDS = ("a format that is not read", "save it as DOCX or PDF")
_SHEET = ("a spreadsheet that is not read", "save the sheet as CSV")
_ARCHIVE = ("an archive", "unpack it first")
# Suffixes of what is not read -> (problem, remedy).
REFUSED = {
    **dict.fromkeys((".jpg", ".jpeg", ".png", ".tif", ".tiff", ".gif", ".bmp", ".webp", ".heic", ".svg"), _PICTURE),
    **dict.fromkeys((".doc", ".dot", ".rtf", ".odt", ".ott", ".pages", ".wps", ".wpd", ".tex", ".epub", ".xps", ".gdoc"), _WORDS),
    **dict.fromkeys((".pptx", ".ppt", ".odp", ".key"), ("slides", "save them as PDF")),
    **dict.fromkeys((".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".numbers"), _SHEET),
    **dict.fromkeys((".zip", ".7z", ".rar", ".gz", ".bz2", ".xz", ".tar", ".tgz"), _ARCHIVE),
    **dict.fromkeys((".mht", ".mhtml", ".webarchive"), ("a page with all its files", "save it as HTML alone, or as PDF")),
    **dict.fromkeys((".eml", ".msg", ".mbox"), ("an e-mail", "save the document that is attached to it into the folder")),
}


def suffix_of(content: bytes, name: str) -> str:
    """The suffix by which a file is read: of what its first bytes say, else of its name, in lower case.

    Raises:
        Unreadable: it is behind a password.
    """
    own = PurePath(name).suffix.lower()
    for first, within, suffix in _MAGIC:
        if first in content[:within]:
            return suffix
    if content.startswith(_OLE):
        if _ENCRYPTED in content:
            raise PASSWORD
        return own if own in _OLD_OFFICE else ".doc"
    if content.startswith(_ZIP):
        return _of_zip(content, own)
    return ".html" if own == ".doc" and _PAGE.match(content) else own  # a page that was named for Word


def _of_zip(content: bytes, own: str) -> str:
    """The suffix of a ZIP by the folders in it; its own where they say nothing, or where it is broken."""
    try:
        names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return own if own in _WORD or own in REFUSED else ".zip"
    for folder, suffix in _FOLDERS.items():
        if any(name.replace("\\", "/").lower().startswith(folder) for name in names):
            return suffix
    return own if own in _WORD or own in REFUSED else ".zip"
