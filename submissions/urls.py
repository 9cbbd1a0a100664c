"""Addresses of the authors' side: authors, the proceedings chair, and the chairs' pages about submissions."""

from django.urls import path

from submissions.views import author, chair, chasing, proceedings, rules

app_name = "submissions"
HOME = "<slug:slug>/submissions/"
ONE = f"{HOME}<int:number>/"
urlpatterns = [
    path("help/format/", author.format_guide, name="format_guide"),
    path("verify/<str:code>/", author.verify, name="verify"),
    path(HOME, author.home, name="home"),
    path(f"{HOME}new/", author.new, name="new"),
    path(ONE, author.submission, name="submission"),
    path(f"{ONE}details/", author.details, name="details"),
    path(f"{ONE}authors/", author.authors, name="authors"),
    path(f"{ONE}authors/change/", author.author_change, name="author_change"),
    path(f"{ONE}authors/confirm/", author.confirm, name="confirm"),
    path(f"{ONE}conflicts/", author.conflicts, name="conflicts"),
    path(f"{ONE}reproducibility/", author.reproducibility, name="reproducibility"),
    path(f"{ONE}reproducibility/copy/", author.copy_reproducibility, name="copy_reproducibility"),
    path(f"{ONE}upload/", author.upload, name="upload"),
    path(f"{ONE}prefill/", author.prefill, name="prefill"),
    path(f"{ONE}check/", author.check_state, name="check"),
    path(f"{ONE}pdf/<int:version>/", author.pdf, name="pdf"),
    path(f"{ONE}supplements/", author.add_supplement, name="add_supplement"),
    path(f"{ONE}supplements/<supplement:pk>/", author.supplement, name="supplement"),
    path(f"{ONE}submit/", author.submit, name="submit"),
    path(f"{ONE}receipt/", author.receipt, name="receipt"),
    path(f"{ONE}withdraw/", author.withdraw, name="withdraw"),
    path(f"{ONE}restore/", author.restore, name="restore"),
    path(f"{ONE}questions/", author.ask, name="ask"),
    path(f"{ONE}camera-ready/", proceedings.camera_ready, name="camera_ready"),
    path(f"{ONE}camera-ready/<slug:kind>/", proceedings.deliver, name="deliver"),
    path(f"{ONE}camera-ready/files/<item:pk>/", proceedings.own_item, name="own_item"),
    path("<slug:slug>/proceedings/", proceedings.board, name="proceedings"),
    path("<slug:slug>/proceedings/rules/", rules.camera_ready_rules, name="camera_ready_rules"),
    path("<slug:slug>/proceedings/chase/<slug:kind>/", chasing.chase, name="chase"),
    path("<slug:slug>/proceedings/<int:number>/", proceedings.paper, name="proceedings_paper"),
    path("<slug:slug>/proceedings/<int:number>/files/<item:pk>/", proceedings.item, name="item"),
    path("<slug:slug>/chair/format/", chair.triage, name="triage"),
    path("<slug:slug>/chair/format/rules/", rules.rules, name="rules"),
    path("<slug:slug>/chair/format/export.csv", chair.triage_csv, name="triage_csv"),
    path("<slug:slug>/chair/format/<int:number>/", chair.triage_one, name="triage_one"),
    path("<slug:slug>/chair/submissions/<int:number>/reinstate/", chair.reinstate, name="reinstate"),
    path("<slug:slug>/chair/submissions/<int:number>/undo-return/", chair.undo_return, name="undo_return"),
    path("<slug:slug>/chair/late/", chair.late, name="late"),
    path("<slug:slug>/chair/author-requests/", chair.author_requests, name="author_requests"),
    path("<slug:slug>/chair/questions/", chair.questions, name="questions"),
]
