# model.score through getattr, map, partial, operator.methodcaller, zip
# %%
from functools import partial
from operator import methodcaller
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
X, y = load_iris(return_X_y=True)
A, B, a, b = X[::2], X[1::2], y[::2], y[1::2]
# %%
clfs = [LogisticRegression(max_iter=300), KNeighborsClassifier(), LinearDiscriminantAnalysis()]
fitted = [c.fit(A, a) for c in clfs]
# %%
list(map(methodcaller("score", B, b), fitted))
# %%
getattr(clfs[0], "score")(B, b)
# %%
for name, c in zip(["lr", "knn", "lda"], clfs):
    s = partial(c.score, B)
    print(name, s(y=b))
# %%
knn, *_ = sorted(clfs, key=lambda c: c.score(B, b), reverse=True)
type(knn).__name__
# %%
fit = KNeighborsClassifier(1).fit
score = fit(A, a).score
score(B, b)
# %%
(lambda est: est.fit(A, a).score(B, b))(KNeighborsClassifier(n_neighbors=9))
