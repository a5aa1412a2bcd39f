"""Experiments: who gets which variant, as a pure function of ids and shares."""
