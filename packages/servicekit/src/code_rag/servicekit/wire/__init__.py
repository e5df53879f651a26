"""The shapes that cross between two services; what one service alone speaks lives with it."""
