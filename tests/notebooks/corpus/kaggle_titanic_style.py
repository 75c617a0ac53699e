# Kaggle style: synthetic passengers, everything imported at the top, old pandas habits
# %%
# This Python 3 environment comes with many helpful analytics libraries installed
import numpy as np # linear algebra
import pandas as pd # data processing, CSV file I/O (e.g. pd.read_csv)
import os
import warnings
warnings.filterwarnings('ignore')
for dirname, _, filenames in os.walk('input'):
    for filename in filenames:
        print(os.path.join(dirname, filename))
# %%
np.random.seed(42)
n = 600
raw = pd.DataFrame({
    'PassengerId': np.arange(1, n + 1),
    'Pclass': np.random.choice([1, 2, 3], n, p=[.25, .2, .55]),
    'Sex': np.random.choice(['male', 'female'], n),
    'Age': np.where(np.random.rand(n) < .2, np.nan, np.random.normal(30, 14, n).clip(1, 80)),
    'Fare': np.random.exponential(30, n),
    'Embarked': np.random.choice(['S', 'C', 'Q', None], n, p=[.7, .18, .11, .01]),
})
logit = 1.2 * (raw.Sex == 'female') - .6 * (raw.Pclass - 2) - .01 * raw.Age.fillna(30) + np.random.normal(0, .6, n)
raw['Survived'] = (logit > .3).astype(int)
os.makedirs('input', exist_ok=True)
raw.iloc[:450].to_csv('input/train.csv', index=False)
raw.iloc[450:].drop('Survived', axis=1).to_csv('input/test.csv', index=False)
# %%
train = pd.read_csv('input/train.csv')
test = pd.read_csv('input/test.csv')
train.head()
# %%
train.isnull().sum()
# %%
women = train.loc[train.Sex == 'female']["Survived"]
rate_women = sum(women)/len(women)
print("% of women who survived:", rate_women)
# %%
train['Age'] = train['Age'].fillna(train['Age'].median())
test['Age'] = test['Age'].fillna(train['Age'].median())
train['Embarked'] = train['Embarked'].fillna('S')
for df in [train, test]:
    df['IsAlone'] = (df['Fare'] < 15).astype(int)
# %%
from sklearn.ensemble import RandomForestClassifier

y = train["Survived"]
features = ["Pclass", "Sex", "IsAlone", "Age"]
X = pd.get_dummies(train[features])
X_test = pd.get_dummies(test[features])

model = RandomForestClassifier(n_estimators=60, max_depth=5, random_state=1)
model.fit(X, y)
predictions = model.predict(X_test)

output = pd.DataFrame({'PassengerId': test.PassengerId, 'Survived': predictions})
output.to_csv('submission.csv', index=False)
print("Your submission was successfully saved!")
# %%
acc_random_forest = round(model.score(X, y) * 100, 2)
acc_random_forest
# %%
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC
logreg = LogisticRegression(max_iter=500)
logreg.fit(X, y)
acc_log = round(logreg.score(X, y) * 100, 2)
svc = SVC()
svc.fit(X, y)
acc_svc = round(svc.score(X, y) * 100, 2)
knn = KNeighborsClassifier(n_neighbors = 3)
knn.fit(X, y)
acc_knn = round(knn.score(X, y) * 100, 2)
gaussian = GaussianNB()
gaussian.fit(X, y)
acc_gaussian = round(gaussian.score(X, y) * 100, 2)
# %%
models = pd.DataFrame({
    'Model': ['Support Vector Machines', 'KNN', 'Logistic Regression', 'Random Forest', 'Naive Bayes'],
    'Score': [acc_svc, acc_knn, acc_log, acc_random_forest, acc_gaussian]})
models.sort_values(by='Score', ascending=False)
