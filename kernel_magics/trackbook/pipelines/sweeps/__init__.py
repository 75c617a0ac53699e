"""One notebook with many values of its params: which to try, the trials, and what came out best."""
