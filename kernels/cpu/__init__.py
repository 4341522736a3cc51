"""The `cpu` executor and what its kernels are made of. What is where (README.md says what to read first):

executor.py       the parts of a step, and which thread writes which memory
train.py, predict.py, plans.py      steps; requests; the plan encoded for both
workers.py, tiles.py, buffers.py, bags.py, embedding_update.py      threads, and what each of them is given
layout.py, encode.py, walk.py       a plan as integers, who writes them, and the compiled drivers that walk it
address.py, work.py, jit.py, compile.py     kernels that are called by their address; how and when they are compiled
vector.py, tile.py, matmul.py       explicit vectors; a tile of a product in registers; products in panels
packed_layer.py       one layer by itself
"""
