package dnsmasq

import (
	"errors"
	"fmt"
	"strings"
)

// finish completes what options say together, and returns the result.
func (r *reading) finish() (*Options, error) {
	o := r.opts
	for i := range o.MXs {
		if o.MXs[i].Target == "" {
			o.MXs[i].Target = o.mxTarget
		}
	}
	for i := range o.SRVs {
		if s := &o.SRVs[i]; o.Domain != "" && isService(s.Name) {
			s.Name += "." + o.Domain
		}
	}
	if o.MinPort > o.MaxPort {
		r.errs = append(r.errs, fmt.Errorf("cannot use --min-port=%d with --max-port=%d: no port is between: swap them", o.MinPort, o.MaxPort))
	}
	r.checkCNAMEs()
	if len(r.errs) > 0 {
		return nil, errors.Join(r.errs...)
	}
	return o, nil
}

// isService says whether the name is _SERVICE._PROTOCOL and has no domain.
func isService(name string) bool {
	service, protocol, _ := strings.Cut(name, ".")
	return strings.HasPrefix(service, "_") && strings.HasPrefix(protocol, "_") && !strings.Contains(protocol, ".")
}

// checkCNAMEs refuses an alias of two names, and chains that come back.
func (r *reading) checkCNAMEs() {
	targets := map[string]string{}
	for _, c := range r.opts.CNAMEs {
		for _, alias := range c.Aliases {
			if other, ok := targets[alias]; ok {
				r.fail("--cname", c.From, fmt.Errorf("%s is an alias of %s already: remove one", alias, other))
				continue
			}
			targets[alias] = c.Target
		}
	}
	// One walk visits each alias once: state 1 is of this walk, 2 of one before.
	state := make(map[string]int, len(targets))
	for _, c := range r.opts.CNAMEs {
		for _, alias := range c.Aliases {
			if comesBack(alias, targets, state) {
				r.fail("--cname", c.From, fmt.Errorf("%s leads back to itself: remove one of the options on the way", alias))
			}
		}
	}
}

func comesBack(alias string, targets map[string]string, state map[string]int) bool {
	var walk []string
	at, ok := alias, true
	for ok && state[at] == 0 {
		state[at] = 1
		walk = append(walk, at)
		at, ok = targets[at], targets[at] != ""
	}
	loop := state[at] == 1
	for _, a := range walk {
		state[a] = 2
	}
	return loop
}
