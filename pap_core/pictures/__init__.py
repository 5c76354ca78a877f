"""What files of pictures say of themselves, read as their authors meant it."""
