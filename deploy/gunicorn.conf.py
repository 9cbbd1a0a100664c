"""gunicorn behind nginx: threads, because a request waits for the database and never for a slow line."""

import os

bind = os.environ.get("WEB_BIND", "0.0.0.0:8000")
worker_class = "gthread"
workers = int(os.environ.get("WEB_PROCESSES", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
timeout = 60
graceful_timeout = 20
keepalive = 75  # longer than nginx keeps an idle connection, so that gunicorn never closes first
max_requests = 5000  # a process is replaced now and then, so that no leak lives long
max_requests_jitter = 500
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
accesslog = None  # nginx writes it, without secrets
control_socket_disable = True
