# A model dumped and loaded again
# %%
import pickle, os, json
os.makedirs("models", exist_ok=True)
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split
X, y = load_diabetes(return_X_y=True)
Xa, Xb, ya, yb = train_test_split(X, y, random_state=5)
# %%
model = Ridge(0.1).fit(Xa, ya)
with open("models/ridge.pkl", "wb") as f:
    pickle.dump(model, f)
json.dump({"n": len(Xa)}, open("models/meta.json", "w"))
# %%
with open("models/ridge.pkl", "rb") as f:
    loaded = pickle.load(f)
meta = json.load(open("models/meta.json"))
# %%
print(loaded.score(Xb, yb), meta)
