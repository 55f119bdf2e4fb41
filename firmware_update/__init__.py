"""Signed releases: how one is made, how a device fetches it, puts it in the idle slot, and goes back.

Imports nothing of the device but `agent.plumbing`.
"""
