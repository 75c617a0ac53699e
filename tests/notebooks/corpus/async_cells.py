# Top-level await and asyncio around training
# %%
import asyncio
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
X, y = load_wine(return_X_y=True)
# %%
async def get_data():
    await asyncio.sleep(0)
    return X[::2], X[1::2], y[::2], y[1::2]
Xa, Xb, ya, yb = await get_data()
# %%
def train(C):
    clf = LogisticRegression(C=C, max_iter=2000).fit(Xa[:, :4], ya)
    return C, accuracy_score(yb, clf.predict(Xb[:, :4]))
await asyncio.to_thread(train, 1.0)
# %%
async def job(C):
    await asyncio.sleep(0)
    return train(C)
done = await asyncio.gather(*(job(c) for c in (.01, .1, 10)))
done
# %%
async for_fun = 1
# %%
best = max(done, key=lambda pair: pair[1])
clf = LogisticRegression(C=best[0], max_iter=2000).fit(Xa, ya)
await asyncio.sleep(0, result=clf.score(Xb, yb))
