"""Answers about a policy, as pure functions: why, who may, what may, and what looks like a mistake."""
