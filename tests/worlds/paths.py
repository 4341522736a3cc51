"""Folders of the checkout."""

from pathlib import Path

WORLDS = Path(__file__).resolve().parent
TESTS = WORLDS.parent
ROOT = TESTS.parent
