"""Line in, record out: the IPython extension and its ``%track``."""
