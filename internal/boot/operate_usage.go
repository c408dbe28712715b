//go:build linux

package boot

import (
	"os"

	"github.com/sillelien/baseinit/internal/control/api"
	"github.com/sillelien/baseinit/internal/procs"
)

// census is who was there at one moment, and whose each process was.
type census struct {
	all    []procs.Process
	owners map[int]string
}

// count looks at all processes, for all who want to know at the same time once.
func (o operator) count() census {
	return o.censuses.Get(func() census {
		c := census{all: procs.All()}
		leaders := map[int]string{}
		if sup, err := o.supervisor(); err == nil {
			for _, st := range o.look(sup).statuses {
				if st.PID > 0 {
					leaders[st.PID] = st.Name
				}
			}
		}
		c.owners = procs.Owner(c.all, os.Getpid(), leaders)
		return c
	})
}

// addUsage adds what the processes of the services use, and we ourselves.
func (o operator) addUsage(s *api.Status) {
	c := o.count()
	at := make(map[string]*api.Service, len(s.Services))
	for i := range s.Services {
		at[s.Services[i].Name] = &s.Services[i]
	}
	for i := range c.all {
		p := &c.all[i]
		if p.PID == os.Getpid() {
			s.Container.Memory, s.Container.CPU = p.Memory, p.CPU
		}
		if svc := at[c.owners[p.PID]]; svc != nil {
			svc.Processes++
			svc.Memory += p.Memory
			svc.CPU += p.CPU
		}
	}
}

// Processes are all of the container, or if we are not its first, those that descend from us.
func (o operator) Processes() []api.Process {
	c := o.count()
	all := make([]api.Process, 0, len(c.all))
	family := map[int]bool{os.Getpid(): true}
	for grown := true; grown; {
		grown = false
		for i := range c.all {
			if p := &c.all[i]; !family[p.PID] && (family[p.Parent] || os.Getpid() == 1) {
				family[p.PID], grown = true, true
			}
		}
	}
	for _, p := range c.all {
		if family[p.PID] {
			all = append(all, api.Process{
				PID: p.PID, Parent: p.Parent, Service: o.ownerOf(p, c.owners), User: p.User(), State: p.State,
				Memory: p.Memory, CPU: p.CPU, Command: p.Command(),
			})
		}
	}
	return all
}

// ownerOf names the service of a process, or the script that it was started for.
func (o operator) ownerOf(p procs.Process, owners map[int]string) string {
	if name := owners[p.PID]; name != "" || p.PID == os.Getpid() {
		return name
	}
	return o.ServiceOf(p.PID)
}
