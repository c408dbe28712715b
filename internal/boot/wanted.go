//go:build linux

package boot

import (
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/internal/servicefile"
	"github.com/sillelien/baseinit/supervisor"
)

// Skipped is a service that does not exist although there is a directory for it.
type Skipped struct {
	Name   string
	Reason string    // in words
	Since  time.Time // when it was skipped for that reason first
}

// Skipped lists the services that were skipped when they were read last, by their name. A reload
// may change it.
func (c *Container) Skipped() []Skipped {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.skipped)
}

// found is what the service directories say at one moment.
type found struct {
	services []supervisor.Service
	files    map[string]*servicefile.Service // of those that have one
	stamps   map[string]string               // see s6.Definition
}

// hear is for s6.Defaults.Found.
func (f *found) hear(name string, d s6.Definition) {
	if f.stamps == nil {
		f.stamps = map[string]string{}
	}
	f.stamps[name] = d.Stamp
	if d.File != nil {
		f.addFile(name, d.File)
	}
}

func (f *found) addFile(name string, file *servicefile.Service) {
	if f.files == nil {
		f.files = map[string]*servicefile.Service{}
	}
	f.files[name] = file
}

// skip takes the services away whose conditions do not hold, with those that cannot be
// without them.
func (c *Container) skip(f *found) (skipped []Skipped) {
	if len(f.files) == 0 {
		return nil
	}
	env := c.run.environ()
	reasons := map[string]string{}
	for i := range f.services {
		s := &f.services[i]
		if file := f.files[s.Name]; file != nil {
			if reason := unmet(file, s.Dir, env); reason != "" {
				reasons[s.Name] = reason
			}
		}
	}
	for size := -1; size != len(reasons); {
		size = len(reasons)
		for i := range f.services {
			s := &f.services[i]
			for _, name := range append(slices.Clip(s.Requires), s.LogTo, strings.TrimSuffix(s.Name, "/log")) {
				if _, known := reasons[s.Name]; !known && reasons[name] != "" {
					reasons[s.Name] = fmt.Sprintf("it requires %q, which is skipped", name)
				}
			}
		}
	}
	f.services = slices.DeleteFunc(f.services, func(s supervisor.Service) bool {
		reason := reasons[s.Name]
		if reason != "" {
			skipped = append(skipped, Skipped{Name: s.Name, Reason: reason, Since: time.Now()})
		}
		return reason != ""
	})
	return skipped
}

// skipAtBoot is skip for services.d and s6-rc.d together.
func (c *Container) skipAtBoot(f *found, rc *s6.RC) {
	legacy, all := nameSet(f.services), len(f.services)+len(rc.Services)
	f.services = append(f.services, rc.Services...)
	skipped := c.skip(f)
	c.orderAfter(f, nil, skipped)
	for _, s := range skipped {
		if !legacy[s.Name] {
			c.skippedRC = append(c.skippedRC, s)
		}
	}
	c.noteSkipped(skipped)
	if len(f.services) < all {
		left := nameSet(f.services)
		for name, members := range rc.Bundles {
			rc.Bundles[name] = slices.DeleteFunc(slices.Clone(members), func(m string) bool { return !left[m] })
		}
	}
	isLegacy := func(s supervisor.Service) bool { return legacy[s.Name] }
	rc.Services = slices.DeleteFunc(slices.Clone(f.services), isLegacy)
	f.services = slices.DeleteFunc(f.services, func(s supervisor.Service) bool { return !isLegacy(s) })
}

func nameSet(services []supervisor.Service) map[string]bool {
	names := make(map[string]bool, len(services))
	for i := range services {
		names[services[i].Name] = true
	}
	return names
}

// noteSkipped remembers who is skipped, and says what is new of that.
func (c *Container) noteSkipped(skipped []Skipped) {
	sort.Slice(skipped, func(i, j int) bool { return skipped[i].Name < skipped[j].Name })
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range skipped {
		s := &skipped[i]
		same := func(b Skipped) bool { return b.Name == s.Name && b.Reason == s.Reason }
		if at := slices.IndexFunc(c.skipped, same); at >= 0 {
			s.Since = c.skipped[at].Since
			continue
		}
		c.cfg.Logger.Info(fmt.Sprintf("service %q is skipped: %s", s.Name, s.Reason))
	}
	c.skipped = skipped
}

// orderAfter drops from After what does not exist, neither among those read nor the others
// that there are.
func (c *Container) orderAfter(f *found, others []string, skipped []Skipped) {
	if len(f.files) == 0 {
		return
	}
	exists := nameSet(f.services)
	for _, name := range others {
		exists[name] = true
	}
	for i := range f.services {
		s := &f.services[i]
		s.After = slices.DeleteFunc(slices.Clone(s.After), func(name string) bool {
			if !exists[name] && !slices.ContainsFunc(skipped, func(k Skipped) bool { return k.Name == name }) {
				c.cfg.Logger.Warn(fmt.Sprintf("service %q: service.toml: after: there is no service %q: ignored", s.Name, name))
			}
			return !exists[name]
		})
	}
}

// unmet says why a service is to be skipped, or "".
func unmet(file *servicefile.Service, dir string, env []string) string {
	if file.Disabled {
		return "it is not enabled (enabled = false)"
	}
	for _, condition := range file.Condition.Env {
		if reason := unmetEnv(condition, env); reason != "" {
			return reason + fmt.Sprintf(" (condition.env = %q)", condition)
		}
	}
	for _, condition := range file.Condition.File {
		path, not := strings.CutPrefix(condition, "!")
		path = servicefile.Path(dir, path)
		_, err := os.Stat(path)
		switch {
		case err == nil && not:
			return fmt.Sprintf("%s exists (condition.file = %q)", path, condition)
		case err != nil && !not:
			return fmt.Sprintf("%s does not exist (condition.file = %q)", path, condition)
		}
	}
	return ""
}

func unmetEnv(condition string, env []string) string {
	condition, not := strings.CutPrefix(condition, "!")
	name, want, hasValue := strings.Cut(condition, "=")
	value := ""
	for _, entry := range env { // the last counts, as with env of services
		if v, ok := strings.CutPrefix(entry, name+"="); ok {
			value = v
		}
	}
	switch holds := value == want && hasValue || value != "" && !hasValue; {
	case holds == !not:
		return ""
	case value == "":
		return fmt.Sprintf("$%s is not set", name)
	case hasValue:
		return fmt.Sprintf("$%s is %q", name, value)
	}
	return fmt.Sprintf("$%s is set", name)
}

// adopt has the services of services.d run in directories of ours.
func (c *Container) adopt(f *found) []supervisor.Service {
	services := slices.Clone(f.services)
	c.warn(c.live.adopt(services, liveLegacy))
	f.place(services, f.services)
	c.definitions = make(map[string]string, len(services))
	c.remember(services, f)
	return services
}
