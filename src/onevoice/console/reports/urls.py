"""Addresses of the dashboard."""

from django.urls import path

from onevoice.console.reports import views

urlpatterns = [
    path("", views.home, name="home"),
    path("dashboard/counters", views.live, name="counters"),
    path("dashboard/charts", views.charts, name="charts"),
]
