"""Extraction by a model on a server: prompts, masked documents, grounded answers, grades and summaries of hires."""
