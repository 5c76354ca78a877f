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

# shares, nucleus and cytoplasm together (Table 5); what the paper leaves open is not there. Each
# row's figures come from another work and another data set, as the paper prints them
TABLE_5: dict[str, dict[str, float]] = {
    "K-means": {"jaccard": 0.72},
    "Mean-shift": {"sensitivity": 0.94, "specificity": 0.93},
    "CNN": {"precision": 0.73, "sensitivity": 0.65, "specificity": 0.73},
    "Bi-path": {"accuracy": 0.77, "sensitivity": 0.72, "specificity": 0.71},
    "Pix2Pix": {
        "accuracy": 0.95,
        "precision": 0.93,
        "sensitivity": 0.94,
        "specificity": 0.79,
        "jaccard": 0.89,
    },
    "Superpixel and CNN": {"sensitivity": 0.87, "specificity": 0.91},
    "U-Net": {"sensitivity": 0.95, "specificity": 0.75, "jaccard": 0.63},
    "Otsu": {"sensitivity": 0.89, "specificity": 0.43, "jaccard": 0.52},
    "Star-convex polygons": {"precision": 0.89},
    "ConvNet": {"accuracy": 0.98, "specificity": 0.98},
    "Ensemble (superpixel, FCN8, FCN16) by STAPLE": {
        "accuracy": 0.87,
        "sensitivity": 0.66,
        "specificity": 0.96,
        "jaccard": 0.53,
    },
    "EfficientNet with FPN": {
        "precision": 0.91,
        "sensitivity": 0.91,
        "specificity": 0.95,
        "jaccard": 0.84,
    },
}
