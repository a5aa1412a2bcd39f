"""Likeness: which records are probably of one person though no identifier says so.

A Fellegi-Sunter model (I. Fellegi and A. Sunter, "A Theory for Record Linkage", JASA 64, 1969) over traits that are
compared in encoded form: the gateway encodes, the stream scores, a job over the store trains.
"""
