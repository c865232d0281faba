-- SPDX-License-Identifier: GPL-2.0-or-later
-- What a kernel's predicate may look at, one truth value each: the atoms of
-- `kvmwake synthesize`, which puts a table in the predicate's place.

kvm.observed = { atoms = {} }

local function place_of(name)
	for i, atom in ipairs(kvm.observed.atoms) do
		if atom == name then
			return i
		end
	end
	return #kvm.observed.atoms + 1
end

-- observe("kvm_arch_vcpu_runnable", { { "pause", function(vcpu) ... end } }):
-- adds atoms, or says anew what one of them is.
function observe(predicate, atoms)
	kvm.observed.predicate = predicate
	for _, atom in ipairs(atoms) do
		kvm.observed.atoms[place_of(atom[1])] = atom[1]
		K["sees " .. atom[1]] = atom[2]
	end
end

-- The table's predicate: looks at every atom, in their order, one by one.
function kvm.decide_by_table()
	local atoms = kvm.observed.atoms

	K[kvm.observed.predicate] = function(vcpu)
		local cell = 0

		for i, name in ipairs(atoms) do
			if K["sees " .. name](vcpu) then
				cell = cell | 1 << i - 1
			end
		end
		local says = table_says(cell)
		if says == "fail" then
			fail("cell " .. cell)
		end
		mark("cell " .. cell, vcpu)
		if says == "either" then
			return choice(2) == 1
		end
		return says == "true"
	end
end
