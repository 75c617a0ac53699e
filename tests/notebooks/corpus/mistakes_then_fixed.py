# Cells that raise and are then fixed: typos, shapes, unfitted models, a syntax error
# %%
import pandas as pd
from sklearn.datasets import load_wine
wine = load_wine(as_frame=True)
df = wine.frame
# %%
X = df.drop('targets', axis=1)
# %% edit: 2
X = df.drop('target', axis=1)
y = df.target
# %%
from sklearn.ensemble import RandomForestClasifier
# %% edit: 3
from sklearn.ensemble import RandomForestClassifier
# %%
rf = RandomForestClassifier(n_estimators=20, random_state=0)
print(rf.predict(X[:3]))
# %%
from sklearn.model_selection import train_test_split
X_tr, X_te, y_tr, y_te = train_test_split(X, y, random_state=1)
rf.fit(X_tr, y_te)
# %%
rf.fit(X_tr, y_tr)
# %%
from sklearn.metrics import f1_score, accuracy_score
f1_score(y_te, rf.predict(X_te))
# %% edit: 7
from sklearn.metrics import f1_score, accuracy_score
f1_score(y_te, rf.predict(X_te), average='macro')
# %%
print("accuracy " + accuracy_score(y_te, rf.predict(X_te)))
# %%
for depth in [1, 2, 'three']:
    m = RandomForestClassifier(n_estimators=5, max_depth=depth, random_state=0).fit(X_tr, y_tr)
    print(depth, accuracy_score(y_te, m.predict(X_te)))
# %%
if True
    print("oops")
# %%
1 / 0
# %%
undefined_name
# %%
def check(model):
    score = model.score(X_te, y_te)
    assert score > 1.0, f"only {score:.3f}"
check(rf)
# %%
try:
    rf.score(X_te)
except TypeError as e:
    print("caught:", e)
