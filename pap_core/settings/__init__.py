"""What networks and trainings are set to, without torch."""
