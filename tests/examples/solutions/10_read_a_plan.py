"""Answers to the exercises of lesson 10."""


def dense_parameters(width, experts, hidden, roles, tasks):
    gates = (width + 1) * experts * tasks
    return experts * (width + 1) * hidden + gates + roles * gates + tasks * (hidden + 1)


def wrong_dense_parameters(width, experts, hidden, roles, tasks):
    return experts * (width + 1) * hidden + (roles + 1) * (width + 1) * experts + tasks * (hidden + 1)  # one gate for all tasks


def last_use(operations):
    return {block: number for number, (output, inputs) in enumerate(operations) for block in (output, *inputs)}


def wrong_last_use(operations):
    return {block: number for number, (_, inputs) in enumerate(operations) for block in inputs}  # forgets what nobody reads
