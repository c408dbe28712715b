package s6_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/internal/s6/nobodytest"
	"github.com/sillelien/baseinit/supervisor"
)

const shell = "exec:#!/bin/sh\n"

// read reads a tree, in time, and gives the services with their directories
// relative to it.
func read(t *testing.T, tree files, d s6.Defaults) (dir string, services []supervisor.Service, notes []s6.Note, err error) {
	t.Helper()
	dir = tree.write(t, t.TempDir())
	inTime(t, func() { services, notes, err = s6.Services(dir, d) })
	for i := range services {
		relative, rerr := filepath.Rel(dir, services[i].Dir)
		if !filepath.IsAbs(services[i].Dir) || rerr != nil {
			t.Errorf("directory %q is not in %s", services[i].Dir, dir)
		}
		services[i].Dir = relative
	}
	return dir, services, notes, err
}

func diff(want, got []supervisor.Service) string {
	return cmp.Diff(want, got, cmpopts.EquateEmpty())
}

// The tree of each case is one service, "a", that is right.
func TestServices(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tree files
		want func(*supervisor.Service)
	}{
		"run alone":              {nil, func(*supervisor.Service) {}},
		"finish":                 {files{"finish": shell}, func(s *supervisor.Service) { s.Finish = []string{"./finish"} }},
		"finish is a link":       {files{"finish": "link:/bin/true"}, func(s *supervisor.Service) { s.Finish = []string{"./finish"} }},
		"down":                   {files{"down": ""}, func(s *supervisor.Service) { s.Down = true }},
		"critical":               {files{"critical": ""}, func(s *supervisor.Service) { s.Critical = true }},
		"notification-fd":        {files{"notification-fd": "3"}, func(s *supervisor.Service) { s.Readiness.FD = 3 }},
		"with a newline":         {files{"notification-fd": "4\n"}, func(s *supervisor.Service) { s.Readiness.FD = 4 }},
		"with CRLF":              {files{"notification-fd": "1023\r\n"}, func(s *supervisor.Service) { s.Readiness.FD = 1023 }},
		"timeout-finish":         {files{"timeout-finish": "30000\n"}, func(s *supervisor.Service) { s.FinishTimeout = 30 * time.Second }},
		"timeout-finish of 0":    {files{"timeout-finish": "0"}, func(s *supervisor.Service) { s.FinishTimeout = -1 }},
		"timeout-kill":           {files{"timeout-kill": "295000"}, func(s *supervisor.Service) { s.StopTimeout = 295 * time.Second }},
		"timeout-kill of 1":      {files{"timeout-kill": "1"}, func(s *supervisor.Service) { s.StopTimeout = time.Millisecond }},
		"timeout-kill of 0":      {files{"timeout-kill": "0\n"}, func(s *supervisor.Service) { s.StopTimeout = 876000 * time.Hour }},
		"down-signal":            {files{"down-signal": "SIGQUIT"}, func(s *supervisor.Service) { s.StopSignal = syscall.SIGQUIT }},
		"down-signal short":      {files{"down-signal": "INT\n"}, func(s *supervisor.Service) { s.StopSignal = syscall.SIGINT }},
		"down-signal small":      {files{"down-signal": "sigusr1\r\n"}, func(s *supervisor.Service) { s.StopSignal = syscall.SIGUSR1 }},
		"down-signal number":     {files{"down-signal": "28"}, func(s *supervisor.Service) { s.StopSignal = syscall.SIGWINCH }},
		"down-signal real time":  {files{"down-signal": "37"}, func(s *supervisor.Service) { s.StopSignal = 37 }},
		"max-restarts":           {files{"max-restarts": "5\n"}, func(s *supervisor.Service) { s.MaxRestarts = 5 }},
		"max-restarts in a time": {files{"max-restarts": "5/30"}, func(s *supervisor.Service) { s.MaxRestarts, s.RestartWindow = 5, 30*time.Second }},
		"max-restarts, blanks":   {files{"max-restarts": " 5 / 30 \n"}, func(s *supervisor.Service) { s.MaxRestarts, s.RestartWindow = 5, 30*time.Second }},
		"max-restarts of 0":      {files{"max-restarts": "0"}, func(s *supervisor.Service) { s.Restart = supervisor.RestartNever }},
		"critical, max-restarts": {
			files{"critical": "", "max-restarts": "2"},
			func(s *supervisor.Service) {
				s.Critical, s.MaxRestarts, s.Restart = true, 2, supervisor.RestartAlways
			},
		},
		"critical, max-restarts of 0": {
			files{"critical": "", "max-restarts": "0"},
			func(s *supervisor.Service) { s.Critical, s.Restart = true, supervisor.RestartNever },
		},
		"stages of s6-overlay": {files{"dependencies.d/base": "", "dependencies": "legacy-cont-init\nfix-attrs\nuser\n"}, func(*supervisor.Service) {}},
		"hidden dependencies":  {files{"dependencies.d/.gitkeep": ""}, func(*supervisor.Service) {}},
		"empty dependencies":   {files{"dependencies.d": "dir:", "dependencies": "\n# nothing\n"}, func(*supervisor.Service) {}},
		"known elsewhere": {
			files{"dependencies.d/dns": "", "dependencies": "syslog\r\n dns \n"},
			func(s *supervisor.Service) { s.Requires = []string{"dns", "syslog"} },
		},
		"what is for others": {
			files{
				"type": "longrun", "data/check": shell, "env/HOME": "/", "nosetsid": "", "reload-signal": "oops", "max-death-tally": "oops",
				"lock-fd": "oops", "flag-newpidns": "", "flag-timeout-killpg": "", "README.md": "read me", "helper.sh": "#!/bin/sh\n",
				"supervise/control": "fifo:", "event/x": "fifo:", ".hidden": "fifo:", "producer-for": "x",
			},
			func(*supervisor.Service) {},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := files{"a/run": shell}
			for file, what := range test.tree {
				tree["a/"+file] = what
			}
			want := supervisor.Service{Name: "a", Dir: "a", Command: []string{"./run", "a"}}
			test.want(&want)
			_, got, notes, err := read(t, tree, s6.Defaults{Known: []string{"dns", "syslog"}})
			wantError(t, err)
			if len(notes) > 0 {
				t.Errorf("notes: %v", notes)
			}
			if d := diff([]supervisor.Service{want}, got); d != "" {
				t.Errorf("services (-want +got):\n%s", d)
			}
		})
	}
}

