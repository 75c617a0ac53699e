# Anomaly detection and density estimation
# %%
import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor, KernelDensity
from sklearn.covariance import EllipticEnvelope
from sklearn.mixture import GaussianMixture
from sklearn.svm import OneClassSVM
from sklearn.metrics import roc_auc_score, average_precision_score, precision_score
rs = np.random.RandomState(0)
normal = rs.normal(size=(200, 3))
weird = rs.uniform(-6, 6, size=(20, 3))
X = np.vstack([normal, weird]); y = np.r_[np.zeros(200), np.ones(20)]
# %%
iso = IsolationForest(n_estimators=40, random_state=0, contamination=0.1)
flag = iso.fit_predict(X)
print("precision", precision_score(y, flag == -1))
roc_auc_score(y, -iso.score_samples(X))
# %%
lof = LocalOutlierFactor(n_neighbors=15)
lof.fit_predict(X)
print("LOF AP:", average_precision_score(y, -lof.negative_outlier_factor_))
# %%
aucs = {}
for det in [EllipticEnvelope(random_state=0), OneClassSVM(nu=0.1)]:
    det.fit(normal)
    aucs[type(det).__name__] = roc_auc_score(y, -det.decision_function(X))
aucs
# %%
kde = KernelDensity(bandwidth=0.5).fit(normal[:150])
kde.score(normal[150:])
# %%
bics = []
for n in range(1, 4):
    gm = GaussianMixture(n, random_state=0).fit(normal)
    bics.append(gm.bic(normal))
print(bics, gm.score(normal))
# %%
from sklearn.decomposition import PCA
pca = PCA(n_components=2).fit(X)
print(pca.explained_variance_ratio_, pca.score(X))
