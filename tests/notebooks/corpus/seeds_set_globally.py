# Seeds set the old way, re-seeded halfway, state saved and restored
# %%
import random, os
import numpy as np
SEED = 1234
def seed_everything(seed):
    random.seed(seed)
    os.environ['PYTHONHASHSEED_WANTED'] = str(seed)
    np.random.seed(seed)
seed_everything(SEED)
# %%
from sklearn.datasets import make_friedman1
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import train_test_split, ShuffleSplit, cross_val_score
from sklearn.metrics import r2_score, mean_squared_error
X, y = make_friedman1(300)
X_tr, X_te, y_tr, y_te = train_test_split(X, y)
# %%
rf = RandomForestRegressor(15).fit(X_tr, y_tr)
first = r2_score(y_te, rf.predict(X_te)); first
# %%
seed_everything(SEED)
# %% rerun: 2
# %% rerun: 3
# %%
state = np.random.get_state()
a = np.random.rand(3)
np.random.set_state(state)
b = np.random.rand(3)
(a == b).all()
# %%
cross_val_score(RandomForestRegressor(5), X, y, cv=ShuffleSplit(2)).mean()
# %%
mean_squared_error(y_te, rf.predict(X_te)) ** 0.5
