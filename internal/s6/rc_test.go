package s6_test

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/supervisor"
)

// plan reads a tree's s6-rc.d, user-bundles.d and overlay, in time.
func plan(t *testing.T, tree files) (dir string, rc s6.RC, notes []s6.Note, err error) {
	t.Helper()
	dir = tree.write(t, t.TempDir())
	sources := s6.RCSources{
		Dirs:    []string{filepath.Join(dir, "s6-rc.d"), filepath.Join(dir, "user-bundles.d")},
		Overlay: []string{filepath.Join(dir, "overlay")}, Execlineb: "/execlineb",
	}
	inTime(t, func() { rc, notes, err = s6.ReadRC(sources) })
	return dir, rc, notes, err
}

// rcTree is an s6-rc.d in short: "name": "longrun needs...", with * for those that the bundle
// user holds.
func rcTree(services map[string]string, more files) files {
	tree := files{}
	for name, what := range services {
		name, wanted := strings.CutPrefix(name, "*")
		kind, needs, _ := strings.Cut(what, " ")
		dir := "s6-rc.d/" + name
		tree[dir+"/type"] = kind + "\n"
		switch kind {
		case "longrun":
			tree[dir+"/run"] = shell
		case "oneshot":
			tree[dir+"/up"] = "/etc/" + name + "\n"
		}
		for need := range strings.FieldsSeq(needs) {
			tree[dir+"/dependencies.d/"+need] = ""
		}
		if wanted {
			tree["s6-rc.d/user/contents.d/"+name] = ""
		}
	}
	maps.Copy(tree, more)
	return tree
}

// describeRC is a plan as text: "name[!] kind < requires > logs to", ! for those that are
// started with the container.
func describeRC(rc *s6.RC) (lines []string) {
	for _, s := range rc.Services {
		line := s.Name
		if !s.Down {
			line += "!"
		}
		if s.Oneshot {
			line += " once"
		}
		if len(s.Requires) > 0 {
			line += " < " + strings.Join(s.Requires, " ")
		}
		if s.LogTo != "" {
			line += " > " + s.LogTo
		}
		lines = append(lines, line)
	}
	for _, base := range rc.Base {
		lines = append(lines, "base "+base.Name)
	}
	for _, late := range rc.Late {
		lines = append(lines, "late "+late)
	}
	for _, essential := range rc.Essential {
		lines = append(lines, "essential "+essential)
	}
	return lines
}

