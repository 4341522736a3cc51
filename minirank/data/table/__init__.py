"""Generic tables: CSV or NPZ rows, their columns, and how they are encoded."""
