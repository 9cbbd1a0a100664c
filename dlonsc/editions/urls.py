"""Addresses of an edition: the chair's first, the public ones that take any word last."""

from dlonsc.editions import urls_chair, urls_feeds, urls_public

app_name = "editions"
urlpatterns = [*urls_chair.urlpatterns, *urls_feeds.urlpatterns, *urls_public.urlpatterns]
