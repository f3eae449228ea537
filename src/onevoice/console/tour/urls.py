"""Addresses of the first look."""

from django.urls import path

from onevoice.console.tour import views

urlpatterns = [
    path("first-look/dismiss", views.dismiss, name="tour-dismiss"),
    path("first-look/again", views.again, name="tour-again"),
    path("first-look/<str:key>", views.go, name="tour-step"),
]