func TestRC(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tree files
		want string
	}{
		"nothing at all": {files{}, ""},
		"only what a bundle leads to is started": {
			rcTree(map[string]string{"*web": "longrun db", "db": "longrun", "other": "longrun"}, nil),
			"db!|other|web! < db",
		},
		"both forms of dependencies, and stages": {
			rcTree(map[string]string{"*web": "longrun base legacy-cont-init db", "db": "oneshot fix-attrs", "log": "longrun"}, files{"s6-rc.d/web/dependencies": "# who\ndb\n log \n"}),
			"db! once|log!|web! < db log",
		},
		"a dependency on a bundle": {
			rcTree(map[string]string{"*web": "longrun all", "a": "longrun", "b": "oneshot"}, files{"s6-rc.d/all/type": "bundle", "s6-rc.d/all/contents.d/a": "", "s6-rc.d/all/contents": "b\n"}),
			"a!|b! once|web! < a b",
		},
		"both layouts of bundles": {
			rcTree(map[string]string{"*a": "longrun", "b": "longrun", "c": "longrun"}, files{
				"user-bundles.d/user/contents.d/b": "", "user-bundles.d/user/type": "bundle\n", "user-bundles.d/user2/contents": "c",
			}),
			"a!|b!|c!",
		},
		"after services.d": {
			rcTree(map[string]string{"*a": "longrun", "b": "oneshot legacy-services", "c": "longrun b"}, files{"s6-rc.d/user2/contents.d/c": ""}),
			"a!|b! once|c! < b|late b|late c",
		},
		"user2 that needs user": {
			rcTree(map[string]string{"*a": "longrun", "b": "longrun user"}, files{"s6-rc.d/user2/contents.d/b": ""}),
			"a!|b! < a",
		},
		"a pipeline of two producers, and its name in a bundle": {
			rcTree(map[string]string{"a": "longrun", "b": "longrun", "log": "longrun", "last": "longrun"}, files{
				"s6-rc.d/a/producer-for": "log\n", "s6-rc.d/b/producer-for": "log", "s6-rc.d/log/consumer-for": "a\nb\n",
				"s6-rc.d/log/producer-for": "last", "s6-rc.d/last/consumer-for": "log", "s6-rc.d/last/pipeline-name": "all\n", "s6-rc.d/user/contents.d/all": "",
			}),
			"a! > log|b! > log|last!|log! > last",
		},
		"down and log mean nothing": {
			rcTree(map[string]string{"*web": "longrun"}, files{"s6-rc.d/web/down": "", "s6-rc.d/web/log/run": shell}), "web!",
		},
		"hidden ones": {
			rcTree(map[string]string{"*web": "longrun", ".x": "longrun"}, files{"s6-rc.d/user/contents.d/.gitkeep": "", "s6-rc.d/web/dependencies.d/.gitkeep": ""}), "web!",
		},
		"essential": {rcTree(map[string]string{"*web": "longrun"}, files{"s6-rc.d/web/flag-essential": ""}), "web!|essential web"},
		// An image that still holds all of s6-overlay, and has put more into it.
		"s6-overlay itself": {
			rcTree(map[string]string{"*web": "longrun base"}, files{
				"overlay/base/type": "bundle", "overlay/base/contents.d/fix-attrs": "", "overlay/base/contents.d/legacy-cont-init": "", "overlay/base/contents.d/banner": "",
				"overlay/fix-attrs/type": "oneshot", "overlay/fix-attrs/up": "/nope", "overlay/legacy-cont-init/type": "oneshot", "overlay/legacy-cont-init/up": "/nope",
				"overlay/legacy-cont-init/dependencies.d/banner": "", "overlay/legacy-services/type": "oneshot", "overlay/legacy-services/up": "/nope", "overlay/legacy-services/dependencies.d/user": "",
				"overlay/banner/type": "oneshot", "overlay/banner/up": "/etc/banner",
				"overlay/top/type": "bundle", "overlay/top/contents.d/base": "", "overlay/top/contents.d/legacy-services": "", "overlay/top/contents.d/user": "", "overlay/top/contents.d/user2": "", "overlay/top/contents.d/app": "",
				"overlay/user/type": "bundle", "overlay/user2/type": "bundle", "s6-rc.d/app/type": "longrun", "s6-rc.d/app/run": shell,
			}),
			"app!|web!|base banner",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, rc, notes, err := plan(t, test.tree)
			wantError(t, err)
			for _, n := range notes {
				if !strings.Contains(n.Text, "not executable") && !strings.Contains(n.Text, "made so") {
					t.Errorf("note %s", n)
				}
			}
			if diff := cmp.Diff(test.want, strings.Join(describeRC(&rc), "|")); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
			if _, err := supervisor.New(supervisor.Config{Services: rc.Services}); err != nil {
				t.Errorf("the supervisor does not take them: %v", err)
			}
		})
	}
}

// The tree of each case is one service, "a".
func TestRCService(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kind string
		tree files
		want supervisor.Service
	}{
		"longrun": {"longrun", nil, supervisor.Service{}},
		"its files": {
			"longrun",
			files{"finish": shell, "notification-fd": "3", "timeout-up": "2000\n", "timeout-down": "4000", "timeout-finish": "100", "down-signal": "QUIT"},
			supervisor.Service{
				Finish: []string{"./finish"}, Readiness: supervisor.Readiness{FD: 3}, StartTimeout: 2 * time.Second, StopTimeout: 4 * time.Second,
				FinishTimeout: 100 * time.Millisecond, StopSignal: 3,
			},
		},
		"timeout-kill before timeout-down": {"longrun", files{"timeout-kill": "300", "timeout-down": "4000"}, supervisor.Service{StopTimeout: 300 * time.Millisecond}},
		"limits of 0 are none":             {"longrun", files{"timeout-up": "0", "timeout-down": "0"}, supervisor.Service{}},
		"a restart limit of ours":          {"longrun", files{"max-restarts": "3"}, supervisor.Service{MaxRestarts: 3}},
		"oneshot":                          {"oneshot", files{"up": "echo hi"}, supervisor.Service{Command: []string{"/execlineb", "-P", "a/up"}}},
		"with down": {
			"oneshot",
			files{"up": "", "down": "# nothing\n", "timeout-up": "100", "timeout-down": "200"},
			supervisor.Service{
				Command: []string{"/execlineb", "-P", "a/up"}, Undo: []string{"/execlineb", "-P", "a/down"},
				StartTimeout: 100 * time.Millisecond, FinishTimeout: 200 * time.Millisecond,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := files{"s6-rc.d/a/type": test.kind}
			for file, text := range test.tree {
				tree["s6-rc.d/a/"+file] = text
			}
			want := test.want
			want.Name, want.Down = "a", true
			if test.kind == "longrun" {
				tree["s6-rc.d/a/run"] = shell
				want.Command = []string{"./run", "a"}
			} else {
				want.Oneshot, want.Env = true, []string{"RC_NAME=a"}
				if want.FinishTimeout == 0 {
					want.FinishTimeout = -1
				}
			}
			dir, rc, _, err := plan(t, tree)
			wantError(t, err)
			want.Dir = filepath.Join(dir, "s6-rc.d/a")
			for _, words := range [][]string{want.Command, want.Undo} {
				if i := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "a/") }); i >= 0 {
					words[i] = filepath.Join(dir, "s6-rc.d", words[i])
				}
			}
			if d := diff([]supervisor.Service{want}, rc.Services); d != "" {
				t.Errorf("services (-want +got):\n%s", d)
			}
		})
	}
}

