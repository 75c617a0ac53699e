# Mixed columns with ColumnTransformer, Pipeline and make_pipeline
# %%
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
# %%
gen = np.random.default_rng(2024)
customers = pd.DataFrame({
    "age": gen.integers(18, 80, 500).astype(float),
    "income": gen.lognormal(10, .4, 500),
    "plan": gen.choice(["free", "basic", "pro"], 500),
    "country": gen.choice(["DE", "FR", "US", "BR"], 500),
})
customers.loc[gen.choice(500, 40, replace=False), "age"] = np.nan
churn = (gen.random(500) < np.where(customers.plan == "free", .6, .25)).astype(int)
customers.groupby("plan").size()
# %%
numeric = Pipeline(steps=[("imputer", SimpleImputer(strategy="median")), ("scaler", StandardScaler())])
categorical = OneHotEncoder(handle_unknown="ignore")
pre = ColumnTransformer([
    ("num", numeric, ["age", "income"]),
    ("cat", categorical, ["plan", "country"]),
])
clf = Pipeline([("preprocessor", pre), ("classifier", LogisticRegression())])
clf
# %%
X_train, X_test, y_train, y_test = train_test_split(customers, churn, test_size=0.25, random_state=0)
clf.fit(X_train, y_train)
print("model score: %.3f" % clf.score(X_test, y_test))
# %%
clf.set_params(classifier__C=0.01)
clf.fit(X_train, y_train)
clf.score(X_test, y_test)
# %%
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss, brier_score_loss
pipe2 = make_pipeline(pre, HistGradientBoostingClassifier(max_iter=15, random_state=0))
proba = pipe2.fit(X_train, y_train).predict_proba(X_test)
log_loss(y_test, proba), brier_score_loss(y_test, proba[:, 1])
# %%
clf[:-1].get_feature_names_out()
