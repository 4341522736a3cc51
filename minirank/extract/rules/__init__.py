"""Extraction without a server: lexicon, requirements, years, the tagger, and grades from what they found."""
