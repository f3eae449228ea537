"""Addresses of audiences and campaigns."""

from django.urls import path

from onevoice.console.studio import views

urlpatterns = [
    path("audiences", views.audiences, name="audiences"),
    path("audiences/<str:name>", views.audience, name="audience"),
    path("audiences/<str:name>/sql", views.audience_sql, name="audience-sql"),
    path("campaigns", views.campaigns, name="campaigns"),
    path("campaigns/in-the-log", views.flown, name="flights"),
    path("campaigns/<str:name>", views.campaign, name="campaign"),
    path("campaigns/<str:name>/preview", views.preview, name="campaign-preview"),
    path("campaigns/<str:name>/results", views.results, name="campaign-results"),
    path("campaigns/<str:name>/email", views.email, name="campaign-email"),
    path("campaigns/<str:name>/postcard/<int:side>", views.postcard, name="campaign-postcard"),
    path("campaigns/<str:name>/messages/<str:piece>", views.message, name="campaign-message"),
    path("campaigns/<str:name>/messages/<str:piece>/html", views.message_html, name="campaign-message-html"),
]
