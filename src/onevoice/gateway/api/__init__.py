"""The machine API: people, audiences and offers for the company's own servers, by bearer key and scope."""
