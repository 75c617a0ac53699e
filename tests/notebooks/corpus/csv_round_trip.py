# Data written by one cell and read by later ones: CSV, npz, JSON, several formats (cold)
# %%
from sklearn.datasets import load_iris
iris = load_iris(as_frame=True)
iris.frame.to_csv("iris.csv", index=False)
iris.frame.head(10).to_json("head.json")
# %%
import pandas as pd
df = pd.read_csv("iris.csv")
df.columns = ["sl", "sw", "pl", "pw", "species"]
df.groupby("species").mean()
# %%
import numpy as np
np.random.seed(0)
np.savez("arrays.npz", X=df[["pl", "pw"]].values, y=df["species"].values)
arrays = np.load("arrays.npz")
X, y = arrays["X"], arrays["y"]
# %%
from sklearn.neighbors import KNeighborsClassifier
from sklearn.metrics import accuracy_score
knn = KNeighborsClassifier().fit(X[::2], y[::2])
accuracy_score(y[1::2], knn.predict(X[1::2]))
# %%
with open("iris.csv") as f:
    lines = f.readlines()
header, *rows = lines
len(rows)
# %%
df.loc[df.species == 2, "pw"] += 0.4
df.to_csv("iris.csv", index=False)
# %%
df2 = pd.read_csv("iris.csv")
model = KNeighborsClassifier(n_neighbors=3).fit(df2[["pl", "pw"]], df2.species)
model.score(df2[["pl", "pw"]], df2["species"])
# %%
import json
json.dump({"accuracy": model.score(df2[["pl", "pw"]], df2["species"])}, open("metrics.json", "w"))
print(open("metrics.json").read())
