package view

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sillelien/baseinit/internal/control/api"
)

// Tree draws the processes of each service, what no service has started, and baseinit's
// own, whose number is self. user gives the name of a user's number.
func Tree(all []api.Process, self int, user func(uid int) string, o Options) string {
	d := &tree{o: o, self: self, user: user, children: map[int][]*api.Process{}, of: map[int]string{}}
	for i := range all {
		d.of[all[i].PID] = d.group(&all[i])
	}
	groups := map[string][]*api.Process{}
	var order []string
	for i := range all {
		p := &all[i]
		group := d.of[p.PID]
		if groups[group] == nil {
			order = append(order, group)
		}
		groups[group] = append(groups[group], p)
		if d.of[p.Parent] == group {
			d.children[p.Parent] = append(d.children[p.Parent], p)
		}
	}
	last := [...]string{command, orphans, own}
	for _, group := range order {
		if !slices.Contains(last[:], group) {
			d.service(group, groups[group])
		}
	}
	for _, group := range last {
		if groups[group] != nil {
			d.service(group, groups[group])
		}
	}
	return d.text.String()
}

// What is not of a service.
const (
	orphans = "\x00no service"
	own     = "\x00baseinit"
)

type tree struct {
	o        Options
	self     int
	user     func(int) string
	text     strings.Builder
	of       map[int]string // the group of each process
	children map[int][]*api.Process
}

func (d *tree) group(p *api.Process) string {
	switch {
	case p.PID == d.self:
		return own
	case p.Service == "":
		return orphans
	}
	return p.Service
}

// service draws a group of processes below its name.
func (d *tree) service(group string, processes []*api.Process) {
	memory := int64(0)
	for _, p := range processes {
		memory += p.Memory
	}
	title := d.o.paint(bold, d.o.clean(strings.TrimPrefix(group, "\x00")))
	if len(processes) > 1 {
		title += d.o.paint(faint, fmt.Sprintf("  %s, %s", count(len(processes), "process"), bytes(memory)))
	}
	d.text.WriteString(title + "\n")
	for _, p := range processes {
		if d.of[p.Parent] != group {
			d.process(p, "", "")
		}
	}
}

// process draws a process and those that it has started.
func (d *tree) process(p *api.Process, branch, below string) {
	name := d.user(p.User)
	if name == "" {
		name = strconv.Itoa(p.User)
	}
	line := fmt.Sprintf("%7d %s %s  ", p.PID, pad(d.o.fit(name, 8), 8, false), pad(bytes(p.Memory), 7, true))
	what := d.o.clean(p.Command)
	if p.State == "Z" {
		what = strings.TrimSpace(what + " (has ended)")
	}
	d.text.WriteString(line + branch + d.o.cut(what, d.o.width()-len(line)-len([]rune(branch))) + "\n")
	children := d.children[p.PID]
	for i, child := range children {
		if i == len(children)-1 {
			d.process(child, below+d.o.pick("└─ ", "`- "), below+"   ")
		} else {
			d.process(child, below+d.o.pick("├─ ", "|- "), below+d.o.pick("│  ", "|  "))
		}
	}
}
