"""The operations for CUDA, under the names of the CPU's files. Imported only when the cuda backend is asked for.

What is where (what to read first, README.md says); each file refers to the forward line, in the file of the same name in ops/, that
it inverts.

    probe.py          why there is no GPU          jit.py, sizes.py, intrinsics.py   how a kernel is declared
    layout.py         a step of a walk as integers
    embedding.py, dense.py, by_id.py, softmax.py, mixture.py, losses.py   steps of a walk;  walk.py runs them
    group_losses.py   a block a search             reduce.py, sums.py   sums in a fixed order
    tiles.py, product.py, weight_gradients.py      grouped matrix products;  tensor_tiles.py  in TF32, an opt-in
    adam.py, sort.py, tables.py                    Adam, dense and row-lazy; sparse gradients
    schedule.py       fusion: from operations to launches;  encode.py writes them as integers
    batches.py, device.py, graph.py, executor.py   what is on the GPU, and the order of things
"""
