"""Makes a run again: its slice in a fresh, confined kernel, and what came out beside what was."""