func TestServicesDefaults(t *testing.T) {
	t.Parallel()
	_, got, _, err := read(t, files{
		"a/run": shell, "a/log/run": shell,
		"b/run": shell, "b/timeout-kill": "5000", "b/down-signal": "HUP",
	}, s6.Defaults{StopSignal: syscall.SIGINT, StopTimeout: time.Minute})
	wantError(t, err)
	want := []supervisor.Service{
		{Name: "a", Dir: "a", Command: []string{"./run", "a"}, LogTo: "a/log", StopSignal: syscall.SIGINT, StopTimeout: time.Minute},
		{Name: "a/log", Dir: "a/log", Command: []string{"./run", "a/log"}, StopSignal: syscall.SIGINT, StopTimeout: time.Minute},
		{Name: "b", Dir: "b", Command: []string{"./run", "b"}, StopSignal: syscall.SIGHUP, StopTimeout: 5 * time.Second},
	}
	if d := diff(want, got); d != "" {
		t.Errorf("services (-want +got):\n%s", d)
	}
}

func TestServicesTree(t *testing.T) {
	t.Parallel()
	_, got, notes, err := read(t, files{
		"web/run": shell, "web/dependencies.d/db": "", "web/dependencies": "db\ncache\n",
		"web/log/run": shell, "web/log/finish": shell, "web/log/notification-fd": "3", "web/log/log/run": shell,
		"db/run":       shell,
		"my cache/run": shell,
		"cache":        "link:my cache",
		"real/run":     "link:../web/run",
		".git/run":     shell, ".gitignore": "*",
		"Zope/run": shell, "base/run": shell, "db/dependencies": "base",
	}, s6.Defaults{})
	wantError(t, err)
	if len(notes) > 0 {
		t.Errorf("notes: %v", notes)
	}
	want := []supervisor.Service{
		{Name: "Zope", Dir: "Zope", Command: []string{"./run", "Zope"}},
		{Name: "base", Dir: "base", Command: []string{"./run", "base"}},
		{Name: "cache", Dir: "cache", Command: []string{"./run", "cache"}},
		{Name: "db", Dir: "db", Command: []string{"./run", "db"}, Requires: []string{"base"}},
		{Name: "my cache", Dir: "my cache", Command: []string{"./run", "my cache"}},
		{Name: "real", Dir: "real", Command: []string{"./run", "real"}},
		{Name: "web", Dir: "web", Command: []string{"./run", "web"}, Requires: []string{"cache", "db"}, LogTo: "web/log"},
		{
			Name: "web/log", Dir: "web/log", Command: []string{"./run", "web/log"},
			Finish: []string{"./finish"}, Readiness: supervisor.Readiness{FD: 3},
		},
	}
	if d := diff(want, got); d != "" {
		t.Errorf("services (-want +got):\n%s", d)
	}
	if _, err := supervisor.New(supervisor.Config{Services: got}); err != nil {
		t.Errorf("the supervisor does not take them: %v", err)
	}
}

