"""One file is one network; the file name is its name."""
