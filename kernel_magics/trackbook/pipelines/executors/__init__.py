"""Where steps run: in processes on this machine, or on a cluster."""
