"""What a prediction is worth: metrics, intervals, paired differences, and where they are kept."""