func TestServicesNotExecutable(t *testing.T) {
	t.Parallel()
	_, got, notes, err := read(t, files{
		"a/run": "#!/usr/bin/with-contenv sh\n", "a/finish": "exit 0\n", "a/log/run": "#!/usr/bin/execlineb -P\n",
		"b/run": shell,
	}, s6.Defaults{})
	wantError(t, err)
	want := []supervisor.Service{
		{Name: "a", Dir: "a", Command: []string{"./run", "a"}, Finish: []string{"./finish"}, LogTo: "a/log"},
		{Name: "a/log", Dir: "a/log", Command: []string{"./run", "a/log"}},
		{Name: "b", Dir: "b", Command: []string{"./run", "b"}},
	}
	says := "was not executable: made so"
	if os.Geteuid() != 0 {
		want[0].Command = []string{"/usr/bin/with-contenv", "sh", "./run", "a"}
		want[0].Finish = []string{"/bin/sh", "./finish"}
		want[1].Command = []string{"/usr/bin/execlineb", "-P", "./run", "a/log"}
		says = "is run through its interpreter"
	}
	if d := diff(want, got); d != "" {
		t.Errorf("services (-want +got):\n%s", d)
	}
	if len(notes) != 3 {
		t.Errorf("%d notes, want 3: %v", len(notes), notes)
	}
	for _, n := range notes {
		if !strings.Contains(n.Text, says) || n.Text != notes[0].Text {
			t.Errorf("note %q, want the same one for all, that says %q", n.Text, says)
		}
	}
}

func TestServicesNotes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tree files
		file string
		says string
	}{
		"a file":               {files{"x": "text"}, "x", "is not a service directory: skipped"},
		"a FIFO":               {files{"x": "fifo:"}, "x", "is not a service directory: skipped"},
		"a link to a file":     {files{"x": "link:a/run"}, "x", "is not a service directory: skipped"},
		"a dangling link":      {files{"x": "link:nowhere"}, "x", "is a link that leads nowhere: skipped"},
		"empty":                {files{"x": "dir:"}, "x", "has no run file: skipped"},
		"only a type":          {files{"x/type": "bundle"}, "x", "has no run file: skipped"},
		"log without run":      {files{"a/log/finish": shell}, "a/log", "has no run file: skipped"},
		"log is a file":        {files{"a/log": "text"}, "a/log", "is not a service directory: skipped"},
		"log is a link":        {files{"a/log": "link:/no/where"}, "a/log", "is a link that leads nowhere: skipped"},
		"finish is a FIFO":     {files{"a/finish": "fifo:"}, "a/finish", "is never run: it is a FIFO, not a script"},
		"finish is a dir":      {files{"a/finish": "dir:"}, "a/finish", "is never run: it is a directory, not a script"},
		"finish leads nowhere": {files{"a/finish": "link:/no/such"}, "a/finish", "is never run: it is a link to /no/such, which does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.tree["a/run"] = shell
			dir, got, notes, err := read(t, test.tree, s6.Defaults{})
			wantError(t, err)
			want := []s6.Note{{File: filepath.Join(dir, test.file), Text: test.says}}
			if d := cmp.Diff(want, notes); d != "" {
				t.Errorf("notes (-want +got):\n%s", d)
			}
			if d := diff([]supervisor.Service{{Name: "a", Dir: "a", Command: []string{"./run", "a"}}}, got); d != "" {
				t.Errorf("services (-want +got):\n%s", d)
			}
		})
	}
}

