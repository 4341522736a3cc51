#!/usr/bin/env bash
# python-docx 1.2.0: a document that was made and saved today says that it was last changed on 23 December 2013.
# One would guess: core_properties.modified, and Word's own properties, tell when a file was saved, or nothing.
# Instead: every new Document begins with the properties of the package's template, and save() leaves created and modified alone.
# Why it matters: resumes written by a program all have one date; freshness, snapshots and splits by time are then wrong without a word.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile python-docx==1.2.0
cd "$work"
"$work/venv/bin/python" - <<'PY'
import docx

made = docx.Document()
made.add_paragraph("Nurse")
made.save("resume.docx")
read = docx.Document("resume.docx").core_properties
print("created:", read.created, "modified:", read.modified, "by:", read.author)
assert str(read.modified) == str(read.created) == "2013-12-23 23:15:00+00:00" and read.author == "python-docx", read.modified
PY
