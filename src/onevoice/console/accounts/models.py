"""A member is one person who works in the console."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from onevoice.console.accounts.roles import ROLES, may


class Member(AbstractBaseUser):
    """Someone who may sign in; the role says to what."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=20, choices=[(key, name) for key, name, _purpose in ROLES])
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    #: Which steps of the first look they have seen; see `console.tour`.
    looked = models.JSONField(default=list, blank=True)

    objects = BaseUserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["role"]

    class Meta:
        """Sorted by address; a role that is none cannot be stored."""

        ordering = ["email"]
        constraints = [
            models.CheckConstraint(
                name="role_is_known", condition=models.Q(role__in=[key for key, _name, _purpose in ROLES])
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def may(self, capability: str) -> bool:
        """Tell whether this member has a capability now."""
        return bool(self.is_active and may(self.role, capability))
