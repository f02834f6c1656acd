"""What is on disk; one file is one data set."""
