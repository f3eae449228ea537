"""Addresses of sign-in and members."""

from django.urls import path

from onevoice.console.accounts import views

urlpatterns = [
    path("sign-in", views.sign_in, name="sign-in"),
    path("sign-in/<str:uid>/<str:token>", views.by_link, name="one-time"),
    path("sign-out", views.sign_out, name="sign-out"),
    path("invitation/<str:uid>/<str:token>", views.invitation, name="invitation"),
    path("settings/password", views.password, name="password"),
    path("settings/users", views.users, name="users"),
    path("settings/users/<int:member_id>/role", views.role, name="user-role"),
    path("settings/users/<int:member_id>/close", views.close, name="user-close"),
    path("settings/users/<int:member_id>/open", views.reopen, name="user-open"),
    path("settings/users/<int:member_id>/link", views.link, name="user-link"),
]
