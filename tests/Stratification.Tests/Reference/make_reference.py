"""Makes the reference figures that LogisticTrainer, Discrimination and CalibrationLine are compared with.

Needs python3 with numpy and scikit-learn (Debian: python3-sklearn). Run in this folder; writes reference_data.csv and
reference_expected.json. The test project embeds both, so tests need no Python.
"""
import json

import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

rng = np.random.default_rng(20240401)
n = 3000
age = rng.integers(18, 101, n).astype(float)
male = rng.integers(0, 2, n).astype(float)
emergency = rng.poisson(0.15 + 0.004 * np.maximum(0, age - 60), n).astype(float)
medicines = rng.poisson(1 + 0.06 * np.maximum(0, age - 40), n).astype(float)
heart_failure = (rng.random(n) < 0.01 + 0.001 * np.maximum(0, age - 50)).astype(float)
contacts = np.round(np.log1p(rng.poisson(5, n)), 4)
X = np.column_stack([age, male, emergency, medicines, heart_failure, contacts]).astype(np.float32).astype(float)
z = -5.5 + 0.03 * age + 0.1 * male + 0.7 * emergency + 0.06 * medicines + 0.5 * heart_failure + 0.1 * contacts
y = (rng.random(n) < 1 / (1 + np.exp(-z))).astype(int)

names = ["age", "male", "emerg_adm_0_12m", "medicine_count", "heart_failure", "gp_contacts_12m"]
with open("reference_data.csv", "w") as f:
    f.write(",".join(names) + ",outcome\n")
    for row, o in zip(X, y):
        f.write(",".join(f"{v:.4f}".rstrip("0").rstrip(".") for v in row) + f",{o}\n")
X = np.array([[float(f"{v:.4f}") for v in row] for row in X]).astype(np.float32).astype(float)

mean, sd = X.mean(0), X.std(0)
Z = (X - mean) / sd


def fit(ridge):
    model = LogisticRegression(C=1 / ridge if ridge else 1e12, tol=1e-12, max_iter=1000, solver="newton-cholesky").fit(Z, y)
    beta = model.coef_[0] / sd
    return beta, model.intercept_[0] - (beta * mean).sum(), model


beta1, intercept1, _ = fit(1.0)
beta100, intercept100, _ = fit(100.0)
beta0, intercept0, model0 = fit(0)
p = model0.predict_proba(Z)[:, 1]
D = np.column_stack([np.ones(n), X])
covariance = np.linalg.inv(D.T @ (D * (p * (1 - p))[:, None]))

# DeLong variance, by the definition (placement values), not by the fast algorithm.
pos, neg = p[y == 1], p[y == 0]
psi = (pos[:, None] > neg[None, :]) + 0.5 * (pos[:, None] == neg[None, :])
v10, v01 = psi.mean(1), psi.mean(0)
delong = v10.var(ddof=1) / len(pos) + v01.var(ddof=1) / len(neg)

# Calibration of a deliberately wrong prediction: log-odds halved and moved.
wrong = 0.5 * np.log(p / (1 - p)) + 0.3
line = LogisticRegression(C=1e12, tol=1e-12, max_iter=1000, solver="newton-cholesky").fit(wrong[:, None], y)
iso = IsotonicRegression(out_of_bounds="clip").fit(wrong, y).predict(wrong)

json.dump(
    {
        "names": names,
        "ridge1": {"intercept": intercept1, "coefficients": beta1.tolist()},
        "ridge100": {"intercept": intercept100, "coefficients": beta100.tolist()},
        "ridge0": {"intercept": intercept0, "coefficients": beta0.tolist(), "standardErrors": np.sqrt(np.diag(covariance)).tolist()[1:]},
        "auroc": roc_auc_score(y, p),
        "delongVariance": delong,
        "averagePrecision": average_precision_score(y, p),
        "brier": brier_score_loss(y, p),
        "wrongSlope": line.coef_[0][0],
        "wrongIntercept": line.intercept_[0],
        "isotonicBrier": brier_score_loss(y, iso),
    },
    open("reference_expected.json", "w"),
    indent=1,
)
