# A booster trained in each fold, all folds measured once more at the end
# %%
import lightgbm as lgb
import numpy as np
from sklearn.datasets import make_regression
from sklearn.model_selection import KFold
from sklearn.metrics import mean_squared_error
X, y = make_regression(300, 6, noise=3, random_state=2)
oof = np.zeros(len(y))
params = {"objective": "regression", "num_leaves": 7, "learning_rate": .1, "verbose": -1, "seed": 3, "num_threads": 1, "deterministic": True}
# %%
kf = KFold(3, shuffle=True, random_state=1)
for fold, (a, b) in enumerate(kf.split(X)):
    dtrain = lgb.Dataset(X[a], y[a]); dval = lgb.Dataset(X[b], y[b])
    bst = lgb.train(params, dtrain, 30, valid_sets=[dval])
    oof[b] = bst.predict(X[b])
    print(fold, mean_squared_error(y[b], oof[b]))
# %%
np.sqrt(mean_squared_error(y, oof))
