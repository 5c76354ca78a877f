"""Truth about pictures, in every form that people have it in, as label maps."""
