# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makes a scenario of a litmus test: an actor a thread, and one that, when all
# have ended, fails if the condition under `exists` holds.  Exits 1 where a
# test needs what it does not know.

function unknown() { bad = 1; exit 1 }

# x of "*x" or "x"
function var(s) { gsub(/[* \t]/, "", s); return "m." s }

function value(s,   p) {
	gsub(/[ \t;]/, "", s)
	if (s ~ /^[0-9]+$/ || s ~ /^r[0-9]+$/)
		return s
	if (match(s, /^(READ_ONCE|smp_load_acquire)\(\*?[a-z]\)$/)) {
		split(s, p, /[()]/)
		return p[1] "(" var(p[2]) ")"
	}
	if (match(s, /^(xchg|cmpxchg)\([a-z](,[0-9])+\)$/)) {
		split(s, p, /[(),]/)
		return p[1] "(" var(p[2]) ", " p[3] \
			(p[4] != "" ? ", " p[4] : "") ")"
	}
	unknown()
}

function line(s,   p) {
	if (s ~ /^(int )?r[0-9] = /) {
		split(s, p, " = ")
		sub(/^int /, "", p[1])
		return p[1] " = " value(p[2])
	}
	if (s ~ /^smp_(mb|rmb|wmb)\(\);$/)
		return substr(s, 1, length(s) - 1)
	if (s ~ /^spin_(un)?lock\([lm]\);$/) {
		split(s, p, /[()]/)
		return p[1] "(m.lock_" p[2] ")"
	}
	if (s ~ /^(WRITE_ONCE|smp_store_release|smp_store_mb)\(/) {
		split(s, p, /[(),]/)
		if (p[1] == "smp_store_mb")
			return "WRITE_ONCE(" var(p[2]) ", " value(p[3]) \
				") smp_mb()"
		return p[1] "(" var(p[2]) ", " value(p[3]) ")"
	}
	unknown()
}

# The conjuncts of "exists (1:r0=1 /\ x=2)": of threads, and of memory.
function condition(s,   p, q, n, i) {
	if (s ~ /\\\/|~|&/)
		unknown()
	gsub(/exists|[() ]/, "", s)
	n = split(s, p, "/\\\\")
	for (i = 1; i <= n; i++) {
		split(p[i], q, /[:=]/)
		if (p[i] ~ /^[0-9]:r[0-9]=[0-9]$/)
			of[q[1]] = of[q[1]] " and " q[2] " == " q[3]
		else if (p[i] ~ /^[a-z]=[0-9]$/)
			last = last " and load(m." q[1] ") == " q[2]
		else
			unknown()
	}
}

/^C / { name = $2 }
/^P[0-9]\(/ { t = substr($1, 2, 1) + 0; threads = t + 1; inside = 1; next }
/^\{/ || /^}/ { if (/^}/) inside = 0; next }
/^exists/ { condition($0); next }
!inside { next }
/^\t+if \(r[0-9]\) \{$/ { match($0, /r[0-9]/)
	body[t] = body[t] "\tif " substr($0, RSTART, 2) " ~= 0 then\n"; next }
/^\t+if \(r[0-9]\)$/ { match($0, /r[0-9]/)
	body[t] = body[t] "\tif " substr($0, RSTART, 2) " ~= 0 then\n"
	once = 1; next }
/^\t+}$/ { body[t] = body[t] "\tend\n"; next }
/^\t/ {
	s = $0
	gsub(/^\t+/, "", s)
	body[t] = body[t] "\t" line(s) "\n"
	if (once)
		body[t] = body[t] "\tend\n"
	once = 0
}

END {
	if (bad || !threads)
		exit 1
	print "source(\"(litmus)\", \"\")"
	print "struct(\"shared\", { x = count(3), y = count(3), z = count(3),"
	print "\tlock_l = lock(), lock_m = lock() })"
	print "struct(\"result\", {"
	for (t = 0; t < threads; t++)
		print "\tyes" t " = arch(flag()), done" t " = arch(flag()),"
	print "})"
	print "local m = kernel_name() and object(\"shared\", \"m\", {})"
	print "local r = kernel_name() and object(\"result\", \"r\", {})"
	print "oracle { waits = function(v) return 0 end,"
	print "\tpending = function(v) return false end,"
	print "\tdeliverable = function() return false end }"
	print "local function build()"
	print "kvm.hw = object(\"hw\", \"machine\")"
	print "host { cpus = 8, slice = ms(3), irq = timing.irq,"
	print "\tswitch = timing.switch, timer_slack = timing.timer_slack,"
	print "\tidle_shallow = timing.idle_shallow,"
	print "\tidle_deep = timing.idle_deep,"
	print "\tidle_deep_after = timing.idle_deep_after,"
	print "\tstore_drain = timing.store_drain,"
	print "\tload_window = timing.load_window, ops = timing.ops }"
	for (t = 0; t < threads; t++) {
		print "actor { type = \"thread\", name = \"P" t "\","
		print "run = function()"
		print "\tlocal r0, r1, r2"
		printf "%s", body[t]
		if (of[t] != "")
			print "\tif " substr(of[t], 6) " then store(r.yes" t \
				", true) end"
		print "\tsmp_mb()"
		print "\tstore(r.done" t ", true)"
		print "end }"
	}
	print "actor { type = \"thread\", name = \"exists\","
	print "run = function()"
	for (t = 0; t < threads; t++)
		print "\tawait(r.done" t ", true)"
	print "\tsmp_rmb()"
	all = last
	for (t = 0; t < threads; t++)
		if (of[t] != "")
			all = all " and load(r.yes" t ")"
	print "\tif " substr(all, 6) " then fail(\"exists\") end"
	print "end }"
	print "end"
	print "if kernel_name() then build() end"
	print "return { name = \"shape\", about = \"" name "\","
	print "\tdeadline = ms(1), duration = ms(1), runs = 1,"
	print "\texpect = { [\"v4.14\"] = { failed = \"never\" } } }"
}
