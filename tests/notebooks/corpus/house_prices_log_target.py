# Regression on log prices, inverse transform before the error
# %%
import numpy as np, pandas as pd
from sklearn.datasets import make_regression
from sklearn.model_selection import train_test_split
rng = np.random.RandomState(7)
X, t = make_regression(n_samples=400, n_features=8, noise=12.0, random_state=7)
houses = pd.DataFrame(X, columns=[f"f{i}" for i in range(8)])
houses['SalePrice'] = np.exp(11 + t / np.abs(t).max())
houses['SalePrice'].describe()
# %%
y = np.log1p(houses.pop('SalePrice'))
X_train, X_val, y_train, y_val = train_test_split(houses, y, random_state=0)
# %%
from sklearn.linear_model import Ridge, Lasso
from sklearn.metrics import mean_squared_error, mean_absolute_error, r2_score

def rmsle(model, X, y):
    """root mean squared error on the log scale"""
    return np.sqrt(mean_squared_error(y, model.predict(X)))

ridge = Ridge(alpha=10)
ridge.fit(X_train, y_train)
print('Ridge RMSLE: {:.4f}'.format(rmsle(ridge, X_val, y_val)))
# %%
alphas = [0.05, 0.1, 0.3, 1, 3, 5, 10, 15, 30, 50, 75]
errors = [rmsle(Ridge(alpha=a).fit(X_train, y_train), X_val, y_val) for a in alphas]
errors = pd.Series(errors, index=alphas)
errors.idxmin(), errors.min()
# %%
lasso = Lasso(alpha=0.0005, max_iter=5000).fit(X_train, y_train)
pred = np.expm1(lasso.predict(X_val))
true = np.expm1(y_val)
print("MAE in dollars:", mean_absolute_error(true, pred))
print("R2: %.3f" % r2_score(true, pred))
# %%
from sklearn.compose import TransformedTargetRegressor
ttr = TransformedTargetRegressor(regressor=Ridge(alpha=1.0), func=np.log1p, inverse_func=np.expm1)
ttr.fit(X_train, np.expm1(y_train))
mae = mean_absolute_error(true, ttr.predict(X_val)); mae
# %%
blend = 0.5 * np.expm1(ridge.predict(X_val)) + 0.5 * pred
f"blend: {mean_absolute_error(true, blend):,.2f} vs ridge {mean_absolute_error(true, np.expm1(ridge.predict(X_val))):,.2f}"
