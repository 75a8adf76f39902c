"""Tests of the phone form in a real browser against the real service."""
