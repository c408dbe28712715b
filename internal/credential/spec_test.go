package credential_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/credential"
)

func TestNeeded(t *testing.T) {
	t.Parallel()
	argv := []string{"true"}
	for _, spec := range []credential.Spec{{}, {NoNewPrivs: new(false)}, {Explicit: []string{"HOME"}}, {Rlimits: map[string]credential.Limit{}}} {
		if path, wrapped := spec.Wrap("self", argv); spec.Needed() || path != "" || !slices.Equal(wrapped, argv) {
			t.Errorf("%+v: %q %q, want nothing to be done", spec, path, wrapped)
		}
	}
	for _, spec := range []credential.Spec{
		{User: "x"},
		{Group: "x"},
		{Groups: []string{}},
		{Umask: new(uint32(0))},
		{Rlimits: map[string]credential.Limit{"cpu": {}}},
		{OOMScoreAdj: new(0)},
		{Nice: new(0)},
		{Capabilities: new([]string(nil))},
		{NoNewPrivs: new(true)},
		{Variables: &[]string{}},
	} {
		if path, wrapped := spec.Wrap("self", argv); !spec.Needed() || path != "self" || wrapped[0] != credential.Name {
			t.Errorf("%+v: %q %q, want it wrapped", spec, path, wrapped)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	spec := credential.Spec{
		User: "a:b", Group: "a,b", Groups: []string{"ok", ""}, Umask: new(uint32(0o1000)),
		Rlimits:     map[string]credential.Limit{"files": {}, "cpu": {Soft: 2, Hard: 1}},
		OOMScoreAdj: new(-1001), Nice: new(20), Capabilities: &[]string{"chown", "everything"},
	}
	err := spec.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	for i, want := range []string{
		`user "a:b" is no name`, `group "a,b"`, `groups: ""`, "umask 01000 is over 0777", "limit cpu: the soft limit 2 is over the hard limit 1",
		`there is no limit "files", but as, core, cpu`, "oom_score_adj -1001", "nice 20", `there is no capability "everything", but chown`,
	} {
		if i >= len(lines) || !strings.Contains(lines[i], want) {
			t.Errorf("line %d of %q: want %q", i, lines, want)
		}
	}
	for _, names := range [][]string{credential.LimitNames(), credential.CapabilityNames()} {
		if len(names) == 0 || slices.Contains(names, "") {
			t.Errorf("names are missing in %q", names)
		}
	}
	all := credential.CapabilityNames()
	limits := map[string]credential.Limit{}
	for _, name := range credential.LimitNames() {
		limits[name] = credential.Limit{Soft: 1, Hard: credential.Infinity}
	}
	if err := (&credential.Spec{Capabilities: &all, Rlimits: limits}).Validate(); err != nil {
		t.Errorf("all names: %v", err)
	}
}

func TestParseLimit(t *testing.T) {
	t.Parallel()
	const inf = credential.Infinity
	for text, want := range map[string]credential.Limit{
		"0": {}, "1024": {Soft: 1024, Hard: 1024}, "1:2": {Soft: 1, Hard: 2}, "unlimited": {Soft: inf, Hard: inf}, "5:infinity": {Soft: 5, Hard: inf},
	} {
		got, err := credential.ParseLimit(text)
		if err != nil || got != want {
			t.Errorf("%s: %v %v, want %v", text, got, err, want)
		}
		if again, err := credential.ParseLimit(got.String()); again != got || err != nil {
			t.Errorf("%s: %s is read as %v, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"", ":", "1:", ":1", "-1", "1k", "1:2:3", "x"} {
		if got, err := credential.ParseLimit(text); err == nil || !strings.Contains(err.Error(), "is no limit: write a number") {
			t.Errorf("%q: %v %v, want an error", text, got, err)
		}
	}
}

// FuzzWrap: what is wrapped and valid is what is unwrapped.
func FuzzWrap(f *testing.F) {
	f.Add("nobody", "daemon", "a,b", uint32(0o22), int64(5), "nofile", uint64(1), uint64(2), "chown,kill", "HOME", true, "sh\x00-c\x00--")
	f.Add("", "", "", uint32(0), int64(-1), "", uint64(0), uint64(0), "", "", false, "--\x00-u")
	f.Add("0", "0", "-", uint32(0o777), int64(-20), "cpu", uint64(1), credential.Infinity, "CAP_BPF", "USER,LOGNAME", true, "")
	f.Fuzz(func(t *testing.T, user, group, groups string, umask uint32, n int64, limit string, soft, hard uint64, caps, explicit string, all bool, line string) {
		spec := credential.Spec{User: user, Group: group, Explicit: strings.Split(explicit, ",")}
		if all {
			spec.Groups, spec.Capabilities = words(groups), new(words(caps))
			spec.Umask, spec.NoNewPrivs = &umask, new(true)
			spec.Variables = new(words(explicit))
		}
		if n%2 == 0 {
			spec.OOMScoreAdj, spec.Nice = new(int(n)), new(int(n/2))
		}
		if limit != "" {
			spec.Rlimits = map[string]credential.Limit{limit: {Soft: soft, Hard: hard}, "as": {Soft: 1, Hard: 1}}
		}
		argv := strings.Split(line, "\x00")
		if !spec.Needed() || spec.Validate() != nil {
			return
		}
		path, wrapped := spec.Wrap("/proc/self/exe", argv)
		got, rest, err := credential.Unwrap(wrapped)
		if err != nil || path != "/proc/self/exe" || !slices.Equal(rest, argv) {
			t.Fatalf("%q: %q %v, want %q", wrapped, rest, err, argv)
		}
		spec.Explicit = slices.DeleteFunc([]string{"HOME", "USER", "LOGNAME"}, func(name string) bool {
			return user == "" || !slices.ContainsFunc(spec.Explicit, func(e string) bool { return e == name || strings.HasPrefix(e, name+"=") })
		})
		if len(spec.Explicit) == 0 {
			spec.Explicit = nil
		}
		if !cmp.Equal(got, spec) {
			t.Errorf("%q: %s", wrapped, cmp.Diff(spec, got))
		}
	})
}

func words(text string) []string {
	if text == "" {
		return []string{}
	}
	return strings.Split(text, ",")
}
