#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every scenario goes as it expects, under every kernel that it names: an
# unknown one is an error, and a vacuous campaign fails.  Each names v4.14,
# and expects something of every kernel that it names.

set -u
cd "$(dirname "$0")/../.." || exit 2
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT

"${KVMWAKE:-${BUILD:-build}/kvmwake}" run --lua lua --quiet \
	--db "$scratch/db" scenarios/*/*.lua || exit

sqlite3 "$scratch/db" "
	SELECT path || ' expects nothing of v4.14' FROM scenarios
	WHERE scenario NOT IN (SELECT scenario FROM expectations
			       WHERE kernel = 'v4.14' AND expected <> 'any');
	SELECT s.path || ' expects nothing of ' || k.name
	FROM campaigns c JOIN scenarios s USING (scenario)
	JOIN kernels k USING (kernel)
	WHERE NOT EXISTS (SELECT * FROM expectations e
			  WHERE e.scenario = s.scenario AND e.kernel = k.name);
	SELECT name || ' is said twice' FROM scenarios
	GROUP BY name HAVING count(*) > 1;
	SELECT 'only ' || count(*) || ' scenarios' FROM scenarios
	HAVING count(*) < $(ls scenarios/*/*.lua | wc -l)" >"$scratch/said"
cat "$scratch/said"
[ ! -s "$scratch/said" ]
