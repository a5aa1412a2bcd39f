"""Coupons at the till: reserve, redeem, release, and pictures of codes."""
