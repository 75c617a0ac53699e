"""Records as HTML and text."""
