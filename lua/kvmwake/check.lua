-- SPDX-License-Identifier: GPL-2.0-or-later
-- Validators: a scenario's mistake is reported at the scenario's own line.

local function distance(a, b)
	local row = {}

	for j = 0, #b do
		row[j] = j
	end
	for i = 1, #a do
		local diagonal = row[0]
		row[0] = i
		for j = 1, #b do
			local cost = a:byte(i) == b:byte(j) and 0 or 1
			local best = math.min(diagonal + cost, row[j] + 1,
					      row[j - 1] + 1)
			diagonal, row[j] = row[j], best
		end
	end
	return row[#b]
end

function kvm.did_you_mean(word, words)
	local best, best_distance = nil, math.max(2, #word // 3) + 1

	for _, w in ipairs(words) do
		local d = distance(word, w)
		if d < best_distance then
			best, best_distance = w, d
		end
	end
	return best and ": did you mean \"" .. best .. "\"?" or ""
end

-- A schema maps a key to a function (value, what, level) that complains, or
-- to true for anything.

local function bad(what, expected, level)
	error(what .. ": expected " .. expected, level + 1)
end

local function check(t, schema, what, level)
	local keys = {}

	if type(t) ~= "table" then
		bad(what, "a table", level + 1)
	end
	for k in spairs(schema) do
		keys[#keys + 1] = k
	end
	for k, v in spairs(t) do
		local f = schema[k]
		if not f then
			error(what .. ": unknown key \"" .. tostring(k) .. "\"" ..
			      kvm.did_you_mean(tostring(k), keys), level + 1)
		end
		if f ~= true then
			f(v, what .. "." .. tostring(k), level + 1)
		end
	end
end

local function of_type(name)
	return function(v, what, level)
		if type(v) ~= name then
			bad(what, "a " .. name, level + 1)
		end
	end
end
local is_boolean, is_function = of_type("boolean"), of_type("function")

-- C reads strings, too: what is behind a zero byte would be lost.
local function is_string(v, what, level)
	if type(v) ~= "string" or v:find("\0", 1, true) then
		bad(what, "a string", level + 1)
	end
end

-- A scenario's name is a part of what replay is called with.
local function is_name(v, what, level)
	if type(v) ~= "string" or not v:find("^%w[%w._-]*$") then
		bad(what, "a name of letters, digits, \".\", \"_\" and \"-\"",
		    level + 1)
	end
end

-- "v4.14+ode-3", "v4.14+./my patch.lua"
local function is_kernel(v, what, level)
	if type(v) ~= "string" or not v:find("^[%w./][^%c]*$") then
		bad(what, "a kernel, such as \"v4.14+ode-3\"", level + 1)
	end
end

local function is_time(v, what, level)
	if not is_duration(v) then
		bad(what, "a duration, such as us(10)", level + 1)
	end
end

local function between(low, high)
	return function(v, what, level)
		if math.type(v) ~= "integer" or v < low or v > high then
			bad(what, "a whole number from " .. low .. " to " .. high,
			    level + 1)
		end
	end
end

local function one_of(...)
	local words = { ... }

	return function(v, what, level)
		for _, w in ipairs(words) do
			if v == w then
				return
			end
		end
		bad(what, "one of " .. table.concat(words, ", "), level + 1)
	end
end

local function array_of(element)
	return function(v, what, level)
		if type(v) ~= "table" then
			bad(what, "an array", level + 1)
		end
		for i, e in ipairs(v) do
			element(e, what .. "[" .. i .. "]", level + 1)
		end
	end
end

-- { least, most }
local function range(low, high)
	local function fits(n, from)
		return math.type(n) == "integer" and n >= from and n <= high
	end

	return function(v, what, level)
		if type(v) ~= "table" or #v ~= 2 or not fits(v[1], low) or
		   not fits(v[2], v[1]) then
			bad(what, "{ least, most }, whole numbers from " ..
			    low .. " to " .. high, level + 1)
		end
	end
end

local function one_or_array(element)
	local array = array_of(element)

	return function(v, what, level)
		(type(v) == "table" and array or element)(v, what, level + 1)
	end
end

kvm.check = {
	table = check, error = bad,
	is_string = is_string, is_boolean = is_boolean,
	is_name = is_name, is_kernel = is_kernel,
	is_function = is_function, is_time = is_time,
	between = between, range = range, one_of = one_of,
	array_of = array_of, one_or_array = one_or_array,
}
