package view_test

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/sillelien/baseinit/internal/control/api"
	"github.com/sillelien/baseinit/internal/view"
)

// shopServices are those of shop.
func shopServices() []api.Node {
	return []api.Node{
		{Name: "database", State: "ready", LogTo: "database-log"},
		{Name: "database-log", State: "ready"},
		{Name: "migrate", State: "done", Oneshot: true, Requires: []string{"database"}},
		{Name: "cache", State: "backing off"},
		{Name: "mail", State: "failed"},
		{Name: "api", State: "waiting", Requires: []string{"migrate", "cache"}},
		{Name: "worker", State: "waiting", Requires: []string{"database", "cache", "gone"}},
		{Name: `my "app" <1> \ é`, State: "down", After: []string{"mail"}},
		{Name: "CMD", State: "waiting", After: []string{"database", "migrate", "cache", "api", "worker"}},
	}
}

func TestGraph(t *testing.T) {
	t.Parallel()
	golden(t, "graph.txt", view.Graph(shopServices(), view.Options{Unicode: true}))
	golden(t, "graph-ascii.txt", view.Graph(shopServices(), view.Options{}))
	golden(t, "graph.dot", view.DOT(shopServices()))
	golden(t, "graph.mmd", view.Mermaid(shopServices()))
}

// TestGraphIsWhole: each service is shown, and what is below it once, even if the definitions
// were a loop; nothing hangs.
func TestGraphIsWhole(t *testing.T) {
	t.Parallel()
	var layers []api.Node // each requires all of the layer before: many paths
	for layer := range 30 {
		for i := range 4 {
			n := api.Node{Name: fmt.Sprintf("s%d-%d", layer, i), State: "ready"}
			for j := range 4 * min(layer, 1) {
				n.Requires = append(n.Requires, fmt.Sprintf("s%d-%d", layer-1, j))
			}
			layers = append(layers, n)
		}
	}
	loop := []api.Node{{Name: "a", Requires: []string{"b"}}, {Name: "b", After: []string{"a"}}, {Name: "c", Requires: []string{"c"}}}
	for name, nodes := range map[string][]api.Node{"shop": shopServices(), "layers": layers, "loop": loop, "none": nil} {
		text := view.Graph(nodes, view.Options{})
		lines := strings.Count(text, "\n")
		if most := len(nodes) * 6; lines > most || lines < len(nodes) {
			t.Errorf("%s: %d lines for %d services", name, lines, len(nodes))
		}
		for _, n := range nodes {
			if strings.IndexFunc(n.Name, func(r rune) bool { return r > '~' }) < 0 && !strings.Contains(text, n.Name) {
				t.Errorf("%s: %s is missing in\n%s", name, n.Name, text)
			}
		}
	}
}

// TestDOT: each line is a statement of the language's, as far as we use it.
func TestDOT(t *testing.T) {
	t.Parallel()
	const id = `"(?:[^"\\]|\\.)*"`
	statement := regexp.MustCompile(`^(?:digraph baseinit \{|\}|\trankdir=LR|\t(?:node|edge) \[[^\]]*\]|\t` + id + ` \[label=` + id + ` fillcolor="#[0-9a-f]{6}"\]|\t` +
		id + ` -> ` + id + `(?: \[style=\w+ label=` + id + `\])?)\n$`)
	text := view.DOT(shopServices())
	for line := range strings.Lines(text) {
		if !statement.MatchString(line) {
			t.Errorf("%q is no statement", line)
		}
	}
	dot, err := exec.LookPath("dot")
	if err != nil {
		return // Graphviz itself is not needed
	}
	cmd := exec.Command(dot, "-Tplain")
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), "\nnode ") != 10 || strings.Count(string(out), "\nedge ") != 10 {
		t.Errorf("dot: %v, %s", err, out)
	}
}

// TestMermaid: each line is a statement, and each arrow leads from and to a node.
func TestMermaid(t *testing.T) {
	t.Parallel()
	text := view.Mermaid(shopServices())
	node := regexp.MustCompile(`^    (n\d+)\["[^"<>]+<br>[^"<>]+"\]:::(?:good|bad|idle|busy)\n$`)
	arrow := regexp.MustCompile(`^    (n\d+) (?:-->|-\. (?:after|logs to) \.->) (n\d+)\n$`)
	other := regexp.MustCompile(`^(?:flowchart LR|    classDef (?:good|bad|idle|busy) fill:#[0-9a-f]{6},stroke:#[0-9a-f]{6},color:#[0-9a-f]{6})\n$`)
	nodes, arrows := map[string]bool{}, 0
	for line := range strings.Lines(text) {
		switch n, a := node.FindStringSubmatch(line), arrow.FindStringSubmatch(line); {
		case n != nil:
			nodes[n[1]] = true
		case a != nil:
			arrows++
			if !nodes[a[1]] || !nodes[a[2]] {
				t.Errorf("%q has an end that is no node", line)
			}
		case !other.MatchString(line):
			t.Errorf("%q is no statement", line)
		}
	}
	if len(nodes) != 10 || arrows != 10 {
		t.Errorf("%d nodes, %d arrows; want 10, 10", len(nodes), arrows)
	}
}
