"""ONNX Runtime on its CPU provider, for scoring."""

import numpy as np
import onnx_graph
import onnxruntime
from worker import serve


class OnnxRuntime:
    packages = ("onnxruntime", "onnx")

    def prepare(self, problem, threads, variant):
        sizes, options = problem.sizes, onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        tables = problem.tables
        self.sessions = {
            shared: onnxruntime.InferenceSession(graph(problem.arrays, tables, sizes), options, providers=["CPUExecutionProvider"])
            for shared, graph in ((False, onnx_graph.plain), (True, onnx_graph.shared))
        }
        fields, dense = sizes.job_fields, sizes.job_dense
        self.inputs = {False: [], True: []}
        for b in problem.batches():
            role = b.role.astype(np.int64)
            self.inputs[False].append({"ids": b.ids, "dense": b.dense, "role": role})
            job = {"job_ids": b.ids[:1, :fields], "job_dense": b.dense[:1, :dense], "role": role[:1]}
            own = {"ids": np.ascontiguousarray(b.ids[:, fields:]), "dense": np.ascontiguousarray(b.dense[:, dense:])}
            self.inputs[True].append(job | own)

    def request(self, number, shared):
        return self.sessions[shared].run(None, self.inputs[shared][number])[0]

    def bulk(self, chunk):
        session, whole = self.sessions[False], self.inputs[False][-1]
        parts = [{name: array[start : start + chunk] for name, array in whole.items()} for start in range(0, len(whole["ids"]), chunk)]
        return np.concatenate([session.run(None, part)[0] for part in parts])


if __name__ == "__main__":
    serve(OnnxRuntime())
