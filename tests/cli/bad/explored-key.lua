-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/explored-key.lua:3: .*unknown key "late"
return scenario {
	name = "explored-key",
	about = "an exploration has no clock",
	vm = { vcpus = 1 },
	guest = function(cpu) cpu:wfi() end,
	explore = { expect = { ["v4.14"] = { late = "never" } } },
	expect = { ["v4.14"] = { missed = "never" } },
}
