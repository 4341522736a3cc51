"""One file an operation: its derivation, NumPy forward and backward, then Numba for a tile of rows."""
