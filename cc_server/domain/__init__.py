"""The rules: plain synchronous functions of a connection. They know neither HTTP nor which database they are on."""
