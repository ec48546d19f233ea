#!/usr/bin/python3
"""Compares our two models with XGBoost and scikit-learn on the same people, predictors and split.

    ./run bench models --patients 150000 --out /tmp/models
    /usr/bin/python3 tests/Benchmarks/xgboost_comparison.py /tmp/models

Needs numpy, scikit-learn and xgboost (Debian: python3-sklearn, python3-xgboost). XGBoost gets what a careful user gives
it: three depths, a fifth of the training people to stop on, and the best of the three counts. Its time is that of the
best depth alone.
"""
import json
import os
import sys
import time

import numpy as np
import xgboost
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

folder = sys.argv[1]
names = open(os.path.join(folder, "names.txt")).read().split()
y = np.fromfile(os.path.join(folder, "outcomes.u8"), np.uint8)
kept_out = np.fromfile(os.path.join(folder, "test.u8"), np.uint8).astype(bool)
X = np.fromfile(os.path.join(folder, "features.f32"), np.float32).reshape(len(y), len(names))
columns = np.fromfile(os.path.join(folder, "columns.f32"), np.float32).reshape(len(y), -1).astype(np.float64)
ours = json.load(open(os.path.join(folder, "ours.json")))


def timed(work):
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - wall, time.process_time() - cpu


train_X, train_y = X[~kept_out], y[~kept_out]
stop = np.arange(len(train_y)) % 5 == 0
best = None
for depth in (3, 4, 6):
    model = xgboost.XGBClassifier(n_estimators=1000, max_depth=depth, learning_rate=0.05, tree_method="hist", early_stopping_rounds=30, eval_metric="logloss", n_jobs=os.cpu_count())
    _, seconds, cpu = timed(lambda: model.fit(train_X[~stop], train_y[~stop], eval_set=[(train_X[stop], train_y[stop])], verbose=False))
    auroc = roc_auc_score(y[kept_out], model.predict_proba(X[kept_out])[:, 1])
    print(f"XGBoost {xgboost.__version__} depth {depth}: {model.best_iteration} trees, AUROC {auroc:.4f}, {seconds:.1f} s ({cpu:.1f} s of CPU)")
    if best is None or auroc > best[0]:
        best = (auroc, seconds, cpu)

C = columns[~kept_out]
mean, deviation = C.mean(0), C.std(0)
varies = deviation > 1e-12
standard = (C[:, varies] - mean[varies]) / deviation[varies]
logistic = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-10, max_iter=200)
_, seconds, cpu = timed(lambda: logistic.fit(standard, train_y))
auroc = roc_auc_score(y[kept_out], logistic.predict_proba((columns[kept_out][:, varies] - mean[varies]) / deviation[varies])[:, 1])
print(f"scikit-learn logistic: {varies.sum()} columns, AUROC {auroc:.4f}, {seconds:.1f} s ({cpu:.1f} s of CPU)")

print()
print("| | AUROC | seconds | CPU seconds |\n| --- | --- | --- | --- |")
print(f"| our boosting machine | {ours['ebm']['auroc']:.4f} | {ours['ebm']['seconds']:.1f} | {ours['ebm']['cpuSeconds']:.1f} |")
print(f"| XGBoost, the best of three depths | {best[0]:.4f} | {best[1]:.1f} | {best[2]:.1f} |")
print(f"| our logistic regression, calibrated | {ours['logistic']['auroc']:.4f} | {ours['logistic']['seconds']:.1f} | {ours['logistic']['cpuSeconds']:.1f} |")
print(f"| scikit-learn's | {auroc:.4f} | {seconds:.1f} | {cpu:.1f} |")
print()
print(f"boosting machine against XGBoost: AUROC {ours['ebm']['auroc'] - best[0]:+.4f} (wanted -0.003 or better), time x {ours['ebm']['seconds'] / best[1]:.2f}, CPU x {ours['ebm']['cpuSeconds'] / best[2]:.2f} (wanted at most 2)")
coefficients = np.array(ours["logistic"]["coefficients"])[varies] * deviation[varies]
print(f"logistic against scikit-learn: largest difference of a standardised coefficient {np.abs(coefficients - logistic.coef_[0]).max():.1e} (wanted at most 1e-4)")
