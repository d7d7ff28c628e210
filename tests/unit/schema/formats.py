"""The formats that the API passes: those of `policy` under upstream's names, and those of `schema`."""

from functools import partial

from virtward.policy.names import FORMATS, check_privilege
from virtward.policy.privileges import DEFAULT
from virtward.schema.formats import complete

ALL = complete(FORMATS, partial(check_privilege, release=DEFAULT))
