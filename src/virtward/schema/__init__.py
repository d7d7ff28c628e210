"""What a valid value is; this package judges values and knows nothing of what exists.

types        Param, String, Integer, Number, Boolean, ListOf, Array, enum
propstring   PropertyString; read and write `virtio=...,bridge=vmbr0`
formats      FORMATS: named formats, all but the policy's ids
params       Params: the parameters of a call
parse        parse_all(params, raw, formats): typed values, or every error at once
load         load().params(method, path): upstream's own parameters
describe     parameters as JSON Schema
sizes        `8G` <-> bytes
"""
