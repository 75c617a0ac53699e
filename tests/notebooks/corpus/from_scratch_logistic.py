# Course exercise: logistic regression from scratch, no sklearn class at all
# %%
import numpy as np
from sklearn.datasets import make_blobs
X, y = make_blobs(n_samples=200, centers=2, cluster_std=3.0, random_state=10)
X = (X - X.mean(0)) / X.std(0)
# %%
def sigmoid(z):
    return 1 / (1 + np.exp(-z))

class LogisticRegressionScratch:
    def __init__(self, lr=0.1, n_iter=200):
        self.lr = lr
        self.n_iter = n_iter
        self.losses = []

    def fit(self, X, y):
        self.w = np.zeros(X.shape[1])
        self.b = 0.0
        for _ in range(self.n_iter):
            p = sigmoid(X @ self.w + self.b)
            self.w -= self.lr * X.T @ (p - y) / len(y)
            self.b -= self.lr * (p - y).mean()
            self.losses.append(-(y * np.log(p + 1e-9) + (1 - y) * np.log(1 - p + 1e-9)).mean())

    def predict(self, X):
        return (sigmoid(X @ self.w + self.b) >= 0.5).astype(int)

    def accuracy(self, X, y):
        return (self.predict(X) == y).mean()
# %%
model = LogisticRegressionScratch(lr=0.5)
model.fit(X[:150], y[:150])
print("train acc", model.accuracy(X[:150], y[:150]))
print("test acc", model.accuracy(X[150:], y[150:]))
# %%
from sklearn.metrics import accuracy_score
from sklearn.linear_model import LogisticRegression
ref = LogisticRegression().fit(X[:150], y[:150])
print("mine:", accuracy_score(y[150:], model.predict(X[150:])), "sklearn:", accuracy_score(y[150:], ref.predict(X[150:])))
# %%
for lr in [0.01, 0.1, 1.0]:
    m = LogisticRegressionScratch(lr=lr, n_iter=50)
    m.fit(X[:150], y[:150])
    print(lr, m.losses[-1], accuracy_score(y[150:], m.predict(X[150:])))
