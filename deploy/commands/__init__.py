"""The commands, by who needs them. They import what they need when they run, so that help is instant."""

from cyclopts import Group

TRY_IT = Group("Try it", sort_key=1)
RUN_IT = Group("Run it: one process each, settings from FOOTPATH_… variables", sort_key=2)
SET_IT_UP = Group("Set it up: each step can be repeated", sort_key=3)
USE_IT = Group("Use it", sort_key=4)
