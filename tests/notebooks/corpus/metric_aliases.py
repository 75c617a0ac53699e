# Metrics under every name: module alias, star import, attribute, renamed function
# %%
from sklearn import metrics as m
import sklearn.metrics
import sklearn.metrics as skm
from sklearn.metrics import *
from sklearn.metrics import accuracy_score as acc, f1_score as F
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
# %%
X, y = make_classification(500, 12, random_state=0, flip_y=.1)
lr = LogisticRegression().fit(X[:300], y[:300])
p = lr.predict(X[300:]); t = y[300:]
# %%
m.accuracy_score(t, p)
# %%
sklearn.metrics.recall_score(t, p), skm.precision_score(t, p)
# %%
acc(t, p), F(t, p)
# %%
roc_auc_score(t, lr.decision_function(X[300:]))
# %%
for fn in (jaccard_score, hamming_loss, zero_one_loss, balanced_accuracy_score):
    print(fn.__name__, fn(t, p))
# %%
table = {name: getattr(m, name)(t, p) for name in ["matthews_corrcoef", "cohen_kappa_score"]}
table
# %%
fbeta = lambda a, b, beta=2: m.fbeta_score(a, b, beta=beta)
print(fbeta(t, p), fbeta(t, p, beta=.5))
# %%
import functools
macro = functools.partial(f1_score, average="macro")
macro(t, p)
# %%
list(map(lambda avg: precision_score(t, p, average=avg), ["micro", "macro", "weighted"]))
# %%
acc is m.accuracy_score, acc.__name__, acc.__module__
