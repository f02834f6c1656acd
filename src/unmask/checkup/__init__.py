"""What is wrong with a data set, before anybody trains on it: small checks, each of one fault."""
