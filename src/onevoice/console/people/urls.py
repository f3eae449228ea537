"""Addresses of people."""

from django.urls import path

from onevoice.console.people import views

urlpatterns = [
    path("people", views.people, name="people"),
    path("people/<str:person>", views.person, name="person"),
    path("people/<str:person>/timeline", views.timeline, name="person-timeline"),
    path("people/<str:person>/why", views.why, name="person-why"),
    path("people/<str:person>/note", views.note, name="person-note"),
    path("people/<str:person>/tag", views.tag, name="person-tag"),
    path("people/<str:person>/untag", views.untag, name="person-untag"),
    path("people/<str:person>/split", views.split, name="person-split"),
    path("people/<str:person>/rejoin", views.rejoin, name="person-rejoin"),
    path("people/<str:person>/export", views.export, name="person-export"),
    path("people/<str:person>/erase", views.erase, name="person-erase"),
    path("erasures/<int:erasure_id>/keep", views.keep, name="person-keep"),
]
