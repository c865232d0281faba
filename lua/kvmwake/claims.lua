-- SPDX-License-Identifier: GPL-2.0-or-later
-- claims{}: checks what decides each claim; returns it as it is.

local c = kvm.check

local is_quantity = c.one_of("missed", "spurious", "failed", "race",
			     "lock-order", "storm", "invariant")
local kernels = c.array_of(c.is_kernel)
local memories = c.array_of(c.one_of("sc", "tso", "arm64"))

local evidence_schema = {
	[1] = c.is_name, on = c.is_string, without = c.is_string,
	when = c.is_string, under = memories,
	never = is_quantity, sometimes = is_quantity, kernels = kernels,
}

local function is_evidence(v, what, level)
	c.table(v, evidence_schema, what, level + 1)
	if not v[1] then
		c.error(what, "a scenario's name", level + 1)
	end
	if (v.never == nil) == (v.sometimes == nil) then
		c.error(what, "never or sometimes", level + 1)
	end
end

local function is_claim(v, what, level)
	local schema = { id = c.is_name, says = c.is_string, note = c.is_string,
			 kernels = kernels }

	for i in ipairs(type(v) == "table" and v or {}) do
		schema[i] = is_evidence
	end
	c.table(v, schema, what, level + 1)
	if not v.id or not v.says or not v[1] then
		c.error(what, "id, says and evidence", level + 1)
	end
end

local proposal_schema = { id = c.is_name, says = c.is_string,
			  note = c.is_string, patch = c.is_string }

local schema = {
	about = c.is_string, scenarios = c.is_string, kernels = kernels,
	claims = c.array_of(is_claim),
	base = c.is_kernel,
	bases = function(v, what, level)
		for name, kernel in spairs(v) do
			c.is_name(name, what, level + 1)
			c.is_kernel(kernel, what .. "." .. name, level + 1)
		end
	end,
	proposals = c.array_of(function(v, what, level)
		c.table(v, proposal_schema, what, level + 1)
	end),
}

function claims(t)
	c.table(t, schema, "claims", 2)
	for key in spairs(schema) do
		if t[key] == nil then
			error("claims: " .. key .. " is missing", 2)
		end
	end
	for _, claim in ipairs(t.claims) do
		claim.kernels = claim.kernels or t.kernels
		for _, e in ipairs(claim) do
			e.kernels = e.kernels or claim.kernels
		end
	end
	return t
end
