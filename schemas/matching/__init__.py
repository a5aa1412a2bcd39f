"""Matching: traits, their comparison and the weights by which records are linked that share no identifier."""
