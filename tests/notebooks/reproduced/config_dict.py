# Imports that may fail, and a nested dict of settings that a cell changes
# %%
import numpy as np
try:
    import cupy as xp
except ImportError:
    xp = np
try:
    import lightgbm_not_here
    HAS = True
except Exception:
    HAS = False
# %%
CONFIG = {
    "n": 200,
    "alpha": 0.3,
    "features": ["a", "b"],
    "model": {"kind": "ridge", "fit_intercept": True},
}
# %%
from sklearn.linear_model import Ridge, Lasso
from sklearn.metrics import r2_score
rng = np.random.RandomState(0)
X = rng.rand(CONFIG["n"], len(CONFIG["features"]))
y = X @ np.array([1.5, -2]) + 0.1 * rng.randn(CONFIG["n"])
# %%
CONFIG["alpha"] = 0.1
if CONFIG["model"]["kind"] == "ridge" and not HAS:
    m = Ridge(alpha=CONFIG["alpha"], fit_intercept=CONFIG["model"]["fit_intercept"])
else:
    m = Lasso(CONFIG["alpha"])
m.fit(X, y)
# %%
r2_score(y, m.predict(X))
