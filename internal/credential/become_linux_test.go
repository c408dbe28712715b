package credential_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/credential"
	"github.com/sillelien/baseinit/internal/pid1test"
)

func TestMain(m *testing.M) { os.Exit(pid1test.Main(m)) }

// result is what came of a process.
type result struct {
	stdout, stderr string
	code           int
}

// start is how a process is started: as whom, and with what environment.
type start struct {
	as    *syscall.Credential
	env   []string
	files []*os.File
}

// become runs a program as a service with that Spec would.
func (s start) become(t *testing.T, spec credential.Spec, argv ...string) result {
	t.Helper()
	path, wrapped := spec.Wrap(pid1test.Build(t), argv)
	return s.run(t, path, wrapped)
}

func (s start) run(t *testing.T, path string, argv []string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := &exec.Cmd{
		Path: path, Args: argv, Dir: "/", Stdout: &stdout, Stderr: &stderr, ExtraFiles: s.files,
		Env: append([]string{"PATH=/usr/bin:/bin"}, s.env...), SysProcAttr: &syscall.SysProcAttr{Credential: s.as},
	}
	err := cmd.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatal(err)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// called gives a path that anybody can run, under which the program is what Wrap calls.
func called(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, credential.Name)
	err := errors.Join(os.Link(pid1test.Build(t), path), os.Chmod(dir, 0o755), os.Chmod(filepath.Dir(dir), 0o755)) //nolint:gosec // anybody
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// within wraps a program for a process that is already another.
func within(t *testing.T, spec credential.Spec, argv ...string) []string {
	t.Helper()
	path, wrapped := spec.Wrap(called(t), argv)
	wrapped[0] = path
	return wrapped
}

// nobodyElse is a user who may do nothing.
func nobodyElse() *syscall.Credential { return &syscall.Credential{Uid: 1234, Gid: 1234} }

// status picks lines of /proc/self/status, without the blanks between.
func status(text string, names ...string) (lines string) {
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		for _, wanted := range names {
			if name == wanted {
				lines += strings.Join(append([]string{name}, strings.Fields(value)...), " ") + "\n"
			}
		}
	}
	return lines
}

// capabilities are the lines of a process of which all sets are the same.
func capabilities(all string) string {
	return fmt.Sprintf("CapInh %s\nCapPrm %s\nCapEff %s\nCapBnd %s\nCapAmb %s\n", all, all, all, all, all)
}

func TestIdentityAndCapabilities(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	const none, bindKill = "0000000000000000", "0000000000000420"
	caps := []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}
	ids := []string{"Uid", "Gid", "Groups"}
	for _, test := range []struct {
		name  string
		spec  credential.Spec
		lines []string
		want  string
	}{
		{"a user", credential.Spec{User: "nobody"}, ids, "Uid 65534 65534 65534 65534\nGid 65534 65534 65534 65534\nGroups 65534\n"},
		{"a user by number", credential.Spec{User: "65534"}, ids, "Uid 65534 65534 65534 65534\nGid 65534 65534 65534 65534\nGroups 65534\n"},
		{"no such user", credential.Spec{User: "4321", Group: "8765"}, ids, "Uid 4321 4321 4321 4321\nGid 8765 8765 8765 8765\nGroups\n"},
		{"another group", credential.Spec{User: "nobody", Group: "daemon"}, ids, "Uid 65534 65534 65534 65534\nGid 1 1 1 1\nGroups\n"},
		{"more groups", credential.Spec{User: "nobody", Groups: []string{"daemon", "77"}}, ids, "Uid 65534 65534 65534 65534\nGid 65534 65534 65534 65534\nGroups 1 77\n"},
		{"no groups", credential.Spec{User: "nobody", Groups: []string{}}, ids, "Uid 65534 65534 65534 65534\nGid 65534 65534 65534 65534\nGroups\n"},
		{"only a group", credential.Spec{Group: "5"}, ids[:2], "Uid 0 0 0 0\nGid 5 5 5 5\n"},
		{"a user loses all", credential.Spec{User: "nobody"}, caps[1:3], "CapPrm " + none + "\nCapEff " + none + "\n"},
		{"a user keeps two", credential.Spec{User: "nobody", Capabilities: &[]string{"net_bind_service", "CAP_KILL"}}, caps, capabilities(bindKill)},
		{"root keeps two", credential.Spec{Capabilities: &[]string{"NET_BIND_SERVICE", "kill"}}, caps, capabilities(bindKill)},
		{"root keeps none", credential.Spec{Capabilities: &[]string{}}, caps, capabilities(none)},
		{"a user keeps none", credential.Spec{User: "nobody", Capabilities: &[]string{}}, caps, capabilities(none)},
		{"no_new_privs", credential.Spec{NoNewPrivs: new(true)}, []string{"NoNewPrivs"}, "NoNewPrivs 1\n"},
		{"not no_new_privs", credential.Spec{NoNewPrivs: new(false), Umask: new(uint32(0o27))}, []string{"NoNewPrivs", "Umask"}, "Umask 0027\nNoNewPrivs 0\n"},
	} {
		got := start{}.become(t, test.spec, "cat", "/proc/self/status")
		if lines := status(got.stdout, test.lines...); lines != test.want || got.code != 0 || got.stderr != "" {
			t.Errorf("%s: code %d, %q: %s", test.name, got.code, got.stderr, cmp.Diff(test.want, lines))
		}
	}
}

