"""The `cpu` executor and what its kernels are made of. What is where (README.md says what to read first):

executor.py       the parts of a step, and which thread writes which memory
train.py, predict.py, plans.py      steps; requests; the plan encoded for both
workers.py, team.py, atomics.py      threads that help; those of a step, which go through its parts together; what they tell each other
tiles.py, buffers.py, bags.py, embedding_update.py      what each thread is given
layout.py, encode.py, walk.py       a plan as integers, who writes them, and what a thread does in each part of a step
address.py, work.py, jit.py, compile.py     kernels that are called by their address; how and when they are compiled
vector.py, tile.py, matmul.py       explicit vectors; a tile of a product in registers; products in panels
packed_layer.py       one layer by itself
"""
