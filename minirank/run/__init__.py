"""A trained model on disk, and applying it.

In reading order:

    load_data   from the `data:` part of a configuration to a Dataset
    backend     what computes a plan
    folder      the files of a run
    load_run    a run read back from its folder
    prediction  probabilities of rows, the joint ones, the ranking score
    scoring     metrics on a run's own rows, predictions for other data
"""
