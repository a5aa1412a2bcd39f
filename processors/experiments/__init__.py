"""Experiments in a decision: which variants somebody has, on which of them an answer depends, what is remembered."""
