# cross_val_score, GridSearchCV, cross_validate
# %%
import numpy as np, pandas as pd
from sklearn.datasets import load_wine
from sklearn.model_selection import cross_val_score, cross_validate, StratifiedKFold, GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
X, y = load_wine(return_X_y=True)
# %%
cv = StratifiedKFold(4, shuffle=True, random_state=9)
pipe = Pipeline([("sc", StandardScaler()), ("svc", SVC())])
scores = cross_val_score(pipe, X, y, cv=cv)
print(scores.mean(), scores.std())
# %%
grid = GridSearchCV(pipe, {"svc__C": [.1, 1, 10], "svc__kernel": ["rbf", "linear"]}, cv=cv)
grid.fit(X, y)
grid.best_params_, grid.best_score_
# %%
best = grid.best_estimator_
r = cross_validate(best, X, y, cv=cv, scoring=["accuracy", "f1_macro"])
pd.DataFrame(r).mean()
