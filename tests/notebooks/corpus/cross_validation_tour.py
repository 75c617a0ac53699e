# Cross-validation in all its forms
# %%
import numpy as np
from sklearn.datasets import load_iris
from sklearn.svm import SVC
from sklearn.model_selection import cross_val_score, cross_validate, KFold, StratifiedKFold
X, y = load_iris(return_X_y=True)
clf = SVC(kernel='linear', C=1)
scores = cross_val_score(clf, X, y, cv=5)
scores
# %%
print("%0.2f accuracy with a standard deviation of %0.2f" % (scores.mean(), scores.std()))
# %%
cross_val_score(clf, X, y, cv=5, scoring='f1_macro').mean()
# %%
res = cross_validate(clf, X, y, scoring=['precision_macro', 'recall_macro'], cv=3, return_train_score=True)
{k: v.mean() for k, v in res.items() if 'time' not in k}
# %%
kf = KFold(n_splits=4, shuffle=True, random_state=0)
fold_scores = []
for i, (train, test) in enumerate(kf.split(X)):
    clf.fit(X[train], y[train])
    s = clf.score(X[test], y[test])
    print(f"fold {i}: {s:.3f}")
    fold_scores.append(s)
np.mean(fold_scores)
# %%
from sklearn.metrics import accuracy_score, balanced_accuracy_score
skf = StratifiedKFold(n_splits=3)
oof = np.zeros(len(y), dtype=int)
for tr, va in skf.split(X, y):
    m = SVC(C=0.5).fit(X[tr], y[tr])
    oof[va] = m.predict(X[va])
print('OOF', accuracy_score(y, oof), balanced_accuracy_score(y, oof))
# %%
from sklearn.model_selection import cross_val_predict
pred = cross_val_predict(clf, X, y, cv=5)
accuracy_score(y, pred)
