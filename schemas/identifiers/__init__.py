"""Identifiers: types and their order, normal forms, placeholders, pseudonyms."""
