#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every scenario goes as its file expects under sc, the largest as well.

. tests/lib/cli.sh
. tests/lib/memory.sh
under sc
finish
