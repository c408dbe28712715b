package applet_test

import "testing"

// TestPrinting: what they print, and change for what follows.
func TestPrinting(t *testing.T) {
	t.Parallel()
	const lines = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12"
	check(t, []example{
		{argv: []string{"s6-env", "-i", "A=1", "B=", "A=2"}, stdout: "B=\nA=2\n"},
		{argv: []string{"s6-env", "A=1", "sh", "-c", "echo $A $B"}, env: []string{"B=2"}, stdout: "1 2\n"},
		{argv: []string{"s6-env", "PATH=/nope", "sh", "-c", "echo"}, code: 127},
		{argv: []string{"s6-env", "-i", "A=1", "s6-env"}, stdout: "A=1\n"},
		{argv: []string{"s6-env", "-x"}, code: 100},
		{argv: []string{"s6-env", "-i", "A=1", "B=2", "s6-printenv"}, stdout: "A=1\nB=2\n"},
		{argv: []string{"s6-env", "-i", "A=1", "B=2", "s6-printenv", "-n"}, stdout: "A=1\nB=2"},
		{argv: []string{"s6-env", "-i", "A=1", "B=2", "s6-printenv", "-0"}, stdout: "A=1\x00B=2\x00"},
		{argv: []string{"s6-env", "-i", "A=1", "B=2", "s6-printenv", "-nd", ",;"}, stdout: "A=1,B=2"},
		{argv: []string{"s6-env", "-i", "A=1", "B=2", "s6-printenv", "-d", ""}, stdout: "3:A=1,3:B=2,"},
		{argv: []string{"s6-env", "-i", "s6-printenv"}},
		{argv: []string{"s6-printenv", "A"}, code: 100},

		{argv: []string{"s6-head"}, stdin: lines, stdout: "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n"},
		{argv: []string{"s6-head", "-2", "-"}, stdin: lines, stdout: "1\n2\n"},
		{argv: []string{"s6-head", "-n", "20"}, stdin: lines, stdout: lines},
		{argv: []string{"s6-head", "-n0"}, stdin: lines},
		{argv: []string{"s6-head", "-c", "3"}, stdin: lines, stdout: "1\n2"},
		{argv: []string{"s6-head", "-c", "3"}, stdin: "1", stdout: "1"},
		{argv: []string{"s6-head", "-1", "-", "-"}, stdin: "a", stdout: "==> - <==\na\n==> - <==\n"},
		{argv: []string{"exec", "sh", "-c", "$0 -S -n1; exec cat", link(t, "s6-head")}, stdin: lines, stdout: lines},
		{argv: []string{"s6-head", "-n", "x"}, code: 100},

		{argv: []string{"s6-tail"}, stdin: lines, stdout: "3\n4\n5\n6\n7\n8\n9\n10\n11\n12"},
		{argv: []string{"s6-tail", "-n", "1"}, stdin: "a\nb\n", stdout: "b\n"},
		{argv: []string{"s6-tail", "-n", "-1"}, stdin: "a\nb", stdout: "b"},
		{argv: []string{"s6-tail", "-n", "+2"}, stdin: "a\nb\nc\n", stdout: "b\nc\n"},
		{argv: []string{"s6-tail", "-n+9"}, stdin: "a\nb\n"},
		{argv: []string{"s6-tail", "-n0"}, stdin: "a\nb\n"},
		{argv: []string{"s6-tail", "-c", "2"}, stdin: "abc", stdout: "bc"},
		{argv: []string{"s6-tail", "-c", "+2"}, stdin: "abc", stdout: "bc"},
		{argv: []string{"s6-tail", "-c9", "-"}, stdin: "abc", stdout: "abc"},
		{argv: []string{"s6-tail", "-n", "9"}},
		{argv: []string{"s6-tail", "/nope"}, code: 111},
		{argv: []string{"s6-tail", "-n", "x"}, code: 100},

		{argv: []string{"s6-nice", "-n", "3", "nice"}, stdout: "3\n"},
		{argv: []string{"s6-nice", "s6-nice", "-n1", "s6-nice"}, stdout: "11\n"},
		{argv: []string{"s6-nice", "-n", "50", "s6-nice"}, stdout: "19\n"},
		{argv: []string{"s6-nice", "-n", "x", "true"}, code: 100},
		{argv: []string{"s6-sync"}},
		{argv: []string{"s6-sync", "x"}, code: 100},
	})
}

// TestHeadFiles: what is from which file is said.
func TestHeadFiles(t *testing.T) {
	t.Parallel()
	checkFiles(t, []fileExample{
		{argv: []string{"s6-head", "-1", "f", "nope"}, stdout: "==> f <==\ntext\n", code: 111},
		{argv: []string{"s6-head", "f"}, stdout: "text\n"},
		{argv: []string{"s6-head", "d"}, code: 111},
	})
}
