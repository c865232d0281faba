-- SPDX-License-Identifier: GPL-2.0-or-later
-- Needs a, which needs b.
requires("./tests/cli/bad/cycle/a.lua")
