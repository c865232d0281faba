#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The textbook shapes of scenarios/litmus: what each file says in its comment
# ("LKMM: Never", "sc: Never; tso: Never; arm64: Never") is what comes out,
# nothing is seen that LKMM forbids, and a weaker model sees no less.
. tests/lib/cli.sh
shapes=scenarios/litmus

# observed MODEL [OPTION...]: NAME VERDICT of every shape
observed() {
	local model=$1
	shift
	"$KVMWAKE" litmus --memory "$model" "$@" $shapes |
		sed -n 's/^Observation \([^ ]*\) \([^ ]*\) .*/\1 \2/p'
}

# said WORD: the same, from the files
said() {
	for f in $shapes/*.litmus; do
		sed -n "s/^C //p" "$f" | tr '\n' ' '
		sed -n "s/.*[* ]$1: \([A-Za-z]*\).*/\1/p" "$f"
	done
}

said LKMM >"$TMPDIR/lkmm"
[ "$(wc -l <"$TMPDIR/lkmm")" -ge 25 ]
ok $? "at least 25 shapes"
for model in sc tso arm64; do
	observed $model >"$TMPDIR/$model"
	said $model >"$TMPDIR/said"
	diff "$TMPDIR/said" "$TMPDIR/$model" >"$TMPDIR/diff"
	ok $? "$model: as the files say"
	sed 's/^/# /' "$TMPDIR/diff"
	paste -d' ' "$TMPDIR/lkmm" "$TMPDIR/$model" |
		awk '$2 == "Never" && $4 != "Never"' >"$TMPDIR/unsound"
	[ ! -s "$TMPDIR/unsound" ]
	ok $? "$model: sound"
	sed 's/^/# /' "$TMPDIR/unsound"
	observed $model --no-reduction | cmp -s - "$TMPDIR/$model"
	ok $? "$model: the same without reduction"
done
for pair in 'sc tso' 'tso arm64'; do
	read -r strong weak <<<"$pair"
	paste -d' ' "$TMPDIR/$strong" "$TMPDIR/$weak" |
		awk '$2 != "Never" && $4 == "Never" { exit 1 }'
	ok $? "$weak sees what $strong sees"
done

# The states, not only the verdict, without reduction.
states() {
	"$KVMWAKE" litmus "$@" $shapes | grep -v '^Memory'
}
for model in sc tso arm64; do
	[ "$(states --memory $model)" = \
	  "$(states --memory $model --no-reduction)" ]
	ok $? "$model: the same states without reduction"
done

# Load buffering is arm64's alone; without it nothing else is lost, and what
# is left is what explore has.
for model in sc tso; do
	observed $model --no-load-buffering | cmp -s - "$TMPDIR/$model"
	ok $? "$model buffers no loads"
done
observed arm64 --no-load-buffering >"$TMPDIR/in-order"
grep -l '(explore: Never)' $shapes/*.litmus | sed 's,.*/,,; s,.litmus$,,' |
	sort >"$TMPDIR/want"
paste -d' ' "$TMPDIR/in-order" "$TMPDIR/arm64" |
	awk '$2 != $4 { print $1 }' | sort | diff "$TMPDIR/want" - >"$TMPDIR/diff"
ok $? "arm64 without load buffering differs where the files say so"
sed 's/^/# /' "$TMPDIR/diff"

# The reference, which has none, where it is there.
reference=${KVMWAKE_MODEL:-../shared/memory_model.py}
if [ -r "$reference" ]; then
	python3 "$reference" |
		sed -nE 's/^[~! ] ([^ ]+) +(Never|Sometimes) .*/\1 \2/p' |
		sort >"$TMPDIR/reference"
	sort "$TMPDIR/in-order" | join - "$TMPDIR/reference" >"$TMPDIR/both"
	[ "$(wc -l <"$TMPDIR/both")" = "$(wc -l <"$TMPDIR/reference")" ] &&
		awk '$2 != $3 { exit 1 }' "$TMPDIR/both"
	ok $? "arm64 agrees with its reference on every shape"
	awk '$2 != $3 { print "# " $0 }' "$TMPDIR/both"
	mkdir "$TMPDIR/random"
	python3 tests/litmus/differ.py "$reference" "$TMPDIR/random" \
		>"$TMPDIR/differ"
	ok $? "... and on random programs, state for state"
	sed 's/^/# /' "$TMPDIR/differ"
fi
finish
