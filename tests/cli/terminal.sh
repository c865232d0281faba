#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# On a terminal how far it is stands on one line, however narrow that is, and is
# gone in the end; without a terminal nobody is told.
. tests/lib/cli.sh
if ! python3 -c 'import pty; pty.openpty()' 2>/dev/null; then
	echo "no pseudo-terminals here (devpts)"
	exit 77
fi

cat >"$TMPDIR/watch.py" <<'P'
import fcntl, os, pty, re, struct, sys, termios

width = int(sys.argv[1])
pid, fd = pty.fork()
if not pid:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
text = b""
try:
    while part := os.read(fd, 65536):
        text += part
except OSError:
    pass
os.waitpid(pid, 0)
told = re.findall(rb"\r([^\r\n]*)\033\[K", text)
print(max(len(t) for t in told), "wide" if told else "nothing told")
print("states" if any(b" states, " in t for t in told) else "no states")
print("gone" if told and told[-1] == b"" else "left there")
P

for width in 30 100; do
	python3 "$TMPDIR/watch.py" $width "$KVMWAKE" explore --memory sc \
		--db "$TMPDIR/a.db" scenarios/gallery/two-at-once.lua \
		>"$TMPDIR/out" 2>"$TMPDIR/err"
	says '^states$' "$TMPDIR/out" "$width columns: it tells"
	says '^gone$' "$TMPDIR/out" "$width columns: nothing is left"
	[ "$(sed -n 's/ wide$//p' "$TMPDIR/out")" -lt $width ]
	ok $? "$width columns: it fits"
done
exits 0 'no terminal' explored --memory sc scenarios/gallery/two-at-once.lua
! grep -q 'to be visited' "$TMPDIR/err"
ok $? 'nothing told'
finish
