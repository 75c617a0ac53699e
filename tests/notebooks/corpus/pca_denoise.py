# Unsupervised transforms feeding a classifier: PCA, NMF, TruncatedSVD, projections
# %%
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA, NMF, TruncatedSVD
from sklearn.random_projection import GaussianRandomProjection
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import accuracy_score, mean_squared_error
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = X[:1000], X[1000:1500], y[:1000], y[1000:1500]
# %%
pca = PCA(n_components=.9, svd_solver="full").fit(X_train)
Z_train, Z_test = pca.transform(X_train), pca.transform(X_test)
pca.n_components_
# %%
print("reconstruction", mean_squared_error(X_test, pca.inverse_transform(Z_test)))
# %%
ridge = RidgeClassifier().fit(Z_train, y_train)
print('PCA', accuracy_score(y_test, ridge.predict(Z_test)))
# %%
reducers = {"svd": TruncatedSVD(15, random_state=0), "nmf": NMF(8, init="nndsvd", max_iter=60, tol=1e-2), "rp": GaussianRandomProjection(15, random_state=0)}
out = {}
for name, r in reducers.items():
    A = r.fit_transform(X_train)
    out[name] = accuracy_score(y_test, RidgeClassifier().fit(A, y_train).predict(r.transform(X_test)))
out