// TestCapabilityWorks: a user may do what he has kept, and nothing else.
func TestCapabilityWorks(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	spec := credential.Spec{User: "nobody", Capabilities: &[]string{"chown", "dac_read_search"}}
	if got := (start{}).become(t, spec, "chown", "7", file); got.code != 0 {
		t.Errorf("with CAP_CHOWN: %+v", got)
	}
	spec.Capabilities = &[]string{"dac_read_search"}
	if got := (start{}).become(t, spec, "chown", "8", file); got.code != 1 {
		t.Errorf("without CAP_CHOWN: %+v", got)
	}
}

func TestLimitsAndPriority(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	const script = "ulimit -Sn; ulimit -Hn; ulimit -St; ulimit -Hc; cat /proc/self/oom_score_adj; nice; umask"
	spec := credential.Spec{
		Rlimits:     map[string]credential.Limit{"nofile": {Soft: 50, Hard: 60}, "cpu": {Soft: 7, Hard: credential.Infinity}, "core": {}},
		OOMScoreAdj: new(321), Nice: new(7), Umask: new(uint32(0o77)),
	}
	got := start{}.become(t, spec, "sh", "-c", script)
	if want := (result{"50\n60\n7\n0\n321\n7\n0077\n", "", 0}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestTightLimits: the process itself must get through before they hold.
func TestTightLimits(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	for name, soft := range map[string]uint64{
		"as": 16 << 20, "data": 4 << 20, "stack": 256 << 10, "nofile": 4, "fsize": 0, "memlock": 0, "nproc": 1, "rss": 1 << 20,
		"cpu": 1, "core": 0, "locks": 0, "msgqueue": 0, "nice": 0, "rtprio": 0, "rttime": 1000, "sigpending": 0,
	} {
		spec := credential.Spec{
			User: "4321", Group: "4321", OOMScoreAdj: new(5), Nice: new(1), Capabilities: &[]string{},
			Rlimits: map[string]credential.Limit{name: {Soft: soft, Hard: soft}},
		}
		for range 5 {
			if got := (start{}).become(t, spec, "true"); got != (result{}) {
				t.Errorf("%s %d: %+v", name, soft, got)
			}
		}
	}
}

// TestRaised: root with CAP_SYS_RESOURCE may have more than the hard limit that is, also for
// a user who may not; without it, it is said what is needed.
func TestRaised(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	low := credential.Spec{Rlimits: map[string]credential.Limit{"nofile": {Soft: 100, Hard: 200}}}
	high := credential.Spec{User: "nobody", Rlimits: map[string]credential.Limit{"nofile": {Soft: 300, Hard: 400}}}
	got := start{}.become(t, low, within(t, high, "sh", "-c", "ulimit -Sn; ulimit -Hn")...)
	able := start{}.run(t, "/bin/sh", []string{"sh", "-c", "ulimit -Hn 200 && ulimit -Hn 400"}).code == 0
	const refused = "baseinit-become: cannot raise the hard limit nofile from 200 to 400, which needs CAP_SYS_RESOURCE, " +
		"or a higher limit of the container (docker run --ulimit): operation not permitted\n"
	want := result{"", refused, 111}
	if able {
		want = result{"300\n400\n", "", 0}
	}
	if got != want {
		t.Errorf("able %t: got %+v, want %+v", able, got, want)
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	env := []string{"HOME=/root", "USER=root", "A=b"}
	for _, test := range []struct {
		spec credential.Spec
		want string
	}{
		{credential.Spec{User: "nobody"}, "/nonexistent nobody nobody b\n"},
		{credential.Spec{User: "65534"}, "/nonexistent 65534 65534 b\n"},
		{credential.Spec{User: "4321", Group: "0"}, "/ 4321 4321 b\n"},
		{credential.Spec{Group: "5"}, "/root root  b\n"},
		{credential.Spec{User: "nobody", Explicit: []string{"HOME=/root", "USER"}}, "/root root nobody b\n"},
		{credential.Spec{User: "nobody", Explicit: []string{"HOMES=x", "USE", "A"}}, "/nonexistent nobody nobody b\n"},
	} {
		got := start{env: env}.become(t, test.spec, "sh", "-c", "echo $HOME $USER \"$LOGNAME\" $A")
		if want := (result{test.want, "", 0}); got != want {
			t.Errorf("%+v: got %+v, want %+v", test.spec, got, want)
		}
	}
}

// TestNothingElse: what the Spec does not say is as without it: signals, limits, groups,
// descriptors and all else that /proc knows.
func TestNothingElse(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	s := start{files: []*os.File{w}}
	argv := []string{"sh", "-c", "grep -vE '^(Pid|PPid|Tgid|NSpid|Ngid|NStgid|Vm|Rss|Hugetlb|.*ctxt|Umask|Threads|SigQ|Cpus)' /proc/self/status; " +
		"cat /proc/self/limits; ls /proc/$$/fd; env | grep -v ^_; pwd; echo ready >&3"}
	plain := s.run(t, "/bin/sh", argv)
	if got := s.become(t, credential.Spec{Umask: new(uint32(0o22))}, argv...); got != plain {
		t.Errorf("%s", cmp.Diff(clean(plain.stdout), clean(got.stdout)))
	}
	for _, line := range []string{"SigBlk:\t0000000000000000", ignored(t)} {
		if !strings.Contains(plain.stdout, line) {
			t.Errorf("there is no %q in %s", line, plain.stdout)
		}
	}
}

// ignored is the line of /proc/PID/status of a process for which no more signals are ignored
// than for the test: make, for one, starts programs with signal 32 ignored.
func ignored(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "SigIgn:") {
			return line
		}
	}
	t.Fatalf("no SigIgn in %s", text)
	return ""
}

func clean(text string) []string { return strings.Split(text, "\n") }

func TestUnprivileged(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t) // to become somebody else
	for _, test := range []struct {
		name string
		spec credential.Spec
		code int
		says string
	}{
		{"who he is", credential.Spec{User: "1234", Group: "1234", Groups: []string{}}, 0, ""},
		{"lower limits", credential.Spec{Rlimits: map[string]credential.Limit{"nofile": {Soft: 20, Hard: 20}}}, 0, ""},
		{"a lower priority", credential.Spec{Nice: new(10), OOMScoreAdj: new(1000), Umask: new(uint32(0)), NoNewPrivs: new(true)}, 0, ""},
		{"another user", credential.Spec{User: "nobody"}, 111, "cannot set the supplementary groups [65534], which needs CAP_SETGID: operation not permitted"},
		{"another user's number", credential.Spec{User: "77", Group: "1234"}, 111, "cannot become user 77, which needs CAP_SETUID"},
		{"another group", credential.Spec{User: "1234", Group: "77"}, 111, "cannot become group 77, which needs CAP_SETGID"},
		{"a higher priority", credential.Spec{Nice: new(-5)}, 111, "cannot set the nice value to -5, which needs CAP_SYS_NICE"},
		{"a lower score", credential.Spec{OOMScoreAdj: new(-999)}, 111, "cannot set oom_score_adj to -999, which needs CAP_SYS_RESOURCE"},
		{"a capability", credential.Spec{Capabilities: &[]string{"chown"}}, 111, "cannot keep CAP_CHOWN, which baseinit itself has not got: give it to the container (docker run --cap-add), and run it as root"},
		{"fewer capabilities", credential.Spec{Capabilities: &[]string{}}, 111, "cannot give up CAP_CHOWN, which needs CAP_SETPCAP"},
	} {
		wrapped := within(t, test.spec, "true")
		got := start{as: nobodyElse()}.run(t, wrapped[0], wrapped)
		if got.code != test.code || !strings.Contains(got.stderr, test.says) || (test.says == "") != (got.stderr == "") {
			t.Errorf("%s: %+v, want %d and %q", test.name, got, test.code, test.says)
		}
	}
}

