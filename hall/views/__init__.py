"""Pages that span apps: home, the hosts’ view, a crew’s room, the door."""
