"""One plain form of a text for everything that reads it: rules, tagger, gazetteer, masks, features and models.

Text comes out of PDF files, web pages and old encodings with characters that nobody sees, words that are cut at the end of
a line, ligatures, odd blanks and headings in spaced letters. Here they are made plain once; an `EditedText` leads from
every place of the plain form back to the source. In reading order:

    tables          characters by what becomes of them
    known_words     words by which a reading of damaged letters is told from another
    characters      each character made plain
    broken_words    words that a hyphen or an unknown character parts
    spaced_letters  headings in spaced letters
    normalise       all of it
"""

from minirank.extract.normal_form.characters import plain_characters
from minirank.extract.normal_form.normalise import normalise, normalised
