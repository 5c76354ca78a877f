"""The paper's own results, copied from it. None of these figures was measured here.

F. J. Castro Cortés et al., Rev. Mex. Ing. Biomédica 46(2), 2025. They stand for its model on its data,
SIPaKMeD, and for no other.
"""

DOI = "10.17488/RMIB.46.2.1462"

# %, mean (Table 3) and standard deviation (Table 4) over the test images
PUBLISHED: dict[str, dict[str, tuple[float, float]]] = {
    "nucleus": {
        "accuracy": (93.99, 5.12),
        "precision": (88.80, 10.68),
        "sensitivity": (89.62, 13.22),
        "specificity": (91.32, 11.64),
        "jaccard": (80.89, 15.89),
    },
    "cytoplasm": {
        "accuracy": (96.93, 3.17),
        "precision": (97.33, 3.20),
        "sensitivity": (99.34, 0.80),
        "specificity": (67.03, 12.01),
        "jaccard": (96.71, 3.33),
    },
}

# %, nucleus and cytoplasm together (Table 5, row Pix2Pix), printed there with two digits and no deviation
TOGETHER: dict[str, float] = {
    "accuracy": 95,
    "precision": 93,
    "sensitivity": 94,
    "specificity": 79,
    "jaccard": 89,
}
