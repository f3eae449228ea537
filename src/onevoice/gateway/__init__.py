"""The machine door: tracking API, profile API, links, health. ASGI, without Django and Ibis."""
