"""Coupons from the command line: keys, imports, what became of one."""
