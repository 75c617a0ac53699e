"""How things connect: pure functions over statements and their sources."""
