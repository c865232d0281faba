-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/forbidden-call.lua:3: .*io
io.open("/etc/passwd")
return scenario {}
