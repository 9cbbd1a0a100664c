"""Addresses of the committee's side: the reviewer's and the chair's."""

from reviews import urls_chair, urls_reviewer

app_name = "reviews"
urlpatterns = [*urls_reviewer.urlpatterns, *urls_chair.urlpatterns]