// TestRCWrong: what s6-rc-compile refuses, each with the file that it is about.
func TestRCWrong(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tree files
		want []string
	}{
		"no type":             {files{"s6-rc.d/a/run": shell}, []string{"s6-rc.d/a: it has no type file, which says oneshot, longrun or bundle"}},
		"a wrong type":        {files{"s6-rc.d/a/type": "daemon"}, []string{`s6-rc.d/a/type: it holds "daemon"; allowed is oneshot, longrun or bundle`}},
		"type is a directory": {files{"s6-rc.d/a/type": "dir:"}, []string{"s6-rc.d/a/type: it is a directory, not a file"}},
		"no run":              {files{"s6-rc.d/a/type": "longrun"}, []string{"s6-rc.d/a: a longrun needs a run file"}},
		"no up":               {files{"s6-rc.d/a/type": "oneshot"}, []string{"s6-rc.d/a: a oneshot needs an up file"}},
		"up is a FIFO":        {files{"s6-rc.d/a/type": "oneshot", "s6-rc.d/a/up": "fifo:"}, []string{"s6-rc.d/a/up: it is a FIFO, not a file"}},
		"an unknown name":     {rcTree(map[string]string{"a": "longrun nope"}, nil), []string{`s6-rc.d/a/dependencies.d/nope: there is no service "nope"`}},
		"by the other form":   {rcTree(map[string]string{"a": "longrun"}, files{"s6-rc.d/a/dependencies": "nope"}), []string{`s6-rc.d/a/dependencies: there is no service "nope"`}},
		"unknown in a bundle": {files{"s6-rc.d/user/contents.d/nope": ""}, []string{`the bundle "user": there is no service "nope"`}},
		"bundles in a ring":   {files{"s6-rc.d/a/type": "bundle", "s6-rc.d/a/contents": "b", "s6-rc.d/b/type": "bundle", "s6-rc.d/b/contents": "a"}, []string{"bundles hold each other: a -> b -> a"}},
		"a producer alone":    {rcTree(map[string]string{"a": "longrun"}, files{"s6-rc.d/a/producer-for": "b"}), []string{`a/producer-for: there is no longrun "b" whose consumer-for names "a"`}},
		"a consumer alone":    {rcTree(map[string]string{"a": "longrun"}, files{"s6-rc.d/a/consumer-for": "b"}), []string{`a/consumer-for: there is no longrun "b"`}},
		"a wrong limit":       {rcTree(map[string]string{"a": "longrun"}, files{"s6-rc.d/a/timeout-up": "soon"}), []string{`a/timeout-up: it holds "soon"`}},
		"two of a name":       {rcTree(map[string]string{"a": "longrun"}, files{"user-bundles.d/a/type": "longrun", "user-bundles.d/a/run": shell}), []string{"user-bundles.d/a: there is another service of that name in"}},
		"a newline in a name": {files{"s6-rc.d/a\nb/type": "longrun"}, []string{"holds no newline"}},
		"all of them": {
			rcTree(map[string]string{"a": "longrun x", "b": "oneshot y"}, files{"s6-rc.d/c/up": ""}),
			[]string{`no service "x"`, `no service "y"`, "c: it has no type file"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, _, err := plan(t, test.tree)
			wantError(t, err, test.want...)
		})
	}
}

