"""Meetings in people's own calendars: files, feeds that a calendar asks for by itself, invitations by mail."""
