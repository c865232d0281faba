#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What `kvmwake litmus` prints, its exit codes, what it refuses.
. tests/lib/cli.sh
t=$TMPDIR/t.litmus

# body TEXT [CONDITION]: a test with this body of P0
body() {
	printf 'C t\n{}\nP0(int *x, int *y)\n{\n%s\n}\n%s\n' "$1" \
		"${2:-exists (0:r1=1)}" >"$t"
}

exits 0 "a test" "$KVMWAKE" litmus scenarios/litmus/SB.litmus
cat >"$TMPDIR/want" <<'W'
Test SB Allowed
States 4
0:r0=0; 1:r0=0;
0:r0=0; 1:r0=1;
0:r0=1; 1:r0=0;
0:r0=1; 1:r0=1;
Ok
Witnesses
Positive: 1 Negative: 3
Condition exists (0:r0=0 /\ 1:r0=0)
Observation SB Sometimes 1 3

W
grep -v '^Memory' "$TMPDIR/out" | diff "$TMPDIR/want" - >"$TMPDIR/diff"
ok $? "as herd prints it"
says '^Memory arm64, [0-9]+ states explored$' "$TMPDIR/out" "the model"
exits 0 "sc" "$KVMWAKE" litmus --memory sc scenarios/litmus/SB.litmus
says '^Observation SB Never 0 3$' "$TMPDIR/out" "sc: not seen"
says '^No$' "$TMPDIR/out" "exists that is not seen: No"
exits 2 "no such model" "$KVMWAKE" litmus --memory alpha $t
exits 2 "no file" "$KVMWAKE" litmus
exits 2 "a file that is none" "$KVMWAKE" litmus "$TMPDIR/none.litmus"
exits 0 "--quiet" "$KVMWAKE" litmus --quiet scenarios/litmus
[ ! -s "$TMPDIR/out" ]
ok $? "--quiet: silence"
exits 0 "--json" "$KVMWAKE" litmus --json scenarios/litmus
python3 -c 'import json, sys
for line in open(sys.argv[1]): assert json.loads(line)["type"] == "litmus"' \
	"$TMPDIR/out"
ok $? "--json: every line"

body 'WRITE_ONCE(*x, 1); int r1 = READ_ONCE(*x);' '~exists (0:r1=1)'
exits 1 "~exists that is seen" "$KVMWAKE" litmus "$t"
says '^Test t Forbidden$' "$TMPDIR/out" "~exists: Forbidden"
body 'WRITE_ONCE(*x, 1); int r1 = READ_ONCE(*x);' 'forall (0:r1=1 /\ x=1)'
exits 0 "forall" "$KVMWAKE" litmus "$t"
says '^Observation t Always 1 0$' "$TMPDIR/out" "forall: Always"
body '/* Result: Never */ int r1 = 1;'
exits 1 "against what the file says" "$KVMWAKE" litmus "$t"
body 'spin_lock(x); spin_lock(x); int r1 = 1;'
exits 4 "deadlock" "$KVMWAKE" litmus "$t"
says '^Flag deadlock$' "$TMPDIR/out" "deadlock: flagged"
body 'int r1 = READ_ONCE(*y);' 'filter (0:r1=2) exists (0:r1=1)'
exits 4 "a filter that nothing passes" "$KVMWAKE" litmus "$t"
exits 4 "--max-states" "$KVMWAKE" litmus --max-states 2 \
	scenarios/litmus/IRIW.litmus
