"""Durable timers: when a key's state wants to act without an event, derived from the states themselves."""
