"""One file for each library that Trackbook understands; found by the entry point group ``trackbook.integrations``."""
