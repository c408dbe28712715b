// Package credential makes a process what its service says: its user and groups,
// capabilities, limits, priority and umask.
//
// os/exec has no place between fork and exec, so what is executed for a service is
// baseinit itself, under the name baseinit-become, which changes itself and then becomes
// the service's program: see [Spec.Wrap]. Names of users and groups are looked up there, so
// that what a boot script has done to /etc/passwd counts. What the process is already is
// not asked of the kernel: without any privileges that works.
package credential

import (
	"errors"
	"fmt"
	"strings"
)

// Name is what baseinit is called as when it is to become a service's program. It is
// internal: no link of that name is made.
const Name = "baseinit-become"

// Infinity is the limit that is none.
const Infinity = ^uint64(0)

// Limit is a resource limit: setrlimit(2).
type Limit struct{ Soft, Hard uint64 }

// Spec is what a process is to be. The zero value of each field leaves that as it is.
type Spec struct {
	// User is a name, or a number, that of /etc/passwd. HOME, USER and LOGNAME are set to
	// what they are for this user, unless they are among Explicit.
	User string
	// Group is a name or a number. Default: the first group of User. For a User that is a
	// number that /etc/passwd does not have, it must be given.
	Group string
	// Groups are the supplementary groups, names or numbers. Default nil: those of User in
	// /etc/group. Not nil and empty: none.
	Groups []string
	// Umask is the file mode creation mask, up to 0777.
	Umask *uint32
	// Rlimits are limits by their names in lower case, such as "nofile": see LimitNames.
	Rlimits map[string]Limit
	// OOMScoreAdj is from -1000, never killed when memory runs out, to 1000, killed first.
	OOMScoreAdj *int
	// Nice is the priority, from -20, the highest, to 19.
	Nice *int
	// Capabilities are all that the process may have, such as "net_bind_service": in its
	// bounding, permitted, inheritable and ambient sets, so that it has them as any
	// user. See CapabilityNames; upper case and CAP_ before a name are the same.
	Capabilities *[]string
	// NoNewPrivs, if true, keeps set-user-ID programs and the like from giving the process
	// more than it has.
	NoNewPrivs *bool

	// Variables, if not nil, are the names of all that the process has of its environment, besides
	// those that are set for User. A name with a comma cannot be among them.
	Variables *[]string
	// Explicit are variables that the service's own environment sets, as NAME or
	// NAME=VALUE. Others than HOME, USER and LOGNAME do not matter.
	Explicit []string
}

// Needed tells whether anything is to be done. If not, Wrap changes nothing.
func (s *Spec) Needed() bool {
	return s.User != "" || s.Group != "" || s.Groups != nil || s.Umask != nil || len(s.Rlimits) > 0 ||
		s.OOMScoreAdj != nil || s.Nice != nil || s.Capabilities != nil || s.Variables != nil || (s.NoNewPrivs != nil && *s.NoNewPrivs)
}

// Validate tells all that is wrong with a Spec whatever the system, joined. Whether
// there is such a user is for [Spec.Identity].
func (s *Spec) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if bad(s.User) {
		wrong("user %q is no name: the group is given by itself", s.User)
	}
	if bad(s.Group) {
		wrong("group %q is no name", s.Group)
	}
	for _, group := range s.Groups {
		if group == "" || bad(group) {
			wrong("groups: %q is no name", group)
		}
	}
	if s.Umask != nil && *s.Umask > 0o777 {
		wrong("umask %#o is over 0777", *s.Umask)
	}
	for _, name := range sorted(s.Rlimits) {
		if resource(name) < 0 {
			wrong("there is no limit %q, but %s", name, strings.Join(LimitNames(), ", "))
		}
		if l := s.Rlimits[name]; l.Soft > l.Hard {
			wrong("limit %s: the soft limit %d is over the hard limit %d", name, l.Soft, l.Hard)
		}
	}
	if n := s.OOMScoreAdj; n != nil && (*n < -1000 || *n > 1000) {
		wrong("oom_score_adj %d is not in -1000 to 1000", *n)
	}
	if n := s.Nice; n != nil && (*n < -20 || *n > 19) {
		wrong("nice %d is not in -20 to 19", *n)
	}
	if s.Capabilities != nil {
		for _, name := range *s.Capabilities {
			if capability(name) < 0 {
				wrong("there is no capability %q, but %s", name, strings.Join(CapabilityNames(), ", "))
			}
		}
	}
	return errors.Join(errs...)
}

// bad tells whether a text can be no name in /etc/passwd and /etc/group.
func bad(name string) bool { return strings.ContainsAny(name, ":,\n\x00") }
