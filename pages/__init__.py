"""The pages of the app, one file each; app.py names them."""
