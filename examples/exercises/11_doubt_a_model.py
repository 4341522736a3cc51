"""Exercises of lesson 11. Fill a gap in, run the file: each check says whether it is right."""

# %% [markdown]
# ## Exercises
# Each function says what it must return. Replace its last line; then run the cell at the end.


# %%
def place_of(quote, text):
    """(start, end) of the first place in a text where a quote stands, whatever case and blanks; None where it does not.

    text[start:end] are the document's own words. Words are whole. "Evidence" is such a place: a person can look at it.
    """
    raise NotImplementedError


def check_place_of():
    text = "You know  JavaScript,\nJava and\n  wound\tcare. Java!"
    for quote, words in (
        ("java", "Java"),
        ("Wound Care", "wound\tcare"),
        ("java AND wound", "Java and\n  wound"),
        ("JAVASCRIPT", "JavaScript"),
    ):
        start, end = place_of(quote, text)
        assert text[start:end] == words and start == text.find(words, 22 if words == "Java" else 0)
    assert place_of("script", text) is None and place_of("C++", "We use C only") is None
    assert place_of("c++", "We use C++ and Go.") == (7, 10)  # a word may end in a sign


# %%
def number_is_quoted(number, quote):
    """Whether a whole number stands in a quote, in digits or, up to twelve, as an English word. 5 does not stand in "15 years" or "2.5"."""
    raise NotImplementedError


def check_number_is_quoted():
    right = ((5, "at least 5 years"), (3, "Three years"), (12, "12+ years"), (10, "ten years or more"), (7, "5-7 years"))
    wrong = (
        (5, "15 years"),
        (5, "2.5 years"),
        (3, "some years"),
        (1, "someone with experience"),
        (5, "50"),
        (10, "often"),
        (5, "5.5 years"),
    )
    assert all(number_is_quoted(*case) for case in right)
    assert not any(number_is_quoted(*case) for case in wrong)


# %%
for check in (check_place_of, check_number_is_quoted):
    try:
        check()
        print(check.__name__, "right")
    except NotImplementedError:
        print(check.__name__, "still to do")
