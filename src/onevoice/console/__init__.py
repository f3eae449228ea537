"""The Django project: Onevoice for people."""
