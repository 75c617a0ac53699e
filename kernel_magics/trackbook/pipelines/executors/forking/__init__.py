"""Kernels forked from a parent that has imported already what their notebooks import.

A fresh kernel spends nearly all of its life, for a short notebook, on imports. Here one process a set of imports does
them once (`parent`) and forks itself for each kernel; the fork becomes a kernel like any other (`child`). Whoever wants
a kernel talks to the parent by a socket (`wire`), by way of a kernel provisioner of `jupyter_client` (`provisioner`).
Where a fork would not be as good as a fresh kernel there is a fresh one.

What can be told of a forked kernel: modules that its notebook imports are in ``sys.modules`` before it imports them,
and the seed of ``hash`` is that of its parent.
"""