says '^Observation IRIW Bounded' "$TMPDIR/out" "bounded is said"
body 'spin_lock(x); spin_lock(x);' ' '
exits 4 "no condition" "$KVMWAKE" litmus "$t"
says '^Condition forall \(true\)$' "$TMPDIR/out" "no condition: as herd has it"
body 'xchg(&x, 1); int r1 = READ_ONCE(*&x);'
exits 0 "& of a parameter" "$KVMWAKE" litmus "$t"
says '^Observation t Always' "$TMPDIR/out" "& of a parameter is what it is"
printf 'C t (* (* 1 *) { 2 *)\n{ (* (* 3 *) 4 *) struct srcu_struct s = {}; }
P0(int *x, struct srcu_struct *s) { synchronize_srcu(s); }
exists (x=0) (* (* 5 *) 6 *)' >"$t"
exits 0 "comments in comments, = {}" "$KVMWAKE" litmus "$t"
# srcu DOMAIN READER: one grace period and one reader
srcu() {
	cat >"$t" <<-L
		C t
		{}
		P0(int *x, int *y, struct srcu_struct *s, struct srcu_struct *u)
		{
			int i = srcu_read_lock($1);
			int r0 = READ_ONCE(*y);
			int r1 = READ_ONCE(*x);
			srcu_read_unlock($1, i);
		}
		P1(int *x, int *y, struct srcu_struct *s, struct srcu_struct *u)
		{
			WRITE_ONCE(*x, 1);
			synchronize_srcu(s);
			WRITE_ONCE(*y, 1);
		}
		exists (0:r0=1 /\\ 0:r1=0)
	L
	exits 0 "srcu: $1" "$KVMWAKE" litmus "$t"
	says "^Observation t $2" "$TMPDIR/out" "srcu: a reader of $1: $2"
}
srcu s Never
srcu u Sometimes

# up STRUCT VERDICT: a reader that another thread ends
up() {
	cat >"$t" <<-L
		C t
		{}
		P0(int *y, struct srcu_struct *s, struct srcu_struct *u, int *i)
		{
			WRITE_ONCE(*i, 1 + srcu_down_read($1));
			int r0 = READ_ONCE(*y);
		}
		P1(int *x, struct srcu_struct *s, struct srcu_struct *u, int *i)
		{
			int r0 = READ_ONCE(*x);
			int r1 = smp_load_acquire(i);
			srcu_up_read($1, r1);
		}
		P2(int *x, int *y, struct srcu_struct *s)
		{
			WRITE_ONCE(*y, 1);
			synchronize_srcu(s);
			WRITE_ONCE(*x, 1);
		}
		exists (P1:r0=1 /\\ 1:r1=1 /\\ 0:r0=0)
	L
	exits 0 "srcu_up_read() of $1" "$KVMWAKE" litmus "$t"
	says "^Observation t $2" "$TMPDIR/out" "srcu_up_read() of $1: $2"
	"$KVMWAKE" litmus --no-reduction "$t" | grep -v '^Memory' |
		diff - <(grep -v '^Memory' "$TMPDIR/out") >/dev/null
	ok $? "srcu_up_read() of $1: the same without reduction"
}
up s Never
up u Sometimes
body 'int i = srcu_down_read(x); int r1 = READ_ONCE(*y); srcu_up_read(x, i);' \
	'locations [P0:r1 int; x int *] exists (P0:r1=0)'
exits 0 "srcu_up_read() of the own thread; P0:r1, types of locations" \
	"$KVMWAKE" litmus "$t"
exits 0 "a data race" "$KVMWAKE" litmus scenarios/litmus/MP+plain-race.litmus
says '^Flag data-race$' "$TMPDIR/out" "the race is flagged"
exits 0 "no data race" "$KVMWAKE" litmus \
	scenarios/litmus/MP+plain+rel+acq.litmus
grep -q '^Flag' "$TMPDIR/out"
ok $((!$?)) "no race: no flag"

# value NAME BODY EXPRESSION VALUE: r1 ends as VALUE
value() {
	body "$2 int r1 = $3;" "forall (0:r1=$4)"
	exits 0 "$1" "$KVMWAKE" litmus "$t"
}
value "precedence" '' '1 + 2 * 3 == 7 && 6 / 2 - 1 == 2' 1
value "bits" 'int a = 6;' '(a & 3) | (a ^ 1) << 1 | ~-1' 14
value "choice" 'int a = 0;' 'a ? 1 : 2 > 1 ? 3 : 4' 3
value "&& does not load" 'int a = 0; if (a && xchg(x, 1)) { a = 2; }' \
	'READ_ONCE(*x) + a' 0
