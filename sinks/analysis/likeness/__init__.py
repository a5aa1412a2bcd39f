"""Trains the model of likeness from what the store holds, without anybody having told which records are of one
person."""
