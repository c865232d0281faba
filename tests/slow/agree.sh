#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Spin on every other generated program; `make check` asks it about a few.
exec "$BUILD/tests/explore/test_agree" --tap -m slow -p /agree/spin
