-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: own-object.lua:6: object\(\) without a kernel
-- An object of the scenario's own, made where there is no kernel.

struct("worker", { work = flag() })
local w = object("worker", "worker0", {})

return scenario {
	name	= "own-object",
	about	= "broken",
	vm	= { vcpus = 1 },
	guest	= function(cpu) cpu:wfi() end,
	actors	= { thread { name = "t", run = function() load(w.work) end } },
	expect	= { ["v4.14"] = { missed = "never" } },
}
