"""A feed: a detector's frames, batched, retried, and on disk until they are acknowledged."""

from boxgauge.client.feed.async_feed import AsyncFeed
from boxgauge.client.feed.counters import FeedCounters
from boxgauge.client.feed.options import FeedOptions
from boxgauge.client.feed.sync_feed import Feed

__all__ = ["AsyncFeed", "Feed", "FeedCounters", "FeedOptions"]
