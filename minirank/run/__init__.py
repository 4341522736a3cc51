"""A trained model on disk, and applying it: the run folder, its data, predictions, metrics and scores."""
