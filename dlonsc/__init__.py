"""The workshop itself: what is true before any paper exists."""

from dlonsc.celery import app as celery_app

__all__ = ["celery_app"]
