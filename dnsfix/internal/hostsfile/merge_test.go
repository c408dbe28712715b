package hostsfile_test

import (
	"bytes"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/dnsfix/internal/hostsfile"
)

const docker = "127.0.0.1\tlocalhost\n# comment\n\n172.17.0.2\tweb 8f1e6a01c1de\n"

func TestMerge(t *testing.T) {
	t.Parallel()
	links := []hostsfile.Entry{entry("10.0.0.1", "db", "db.example.com"), entry("fd00::1", "db")}
	const block = "# BEGIN links\n10.0.0.1 db\n10.0.0.1 db.example.com\nfd00::1 db\n# END links\n"
	for _, tc := range []struct {
		name, existing string
		entries        []hostsfile.Entry
		want           string
	}{
		{"empty file", "", links, block},
		{"at the end", docker, links, docker + block},
		{"nothing to add", docker, nil, docker},
		{"equal", docker + block, links, docker + block},
		{"where it is", block + docker, links, block + docker},
		{"replaced where it is", "a\n# BEGIN links\n10.0.0.9 old\n# END links\nb\n", links, "a\n" + block + "b\n"},
		{"removed", "a\n" + block + "b\n", nil, "a\nb\n"},
		{"another's block", "# BEGIN other\n10.0.0.9 x\n# END other\n# BEGIN links2\n", links, "# BEGIN other\n10.0.0.9 x\n# END other\n# BEGIN links2\n" + block},
		{"no newline at the end", "10.0.0.9 x", links, "10.0.0.9 x\n" + block},
		{"no newline at the end, nothing to add", "10.0.0.9 x", nil, "10.0.0.9 x"},
		{"no newline behind the block", docker + strings.TrimSuffix(block, "\n"), links, docker + block},
		{"no newline behind the next line", block + "10.0.0.9 x", links, block + "10.0.0.9 x"},
		{"carriage returns", "10.0.0.9 x\r\n# BEGIN links\r\n10.0.0.8 y\r\n# END links\r\n", links, "10.0.0.9 x\r\n" + block},
		{"docker adds lines", docker + block + "10.0.0.7\tnew\n", links, docker + block + "10.0.0.7\tnew\n"},
		{"begin without end", "a\n# BEGIN links\n10.0.0.9 x\nb\n", links, "a\n10.0.0.9 x\nb\n" + block},
		{"begin alone, no newline", "a\n# BEGIN links", links, "a\n" + block},
		{"end without begin", "a\n# END links\nb\n", links, "a\nb\n" + block},
		{"begin twice", "# BEGIN links\na\n# BEGIN links\n10.0.0.9 x\n# END links\nb\n", links, "a\n" + block + "b\n"},
		{"end twice", "# BEGIN links\n10.0.0.9 x\n# END links\nb\n# END links\nc\n", links, block + "b\nc\n"},
		{"two blocks", "a\n" + block + "b\n" + block + "c\n", links, "a\n" + block + "b\nc\n"},
		{"said by foreign lines", "10.0.0.1\tDB other\n", links, "10.0.0.1\tDB other\n# BEGIN links\n10.0.0.1 db.example.com\nfd00::1 db\n# END links\n"},
		{"all said by foreign lines", "10.0.0.1 x db.example.com db\nfd00::1 db\n", links, "10.0.0.1 x db.example.com db\nfd00::1 db\n"},
		{"all said by foreign lines now", "10.0.0.1 x db.example.com db\nfd00::1 db\n" + block, links, "10.0.0.1 x db.example.com db\nfd00::1 db\n"},
		{"said in a comment", "#10.0.0.1 db\n", links[1:], "#10.0.0.1 db\n# BEGIN links\nfd00::1 db\n# END links\n"},
		{"another address of the name", "10.0.0.2 db\n", links[1:], "10.0.0.2 db\n# BEGIN links\nfd00::1 db\n# END links\n"},
		{"repeated", "", []hostsfile.Entry{entry("10.0.0.1", "a", "A", "a."), entry("10.0.0.1", "a")}, "# BEGIN links\n10.0.0.1 a\n# END links\n"},
		{"what no file can hold", "", []hostsfile.Entry{
			{Names: []string{"no-address"}},
			entry("10.0.0.1"),
			entry("10.0.0.2", "", "a b", "a\n8.8.8.8 bank.example.com", "#", "10.0.0.3", "a\x00", "ok"),
		}, "# BEGIN links\n10.0.0.2 ok\n# END links\n"},
		{"only what no file can hold", docker, []hostsfile.Entry{entry("10.0.0.2", "a b")}, docker},
		{"a zone", "", []hostsfile.Entry{{Addr: netip.MustParseAddr("fe80::1").WithZone("x\ny"), Names: []string{"a"}}}, "# BEGIN links\nfe80::1 a\n# END links\n"},
		{"IPv4 in IPv6", "", []hostsfile.Entry{entry("::ffff:10.0.0.1", "a")}, "# BEGIN links\n10.0.0.1 a\n# END links\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := hostsfile.Merge([]byte(tc.existing), tc.entries, "links")
			if diff := cmp.Diff(tc.want, string(got)); diff != "" {
				t.Errorf("Merge (-want +got):\n%s", diff)
			}
			checkMerged(t, []byte(tc.existing), tc.entries, "links")
		})
	}
}

func TestMergeReturnsWhatItGot(t *testing.T) {
	t.Parallel()
	existing := []byte(docker)
	if got := hostsfile.Merge(existing, nil, "links"); &got[0] != &existing[0] {
		t.Error("Merge made a copy although nothing changes")
	}
}

