#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every large scenario goes as its file expects under arm64; the others are
# explored under it by tests/explore/expected.sh.

. tests/lib/cli.sh
. tests/lib/memory.sh
# shellcheck disable=SC2046 # files
under arm64 $(scenarios LARGE)
finish
