# Semi-supervised and transductive models, spectral and manifold methods
# %%
import numpy as np
from sklearn.datasets import load_digits, make_circles
from sklearn.semi_supervised import LabelPropagation, LabelSpreading, SelfTrainingClassifier
from sklearn.svm import SVC
from sklearn.metrics import accuracy_score, v_measure_score, homogeneity_score, fowlkes_mallows_score
X, y = load_digits(n_class=4, return_X_y=True)
X, y = X[:300] / 16., y[:300]
rs = np.random.RandomState(0)
hidden = rs.rand(len(y)) < .7
partial = np.where(hidden, -1, y)
# %%
ls = LabelSpreading(kernel="knn", n_neighbors=5).fit(X, partial)
print("transduction:", accuracy_score(y[hidden], ls.transduction_[hidden]))
# %%
st = SelfTrainingClassifier(SVC(probability=False, gamma=.1), criterion="k_best", k_best=30, max_iter=2) if False else SelfTrainingClassifier(LabelPropagation(kernel="knn"), max_iter=1)
st.fit(X, partial).score(X[hidden], y[hidden])
# %%
from sklearn.cluster import SpectralClustering, MiniBatchKMeans, Birch, MeanShift
labels = SpectralClustering(4, affinity="nearest_neighbors", random_state=0, n_neighbors=8).fit_predict(X)
v_measure_score(y, labels)
# %%
for alg in (MiniBatchKMeans(4, n_init=2, random_state=0, batch_size=300), Birch(n_clusters=4, threshold=.8)):
    print(alg.__class__.__name__, homogeneity_score(y, alg.fit(X).labels_), fowlkes_mallows_score(y, alg.labels_))
