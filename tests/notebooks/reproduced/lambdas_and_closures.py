# Lambdas, closures, functions made of functions
# %%
import numpy as np
from functools import partial, reduce
from sklearn.preprocessing import FunctionTransformer
from sklearn.pipeline import make_pipeline
from sklearn.linear_model import LinearRegression
# %%
rng = np.random.default_rng(5)
x = rng.uniform(1, 10, size=(120, 1))
y = np.log(x[:, 0]) * 3 + rng.normal(0, .1, 120)
# %%
log = lambda a: np.log(a)
steps = [log, lambda a: a * 2]
compose = lambda *fs: reduce(lambda f, g: lambda z: g(f(z)), fs)
f = compose(*steps)
# %%
def make_scorer(power):
    def score(t, p):
        return float(np.mean(np.abs(t - p) ** power))
    return score
mae, mse = make_scorer(1), make_scorer(2)
# %%
pipe = make_pipeline(FunctionTransformer(f), LinearRegression())
pipe.fit(x, y)
p = pipe.predict(x)
print(mae(y, p), mse(y, p), pipe.score(x, y))
