"""The mathematics: the plan, one file an operation, and the executors that run any plan.

Imported as `minirank.kernels`. Knows nothing of jobs, resumes or files. README.md says in which order to read the files here and
in ops/. Beside them lie checks.py, what executors refuse; executor.py, what all of them give; cpu/ and cuda/, the fast ones.
"""
