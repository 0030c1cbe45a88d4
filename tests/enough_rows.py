"""A policy that wants a hundred rows of whoever trains, and two manifests: one has them, and one has not."""

from __future__ import annotations

RULE = """\
policy: enough-rows
title: Enough rows
severity: high
when: {run.activity: training}
require: {data.rows: {at_least: 100}}
effect: block
fix: collect more examples
"""
SMALL = "manifest: 1\nproject: support\ndata: {rows: 5}\n"
GOOD = SMALL.replace("5", "500")
