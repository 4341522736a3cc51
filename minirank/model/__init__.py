"""From a configuration to a plan: every architecture is a table of the same few operations."""
