-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/many-threads.lua:[0-9]+: scenario: 301 vCPUs and threads, .*say host
local threads = {}

for i = 1, 300 do
	threads[i] = thread { name = "t" .. i, run = function() end }
end

return scenario {
	name	= "many-threads",
	about	= "broken",
	vm	= { vcpus = 1 },
	guest	= function(cpu) cpu:wfi() end,
	actors	= threads,
	expect	= { ["v4.14"] = { missed = "never" } },
}
