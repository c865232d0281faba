#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Reads the sources and reports what breaks the house's rules, each as
# file:line: message.  A rule is a function rule_* that prints what it finds;
# its first comment line is what it is about.  For every rule there is a
# bad_* that plants one fault in a small clean tree: a rule that does not
# find it is a failure of this test.
#
#	tests/tidy/tidy.sh		the rules, then the rules' own test
#	tests/tidy/tidy.sh DIR		the rules on another tree

# Rules and faults are called by name; file names have no blanks:
# shellcheck disable=SC2317,SC2046,SC2013
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT

max_columns=80
max_function=60
max_file=700
# A flat dispatch switch may be longer: a case an operation, or a move.
long_functions='kw_exec loop go_again'
# What a user wrote may be us(1.5): here a Lua number becomes whole ns.
float_files='sim/script/dist.c'

# folder: the folders that it may include from, beside its own
directions() {
	cat <<-'LIST'
	base:
	ask:
	program: base
	weak: base
	litmus: base weak
	machine: base program
	oracle: base program machine
	run: base program machine oracle weak relaxed
	relaxed: base program machine weak
	explore: base program machine oracle run weak relaxed
	export: base program machine explore
	trace: base
	script: base program
	store: base program run script
	report: base program machine oracle run weak explore trace script store
	cli: base ask program machine oracle run explore export weak litmus trace script store report
	LIST
}

c_files() { find sim -name '*.[ch]' -o -name '*.def' | sort; }
sources() {
	find . -name .git -prune -o -path './build*' -prune -o \
		-name __pycache__ -prune -o -path './results/*' -prune -o \
		-type f \( -name '*.[ch]' -o -name '*.def' -o -name '*.cc' \
		-o -name '*.lua' -o -name '*.py' -o -name '*.sh' \
		-o -name '*.gp' -o -name '*.sql' -o -name '*.awk' \
		-o -name Makefile -o -path './scripts/*' -o -path ./.ci/run \
		-o -path ./tests/run -o -path ./tests/bench/bench \) -print |
		grep -v __pycache__ | sed 's,^\./,,' | sort
}
texts() {
	sources
	find . -name .git -prune -o -path './build*' -prune -o \
		-path './results/*' -prune -o -type f -name '*.md' -print |
		sed 's,^\./,,' | sort
}

# $plain holds the C sources without comments and strings, path for path.
make_plain() {
	for f in $(c_files); do
		mkdir -p "$plain/${f%/*}"
		awk -f "$here/strip.awk" "$f" >"$plain/$f"
	done
}

# Every line that has the word $1 (an extended regular expression), as code,
# outside of the folders named after it: file:line: <$2>.
banned() {
	pattern=$1 message=$2
	shift 2
	for f in $(c_files); do
		folder=${f#sim/}
		case " $* " in *" ${folder%%/*} "*) continue ;; esac
		grep -nE "(^|[^A-Za-z0-9_>.])($pattern)" "$plain/$f" |
			sed "s,^\([0-9]*\):.*,$f:\1: $message,"
	done
}

rule_width() {	# lines of sim/ fit 80 columns, tabs being 8
	for f in $(c_files); do
		expand "$f" | awk -v f="$f" -v max="$max_columns" '
			length($0) > max {
				print f ":" NR ": " length($0) " columns"
			}'
	done
}

