# Many regressors, one helper that prints a table (old-style percent formatting)
# %%
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from sklearn.linear_model import LinearRegression, ElasticNet, BayesianRidge, HuberRegressor
from sklearn.svm import SVR
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.isotonic import IsotonicRegression
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics import mean_squared_error, r2_score, explained_variance_score
X, y = load_diabetes(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.33, random_state=42)
# %%
def run(regs):
    print("%-28s %8s %8s" % ("model", "rmse", "r2"))
    for reg in regs:
        reg.fit(X_train, y_train)
        pr = reg.predict(X_test)
        print("%-28s %8.2f %8.3f" % (reg.__class__.__name__, np.sqrt(mean_squared_error(y_test, pr)), r2_score(y_test, pr)))
run([LinearRegression(), ElasticNet(alpha=.01), BayesianRidge(), HuberRegressor(max_iter=300)])
# %%
run((SVR(C=50), KNeighborsRegressor(10), DecisionTreeRegressor(max_depth=3, random_state=0), KernelRidge(alpha=.1, kernel="rbf")))
# %%
gp = GaussianProcessRegressor(alpha=1.0, normalize_y=True, optimizer=None).fit(X_train, y_train)
mu, sd = gp.predict(X_test, return_std=True)
explained_variance_score(y_test, mu)
# %%
iso = IsotonicRegression(out_of_bounds="clip").fit(X_train[:, 2], y_train)
iso.score(X_test[:, 2], y_test)
# %%
coef = np.linalg.lstsq(np.c_[X_train, np.ones(len(X_train))], y_train, rcond=None)[0]
r2_score(y_test, np.c_[X_test, np.ones(len(X_test))] @ coef)
# %%
from sklearn.metrics import mean_tweedie_deviance, mean_poisson_deviance, d2_absolute_error_score
from sklearn.linear_model import PoissonRegressor
pois = PoissonRegressor(alpha=1e-3, max_iter=300).fit(X_train, y_train)
mean_poisson_deviance(y_test, pois.predict(X_test)), d2_absolute_error_score(y_test, pois.predict(X_test))
