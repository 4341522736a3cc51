"""Extraction without a server, and grades from what it found.

In reading order:

    lexicon, ambiguity        phrases of skills, titles ... and how they are found; when `Go` and `R` name a skill
    scanned_text              one scan of a text: what is flagged, what the lexicon finds
    requirements, years,      which skills are demanded; how many years; what is done in the job
    responsibilities
    dates, periods, career    when, for how long and for whom somebody worked
    signal_words, pay,        finer signals: pay, when somebody can start, conditions and leadership, industries, how well a skill
    availability, conditions, is known
    industries, skill_depth,
    signals
    gazetteer                 labels of skills that the user points at
    spans, tagger,            spans as annotators mark them, by rules and by a linear-chain CRF; what the CRF sees of a word, and
    tagger_features,          what that adds up to, in compiled loops
    tagger_scores,
    tagger_kernels
    extract_rules             the features of a job and of a resume
    grade_rules               how well a resume fits a job
"""
