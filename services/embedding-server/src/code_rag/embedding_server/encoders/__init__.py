"""The engines that turn texts into vectors, behind one Protocol."""
