# Multi-output regression, multilabel classification, chains
# %%
from sklearn.datasets import make_multilabel_classification, make_regression
from sklearn.multioutput import MultiOutputRegressor, MultiOutputClassifier, ClassifierChain
from sklearn.multiclass import OneVsRestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import (hamming_loss, f1_score, r2_score, coverage_error, label_ranking_loss,
                             multilabel_confusion_matrix, mean_absolute_error)
# %%
X, Y = make_regression(200, 5, n_targets=3, noise=5, random_state=0)
mor = MultiOutputRegressor(Ridge(alpha=.5)).fit(X[:150], Y[:150])
print(r2_score(Y[150:], mor.predict(X[150:])))
r2_score(Y[150:], mor.predict(X[150:]), multioutput="raw_values")
# %%
mean_absolute_error(Y[150:], mor.predict(X[150:]), multioutput=[.5, .3, .2])
# %%
XL, L = make_multilabel_classification(200, 10, n_classes=4, random_state=0)
clfs = {"multi": MultiOutputClassifier(LogisticRegression(max_iter=500)),
        "chain": ClassifierChain(LogisticRegression(max_iter=500), random_state=0),
        "ovr": OneVsRestClassifier(LogisticRegression(max_iter=500))}
scores = {}
for key in clfs:
    pred = clfs[key].fit(XL[:150], L[:150]).predict(XL[150:])
    scores[key] = dict(hamming=hamming_loss(L[150:], pred), micro=f1_score(L[150:], pred, average="micro"))
scores
# %%
per_label = f1_score(L[150:], pred, average=None)
per_label.round(3).tolist()
# %%
proba = clfs["ovr"].predict_proba(XL[150:])
coverage_error(L[150:], proba), label_ranking_loss(L[150:], proba)
