-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/endless-load.lua:[56]: .*endless loop
local n = 0

while true do
	n = n + 1
end
