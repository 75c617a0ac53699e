# Settings from cells below, cells run again in another order, globals()
# %%
from sklearn.datasets import make_regression
from sklearn.linear_model import ElasticNet
from sklearn.model_selection import train_test_split
from sklearn.metrics import mean_squared_error, r2_score
# %%
X, y = make_regression(300, 8, noise=5, random_state=7)
# %%
alpha = 0.5
l1 = 0.5
# %%
X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=ratio if 'ratio' in globals() else .25, random_state=seed if 'seed' in globals() else 0)
# %%
en = ElasticNet(alpha=alpha, l1_ratio=l1)
en.fit(X_tr, y_tr)
pred = en.predict(X_te)
# %%
rmse = mean_squared_error(y_te, pred) ** 0.5
rmse
# %%
seed = 11
ratio = 0.4
# %% rerun: 4
# %% rerun: 5
# %% rerun: 6
# %% edit: 3
alpha = 0.01
l1 = 0.9
# %% rerun: 5
# %% rerun: 6
