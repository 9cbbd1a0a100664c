"""All addresses. An address that has no row in tests/test_access_matrix.py fails the tests."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path, re_path

from dlonsc import codes
from dlonsc.accounts.views import Addresses, ConfirmCode, ConfirmEmail
from dlonsc.editions import urls as edition_urls
from dlonsc.health import health, healthz, readyz
from reviews.views.dashboard import dashboard

codes.register()
handler404 = "dlonsc.accounts.views.not_found"
urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("health/", health, name="health"),
    re_path(r"^accounts/confirm-email/(?P<key>[-:\w]+)/$", ConfirmEmail.as_view(), name="account_confirm_email"),
    path("accounts/email/", Addresses.as_view(), name="account_email"),
    path("accounts/login/code/confirm/", ConfirmCode.as_view(), name="account_confirm_login_code"),
    path("accounts/", include("allauth.urls")),
    path("account/", include("dlonsc.accounts.urls")),
    path("", include("dlonsc.mail.urls")),
    path("", include("reviews.urls_feeds")),
    path("", include("reviews.urls_persons")),
    path("", include("submissions.urls")),
    path("", include("reviews.urls")),
    path("", include("reviews.urls_letters")),
    # One's own page reads all apps; it goes by the editions' name, because they are where people come in.
    path("", include(([path("me/", dashboard, name="dashboard"), *edition_urls.urlpatterns], "editions"))),
]
if settings.DEMO:
    urlpatterns.insert(0, path("demo/", include("dlonsc.accounts.urls_demo")))
