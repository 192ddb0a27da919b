"""What every row of a congregation has in common."""

import uuid
from typing import TYPE_CHECKING, Self

from django.db import models

if TYPE_CHECKING:
    from congregation.models.people import Member


class Row(models.Model):
    """A row with a random id, so that ids say nothing and can be made before saving."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True


class TenantedQuerySet[M: models.Model](models.QuerySet[M]):
    """Rows of congregations. `visible_to` is the only way from views and forms to them."""

    def visible_to(self, member: "Member") -> Self:
        """Return what a member may see; each model narrows this for privacy."""
        return self.filter(congregation=member.congregation_id)


class Tenanted(Row):
    """A row that belongs to one congregation."""

    congregation = models.ForeignKey(
        "congregation.Congregation", on_delete=models.CASCADE, related_name="+"
    )

    class Meta:
        abstract = True
