"""The shop's word on who may order a product, kept at the intent as well: a device that has not judged by its
details, because it is of a release before them or has lost them, knows nobody's role.

The shop does not know it either. What a device that has lost them asks for is asked for here: a factor that
did not pass through its ear. A device that did judge by them says so in what it signs. Where the shop has
lost them itself, it asks for that with all goods: it cannot know then which ones a voice alone may not order.
"""

from __future__ import annotations

from order_backend.checks import CheckedIntent, Refusal
from order_backend.published import Published
from order_backend.told_details import restricted
from order_backend.told_versions import ToldVersions

CODE = "restricted"


class Restricted:
    """On the connection of a `Shop` that has published."""

    def __init__(self, published: Published) -> None:
        self._told = ToldVersions(published, restricted)

    def check(self, intent: CheckedIntent) -> None:
        """Raises Refusal restricted."""
        checkout = intent.checkout
        if set(checkout.amr) != {"voice"}:
            return
        told = self._told.of(intent.catalogue_version)
        if told is None or checkout.details == told.sha256:
            return
        ids = {line.id.partition("?")[0] for line in intent.lines}
        if told.found is None or not ids.isdisjoint(told.found):
            raise Refusal(CODE, "not everybody may order that, and the device does not know who may")
