# Feature engineering with pandas: groupby, merge, pivot, inplace, method chains
# %%
import pandas as pd
import numpy as np
rng = np.random.default_rng(5)
orders = pd.DataFrame({"user": rng.integers(0, 60, 900), "amount": rng.gamma(2, 20, 900).round(2),
                       "ts": pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 90 * 24, 900), unit="h"),
                       "item": rng.choice(list("abcde"), 900)})
users = pd.DataFrame({"user": range(60), "segment": rng.choice(["new", "old"], 60)})
orders.info()
# %%
agg = (orders
       .assign(month=lambda d: d.ts.dt.month)
       .groupby("user")
       .agg(n=("amount", "size"), total=("amount", "sum"), mean=("amount", "mean"), months=("month", "nunique"))
       .reset_index())
agg.head()
# %%
items = orders.pivot_table(index="user", columns="item", values="amount", aggfunc="sum", fill_value=0)
full = agg.merge(items, on="user").merge(users, on="user")
full["label"] = (full.total > full.total.median()).astype(int)
full.drop(columns=["total"], inplace=True)
full.shape
# %%
full = pd.get_dummies(full, columns=["segment"], drop_first=True, dtype=float)
X = full.drop(columns=["user", "label"])
y = full.label
# %%
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_validate, train_test_split
from sklearn.metrics import accuracy_score, roc_auc_score
Xt, Xv, yt, yv = train_test_split(X, y, random_state=0, stratify=y)
clf = RandomForestClassifier(25, random_state=0).fit(Xt, yt)
print(accuracy_score(yv, clf.predict(Xv)), roc_auc_score(yv, clf.predict_proba(Xv)[:, 1]))
# %%
pd.Series(clf.feature_importances_, X.columns).sort_values(ascending=False).head(3)
# %%
X["ratio"] = X["a"] / (X["b"] + 1)
Xt, Xv, yt, yv = train_test_split(X, y, random_state=0, stratify=y)
clf.fit(Xt, yt)
accuracy_score(yv, clf.predict(Xv))
# %%
chained = X[X["n"] > 5]
chained["n"][0] = 100
chained["n"].max()
# %%
cv = cross_validate(clf, X, y, cv=3, scoring="accuracy")
cv["test_score"].mean()
