"""Lines of a page that are full go on in the next one, so that a phrase that was broken off is one phrase again."""

from minirank.data.documents.pdf.reading_order import Span, in_reading_order


def read(*lines, width=5.0):
    """The text of lines of one column, a letter `width` points wide."""
    return in_reading_order([Span(50, 50 + width * len(line), 100 + 12.0 * n, 10.0, line, n) for n, line in enumerate(lines)])


def test_a_line_that_is_full_goes_on_in_the_next():
    assert read("five years of intensive", "care and of triage") == "five years of intensive care and of triage"
    assert read("Clerk at Acme, Apr 2019 -", "May 2021 in the north") == "Clerk at Acme, Apr 2019 - May 2021 in the north"
    assert read("a first page of machine", "learning, some of data", "science and one more") == (
        "a first page of machine learning, some of data science and one more"
    )


def test_a_line_with_room_left_or_of_a_list_or_before_a_new_sentence_does_not():
    for lines in (
        ("five years of", "care on the ward of a hospital"),  # `care` had a place
        ("machine learning", "python"),  # items of a list
        ("five years of intensive", "Care on the ward"),  # a title
        ("five years of ware-", "housing at a big place"),  # divided: its parts are joined where words are looked up
    ):
        assert read(*lines) == "\n".join(lines)
