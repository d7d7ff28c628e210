"""What every API call of Proxmox VE 8.4 and 9.x requires, as data; this package states, `policy` decides.

loader       load(release) -> Rules: find a call, suggest one, list them
demands      expand(rule, params): what the call asks beyond its gate
difference   diff(old, new) between releases
model        Rule, Check, Demand and what they are made of
"""
