# SPDX-License-Identifier: GPL-2.0-or-later
#
# Prints C with its comments and the insides of its strings left out, line
# for line, so that a rule that looks for a call does not find it in prose.
# #include lines stay whole.

function strip(line,	out, c, two)
{
	out = ""
	while (line != "") {
		c = substr(line, 1, 1)
		two = substr(line, 1, 2)
		if (in_comment) {
			if (two == "*/") {
				in_comment = 0
				line = substr(line, 3)
			} else {
				line = substr(line, 2)
			}
		} else if (quote != "") {
			if (c == "\\") {
				line = substr(line, 3)
				continue
			}
			if (c == quote) {
				out = out c
				quote = ""
			}
			line = substr(line, 2)
		} else if (two == "/*") {
			in_comment = 1
			line = substr(line, 3)
		} else if (two == "//") {
			line = ""
		} else {
			if (c == "\"" || c == "'")
				quote = c
			out = out c
			line = substr(line, 2)
		}
	}
	quote = ""
	return out
}

/^[ \t]*#[ \t]*include/ && !in_comment { print; next }
{ print strip($0) }
