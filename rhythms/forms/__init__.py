"""Forms of this app. They parse and clean; verbs do the rest."""
