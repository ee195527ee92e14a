"""The proof of the answer keys, printed as a matrix: `make proof`."""
