"""Invented people, papers and reviews: for trying the product out and for benchmarks. Nobody in here exists."""