rule_function() {	# a function fits a screen: 60 lines
	for f in $(c_files); do
		awk -v f="$f" -v max="$max_function" -v long="$long_functions" '
			/^[A-Za-z_].*\(/ {
				name = $0
				sub(/\(.*/, "", name)
				sub(/.*[^A-Za-z0-9_]/, "", name)
			}
			/^\{/ { began = NR }
			/^\}/ && began {
				n = NR - began - 1
				if (n > max && !index(" " long " ",
						      " " name " "))
					print f ":" began ": " name "() has " \
						n " lines"
				began = 0
			}' "$plain/$f"
	done
}

rule_file() {	# a file has at most 700 lines
	for f in $(c_files); do
		n=$(wc -l <"$f")
		[ "$n" -le "$max_file" ] || echo "$f:$n: $n lines"
	done
}

rule_blanks() {	# no blanks at the end of a line, no blank line at the end
	for f in $(sources); do
		grep -nE '[ 	]+$' "$f" |
			sed "s,^\([0-9]*\):.*,$f:\1: blanks at the end,"
		[ -z "$(tail -n 1 "$f" | tr -d '[:space:]')" ] &&
			echo "$f:$(wc -l <"$f"): blank line at the end"
	done
}

rule_calls() {	# no call that is unsafe or random
	banned '(s?rand|rand_r|random|[dlm]rand48)[ 	]*\(' \
		'random numbers come from run/rng.h'
	banned '(strcpy|strcat|v?sprintf|gets|strtok)[ 	]*\(' \
		'a call without bounds'
	banned '(secure_)?getenv[ 	]*\(|g_getenv[ 	]*\(' \
		'the environment is for cli/' cli
}

rule_clock() {	# no wall clock below report/
	banned '(time|clock|clock_gettime|gettimeofday)[ 	]*\(' \
		'wall clock below report/' report cli
	banned 'g_(get_monotonic_time|get_real_time|date_time_new_now)' \
		'wall clock below report/' report cli
}

rule_float() {	# no floating point below report/
	banned '(float|double|long double)[^A-Za-z0-9_(]' \
		'floating point below report/' report cli |
		grep -vF "$float_files:"
}

rule_order() {	# no iteration in hash order: keys are sorted at once
	banned 'g_hash_table_(iter_init|foreach|get_keys|get_values)[ 	]*\(' \
		'hash order'
	for f in $(c_files); do
		awk -v f="$f" '
			/g_hash_table_get_(keys|values)_as_array/ { at = NR }
			/sort/ { at = 0 }
			at && NR == at + 3 { print f ":" at ": hash order" }
			' "$plain/$f"
	done
	banned 'g_direct_hash' 'pointers are hashed'
}

rule_direction() {	# includes go one way
	for f in $(c_files); do
		folder=${f#sim/}
		folder=${folder%%/*}
		may=$(directions | sed -n "s/^$folder: *//p")
		directions | grep -q "^$folder:" ||
			echo "$f:1: folder $folder is not in tidy's list"
		grep -n '^[ 	]*#[ 	]*include[ 	]*"' "$f" |
			sed 's/\([0-9]*\):.*"\(.*\)".*/\1 \2/' |
			while read -r line name; do
				into=${name#../}
				case $into in */*) ;; *) continue ;; esac
				case " $folder $may " in
				*" ${into%%/*} "*) ;;
				*) echo "$f:$line: $folder/ includes $name" ;;
				esac
			done
	done
}

# Lines that include the header $1 (a regular expression) outside of folder $2.
outside() {
	for f in $(c_files); do
		case $f in sim/$2/*) continue ;; esac
		grep -nE "include.*[<\"/]($1)\.h" "$plain/$f" |
			sed "s,^\([0-9]*\):.*,$f:\1: only $2/ sees this header,"
	done
}

rule_libraries() {	# Lua is seen by script/ only, SQLite by store/ only ...
	outside 'lua|lauxlib|lualib' script
	outside sqlite3 store
	outside 'trace-cmd|event-parse' trace
}

rule_spdx() {	# every source says its licence in the first three lines
	for f in $(sources); do
		head -n 3 "$f" |
			grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' ||
			echo "$f:1: no SPDX-License-Identifier"
	done
}

rule_opening() {	# a .c opens with a comment that says what it decides
	for f in $(c_files); do
		case $f in *.c) ;; *) continue ;; esac
		[ "$(sed -n 's,^\(/\*\).*,\1,p;2q' "$f" | wc -l)" = 2 ] ||
			echo "$f:2: no comment says what this file is for"
	done
}

rule_dead_file() {	# every header is included, every folder is used
	grep -hE '^[ 	]*#[ 	]*include[ 	]*"' $(c_files) \
		$(find tests -name '*.c') /dev/null |
		sed 's/.*"\(.*\)".*/\1/; s,.*/,,' | sort -u >"$scratch/inc"
	for f in $(c_files); do
		case $f in *.c) continue ;; esac
		grep -qxF "${f##*/}" "$scratch/inc" ||
			echo "$f:1: included by nobody"
	done
	for folder in $(c_files | sed 's,/[^/]*$,,' | sort -u); do
		[ "$folder" = sim/cli ] && continue
		grep -lE "include.*\"(\.\./)?${folder#sim/}/" $(c_files) \
			/dev/null | grep -qv "^$folder/" ||
			echo "$folder:1: used by no other folder"
	done
}

rule_dead_code() {	# every function that a header declares is called
	(cd "$plain" && cat $(c_files)) >"$scratch/code"
	cat "$scratch/code" $(find tests -name '*.c') |
		grep -oE 'kw_[a-z0-9_]+' | sort | uniq -c |
		awk '{ print $2, $1 }' >"$scratch/words"
	for f in $(c_files); do
		case $f in *.h) ;; *) continue ;; esac
		grep -nE '^[a-z].*[ *]kw_[a-z0-9_]+\(' "$plain/$f" |
			grep -vE '^[0-9]+:(static|typedef|#)' |
			sed 's/^\([0-9]*\):[^(]*[ *]\(kw_[a-z0-9_]*\)(.*/\1 \2/' |
			while read -r line name; do
				grep -qE "^$name [12]\$" "$scratch/words" &&
					echo "$f:$line: $name() is never used"
			done
	done
}

rule_markers() {	# nothing is marked as unfinished
	for f in $(texts); do
		case $f in tests/tidy/*) continue ;; esac
		grep -nwE 'TODO|FIXME|XXX|HACK|TBD' "$f" |
			sed "s,^\([0-9]*\):.*,$f:\1: unfinished,"
	done
}

rule_paths() {	# no path of one person's machine
	private='home|root|work|Users|mnt|opt|srv|private'
	for f in $(texts); do
		case $f in tests/tidy/*) continue ;; esac
		grep -nE "(^|[^A-Za-z0-9_.)*/-])/($private)/" "$f" |
			sed "s,^\([0-9]*\):.*,$f:\1: absolute path,"
	done
}

