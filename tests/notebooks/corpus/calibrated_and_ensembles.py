# Calibrated classifiers, voting, stacking, bagging, AdaBoost
# %%
from sklearn.datasets import make_classification
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.ensemble import VotingClassifier, StackingClassifier, BaggingClassifier, AdaBoostClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC
from sklearn.metrics import brier_score_loss, accuracy_score
X, y = make_classification(400, 8, n_informative=4, random_state=21)
tr, te = slice(0, 300), slice(300, None)
# %%
cal = CalibratedClassifierCV(LinearSVC(random_state=0), cv=3)
cal.fit(X[tr], y[tr])
prob = cal.predict_proba(X[te])[:, 1]
print("Brier", brier_score_loss(y[te], prob))
frac, mean = calibration_curve(y[te], prob, n_bins=5)
# %%
rf = RandomForestClassifier(n_estimators=15, random_state=0)
lr = LogisticRegression()
nb = GaussianNB()
vote = VotingClassifier([("rf", rf), ("lr", lr), ("nb", nb)], voting="soft")
for clf, label in zip([rf, lr, nb, vote], ["rf", "lr", "nb", "vote"]):
    clf.fit(X[tr], y[tr])
    print("Accuracy: %0.3f [%s]" % (accuracy_score(y[te], clf.predict(X[te])), label))
# %%
stack = StackingClassifier([("rf", rf), ("nb", nb)], final_estimator=LogisticRegression(), cv=3).fit(X[tr], y[tr])
stack.score(X[te], y[te])
# %%
bag = BaggingClassifier(n_estimators=5, random_state=0).fit(X[tr], y[tr])
ada = AdaBoostClassifier(n_estimators=10, random_state=0).fit(X[tr], y[tr])
staged = [accuracy_score(y[te], p) for p in ada.staged_predict(X[te])]
bag.score(X[te], y[te]), max(staged)
