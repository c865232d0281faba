#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every scenario goes as its file expects under tso.

. tests/lib/cli.sh
. tests/lib/memory.sh
under tso scenarios/ode/*.lua scenarios/gallery/*.lua
finish
