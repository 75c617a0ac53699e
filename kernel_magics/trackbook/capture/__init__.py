"""What just happened: what a cell read and wrote, what was fitted, predicted and measured, and on which machine."""
