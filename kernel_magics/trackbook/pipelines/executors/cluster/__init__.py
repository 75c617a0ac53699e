"""What goes to and fro between whoever drives a pipeline and the workers of a cluster, which may share nothing."""
