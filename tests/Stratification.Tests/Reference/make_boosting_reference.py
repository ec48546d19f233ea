"""Trains XGBoost on made-up people and writes its AUROC to reference_boosting.json.

Needs python3 with numpy, scikit-learn and xgboost (Debian: python3-sklearn, python3-xgboost). Run in this folder. The
people come from a counter-based generator (SplitMix64) that BoostingParityTests repeats, so no data file is needed.
"""
import json
import time

import numpy as np
import xgboost
from sklearn.metrics import roc_auc_score

TRAIN, TEST = 40_000, 40_000


def uniform(counter):
    with np.errstate(over="ignore"):
        x = counter.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    return (x >> np.uint64(11)).astype(float) / 2**53


person = np.arange(TRAIN + TEST, dtype=np.uint64)
u = [uniform(person * np.uint64(16) + np.uint64(k)) for k in range(9)]
age = 18 + np.floor(82 * u[0])
emergency = np.where(u[1] < 0.8, 0, 1 + np.floor(5 * u[2] * u[2]))
heart_failure = (u[3] < 0.08).astype(float)
medicines = np.floor(15 * u[4] * u[4] * age / 60)
bmi = np.where(u[5] < 0.3, np.nan, np.floor(16 + 30 * u[6]))
efi = np.where(age < 65, np.nan, np.floor(18 * u[7]) / 36)
z = (
    -3.4
    + 0.002 * ((age - 45) / 5) ** 2
    + 0.55 * np.minimum(emergency, 4)
    + 0.06 * medicines
    + 0.5 * heart_failure
    + 0.9 * heart_failure * (age >= 75)
    + np.where(bmi < 18.5, 0.7, 0)
    + np.where(np.isnan(efi), 0, 2.5 * np.nan_to_num(efi))
)
y = (u[8] < 1 / (1 + np.exp(-z))).astype(int)
X = np.column_stack([age, emergency, heart_failure, medicines, bmi, efi]).astype(np.float32)

best = None
for depth in (3, 4, 6):
    started = time.process_time()
    fit = int(TRAIN * 0.85)
    model = xgboost.XGBClassifier(n_estimators=1000, max_depth=depth, learning_rate=0.05, tree_method="hist", early_stopping_rounds=30, eval_metric="logloss", n_jobs=2)
    model.fit(X[:fit], y[:fit], eval_set=[(X[fit:TRAIN], y[fit:TRAIN])], verbose=False)
    auroc = roc_auc_score(y[TRAIN:], model.predict_proba(X[TRAIN:])[:, 1])
    print(f"depth {depth}: {model.best_iteration} trees, AUROC {auroc:.5f}, {time.process_time() - started:.1f} s of CPU")
    if best is None or auroc > best:
        best = auroc
truth = roc_auc_score(y[TRAIN:], z[TRAIN:])
print(f"truth {truth:.5f}, events {y.sum()}")
json.dump({"train": TRAIN, "test": TEST, "events": int(y.sum()), "xgboostAuroc": best, "truthAuroc": truth, "xgboost": xgboost.__version__}, open("reference_boosting.json", "w"), indent=1)
