"""One customer, one message, every medium: convergence for sales and marketing."""

__version__ = "0.1.0"
