"""The conditional GAN: generator, discriminator, objective, and checkpoints of them."""
