"""The `cpu` executor and what its kernels are made of: vectors, tiles, panels, the walk through a plan, threads."""
