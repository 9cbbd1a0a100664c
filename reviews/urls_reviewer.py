"""The reviewer's addresses."""

from django.urls import path

from reviews.views import discussion, naming, papers, reviewer, rules, subreviewing

SUB_REVIEW = "<slug:slug>/sub-review/<int:number>"

urlpatterns = [
    path("<slug:slug>/reviews/", reviewer.home, name="home"),
    path("<slug:slug>/reviews/profile/", reviewer.profile, name="profile"),
    path("<slug:slug>/reviews/profile/conflicts/", reviewer.correct_conflicts, name="correct_conflicts"),
    path("<slug:slug>/reviews/rules/", rules.rules, name="rules"),
    path("<slug:slug>/reviews/own/", reviewer.own, name="own"),
    path("<slug:slug>/reviews/certificate/", reviewer.certificate, name="certificate"),
    path("certificate/<str:code>/", reviewer.verify_certificate, name="verify_certificate"),
    path("<slug:slug>/reviews/papers.zip", papers.download_all, name="download_all"),
    path("<slug:slug>/reviews/forms.txt", papers.offline_forms, name="offline_forms"),
    path("<slug:slug>/reviews/offline/", papers.offline_upload, name="offline_upload"),
    path("<slug:slug>/reviews/<int:number>/", reviewer.review, name="review"),
    path("<slug:slug>/reviews/<int:number>/autosave/", reviewer.autosave, name="autosave"),
    path("<slug:slug>/reviews/<int:number>/preview/", reviewer.preview, name="preview"),
    path("<slug:slug>/reviews/<int:number>/submit/", reviewer.submit, name="submit"),
    path("<slug:slug>/reviews/<int:number>/history/", reviewer.versions, name="versions"),
    path("<slug:slug>/reviews/<int:number>/discussion/", discussion.discussion, name="discussion"),
    path("<slug:slug>/reviews/<int:number>/sub-reviewer/", naming.sub_reviewer, name="name_sub_reviewer"),
    path("<slug:slug>/reviews/<int:number>/refuse/", reviewer.refuse, name="refuse"),
    path("<slug:slug>/reviews/<int:number>/late/", reviewer.promise, name="promise"),
    path("<slug:slug>/reviews/<int:number>/paper.pdf", papers.paper, name="paper"),
    path("<slug:slug>/reviews/<int:number>/supplements/<supplement:pk>/", papers.supplement, name="supplement"),
    path("<slug:slug>/reviews/<int:number>/form.txt", papers.offline_form, name="offline_form"),
    # The sub-reviewer's own.
    path("invitation/sub-review/<str:token>/", subreviewing.invitation, name="sub_invitation"),
    path("<slug:slug>/sub-review/own/", subreviewing.own, name="sub_own"),
    path(f"{SUB_REVIEW}/", subreviewing.review, name="sub_review"),
    path(f"{SUB_REVIEW}/autosave/", subreviewing.autosave, name="sub_autosave"),
    path(f"{SUB_REVIEW}/ready/", subreviewing.ready, name="sub_ready"),
    path(f"{SUB_REVIEW}/history/", subreviewing.versions, name="sub_versions"),
    path(f"{SUB_REVIEW}/withdraw/", subreviewing.withdraw, name="sub_withdraw"),
    path(f"{SUB_REVIEW}/paper.pdf", subreviewing.paper, name="sub_paper"),
    path(f"{SUB_REVIEW}/supplements/<supplement:pk>/", subreviewing.supplement, name="sub_supplement"),
]
