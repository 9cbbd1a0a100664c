"""The Celery application and the beat table.

A task is a doorbell: it takes an id, fetches, and calls one function. Every beat job is idempotent, so a second beat
started by mistake does no harm.
"""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dlonsc.settings")

app = Celery("dlonsc")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="tasks_matching")

app.conf.beat_schedule = {
    "deliver what is due": {"task": "dlonsc.mail.tasks.sweep", "schedule": 20.0},
    "read what came back": {"task": "dlonsc.mail.tasks.poll_mailbox", "schedule": 120.0},
    "remind before deadlines": {"task": "reviews.tasks.remind", "schedule": 300.0},
    "check what is not yet checked": {"task": "submissions.tasks.sweep_checks", "schedule": 60.0},
    "tell new authors": {"task": "submissions.tasks.sweep_untold_authors", "schedule": 300.0},
    "ask what must always be true": {"task": "reviews.tasks.audit", "schedule": crontab(hour=3, minute=17)},
    "find conflicts of new members": {"task": "submissions.tasks.sweep_conflicts", "schedule": 600.0},
    "compute sentence vectors": {"task": "reviews.tasks.embed_texts", "schedule": 300.0},
    "tell chairs of late reviews": {"task": "reviews.tasks.tell_late_reviews", "schedule": 60.0},
    "tell chairs of late conflicts": {"task": "reviews.tasks.tell_late_conflicts", "schedule": 600.0},
}
