# Functions that change the table that they are given
# %%
import pandas as pd, numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LassoCV
df = load_diabetes(as_frame=True).frame
# %%
def clean(d):
    d.drop(columns=["s6"], inplace=True)
    d["bmi2"] = d["bmi"] ** 2
    d.loc[d.age < 0, "age"] = 0

def scale(d, cols):
    for c in cols:
        d[c] = (d[c] - d[c].mean()) / d[c].std()
# %%
clean(df)
# %%
scale(df, ["bmi", "bp"])
# %%
features = [c for c in df.columns if c != "target"]
features.remove("sex")
# %%
model = LassoCV(cv=3).fit(df[features], df["target"])
model.score(df[features], df["target"])
