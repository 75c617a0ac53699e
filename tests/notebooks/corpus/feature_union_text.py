# Text: TfidfVectorizer, FeatureUnion, predictions on sentences
# %%
good = ["great film", "loved every minute", "wonderful acting and story", "a joy to watch", "brilliant and moving"]
bad = ["terrible film", "hated every minute", "awful acting and dull story", "a pain to watch", "boring and slow"]
texts, labels = [], []
for i in range(12):
    for g, b in zip(good, bad):
        texts += [f"{g} number {i}", f"{b} number {i}"]
        labels += ["pos", "neg"]
len(texts)
# %%
from sklearn.feature_extraction.text import TfidfVectorizer, CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split
tr_x, te_x, tr_y, te_y = train_test_split(texts, labels, random_state=9, test_size=.3)
vec = TfidfVectorizer(ngram_range=(1, 2))
A = vec.fit_transform(tr_x)
B = vec.transform(te_x)
A
# %%
nb = MultinomialNB().fit(A, tr_y)
from sklearn.metrics import accuracy_score, f1_score
print(accuracy_score(te_y, nb.predict(B)))
print(f1_score(te_y, nb.predict(B), pos_label="pos"))
# %%
from sklearn.pipeline import FeatureUnion, Pipeline
both = FeatureUnion([("words", TfidfVectorizer()), ("chars", CountVectorizer(analyzer="char", ngram_range=(2, 3)))])
text_clf = Pipeline([("features", both), ("clf", SGDClassifier(loss="log_loss", random_state=1, max_iter=20, tol=None))])
text_clf.fit(tr_x, tr_y)
# %%
import numpy as np
np.mean(text_clf.predict(te_x) == np.array(te_y))
# %%
text_clf.predict(["what a wonderful joy", "dull and awful"])
# %%
from sklearn.metrics import cohen_kappa_score, matthews_corrcoef
kappa = cohen_kappa_score(te_y, text_clf.predict(te_x))
mcc = matthews_corrcoef(te_y, text_clf.predict(te_x))
print(kappa, mcc)
