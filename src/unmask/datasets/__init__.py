"""What is on disk: one file per data set, each with ``MODALITIES`` and ``index(root)``."""
