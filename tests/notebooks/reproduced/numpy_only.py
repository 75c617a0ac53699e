# Nothing but numpy; metrics are logged by magic and by call
# %%
import numpy as np
np.random.seed(0)
X = np.random.randn(200, 3)
w_true = np.array([1., -2., .5])
y = X @ w_true + np.random.randn(200) * .1
# %%
w = np.zeros(3)
lr = 0.1
losses = []
for epoch in range(50):
    grad = 2 * X.T @ (X @ w - y) / len(y)
    w -= lr * grad
    losses.append(((X @ w - y) ** 2).mean())
# %%
mse = losses[-1]
%track metric mse=mse
# %%
import trackbook
trackbook.log_metric("w_err", float(np.abs(w - w_true).max()))
