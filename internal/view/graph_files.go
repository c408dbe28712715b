package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sillelien/baseinit/internal/control/api"
)

// DOT is the graph in the language of Graphviz: `dot -Tsvg`.
func DOT(nodes []api.Node) string {
	g := newGraph(nodes)
	var b strings.Builder
	b.WriteString("digraph baseinit {\n\trankdir=LR\n\tnode [shape=box style=\"rounded,filled\" fontname=\"sans-serif\" color=\"#8c959f\"]\n\tedge [color=\"#59636e\" fontname=\"sans-serif\" fontsize=10]\n")
	for _, n := range g.all() {
		label := quoteDOT(n.Name) + `\n` + quoteDOT(describe(n))
		fmt.Fprintf(&b, "\t\"%s\" [label=\"%s\" fillcolor=\"%s\"]\n", quoteDOT(n.Name), label, fill(n.State))
	}
	for _, n := range g.nodes {
		for _, e := range g.edges[n.Name] {
			how := ""
			switch e.how {
			case "after":
				how = ` [style=dashed label="after"]`
			case "logs to":
				how = ` [style=dotted label="logs to"]`
			}
			fmt.Fprintf(&b, "\t\"%s\" -> \"%s\"%s\n", quoteDOT(n.Name), quoteDOT(e.to), how)
		}
	}
	b.WriteString("}\n")
	return b.String()
}

// Mermaid is the graph in the language of Mermaid, which GitHub and GitLab draw.
func Mermaid(nodes []api.Node) string {
	g := newGraph(nodes)
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	ids := map[string]string{}
	for i, n := range g.all() {
		ids[n.Name] = fmt.Sprintf("n%d", i)
		fmt.Fprintf(&b, "    n%d[\"%s<br>%s\"]:::%s\n", i, quoteMermaid(n.Name), describe(n), class(n.State))
	}
	for _, n := range g.nodes {
		for _, e := range g.edges[n.Name] {
			arrow := "-->"
			if e.how != "" {
				arrow = "-. " + e.how + " .->"
			}
			fmt.Fprintf(&b, "    %s %s %s\n", ids[n.Name], arrow, ids[e.to])
		}
	}
	for _, c := range classes {
		fmt.Fprintf(&b, "    classDef %s fill:%s,stroke:#8c959f,color:#1f2328\n", c.name, c.fill)
	}
	return b.String()
}

// all are the nodes and what they depend on that is not among them.
func (g *graph) all() []*api.Node {
	all := slices.Clip(g.nodes)
	missing := map[string]bool{}
	for _, n := range g.nodes {
		for _, e := range g.edges[n.Name] {
			if _, known := g.named[e.to]; !known && !missing[e.to] {
				missing[e.to] = true
				all = append(all, &api.Node{Name: e.to, State: "unknown"})
			}
		}
	}
	return all
}

// describe is what is below a node's name.
func describe(n *api.Node) string {
	if n.Oneshot {
		return n.State + ", oneshot"
	}
	return n.State
}

// classes are the kinds of states by the color that they have in a terminal, and the one that they have
// elsewhere.
var classes = [...]struct{ color, name, fill string }{
	{green, "good", "#d2f0da"}, {red, "bad", "#ffd7d5"}, {faint, "idle", "#eaeef2"}, {amber, "busy", "#fff1d6"},
}

func class(state string) string {
	for _, c := range classes {
		if c.color == stateColor(state) {
			return c.name
		}
	}
	return ""
}

func fill(state string) string {
	for _, c := range classes {
		if c.color == stateColor(state) {
			return c.fill
		}
	}
	return ""
}

// quoteDOT makes text fit for between quotes in DOT.
func quoteDOT(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(Options{Unicode: true}.clean(text), `\`, `\\`), `"`, `\"`)
}

// quoteMermaid makes text fit for between quotes in Mermaid, which knows entities.
func quoteMermaid(text string) string {
	var b strings.Builder
	for _, r := range (Options{Unicode: true}).clean(text) {
		if strings.ContainsRune("\"#<>&;`", r) {
			fmt.Fprintf(&b, "#%d;", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
