"""One notebook as a step: its parameters, its execution by papermill, and what is known of it afterwards."""