func TestMergeLeavesItsArgumentsAlone(t *testing.T) {
	t.Parallel()
	existing := []byte("a\n# BEGIN links\nb\n# END links\nc\n")
	before := bytes.Clone(existing)
	hostsfile.Merge(existing[:len(existing)-2], []hostsfile.Entry{entry("10.0.0.1", "db")}, "links")
	if !bytes.Equal(existing, before) {
		t.Errorf("existing is now %q", existing)
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	with := hostsfile.Merge([]byte(docker), []hostsfile.Entry{entry("10.0.0.1", "db")}, "links")
	if got := hostsfile.Remove(with, "links"); string(got) != docker {
		t.Errorf("Remove = %q; want %q", got, docker)
	}
	if got := hostsfile.Remove(with, "others"); !bytes.Equal(got, with) {
		t.Errorf("Remove of another marker = %q; want %q", got, with)
	}
}

func TestMarkerIsOneLine(t *testing.T) {
	t.Parallel()
	got := hostsfile.Merge(nil, []hostsfile.Entry{entry("10.0.0.1", "db")}, " a\n8.8.8.8 bank.example.com ")
	if want := "# BEGIN a 8.8.8.8 bank.example.com\n10.0.0.1 db\n# END a 8.8.8.8 bank.example.com\n"; string(got) != want {
		t.Errorf("Merge = %q; want %q", got, want)
	}
}

var block = regexp.MustCompile("B[^BE]*E")

// foreignLines says by other means than Merge which lines are not ours: it writes
// the file as a word, B and E for the markers and x for a line.
func foreignLines(text []byte, marker string) []string {
	lines := slices.Collect(strings.Lines(string(text)))
	word := []byte(strings.Repeat("x", len(lines)))
	for i, line := range lines {
		switch strings.TrimRight(line, " \t\n\v\f\r") {
		case "# BEGIN " + marker:
			word[i] = 'B'
		case "# END " + marker:
			word[i] = 'E'
		}
	}
	for _, at := range block.FindAllIndex(word, -1) {
		copy(word[at[0]:at[1]], strings.Repeat("-", at[1]-at[0]))
	}
	var foreign []string
	for i, line := range lines {
		if word[i] == 'x' {
			foreign = append(foreign, line)
		}
	}
	return foreign
}

// checkMerged checks what holds for every result of Merge.
func checkMerged(t *testing.T, existing []byte, entries []hostsfile.Entry, marker string) {
	t.Helper()
	merged := hostsfile.Merge(existing, entries, marker)
	if again := hostsfile.Merge(merged, entries, marker); !bytes.Equal(again, merged) {
		t.Errorf("merged again:\n%q\nwant:\n%q", again, merged)
	}
	before, after := strings.Join(foreignLines(existing, marker), ""), strings.Join(foreignLines(merged, marker), "")
	if after != before && after != before+"\n" {
		t.Errorf("foreign lines are now\n%q\nwant\n%q", after, before)
	}
	removed := hostsfile.Remove(merged, marker)
	if string(removed) != after {
		t.Errorf("removed:\n%q\nwant\n%q", removed, after)
	}
	// A dot cannot be told from none there, so that names are compared by looking up.
	table := hostsfile.NewTable("", parse(string(merged)))
	for _, e := range entries {
		for _, name := range e.Names {
			if _, notes := hostsfile.Parse([]byte("10.0.0.1 " + name + "\n")); len(notes) > 0 || strings.ContainsAny(name, "# \t\n\v\f\r\x00") || !e.Addr.IsValid() {
				continue
			}
			addr := e.Addr.Unmap().WithZone("")
			if host := table.Lookup(name); host == nil || !slices.Contains(slices.Concat(host.V4, host.V6), addr) {
				t.Errorf("%s has not got %s in\n%q", name, addr, merged)
			}
		}
	}
}

func FuzzMerge(f *testing.F) {
	f.Add([]byte(docker), "10.0.0.1 db\n")
	f.Add([]byte("a\n# BEGIN m\nb\n# BEGIN m\nc\n# END m\n# END m\nd"), "fd00::1 a b\n10.0.0.1 a")
	f.Add([]byte("# END m\r\n# BEGIN m \n10.0.0.1 db\x00\n# BEGIN m"), "10.0.0.1 DB\n")
	f.Add([]byte(" 10.0.0.1 x\n#"), "")
	f.Fuzz(func(t *testing.T, existing []byte, ours string) {
		entries := parse(ours)
		for field := range strings.SplitSeq(ours, " ") { // and what Parse does not return
			entries = append(entries, entry("10.9.9.9", field))
		}
		checkMerged(t, existing, entries, "m")
	})
}

// What Parse takes is found in the table, by name and by address.
func FuzzParse(f *testing.F) {
	f.Add("127.0.0.1\tlocalhost\n::1 localhost\n", "lan")
	f.Add("fe80::1%eth0 A b. # c\r\n\x00\n10.0.0.1 x..y 10.0.0.2 z", "")
	f.Fuzz(func(t *testing.T, text, domain string) {
		entries := parse(text)
		table := hostsfile.NewTable(domain, entries)
		for _, e := range entries {
			owner := table.LookupAddr(e.Addr)
			for _, name := range e.Names {
				host := table.Lookup(name)
				if host == nil || !slices.Contains(slices.Concat(host.V4, host.V6), e.Addr) {
					t.Errorf("%q has not got %s", name, e.Addr)
				}
				same := func(other string) bool { return lowerASCII(other) == lowerASCII(name) }
				if owner == nil || !same(owner.Name) && !slices.ContainsFunc(owner.Aliases, same) {
					t.Errorf("%s has not got %q", e.Addr, name)
				}
			}
		}
	})
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
