"""What ``trackbook new`` lays out: notebooks for the life cycle of a model, and the files of a project around them."""
