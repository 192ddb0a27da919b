"""Setting up: a server without a congregation is opened by an address with a token, part by part.

`address` has the token, `ways` the ways to begin and the parts that each of them asks for, `kept` what
somebody has said so far, `beginning` the moment at which all of it comes to be.
"""