// TestLimitThatIsLower: a user cannot raise what is lower for him.
func TestLimitThatIsLower(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	outer := credential.Spec{User: "1234", Group: "1234", Rlimits: map[string]credential.Limit{"core": {Soft: 5, Hard: 5}}}
	inner := credential.Spec{Rlimits: map[string]credential.Limit{"core": {Soft: 8, Hard: 8}}}
	got := start{}.become(t, outer, within(t, inner, "true")...)
	if want := "cannot raise the hard limit core from 5 to 8, which needs CAP_SYS_RESOURCE"; got.code != 111 || !strings.Contains(got.stderr, want) {
		t.Errorf("%+v, want %q", got, want)
	}
}

func TestExit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"lost": 0o755, "locked": 0o644, "plain": 0o755} {
		text := map[string]string{"lost": "#!/bin/nosuch\n", "plain": "echo $0 $1 $A\nexit 9\n"}[name]
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil { //nolint:gosec // programs
			t.Fatal(err)
		}
	}
	spec := credential.Spec{Umask: new(uint32(0o22))}
	for _, test := range []struct {
		argv   []string
		code   int
		stdout string
		says   string
	}{
		{[]string{"sh", "-c", "exit 5"}, 5, "", ""},
		{[]string{"plain", "x"}, 9, dir + "/plain x b\n", ""},
		{[]string{"nosuch"}, 127, "", "baseinit-become: cannot start nosuch: no such program in PATH"},
		{[]string{"/no/such"}, 127, "", "cannot start /no/such: no such file or directory"},
		{[]string{"lost"}, 127, "", `no such interpreter "#!/bin/nosuch"`},
		{[]string{dir + "/locked"}, 126, "", "not executable: chmod +x it"},
		{[]string{"locked"}, 126, "", "found in PATH, and not executable"},
		{[]string{dir}, 126, "", "is a directory"},
	} {
		got := start{env: []string{"PATH=" + dir + ":/usr/bin:/bin", "A=b"}}.become(t, spec, test.argv...)
		if got.code != test.code || got.stdout != test.stdout || !strings.Contains(got.stderr, test.says) {
			t.Errorf("%q: %+v, want %+v", test.argv, got, test)
		}
	}
	for _, test := range []struct {
		flags []string
		code  int
		says  string
	}{
		{nil, 100, "there is no program after --"},
		{[]string{"-x", "1", "--", "true"}, 100, "there is no option -x"},
		{[]string{"-m", "999", "--", "true"}, 100, "option -m: "},
		{[]string{"-l", "files=1", "--", "true"}, 100, `there is no limit "files"`},
		{[]string{"-u", "nosuch", "--", "true"}, 111, `there is no user "nosuch" in /etc/passwd`},
		{[]string{"-u", "4321", "--", "true"}, 111, "there is no user 4321 in /etc/passwd: give a group, too"},
		{[]string{"-g", "nosuch", "--", "true"}, 111, `there is no group "nosuch"`},
		{[]string{"-G", "daemon,nosuch", "--", "true"}, 111, `there is no group "nosuch"`},
	} {
		got := start{}.run(t, pid1test.Build(t), append([]string{credential.Name}, test.flags...))
		if got.code != test.code || !strings.Contains(got.stderr, test.says) || strings.Count(got.stderr, "\n") != 1 {
			t.Errorf("%q: %+v, want %+v", test.flags, got, test)
		}
	}
}

