"""Coupons: who has one, and which basket uses it."""
