# Fresh entropy: default_rng() without a seed, clocks, uuids (unseeded)
# %%
import time, uuid
import numpy as np
import pandas as pd
start = time.time()
rng = np.random.default_rng()
run_id = uuid.uuid4().hex
# %%
X = rng.normal(size=(200, 4))
y = (X[:, 0] + rng.normal(scale=.5, size=200) > 0).astype(int)
# %%
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
lr = LogisticRegression().fit(X[:150], y[:150])
print(run_id, accuracy_score(y[150:], lr.predict(X[150:])))
# %%
pd.DataFrame({"seconds": [time.time() - start], "score": [lr.score(X, y)]})
# %%
np.random.seed(int(time.time() * 1e6) % 2**31)
np.random.rand() + nothing
