"""What a run means: attempts, logging, finding, comparing."""
