"""Exporting: a pipeline as what other engines run, step by step, with the same command line."""