// Each case is one wrong file of service "x"; "right" is there to stay.
func TestServicesRefuses(t *testing.T) {
	t.Parallel()
	const (
		millis     = "allowed is a number of milliseconds from 0 to 4294967295"
		descriptor = "allowed is a descriptor from 3 to 1023"
		signal     = "allowed is a signal by name (QUIT or SIGQUIT) or number (1 to 64)"
		restarts   = "allowed is a number of restarts, N, or N/SECONDS"
	)
	tests := []struct{ file, what, says string }{
		{"run", "dir:", "it is a directory"},
		{"run", "fifo:", "it is a FIFO"},
		{"run", "link:/no/such", "it is a link to /no/such, which does not exist"},
		{"notification-fd", "1", `it holds "1"; ` + descriptor},
		{"notification-fd", "2\n", `it holds "2"; ` + descriptor},
		{"notification-fd", "0", descriptor},
		{"notification-fd", "", descriptor},
		{"notification-fd", "three", `it holds "three"; ` + descriptor},
		{"notification-fd", "1024", descriptor},
		{"notification-fd", "3 4", descriptor},
		{"notification-fd", "99999999999999999999", descriptor},
		{"notification-fd", "fifo:", "it is a FIFO, not a file"},
		{"notification-fd", "dir:", "it is a directory, not a file"},
		{"notification-fd", "link:/dev/zero", "it is a device, not a file"},
		{"notification-fd", "link:/no/such", "no such file"},
		{"notification-fd", strings.Repeat("3", 100<<10), "it is larger than 65536 bytes"},
		{"timeout-finish", "5s", `it holds "5s"; ` + millis},
		{"timeout-finish", "-1", millis},
		{"timeout-kill", "", millis},
		{"timeout-kill", "4294967296", millis},
		{"timeout-kill", "5\n6", `it holds "5\n6"`},
		{"timeout-kill", "fifo:", "it is a FIFO"},
		{"down-signal", "SIGNOTHING", `it holds "SIGNOTHING"; ` + signal},
		{"down-signal", "0", signal},
		{"down-signal", "65", signal},
		{"down-signal", "-15", signal},
		{"down-signal", "SIG", signal},
		{"down-signal", "", signal},
		{"down-signal", "fifo:", "it is a FIFO"},
		{"down-signal", strings.Repeat("x", 1000), strings.Repeat("x", 40) + `..."`},
		{"max-restarts", "many", `it holds "many"; ` + restarts},
		{"max-restarts", "-1", restarts},
		{"max-restarts", "5/", restarts},
		{"max-restarts", "5/0", restarts},
		{"max-restarts", "5/-1", restarts},
		{"max-restarts", "/60", restarts},
		{"max-restarts", "5/1m", restarts},
		{"max-restarts", "fifo:", "it is a FIFO"},
		{"dependencies", "fifo:", "it is a FIFO"},
		{"dependencies", "right\nnothing\n", `there is no service "nothing" to depend on`},
		{"dependencies", "right/log\n", `there is no service "right/log" to depend on`},
		{"dependencies", "..", `there is no service ".." to depend on`},
		{"dependencies", "./right", `there is no service "./right" to depend on`},
		{"dependencies.d/nothing", "", `there is no service "nothing" to depend on`},
		{"dependencies.d/legacy-services", "", `there is no service "legacy-services" to depend on`},
		{"dependencies.d", "a file", "not a directory"},
		{"dependencies.d", "fifo:", "not a directory"},
		{"log/run", "dir:", "it is a directory"},
		{"log/timeout-kill", "soon", millis},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%s=%.20q", test.file, test.what), func(t *testing.T) {
			t.Parallel()
			tree := files{"right/run": shell, "x/run": shell, "x/log/run": shell}
			tree["x/"+test.file] = test.what
			dir, got, notes, err := read(t, tree, s6.Defaults{})
			wantError(t, err, "cannot ", filepath.Join(dir, "x", test.file), test.says)
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %v", err)
			}
			if len(notes) > 0 {
				t.Errorf("notes: %v", notes)
			}
			// x is left out, and with it what would read its output.
			if d := diff([]supervisor.Service{{Name: "right", Dir: "right", Command: []string{"./run", "right"}}}, got); d != "" {
				t.Errorf("services (-want +got):\n%s", d)
			}
		})
	}
}

