"""JAX, one jitted function a step, its arguments donated.

Variants: `wide` or `loop` experts (see torch_network.py), and how tables are stepped: `dense` (gradient and Adam over whole
tables) or `lazy` (the rows of the batch alone: repeated ids are summed by way of a table of places).
"""

from worker import limit_cores, serve


class JaxJit:
    packages = ("jax", "jaxlib")

    def prepare(self, problem, threads, variant):
        limit_cores(threads)  # before JAX counts them
        import jax
        import jax.numpy as jnp
        import jax_network as network

        form, tables = variant.split(", ")
        self.parameters = {name: jnp.array(array) for name, array in problem.arrays.items()}
        self.tables = jnp.array(problem.tables)
        self.batches = [
            {name: jnp.array(array.astype("int32") if array.dtype == "int64" else array) for name, array in vars(batch).items()}
            for batch in problem.batches()
        ]
        self.state = network.start(self.parameters, self.tables, tables)
        self.step_of = jax.jit(network.steps[tables](form), donate_argnums=0)
        self.loss_of = jax.jit(network.loss_of(form))
        self.logits_of = jax.jit(network.logits_of(form))

    def rows(self, batch):
        return self.state["tables"][batch["ids"]]

    def logits(self, number):
        batch = self.batches[number]
        return self.logits_of(self.state["network"], self.rows(batch), batch)

    def loss(self, number):
        batch = self.batches[number]
        return self.loss_of(self.state["network"], self.rows(batch), batch)

    def step(self, number):
        self.state, loss = self.step_of(self.state, self.batches[number])
        return float(loss)


if __name__ == "__main__":
    serve(JaxJit())
