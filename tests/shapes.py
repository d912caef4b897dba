"""The type checker that holds tensors against the shapes in the kernels' signatures."""

from beartype import BeartypeConf, beartype

# An int is a float to Python's own typing rules, and to the callers of ``eps=1``.
checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
