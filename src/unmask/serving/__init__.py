"""Pictures in, a decision out; knows no torch."""
