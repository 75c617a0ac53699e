# Plots: ROC, precision-recall, confusion matrix display, seaborn-free
# %%
%matplotlib inline
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.pipeline import make_pipeline
X, y = load_breast_cancer(return_X_y=True)
Xa, Xb, ya, yb = train_test_split(X, y, random_state=3)
lr = make_pipeline(StandardScaler(), LogisticRegression(C=.1)).fit(Xa, ya)
# %%
from sklearn.metrics import roc_curve, auc, precision_recall_curve, average_precision_score, RocCurveDisplay
p = lr.predict_proba(Xb)[:, 1]
fpr, tpr, thr = roc_curve(yb, p)
roc_auc = auc(fpr, tpr)
plt.plot(fpr, tpr, label='ROC (area = %0.3f)' % roc_auc)
plt.legend()
# %%
prec, rec, _ = precision_recall_curve(yb, p)
plt.step(rec, prec)
plt.title(f"AP={average_precision_score(yb, p):.3f}");
# %%
RocCurveDisplay.from_predictions(yb, p)
plt.show()
# %%
from sklearn.metrics import ConfusionMatrixDisplay
ConfusionMatrixDisplay.from_estimator(lr, Xb, yb)
# %%
from sklearn.metrics import f1_score
ts = np.linspace(.1, .9, 9)
f1s = [f1_score(yb, p > t) for t in ts]
fig = plt.figure(figsize=(3, 2)); plt.plot(ts, f1s); fig.savefig("f1.png"); plt.close(fig)
best_t = ts[np.argmax(f1s)]
print("best threshold", best_t, "F1", max(f1s))
