"""Coupons: their codes, the terms under which they are issued, and a till's basket."""
