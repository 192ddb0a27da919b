"""Views of the congregation: the door, people, invitations, notices, and the pages every server has."""
