# A careful person looks at functions: signatures, docs, isinstance, monkeypatching
# %%
import inspect, pickle
from sklearn.metrics import accuracy_score, f1_score
from sklearn.linear_model import LogisticRegression
from sklearn.datasets import load_iris
X, y = load_iris(return_X_y=True)
# %%
inspect.signature(accuracy_score), str(inspect.signature(LogisticRegression.fit))
# %%
accuracy_score.__doc__.splitlines()[0], inspect.isfunction(f1_score), LogisticRegression.__mro__[0].__name__
# %%
inspect.getsource(accuracy_score)[:30], len(inspect.getsource(LogisticRegression.fit).splitlines()) > 20
# %%
print(accuracy_score, LogisticRegression.fit, LogisticRegression().fit)
# %%
accuracy_score?
# %%
lr = LogisticRegression(max_iter=300)
sorted(vars(lr)), lr.fit.__self__ is lr, lr.fit == lr.fit
# %%
lr.fit(X, y)
sorted(k for k in vars(lr) if k.endswith("_"))
# %%
import sklearn.metrics
original = sklearn.metrics.accuracy_score
def shouting(*a, **k):
    print("HEY")
    return original(*a, **k)
sklearn.metrics.accuracy_score = shouting
sklearn.metrics.accuracy_score(y, lr.predict(X))
# %%
sklearn.metrics.accuracy_score = original
sklearn.metrics.accuracy_score(y, lr.predict(X)), len(pickle.dumps(lr)) > 500
# %%
import types
lr.score = types.MethodType(lambda self, X, y: 0.5, lr)
lr.score(X, y)
# %%
del lr.score
lr.score(X, y)
# %%
from unittest import mock
with mock.patch("sklearn.metrics.f1_score", return_value=.123) as fake:
    print(sklearn.metrics.f1_score(y, y))
fake.call_count
