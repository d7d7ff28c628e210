"""Hypothesis options of this folder: with CI=true always the same examples; no limit of time for one.

The phase that explains failures is left out: it traces every line, which makes a failure take minutes.
"""

import os

from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "virtward",
    deadline=None,
    derandomize=os.environ.get("CI") == "true",
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("virtward")
