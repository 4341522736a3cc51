"""One page about a run: what was trained on what, what it learned, and where it fails.

In reading order:

    contents          everything that the page shows, as plain dataclasses; its sections are
    contents_trained  what was trained on what, learning curves, what was read in the texts
    contents_learned  metrics, calibration, gates and experts
    contents_ranked   one job, ranked for each role
"""
