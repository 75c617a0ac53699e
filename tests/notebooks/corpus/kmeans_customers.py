# Clustering: choose k by silhouette, elbow plot
# %%
import numpy as np
import matplotlib.pyplot as plt
from sklearn.cluster import KMeans, AgglomerativeClustering, DBSCAN
from sklearn.datasets import make_blobs
from sklearn.metrics import silhouette_score, davies_bouldin_score, calinski_harabasz_score, adjusted_rand_score
X, truth = make_blobs(n_samples=300, centers=4, cluster_std=0.9, random_state=3)
# %%
inertias, sils = [], []
ks = range(2, 7)
for k in ks:
    km = KMeans(n_clusters=k, n_init=3, random_state=0).fit(X)
    inertias.append(km.inertia_)
    sils.append(silhouette_score(X, km.labels_))
print(dict(zip(ks, np.round(sils, 3))))
# %%
fig, ax = plt.subplots(figsize=(4, 3))
ax.plot(list(ks), inertias, 'o-')
ax.set_xlabel('k')
plt.show()
# %%
best_k = list(ks)[int(np.argmax(sils))]
km = KMeans(n_clusters=best_k, n_init=3, random_state=0)
labels = km.fit_predict(X)
davies_bouldin_score(X, labels), calinski_harabasz_score(X, labels)
# %%
agg = AgglomerativeClustering(n_clusters=4).fit(X)
print("ARI agg:", adjusted_rand_score(truth, agg.labels_))
db = DBSCAN(eps=.8).fit(X)
print("ARI dbscan:", adjusted_rand_score(truth, db.labels_), "noise:", (db.labels_ == -1).sum())
# %%
km.score(X)
