"""Addresses of the chairs' pages and of the authors' decision page. Each begins with the edition."""

from django.urls import path

from reviews.views import author
from reviews.views.chair import (
    announce,
    assign,
    conflicts,
    dashboard,
    decisions,
    delegate,
    discussions,
    files,
    grid,
    history,
    looking,
    progress,
    proposals,
    table,
    visibility,
)

SUBMISSION = "<slug:slug>/chair/submissions/<int:number>"
PROPOSAL = "<slug:slug>/chair/assign/proposals/<int:number>"

urlpatterns = [
    path("<slug:slug>/submissions/<int:number>/decision/", author.decision, name="decision_for_authors"),
    path("<slug:slug>/chair/", dashboard.dashboard, name="chair"),
    path("<slug:slug>/chair/submissions/", table.table, name="table"),
    path("<slug:slug>/chair/submissions/export.csv", table.export, name="export"),
    path(f"{SUBMISSION}/", table.submission, name="submission"),
    path(f"{SUBMISSION}/pdf/<int:version>/", table.manuscript, name="chair_pdf"),
    path(f"{SUBMISSION}/handling/", table.handling_chair, name="handling_chair"),
    path("<slug:slug>/chair/conflicts/", conflicts.conflicts, name="conflicts"),
    path("<slug:slug>/chair/conflicts/<int:number>/<int:member>/", conflicts.pair, name="conflict"),
    path("<slug:slug>/chair/assign/", assign.assign, name="assign"),
    path("<slug:slug>/chair/assign/submissions/<int:number>/", assign.assign_submission, name="assign_submission"),
    path("<slug:slug>/chair/assign/reviewers/<int:member>/", assign.assign_reviewer, name="assign_reviewer"),
    path("<slug:slug>/chair/assign/replace/<int:pk>/", assign.replace, name="replace"),
    path("<slug:slug>/chair/delegate/", delegate.delegate, name="delegate"),
    path("<slug:slug>/chair/assign/run/", proposals.run, name="run"),
    path(f"{PROPOSAL}/", proposals.proposal, name="proposal"),
    path(f"{PROPOSAL}/why/<int:submission>/<int:member>/", proposals.why, name="why"),
    path(f"{PROPOSAL}/grid/", grid.grid, name="grid"),
    path(f"{PROPOSAL}/edit/", grid.edit, name="edit_proposal"),
    path(f"{PROPOSAL}/repeat/", proposals.repeat, name="repeat_proposal"),
    path(f"{PROPOSAL}/cancel/", proposals.cancel, name="cancel_proposal"),
    path(f"{PROPOSAL}/export.csv", files.export, name="export_proposal"),
    path(f"{PROPOSAL}/import/", files.upload, name="import_proposal"),
    path(f"{PROPOSAL}/compare/<int:other>/", proposals.compare, name="compare_proposals"),
    path(f"{PROPOSAL}/commit/", proposals.commit, name="commit_proposal"),
    path("<slug:slug>/chair/progress/", progress.progress, name="progress"),
    path("<slug:slug>/chair/progress/remind/", progress.remind, name="remind"),
    path("<slug:slug>/chair/decisions/", decisions.decisions, name="decisions"),
    path("<slug:slug>/chair/decisions/<int:number>/", decisions.decide, name="decide"),
    path("<slug:slug>/chair/discussions/", discussions.discussions, name="discussions"),
    path("<slug:slug>/chair/discussions/<int:number>/", discussions.discussion, name="chair_discussion"),
    path("<slug:slug>/chair/announce/", announce.announce, name="announce"),
    path("<slug:slug>/chair/announce/<int:pk>/", announce.announcement, name="announcement"),
    path("<slug:slug>/chair/announce/<int:pk>/stop/", announce.stop, name="stop"),
    path("<slug:slug>/chair/visibility/", visibility.visibility, name="visibility"),
    path("<slug:slug>/chair/look-as/", looking.look_as, name="look_as"),
    path("<slug:slug>/chair/look-as/stop/", looking.stop, name="stop_looking"),
    path("<slug:slug>/chair/history/", history.history, name="history"),
]
