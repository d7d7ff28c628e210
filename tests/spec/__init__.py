"""The executable specification: who may do what, in plain sets and loops, at most 200 lines.

Rule: it reads like the semantics (section numbers refer to them) and shares nothing with the engine but the
tables of privileges and built-in roles. Where the engine differs, one of the two is wrong.
"""
