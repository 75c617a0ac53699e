# matplotlib.use("Agg") in a notebook, regression residual plot saved to disk
# %%
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
import sklearn.metrics
X, y = load_diabetes(return_X_y=True)
forest = RandomForestRegressor(25, random_state=0, oob_score=True).fit(X[:350], y[:350])
# %%
pred = forest.predict(X[350:])
res = y[350:] - pred
plt.scatter(pred, res)
plt.axhline(0)
plt.savefig("residuals.png")
import os; os.path.exists("residuals.png")
# %%
print("oob", forest.oob_score_)
print("rmse", sklearn.metrics.root_mean_squared_error(y[350:], pred))
print("medae", sklearn.metrics.median_absolute_error(y[350:], pred), "max", sklearn.metrics.max_error(y[350:], pred))
# %%
from sklearn.inspection import permutation_importance
imp = permutation_importance(forest, X[350:], y[350:], n_repeats=2, random_state=0)
imp.importances_mean.round(2)
