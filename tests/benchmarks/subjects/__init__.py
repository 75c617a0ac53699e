"""What is measured: one file a subject, each with a function that gives its figures."""
