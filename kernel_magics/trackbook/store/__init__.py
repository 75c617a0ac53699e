"""Where it is kept: the only place that knows SQL, objects and paths."""
