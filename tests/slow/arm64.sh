#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every scenario goes as its file expects under arm64.

. tests/lib/cli.sh
. tests/lib/memory.sh
under arm64
finish
