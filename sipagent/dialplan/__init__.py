"""Dialplans: which call is answered by whom, with which tools. Plain files, checked whole."""
