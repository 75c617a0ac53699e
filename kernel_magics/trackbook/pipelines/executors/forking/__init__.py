"""Kernels, and the workers that drive them, forked from parents that have imported already what they need.

A fresh kernel spends nearly all of its life, for a short notebook, on imports. Here one process a set of imports does
them once (`parent`), begins to be a kernel (`begun`), and forks itself for each that is asked for; the fork becomes a
kernel like any other (`child`). Whoever wants a kernel talks to the parent by a socket (`serving`, `wire`), by way of a
kernel provisioner of `jupyter_client` (`provisioner`). Where a fork would not be as good as a fresh kernel there is a
fresh one. Workers come from a parent of their own (`workers`, `worker_parent`).

What can be told of a forked kernel: modules that its notebook imports are in ``sys.modules`` before it imports them,
and the seed of ``hash`` is that of its parent.
"""
