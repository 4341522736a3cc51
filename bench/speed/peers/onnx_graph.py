"""The benchmark's MMoE as a graph for ONNX Runtime, written node by node so that it has nothing that an exporter adds.

An expert is two Gemm + Relu pairs, which ONNX Runtime fuses, on weights that it packs once.
"""

import numpy as np
from onnx import TensorProto, helper, numpy_helper


class Graph:
    """Collects nodes and constants."""

    def __init__(self) -> None:
        self.nodes, self.constants, self.inputs = [], [], []

    def constant(self, array, dtype=np.float32) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array, dtype, order="C"), name))
        return name

    def input(self, name, kind, *shape) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def add(self, kind, *inputs, **attributes) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def shaped(self, value, *shape) -> str:
        return self.add("Reshape", value, self.constant(shape, np.int64))

    def model(self, output) -> bytes:
        self.nodes.append(helper.make_node("Identity", [output], ["logits"]))
        result = helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, "mmoe", self.inputs, [result], self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10).SerializeToString()


def plain(arrays, tables, sizes) -> bytes:
    """Inputs ids (n, C), dense (n, ND), role (n,): every row by itself."""
    g = Graph()
    x = _inputs(g, g.constant(tables), sizes.width, "", sizes.fields, sizes.dense)
    role = g.input("role", TensorProto.INT64, "n")
    z = g.add("Gemm", x, g.constant(arrays["gate_w"]), g.constant(arrays["gate_b"]))
    z = g.add("Add", z, g.add("Gather", g.constant(_with_unknown(arrays["role_b"])), role))
    if "role_w" in arrays:
        roles, inputs, width = arrays["role_w"].shape
        every = g.add("MatMul", x, g.constant(arrays["role_w"].transpose(1, 0, 2).reshape(inputs, roles * width)))
        known = g.add("Gather", g.constant(_with_unknown(np.eye(roles))), role)
        own = g.add("MatMul", g.shaped(known, -1, 1, roles), g.shaped(every, -1, roles, width))
        z = g.add("Add", z, g.shaped(own, -1, width))
    first = [g.add("Gemm", x, g.constant(w), g.constant(b)) for w, b in zip(arrays["w1"], arrays["b1"])]
    return g.model(_after_first(g, arrays, first, z))


def shared(arrays, tables, sizes) -> bytes:
    """Inputs job_ids (1, Cj), job_dense (1, NDj), ids (n, C - Cj), dense (n, ND - NDj), role (1,)."""
    g, fields, dense = Graph(), sizes.job_fields, sizes.job_dense
    table = g.constant(tables)
    job = _inputs(g, table, sizes.width, "job_", fields, dense)
    x = _inputs(g, table, sizes.width, "", sizes.fields - fields, sizes.dense - dense)
    role = g.input("role", TensorProto.INT64, 1)
    of_job = np.zeros(sizes.fields * sizes.width + sizes.dense, bool)
    of_job[: fields * sizes.width] = True
    of_job[sizes.fields * sizes.width :][:dense] = True
    gate = []
    for columns in (of_job, ~of_job):
        part = g.constant(arrays["gate_w"][columns])
        if "role_w" in arrays:
            own = g.add("Gather", g.constant(_with_unknown(arrays["role_w"][:, columns])), role)
            part = g.add("Add", part, g.shaped(own, *arrays["gate_w"][columns].shape))
        gate.append(part)
    bias = g.add("Gemm", job, gate[0], g.constant(arrays["gate_b"]))
    bias = g.add("Add", bias, g.add("Gather", g.constant(_with_unknown(arrays["role_b"])), role))
    z = g.add("Gemm", x, gate[1], bias)
    parts = [g.add("Gemm", job, g.constant(w[of_job]), g.constant(b)) for w, b in zip(arrays["w1"], arrays["b1"])]
    first = [g.add("Gemm", x, g.constant(w[~of_job]), part) for w, part in zip(arrays["w1"], parts)]
    return g.model(_after_first(g, arrays, first, z))


def _with_unknown(array):
    """A row of zeros in front: role 0."""
    return np.concatenate((np.zeros_like(array[:1]), array))


def _inputs(g, table, width, prefix, fields, dense):
    ids = g.input(f"{prefix}ids", TensorProto.INT64, f"{prefix}n", fields)
    rows = g.shaped(g.add("Gather", table, ids), -1, fields * width)
    return g.add("Concat", rows, g.input(f"{prefix}dense", TensorProto.FLOAT, f"{prefix}n", dense), axis=1)


def _after_first(g, arrays, first, z):
    experts, (tasks, h2, _) = len(first), arrays["tower_w1"].shape
    h = []
    for one, w, b in zip(first, arrays["w2"], arrays["b2"]):
        h.append(g.add("Relu", g.add("Gemm", g.add("Relu", one), g.constant(w), g.constant(b))))
    h = g.shaped(g.add("Concat", *h, axis=1), -1, experts, h2)
    gates = g.add("Softmax", g.shaped(z, -1, tasks, experts), axis=-1)
    mixed = g.add("MatMul", gates, h)
    logits = []
    for t in range(tasks):
        m = g.add("Gather", mixed, g.constant(t, np.int64), axis=1)
        hidden = g.add("Relu", g.add("Gemm", m, g.constant(arrays["tower_w1"][t]), g.constant(arrays["tower_b1"][t])))
        logits.append(g.add("Gemm", hidden, g.constant(arrays["tower_w2"][t]), g.constant(arrays["tower_b2"][t])))
    return g.add("Concat", *logits, axis=1)
