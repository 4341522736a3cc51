"""Extraction by a model on a server, and grades and summaries of hires by one.

In reading order:

    masked_document           the form in which a document leaves the machine, with placeholders, in pieces
    grounding                 what a model quotes must stand in the document
    parse_years, answers      from an answer to features
    prompts, asker            what is asked; what was answered once is not asked again
    merge                     pieces become one document, checked against the rules
    documents, sentences      a document read as a whole, or sentence by sentence
    extract_llm               the features of a folder
    span_scores, trial        whether a model finds more than the rules, on postings whose truth is known
    grade_llm                 how well a resume fits a job
    hiring_summary            what past hires have in common
"""

from minirank.extract.llm.asker import Asker
from minirank.extract.llm.documents import PIECE, ExtractionReport, LLMDocument
from minirank.extract.llm.extract_llm import extract_folder_llm
from minirank.extract.llm.grounding import FoldedText, ValueCounts
from minirank.extract.llm.prompts import load_prompt
