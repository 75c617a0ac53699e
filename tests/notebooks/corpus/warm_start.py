# warm_start forests and boosters, convergence warnings shown
# %%
from sklearn.datasets import make_regression
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.metrics import mean_squared_error
import numpy as np
X, y = make_regression(300, 6, noise=20, random_state=1)
gb = GradientBoostingRegressor(n_estimators=10, warm_start=True, random_state=0)
# %%
for n in (10, 20, 40):
    gb.n_estimators = n
    gb.fit(X[:200], y[:200])
    print(n, mean_squared_error(y[200:], gb.predict(X[200:])) ** .5)
# %%
val = [mean_squared_error(y[200:], p) for p in gb.staged_predict(X[200:])]
int(np.argmin(val)) + 1
# %%
from sklearn.neural_network import MLPRegressor
mlp = MLPRegressor(hidden_layer_sizes=(8,), max_iter=5, random_state=0)
mlp.fit(X[:200], y[:200])
# %%
mlp.set_params(max_iter=15, warm_start=True).fit(X[:200], y[:200])
mlp.score(X[200:], y[200:])
# %%
from sklearn.linear_model import LogisticRegression
LogisticRegression(max_iter=3).fit(X[:200] * 100, y[:200] > 0).score(X[200:] * 100, y[200:] > 0)
