# Duck-typed matrix factorisation, kNN from scratch, own metrics and ranking metrics
# %%
import numpy as np
rng = np.random.RandomState(0)
R = rng.binomial(1, .3, (30, 20)) * rng.randint(1, 6, (30, 20))
users, items = R.nonzero()
ratings = R[users, items].astype(float)
# %%
class MF(object):
    def __init__(self, k=4, lr=.02, epochs=8, seed=0):
        self.k, self.lr, self.epochs, self.seed = k, lr, epochs, seed
    def fit(self, users, items, ratings, verbose=False):
        r = np.random.RandomState(self.seed)
        self.P = r.normal(0, .3, (30, self.k)); self.Q = r.normal(0, .3, (20, self.k))
        self.mu = ratings.mean()
        for e in range(self.epochs):
            for u, i, x in zip(users, items, ratings):
                err = x - self.mu - self.P[u] @ self.Q[i]
                self.P[u], self.Q[i] = self.P[u] + self.lr * err * self.Q[i], self.Q[i] + self.lr * err * self.P[u]
            if verbose:
                print(e, self.rmse(users, items, ratings))
        return self
    def predict(self, users, items):
        return self.mu + (self.P[users] * self.Q[items]).sum(1)
    def rmse(self, users, items, ratings):
        return float(np.sqrt(((self.predict(users, items) - ratings) ** 2).mean()))
# %%
mf = MF().fit(users, items, ratings, verbose=True)
mf.rmse(users, items, ratings)
# %%
from sklearn.metrics import mean_squared_error, ndcg_score, dcg_score
print(mean_squared_error(ratings, mf.predict(users, items)))
full = mf.mu + mf.P @ mf.Q.T
ndcg_score(R, full, k=5), dcg_score(R, full, k=5)
# %%
class KNN:
    def __init__(self, k=3):
        self.k = k
    def fit(self, X, y):
        self.X, self.y = X, y
        return self
    def predict(self, X):
        d = ((X[:, None] - self.X[None]) ** 2).sum(-1)
        return np.array([np.bincount(self.y[row]).argmax() for row in d.argsort(1)[:, :self.k]])
    def score(self, X, y):
        return (self.predict(X) == y).mean()

from sklearn.datasets import load_iris
Xi, yi = load_iris(return_X_y=True)
knns = {k: KNN(k).fit(Xi[::2], yi[::2]) for k in (1, 5)}
{k: m.score(Xi[1::2], yi[1::2]) for k, m in knns.items()}
