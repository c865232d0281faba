-- SPDX-License-Identifier: GPL-2.0-or-later
-- Needs b, which needs a.
requires("./tests/cli/bad/cycle/b.lua")
