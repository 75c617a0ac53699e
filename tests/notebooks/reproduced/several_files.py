# Several CSV files joined, the result written
# %%
import pandas as pd
from pathlib import Path
import glob
DATA = Path("data")
# %%
parts = [pd.read_csv(f) for f in sorted(glob.glob("data/train_*.csv"))]
df = pd.concat(parts, ignore_index=True)
labels = pd.read_csv(DATA / "labels.csv", index_col="id")
# %%
df = df.merge(labels, left_on="id", right_index=True)
df.shape
# %%
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
lr = LogisticRegression().fit(df[["x1", "x2"]], df.y)
proba = lr.predict_proba(df[["x1", "x2"]])[:, 1]
print(roc_auc_score(df.y, proba), log_loss(df.y, proba))
# %%
df.assign(p=proba).to_csv("out.csv", index=False)
