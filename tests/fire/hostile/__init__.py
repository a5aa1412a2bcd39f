"""Clients that mean harm, or do it without meaning to: any input, any pace, any guess."""