// TestNamesOfTheKernel: the names are those that the kernel's own tools know.
func TestNamesOfTheKernel(t *testing.T) {
	t.Parallel()
	header, err := os.ReadFile("/usr/include/linux/capability.h")
	if err != nil {
		t.Skip("there are no headers of the kernel: ", err)
	}
	defines := regexp.MustCompile(`(?m)^#define\s+CAP_(\w+)\s+(\d+)$`).FindAllStringSubmatch(string(header), -1)
	got := map[string]string{}
	for i, name := range credential.CapabilityNames() {
		got[strings.ToUpper(name)] = fmt.Sprint(i)
	}
	want := maps.Clone(got)
	for _, define := range defines {
		if _, ok := got[define[1]]; ok || !strings.HasPrefix(define[1], "LAST") {
			want[define[1]] = define[2]
		}
	}
	if !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}

func TestVariables(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root becomes root")
	}
	env := []string{"A=1", "B=2", "AA=3", "HOME=/nowhere"}
	got := start{env: env}.become(t, credential.Spec{User: "root", Variables: &[]string{"A", "PATH"}}, "env")
	lines := strings.Fields(got.stdout)
	slices.Sort(lines)
	want := []string{"A=1", "HOME=/root", "LOGNAME=root", "PATH=/usr/bin:/bin", "USER=root"}
	if diff := cmp.Diff(want, lines); diff != "" || got.code != 0 {
		t.Errorf("code %d, %s (-want +got)\n%s", got.code, got.stderr, diff)
	}
}
