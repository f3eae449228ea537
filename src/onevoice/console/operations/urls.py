"""Addresses of rejected events, sources and health."""

from django.urls import path

from onevoice.console.operations import views

urlpatterns = [
    path("rejected", views.rejected, name="rejected"),
    path("rejected/<str:fingerprint>", views.group, name="reject-group"),
    path("rejected/<str:fingerprint>/replay", views.replay_all, name="reject-replay"),
    path("rejected/<str:fingerprint>/discard", views.discard_all, name="reject-discard"),
    path("rejected/<str:fingerprint>/reopen", views.reopen, name="reject-reopen"),
    path("rejected/<str:fingerprint>/rule", views.rule, name="reject-rule"),
    path("rejected/<str:fingerprint>/rule/keep", views.keep_rule, name="reject-rule-keep"),
    path("rejected/rules/<str:name>/undo", views.undo_rule, name="reject-rule-undo"),
    path("rejected/event/<int:reject_id>", views.mend, name="reject-mend"),
    path("health", views.health, name="health"),
]
