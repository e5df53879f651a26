"""What the web server imports: the application with its settings from the environment."""

from orders.api import create_app
from orders.config import load

app = create_app(load())
