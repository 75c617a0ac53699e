"""Runs the steps of a pipeline: what is ready side by side, each in its turn, until all is done or can't be."""