RULES='width function file blanks calls clock float order direction libraries
spdx opening dead_file dead_code markers paths'

# A tree without fault, in the current folder.
plant_clean() {
	mkdir -p sim/base sim/cli tests
	cat >sim/base/a.h <<-'C'
	/* SPDX-License-Identifier: GPL-2.0-or-later */
	/* What a.c gives. */
	int kw_a(int x);
	C
	cat >sim/base/a.c <<-'C'
	/* SPDX-License-Identifier: GPL-2.0-or-later */
	/* Decides what x is; "double" and rand() here are only words. */
	#include "a.h"

	int kw_a(int x)
	{
		return x + sizeof("getenv(");
	}
	C
	cat >sim/cli/main.c <<-'C'
	/* SPDX-License-Identifier: GPL-2.0-or-later */
	/* Runs it. */
	#include "../base/a.h"

	int main(int n, char **v)
	{
		return kw_a(n) + !v;
	}
	C
}

add() { cat >>"$1"; }
bad_width() { printf '\t/* %073d */\n' 0 | add sim/base/a.c; }
bad_function() {
	{ echo 'static int f(void)'; echo '{'; yes '	;' | head -n 61
	echo '}'; } | add sim/base/a.c
}
bad_file() { yes 'extern int x;' | head -n 700 | add sim/base/a.c; }
bad_blanks() { echo 'int x; ' | add sim/base/a.c; }
bad_calls() { echo 'int x = rand();' | add sim/base/a.c; }
bad_calls_2() { echo 'int x = getenv("A") != 0;' | add sim/base/a.c; }
bad_calls_3() { echo 'int x = sprintf(a, "b");' | add sim/cli/main.c; }
bad_clock() { echo 'long x = time(0);' | add sim/base/a.c; }
bad_float() { echo 'double x;' | add sim/base/a.c; }
bad_order() { echo 'int x = g_hash_table_foreach(a);' | add sim/base/a.c; }
bad_order_2() {
	printf 'void *x = g_hash_table_get_keys_as_array(t, &n);\n\n\n\n' |
		add sim/cli/main.c
}
bad_direction() { echo '#include "../machine/m.h"' | add sim/base/a.c; }
bad_direction_2() { mkdir sim/new; cp sim/base/a.h sim/new/; }
bad_libraries() { echo '#include <lua.h>' | add sim/base/a.c; }
bad_libraries_3() { echo '#include <trace-cmd.h>' | add sim/cli/main.c; }
bad_libraries_2() { echo '#include <sqlite3.h>' | add sim/cli/main.c; }
bad_spdx() { sed -i 1d sim/base/a.h; }
bad_opening() { sed -i 2d sim/base/a.c; }
bad_dead_file() { cp sim/base/a.h sim/base/b.h; }
bad_dead_file_2() {
	mkdir sim/run
	sed 's/kw_a/kw_b/' sim/base/a.h >sim/run/b.h
	sed 's/kw_a/kw_b/; s/a\.h/b.h/' sim/base/a.c >sim/run/b.c
}
bad_dead_code() {
	echo 'int kw_b(void);' | add sim/base/a.h
	echo 'int kw_b(void) { return 1; }' | add sim/base/a.c
}
bad_markers() { echo '/* FIXME: later */' | add sim/base/a.c; }
bad_markers_2() { echo 'TODO' | add README.md; }
bad_paths() { echo '/* see /home/me/x */' | add sim/base/a.c; }

