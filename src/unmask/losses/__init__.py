"""Functions of (Output, Batch); one file is one idea."""
