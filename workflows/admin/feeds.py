from django.contrib import admin
from unfold.admin import StackedInline

from connectors.admin.feeds import FeedAdmin
from connectors.models import Feed
from workflows.models import FeedContact


class ContactInline(StackedInline):
    model = FeedContact
    fields = (("team", "ask"),)
    extra = 1
    max_num = 1


@admin.register(Feed)
class WatchedFeedAdmin(FeedAdmin):
    """Feeds, with who is told when their file is late."""

    inlines = (ContactInline,)
