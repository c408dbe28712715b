package view

import (
	"strings"

	"github.com/sillelien/baseinit/internal/control/api"
)

// Graph draws what services depend on for a terminal: those that nothing depends on at the
// left, CMD first, and below each what it waits for. What has been shown before is shown
// without what is below it.
func Graph(nodes []api.Node, o Options) string {
	g := newGraph(nodes)
	d := &textGraph{graph: g, o: o, shown: map[string]bool{}}
	for _, n := range g.roots() {
		d.node(n, "", "", "")
	}
	for _, n := range g.nodes { // on a loop, which there cannot be
		if !d.shown[n.Name] {
			d.node(n, "", "", "")
		}
	}
	return d.text.String()
}

// graph knows nodes by their names.
type graph struct {
	nodes []*api.Node
	named map[string]*api.Node
	edges map[string][]edge
	uses  map[string]int // how many depend on it
}

// edge is one dependency.
type edge struct {
	to  string
	how string // "" requires it; after; logs to
}

func newGraph(nodes []api.Node) *graph {
	g := &graph{named: map[string]*api.Node{}, edges: map[string][]edge{}, uses: map[string]int{}}
	for i := range nodes {
		n := &nodes[i]
		g.nodes = append(g.nodes, n)
		g.named[n.Name], g.edges[n.Name] = n, edges(n)
	}
	for _, n := range g.nodes {
		g.edges[n.Name] = g.needed(n)
		for _, e := range g.edges[n.Name] {
			g.uses[e.to]++
		}
	}
	return g
}

// edges lists what a node depends on, each once.
func edges(n *api.Node) (all []edge) {
	seen := map[string]bool{}
	add := func(how string, names ...string) {
		for _, name := range names {
			if name != "" && !seen[name] {
				seen[name] = true
				all = append(all, edge{name, how})
			}
		}
	}
	add("", n.Requires...)
	add("logs to", n.LogTo)
	add("after", n.After...)
	return all
}

// needed are a node's edges without what it comes after that another edge leads to: CMD
// comes after everything.
func (g *graph) needed(n *api.Node) (needed []edge) {
	reached := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		for _, e := range g.edges[name] {
			if !reached[e.to] {
				reached[e.to] = true
				visit(e.to)
			}
		}
	}
	for _, e := range g.edges[n.Name] {
		visit(e.to)
	}
	for _, e := range g.edges[n.Name] {
		if e.how != "after" || !reached[e.to] {
			needed = append(needed, e)
		}
	}
	return needed
}

// roots are those that nothing depends on, CMD first.
func (g *graph) roots() (roots []*api.Node) {
	for _, isCommand := range [...]bool{true, false} {
		for _, n := range g.nodes {
			if g.uses[n.Name] == 0 && (n.Name == command) == isCommand {
				roots = append(roots, n)
			}
		}
	}
	return roots
}

type textGraph struct {
	*graph
	o     Options
	text  strings.Builder
	shown map[string]bool
}

// node draws a node, which how says what it is to the one above, and what is below it.
func (d *textGraph) node(n *api.Node, branch, below, how string) {
	label := branch
	if how != "" {
		label += d.o.paint(faint, how+" ")
	}
	label += d.o.paint(bold, d.o.clean(n.Name))
	if n.State != "" {
		label += "  " + d.o.paint(stateColor(n.State), n.State)
	}
	if n.Oneshot {
		label += d.o.paint(faint, ", oneshot")
	}
	again, parts := d.shown[n.Name], d.edges[n.Name]
	if again && len(parts) > 0 {
		label += d.o.paint(faint, d.o.pick("  ↑ see above", "  (see above)"))
	}
	d.text.WriteString(label + "\n")
	if again {
		return
	}
	d.shown[n.Name] = true
	for i, e := range parts {
		to, known := d.named[e.to]
		if !known {
			to = &api.Node{Name: e.to, State: "unknown"}
		}
		if i == len(parts)-1 {
			d.node(to, below+d.o.pick("└─ ", "`- "), below+"   ", e.how)
		} else {
			d.node(to, below+d.o.pick("├─ ", "|- "), below+d.o.pick("│  ", "|  "), e.how)
		}
	}
}

// stateColor is how a state is painted.
func stateColor(state string) string {
	switch state {
	case "ready", "done":
		return green
	case "failed", "backing off", "unhealthy", "unknown":
		return red
	case "down", "scheduled", "skipped":
		return faint
	}
	return amber
}
