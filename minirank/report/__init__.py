"""One page about a run: what was trained on what, what it learned, and where it fails.

In reading order:

    contents          everything that the page shows, as plain dataclasses; its sections are
    contents_trained  what was trained on what, learning curves, what was read in the texts
    contents_learned  metrics, calibration, gates and experts
    contents_ranked   one job, ranked for each role
    collect           fills them from a run folder, by
    found, source     what of the run and of its data can be read
    trained, texts    facts, learning curves, extraction
    quality, gates    what was measured on rows that training did not see
    ranked, reasons   a job ranked for each role, and why
    signs, cautions   what looks wrong, from which threshold on, and what helps
    card              the summary, and the data and model card
    page              one HTML file of the contents, with page.css and page.js in it; its sections, by
    page_short, page_learned, page_trained, page_ranked
    markup            HTML by function calls, every text escaped
    svg, series       pictures: lines, bars with intervals, a heat map
"""