// TestUpFiles: what is written into up is run as what it is.
func TestUpFiles(t *testing.T) {
	t.Parallel()
	execline := []string{"/execlineb", "-P"}
	for text, test := range map[string]struct {
		run  []string
		note string
	}{
		"/etc/s6-overlay/s6-rc.d/a/run":         {execline, ""},
		"# nothing\n\n":                         {execline, ""},
		"":                                      {execline, ""},
		"exec /etc/x\n":                         {execline, ""},
		"echo \"[ls.io-init] done.\"":           {execline, ""},
		"foreground { bash -e /x }":             {execline, ""},
		"#!/command/execlineb -P\n/etc/x\n":     {execline, ""},
		"#!/bin/sh\n":                           {execline, ""},
		"redirfd -w 1 /tmp/x grep \">\" /etc/x": {execline, ""},
		"sh -c \"cd /tmp && echo x; echo y;\"":  {execline, ""},
		"# a && b\nsh -c \"#; fi\" # && x\n":    {execline, ""},
		"importas -D \"a=b\" V V\nenv A=b c":    {execline, ""},
		"foreground { open":                     {execline, ""}, // execlineb names the mistake
		"cd /tmp && echo x":                     {[]string{"/bin/sh"}, "is shell (&&)"},
		"echo x > /tmp/x":                       {[]string{"/bin/sh"}, "is shell (>)"},
		"echo x >>/tmp/x\n":                     {[]string{"/bin/sh"}, "is shell (>>/tmp/x)"},
		"A=b prog":                              {[]string{"/bin/sh"}, "is shell (A=b)"},
		"set -e\nmkdir /x":                      {[]string{"/bin/sh"}, "is shell (set)"},
		"if [ -e /x ]; then\n  y\nfi":           {[]string{"/bin/sh"}, "is shell ([)"},
		"mkdir $(cat /x)":                       {[]string{"/bin/sh"}, "is shell ($(cat)"},
		"echo a; echo b":                        {[]string{"/bin/sh"}, "is shell (a;)"},
		"#!/bin/sh\necho x\n":                   {[]string{"/bin/sh"}, "begins with #!/bin/sh"},
		"#!/usr/bin/env bash\necho x\n":         {[]string{"/usr/bin/env", "bash"}, "begins with #!/usr/bin/env bash"},
		"#!/command/with-contenv bash\n# shellcheck\nexport X=1\n": {[]string{"/command/with-contenv", "bash"}, "begins with"},
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			dir, rc, notes, err := plan(t, files{"s6-rc.d/a/type": "oneshot", "s6-rc.d/a/up": text})
			wantError(t, err)
			if diff := cmp.Diff(append(slices.Clone(test.run), filepath.Join(dir, "s6-rc.d/a/up")), rc.Services[0].Command); diff != "" {
				t.Errorf("run by (-want +got):\n%s", diff)
			}
			if len(notes) > 1 || (len(notes) == 1) != (test.note != "") || len(notes) == 1 && !strings.HasPrefix(notes[0].Text, test.note) {
				t.Errorf("notes %v, want %q", notes, test.note)
			}
		})
	}
}

// TestRCTables is what the command s6-rc reads.
func TestRCTables(t *testing.T) {
	t.Parallel()
	_, rc, _, err := plan(t, rcTree(map[string]string{"*web": "longrun db", "db": "longrun", "log": "longrun"},
		files{"s6-rc.d/web/producer-for": "log", "s6-rc.d/log/consumer-for": "web", "s6-rc.d/log/pipeline-name": "both"}))
	wantError(t, err)
	bundles, requires := rc.Tables()
	if diff := cmp.Diff("both\tlog\tweb\ndb\tdb\nlog\tlog\nuser\tweb\nweb\tweb\n", bundles); diff != "" {
		t.Errorf("bundles (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("db\nlog\nweb\tdb\tlog\n", requires); diff != "" {
		t.Errorf("requires (-want +got):\n%s", diff)
	}
	legacy := []supervisor.Service{{Name: "old"}}
	rc.Late = []string{"log"}
	rc.Order(legacy)
	if diff := cmp.Diff([]string{"db", "web"}, legacy[0].After); diff != "" {
		t.Errorf("services.d comes after (-want +got):\n%s", diff)
	}
	for _, s := range rc.Services {
		if want := s.Name == "log"; want != slices.Equal(s.After, []string{"old"}) {
			t.Errorf("%s comes after %v", s.Name, s.After)
		}
	}
}
