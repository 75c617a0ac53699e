# Metrics computed with numpy only
# %%
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression, SGDRegressor
X, y = load_diabetes(return_X_y=True)
split = int(.8 * len(X))
lin = LinearRegression()
lin.fit(X[:split], y[:split])
# %%
err = y[split:] - lin.predict(X[split:])
rmse = np.sqrt((err ** 2).mean())
mae = np.abs(err).mean()
r2 = 1 - (err ** 2).sum() / ((y[split:] - y[split:].mean()) ** 2).sum()
print(rmse, mae, r2)
# %%
# gradient descent by hand
w = np.zeros(X.shape[1]); b = y[:split].mean()
losses = []
for step in range(50):
    g = X[:split] @ w + b - y[:split]
    w -= .5 * X[:split].T @ g / split
    losses.append(float((g ** 2).mean()))
losses[0], losses[-1]
# %%
folds = np.array_split(np.random.RandomState(0).permutation(len(X)), 5)
out = []
for k in range(5):
    test = folds[k]
    train = np.concatenate([f for j, f in enumerate(folds) if j != k])
    model = LinearRegression().fit(X[train], y[train])
    out.append(np.mean((model.predict(X[test]) - y[test]) ** 2))
np.sqrt(out).mean()
