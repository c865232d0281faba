-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/forbidden-pairs.lua:3: .*spairs
for k in pairs({ 1, 2 }) do
	mark(k)
end