# Applies every rule to the tree in the current folder.
apply() {
	plain=$scratch/plain
	rm -rf "$plain"
	make_plain
	failed=0
	for rule in $RULES; do
		"rule_$rule" >"$scratch/found" 2>&1
		if [ ! -s "$scratch/found" ]; then
			echo "ok $rule"
		else
			echo "not ok $rule"
			sed 's/^/# /' "$scratch/found"
			failed=1
		fi
	done
	return $failed
}

# Every bad_* must be found by its own rule; the clean tree by none.
test_rules() {
	broken=0
	try=$scratch/try
	mkdir "$try" && cd "$try" && plant_clean
	if apply >"$scratch/verdict"; then
		echo "ok the clean tree"
	else
		echo "not ok the clean tree"
		sed 's/^/# /' "$scratch/verdict"
		broken=1
	fi
	for bad in $(sed -n 's/^bad_\([a-z_0-9]*\)() .*/\1/p' \
		     "$here/tidy.sh"); do
		named=${bad%_[0-9]}
		cd "$scratch" && rm -rf "$try" && mkdir "$try" && cd "$try" &&
			plant_clean
		"bad_$bad"
		apply >"$scratch/verdict"
		if grep -qx "not ok $named" "$scratch/verdict"; then
			echo "ok $bad is found"
		else
			echo "not ok $bad is found"
			broken=1
		fi
	done
	for rule in $RULES; do
		grep -q "^bad_$rule() " "$here/tidy.sh" && continue
		echo "not ok rule $rule has a bad_$rule"
		broken=1
	done
	return $broken
}

cd "${1:-$top}" || exit 2
status=0
apply || status=1
if [ $# = 0 ]; then
	test_rules || status=1
fi
exit $status
