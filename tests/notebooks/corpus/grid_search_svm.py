# GridSearchCV on digits, then a look at cv_results_
# %%
from sklearn import datasets, svm
from sklearn.model_selection import GridSearchCV, train_test_split
digits = datasets.load_digits(n_class=4)
data = digits.images.reshape((len(digits.images), -1))
X_train, X_test, y_train, y_test = train_test_split(data, digits.target, test_size=0.5, shuffle=False)
# %%
param_grid = {'C': [0.1, 1, 10], 'gamma': [0.001, 0.01]}
grid = GridSearchCV(svm.SVC(), param_grid, cv=3, scoring='accuracy')
grid.fit(X_train, y_train);
# %%
print(grid.best_params_, grid.best_score_)
# %%
import pandas as pd
pd.DataFrame(grid.cv_results_)[['param_C', 'param_gamma', 'mean_test_score', 'rank_test_score']]
# %%
best = grid.best_estimator_
best.score(X_test, y_test)
# %%
from sklearn import metrics
predicted = grid.predict(X_test)
print(metrics.classification_report(y_test, predicted))
print("test accuracy", metrics.accuracy_score(y_test, predicted))
# %%
disp = metrics.confusion_matrix(y_test, predicted)
disp.trace() / disp.sum()
