"""The built-in page: plain files and JSON on the HTTP port, made of reports that exist."""
