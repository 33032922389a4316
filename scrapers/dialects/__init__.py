"""One module a protocol: how to walk through a feed. No Scrapy here: a dialect is given a way to fetch."""
