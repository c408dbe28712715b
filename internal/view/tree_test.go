package view_test

import (
	"strings"
	"testing"

	"github.com/sillelien/baseinit/internal/control/api"
	"github.com/sillelien/baseinit/internal/view"
)

func processes() []api.Process {
	return []api.Process{
		{PID: 1, Memory: 9_800_000, Command: "/init"},
		{PID: 7, Parent: 1, Service: "database", User: 999, Memory: 41_000_000, Command: "postgres -D /data"},
		{PID: 9, Parent: 7, Service: "database", User: 999, Memory: 4_100_000, Command: "postgres: writer"},
		{PID: 10, Parent: 7, Service: "database", User: 999, Memory: 4_000_000, Command: "postgres: checkpointer"},
		{PID: 11, Parent: 1, Service: "CMD", Memory: 700_000, Command: "sh -c sleep 1000"},
		{PID: 12, Parent: 9, Service: "database", User: 999, Memory: 410_000, Command: "sh -c true\x1b[31m" + strings.Repeat(" and so on", 20)},
		{PID: 13, Parent: 1, Service: "database", User: 999, Memory: 100_000, Command: "cut off from its parent"},
		{PID: 14, Parent: 11, Service: "metrics", User: 65534, Command: "[metrics]", State: "Z"},
		{PID: 15, Parent: 0, Memory: 6_100_000, Command: "baseinit tree"},
		{PID: 16, Parent: 1, User: 1234567890, Memory: 1_700_000_000, Command: "left-behind --by 10-config"},
	}
}

func TestTree(t *testing.T) {
	t.Parallel()
	name := func(uid int) string { return map[int]string{0: "root", 999: "app", 65534: "nobody"}[uid] }
	golden(t, "tree.txt", view.Tree(processes(), 1, name, view.Options{Unicode: true}))
	golden(t, "tree-ascii.txt", view.Tree(processes(), 1, name, view.Options{Width: 60}))
}

// TestTreeIsWhole: each process has its line, and is with its service.
func TestTreeIsWhole(t *testing.T) {
	t.Parallel()
	text := view.Tree(processes(), 1, func(int) string { return "" }, view.Options{Width: 200})
	group, lines := "", map[string]string{}
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, " ") {
			group = strings.Fields(line)[0]
			continue
		}
		lines[strings.Fields(line)[0]] = group
	}
	want := map[string]string{
		"1": "baseinit", "7": "database", "9": "database", "10": "database", "11": "CMD", "12": "database", "13": "database", "14": "metrics", "15": "no", "16": "no",
	}
	for pid, group := range want {
		if lines[pid] != group {
			t.Errorf("%s is with %q, want %q", pid, lines[pid], group)
		}
	}
	if len(lines) != len(want) {
		t.Errorf("%d processes, want %d", len(lines), len(want))
	}
}
