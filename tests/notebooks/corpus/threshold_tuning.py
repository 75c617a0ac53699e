# Imbalanced data: thresholds on predict_proba, class weights, TunedThreshold (reevaluated)
# %%
import numpy as np
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_score, recall_score, f1_score, roc_auc_score, confusion_matrix
from sklearn.model_selection import train_test_split
X, y = make_classification(800, weights=[.9], random_state=2, class_sep=.8)
X_tr, X_va, y_tr, y_va = train_test_split(X, y, stratify=y, random_state=2)
# %%
lr = LogisticRegression(class_weight="balanced").fit(X_tr, y_tr)
proba = lr.predict_proba(X_va)[:, 1]
print("AUC:", roc_auc_score(y_va, proba))
# %%
threshold = .5
y_hat = (proba >= threshold).astype(int)
print(precision_score(y_va, y_hat), recall_score(y_va, y_hat), f1_score(y_va, y_hat))
# %% edit: 3
threshold = .7
y_hat = (proba >= threshold).astype(int)
print(precision_score(y_va, y_hat), recall_score(y_va, y_hat), f1_score(y_va, y_hat))
# %%
best, best_t = 0, None
for t in np.arange(.2, .9, .1):
    f = f1_score(y_va, proba >= t)
    if f > best:
        best, best_t = f, t
best, round(best_t, 2)
# %%
tn, fp, fn, tp = confusion_matrix(y_va, proba >= best_t).ravel()
cost = 10 * fn + fp
cost
# %%
from sklearn.model_selection import TunedThresholdClassifierCV
tuned = TunedThresholdClassifierCV(LogisticRegression(), scoring="f1", cv=3).fit(X_tr, y_tr)
print(tuned.best_threshold_, f1_score(y_va, tuned.predict(X_va)))
