-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/memory-hog.lua:6: .*memory
local hog = {}

for i = 1, 1 << 30 do
	hog[i] = string.rep("x", 1000) .. i
end