value "|| does not load" 'int a = 1; if (a || xchg(x, 1)) a = 2;' \
	'READ_ONCE(*x) + a' 2
value "?: loads one" 'int a = 1 ? 5 : xchg(x, 1);' 'READ_ONCE(*x) + a' 5
value "else if" 'int a = 3; if (a == 1) a = 9; else if (a == 3) a = 4;
else a = 8;' 'a' 4
value "cmpxchg that fails" 'int a = cmpxchg(x, 1, 2);' \
	'a + READ_ONCE(*x)' 0
value "add_unless" 'int a = atomic_add_unless(x, 2, 5);' \
	'a + atomic_read(x)' 3
value "dec_and_test" 'WRITE_ONCE(*x, 1);' 'atomic_dec_and_test(x)' 1
value "fetch_add, add_return" 'int a = atomic_fetch_add(4, x);' \
	'a + atomic_add_return_relaxed(1, x)' 5
value "trylock" 'int a = spin_trylock(x); int b = spin_trylock(x);' \
	'a * 2 + b + spin_is_locked(x)' 3
value "a pointer" 'WRITE_ONCE(*x, y); int *p = rcu_dereference(*x);
*p = 7; /* through p */' '*y' 7
value "a cast" 'WRITE_ONCE(*x, y); *(int *)READ_ONCE(*x) = 8;' 'READ_ONCE(*y)' 8

# refuses REGEX NAME BODY [CONDITION]
refuses() {
	body "$3" "${4:-}"
	exits 2 "$2" "$KVMWAKE" litmus "$t"
	says "t.litmus:[0-9]+: .*$1" "$TMPDIR/err" "$2: said, with its line"
}
refuses 'is supported for one reader' 'srcu_up_read() of which reader' \
	'srcu_up_read(x, 0); srcu_up_read(x, 0);'
refuses 'while is not supported' 'a loop' 'while (READ_ONCE(*x)) {}'
refuses 'srcu\(\) of a pointer' 'srcu of a pointer' 'int a = READ_ONCE(*y);
synchronize_srcu(a);'
refuses 'more than 15 RCU readers' 'many readers' "$(printf 'rcu_read_lock();%.0s' {1..16})"
refuses 'takes 2 arguments' 'too many arguments' 'WRITE_ONCE(*x, 1, 2);'
refuses 'expected ","' 'too few arguments' 'WRITE_ONCE(*x);'
refuses 'such as \*x' 'not an lvalue' 'WRITE_ONCE(x, 1);'
refuses 'write \*x' 'an address assigned' 'x = 1;'
refuses 'expected "\)"' 'a parenthesis' 'int r1 = (1;'
refuses 'expected "="' 'a condition' '' 'exists (0:r1)'
refuses 'there is no P1' 'no such thread' '' 'exists (1:r1=0)'
refuses 'exists, ~exists or forall' 'no condition' '' 'maybe (x=1)'
refuses 'nested too deeply' 'depth' "$(printf '(%.0s' {1..500})"
refuses 'is not supported' 'a member' 'int r1 = x->next;'
refuses '__fence\{\} is not supported' 'herd7 inside' '__fence{mb};'
printf 'C t\n{ 0:x=y; }\nP0(int *x) {}\nexists (x=0)\n' >"$t"
exits 2 "a parameter that begins as another address" "$KVMWAKE" litmus "$t"
says '3: 0:x is a parameter' "$TMPDIR/err" "the parameter is named"
printf 'AArch64 t\n{}\n' >"$t"
exits 2 "another language" "$KVMWAKE" litmus "$t"
says '1: .*not "AArch64"' "$TMPDIR/err" "another language is named"
printf 'C t\n{}\nP0(int *x) {}\nP2(int *x) {}\nexists (x=0)\n' >"$t"
exits 2 "a thread is missing" "$KVMWAKE" litmus "$t"
finish
