"""Guided practices: what each is for, who does what, step by step with its minutes.

`shape` is what they are made of, `catalogue` has those that everybody finds here, `own` turns a crew's own
version into words to keep and back.
"""
