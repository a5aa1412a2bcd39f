"""Promises that hold under faults: each test file injects one kind of fault and asserts what must still hold."""
