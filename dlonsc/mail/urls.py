from django.urls import path

from dlonsc.mail.views import events, unsubscribe

app_name = "mail"
# The path is also written into every reminder by dlonsc.mail.post.
urlpatterns = [
    path("unsubscribe/<str:token>/", unsubscribe, name="unsubscribe"),
    path("mail/events/", events, name="events"),
]
