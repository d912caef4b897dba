"""The RPCs: translate, delegate, count."""
