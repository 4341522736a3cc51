"""minirank: a talent-search ranker that can be read, trained and used on a minimal machine."""

__version__ = "0.1.0"
