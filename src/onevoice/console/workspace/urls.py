"""Addresses of the settings."""

from django.urls import path

from onevoice.console.workspace import views

urlpatterns = [
    path("settings", views.settings, name="settings"),
    path("settings/keys", views.keys, name="keys"),
    path("settings/keys/<str:key_id>/revoke", views.revoke, name="key-revoke"),
    path("settings/keys/<str:key_id>/restore", views.restore, name="key-restore"),
    path("settings/workspace", views.workspace, name="workspace"),
]