func TestServicesUnreadable(t *testing.T) {
	t.Parallel()
	if nobodytest.Instead(t) {
		return
	}
	dir := files{"a/run": shell, "a/timeout-kill": "1", "b/run": shell, "c/run": shell, "c/dependencies.d/x": ""}.write(t, t.TempDir())
	for _, name := range []string{"a/timeout-kill", "b", "c/dependencies.d"} {
		path := filepath.Join(dir, name)
		ok(t, os.Chmod(path, 0))
		t.Cleanup(func() { ok(t, os.Chmod(path, 0o755)) })
	}
	got, _, err := s6.Services(dir, s6.Defaults{})
	wantError(t, err,
		"cannot read "+dir+"/a/timeout-kill: permission denied",
		"cannot list "+dir+"/b: permission denied",
		"cannot list "+dir+"/c/dependencies.d: permission denied")
	if len(got) > 0 {
		t.Errorf("services: %v", got)
	}
}

// What needs a wrong service, directly or not, is left out with it; each wrong
// thing is said once.
func TestServicesLeavesOut(t *testing.T) {
	t.Parallel()
	dir, got, _, err := read(t, files{
		"a/run": shell, "a/dependencies": "b",
		"b/run": shell, "b/dependencies": "c",
		"c/run": shell, "c/timeout-kill": "soon", "c/notification-fd": "x",
		"d/run": shell, "d/dependencies": "e/log",
		"e/run": shell, "e/log/run": shell, "e/log/down-signal": "x",
		"f/run": shell, "f/dependencies": "f", // a loop is the supervisor's to find
		"new\nline/run": shell,
	}, s6.Defaults{})
	var says []string
	for line := range strings.Lines(err.Error()) {
		says = append(says, strings.TrimSpace(strings.ReplaceAll(line, dir, "")))
	}
	want := []string{
		`cannot use /c/notification-fd: it holds "x"; allowed is a descriptor from 3 to 1023`,
		`cannot use /c/timeout-kill: it holds "soon"; allowed is a number of milliseconds from 0 to 4294967295`,
		`cannot use /e/log/down-signal: it holds "x"; allowed is a signal by name (QUIT or SIGQUIT) or number (1 to 64)`,
		`cannot use "/new\nline": the name of a service holds no newline and no tab`,
	}
	if d := cmp.Diff(want, says); d != "" {
		t.Errorf("errors (-want +got):\n%s", d)
	}
	if d := diff([]supervisor.Service{{Name: "f", Dir: "f", Command: []string{"./run", "f"}, Requires: []string{"f"}}}, got); d != "" {
		t.Errorf("services (-want +got):\n%s", d)
	}
}

func TestServicesDirectory(t *testing.T) {
	t.Parallel()
	dir := files{"file": "", "fifo": "fifo:", "empty": "dir:"}.write(t, t.TempDir())
	for name, says := range map[string]string{"missing": "", "empty": "", "file": "not a directory", "fifo": "not a directory"} {
		inTime(t, func() {
			path := filepath.Join(dir, name)
			services, notes, err := s6.Services(path, s6.Defaults{})
			if len(services)+len(notes) > 0 {
				t.Errorf("%s: services %v, notes %v", name, services, notes)
			}
			if says == "" {
				wantError(t, err)
				return
			}
			wantError(t, err, "cannot list "+path, says)
		})
	}
}

func TestNoteString(t *testing.T) {
	t.Parallel()
	n := s6.Note{File: "/etc/services.d/x", Text: "has no run file: skipped"}
	if got, want := n.String(), "/etc/services.d/x has no run file: skipped"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A container's 50 services must not be felt: the whole of a start is 2 ms.
func BenchmarkServices50(b *testing.B) {
	tree := files{}
	for i := range 50 {
		name := fmt.Sprintf("service-%02d/", i)
		tree[name+"run"] = "exec:#!/bin/sh\nexec sleep 1000\n"
		tree[name+"finish"] = shell
		tree[name+"notification-fd"] = "3\n"
		tree[name+"timeout-kill"] = "5000\n"
		if i > 0 {
			tree[name+"dependencies.d/service-00"] = ""
		}
	}
	dir := tree.write(b, b.TempDir())
	for b.Loop() {
		services, _, err := s6.Services(dir, s6.Defaults{})
		if err != nil || len(services) != 50 {
			b.Fatal(len(services), err)
		}
	}
}

func BenchmarkScripts20(b *testing.B) {
	tree := files{}
	for i := range 20 {
		tree[fmt.Sprintf("%02d-script", i)] = "exec:#!/usr/bin/with-contenv sh\n"
	}
	dir := tree.write(b, b.TempDir())
	for b.Loop() {
		if scripts, err := s6.Scripts(dir); err != nil || len(scripts) != 20 {
			b.Fatal(len(scripts), err)
		}
	}
}
