"""Generic tables: CSV or NPZ rows, their schema, and how they are encoded."""
