#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Spin on shipped scenarios that it needs longer for.
exec "$BUILD/tests/explore/test_spin" --tap -m slow
