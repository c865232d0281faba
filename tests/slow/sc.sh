#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every scenario goes as its file expects under sc, each of its kernels.

. tests/lib/cli.sh

for file in scenarios/ode/*.lua scenarios/gallery/*.lua; do
	exits 0 "$(basename "$file" .lua), sc" explored --quiet --memory sc \
		"$file"
done
finish
