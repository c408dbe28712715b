package credential

import (
	"errors"
	"fmt"
	"os/user"
	"slices"
	"strconv"
)

// Identity is who a process is to be, in numbers. What is nil stays as it is.
type Identity struct {
	UID, GID *int
	Groups   []int // supplementary; nil: they stay, empty: none
}

// UnknownError is a user or group that there is not.
type UnknownError string

func (e UnknownError) Error() string { return string(e) }

// Account finds a user with all groups: /etc/passwd, /etc/group.
func Account(name string) (Identity, error) {
	found, err := user.Lookup(name)
	if err != nil {
		return Identity{}, UnknownError(fmt.Sprintf("there is no user %q", name))
	}
	return identityOf(found)
}

func identityOf(found *user.User) (Identity, error) {
	uid, uerr := strconv.Atoi(found.Uid)
	gid, gerr := strconv.Atoi(found.Gid)
	ids, lerr := found.GroupIds()
	if err := errors.Join(uerr, gerr, lerr); err != nil {
		return Identity{}, fmt.Errorf("cannot tell the groups of %q: %w", found.Username, err)
	}
	groups := []int{}
	for _, text := range ids {
		if id, err := strconv.Atoi(text); err == nil {
			groups = append(groups, id)
		}
	}
	return Identity{&uid, &gid, groups}, nil
}

// UserID finds a user by name, and if numeric by number, too, which then need not be in
// /etc/passwd.
func UserID(name string, numeric bool) (int, error) {
	if found, err := user.Lookup(name); err == nil {
		return strconv.Atoi(found.Uid)
	}
	if uid, ok := number(name); ok && numeric {
		return uid, nil
	}
	return 0, UnknownError(fmt.Sprintf("there is no user %q", name))
}

// GroupID finds a group as UserID finds a user.
func GroupID(name string, numeric bool) (int, error) {
	if found, err := user.LookupGroup(name); err == nil {
		return strconv.Atoi(found.Gid)
	}
	if gid, ok := number(name); ok && numeric {
		return gid, nil
	}
	return 0, UnknownError(fmt.Sprintf("there is no group %q", name))
}

func number(text string) (int, bool) {
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err == nil
}

// Identity looks up the user and groups of a Spec, as the system now knows them. What is not
// found is an UnknownError. env are HOME, USER and LOGNAME as they are for the user, without
// those that are Explicit.
func (s *Spec) Identity() (id Identity, env []string, err error) {
	if s.User != "" {
		home := ""
		if id, home, err = s.account(); err != nil {
			return id, nil, err
		}
		env = s.personal(home)
	}
	if s.Group != "" {
		gid, err := GroupID(s.Group, true)
		if err != nil {
			return id, nil, err
		}
		id.leave(gid)
	}
	if s.Groups != nil {
		id.Groups = []int{}
	}
	for _, name := range s.Groups {
		gid, err := GroupID(name, true)
		if err != nil {
			return id, nil, err
		}
		id.Groups = append(id.Groups, gid)
	}
	return id, env, nil
}

// personal are the variables that belong to User.
func (s *Spec) personal(home string) (env []string) {
	kept := s.kept()
	for _, name := range personal {
		value := s.User
		if name == "HOME" {
			value = home
		}
		if !slices.Contains(kept, name) {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// leave replaces the first group, which is then no supplementary one.
func (id *Identity) leave(gid int) {
	if old := id.GID; old != nil {
		id.Groups = slices.DeleteFunc(id.Groups, func(g int) bool { return g == *old })
	}
	id.GID = &gid
}

// account finds User. One that is a number need not be in /etc/passwd if there is a Group.
func (s *Spec) account() (id Identity, home string, err error) {
	found, err := user.Lookup(s.User)
	uid, numeric := number(s.User)
	if err != nil && numeric {
		found, err = user.LookupId(s.User)
	}
	switch {
	case err == nil:
		id, err = identityOf(found)
		return id, found.HomeDir, err
	case numeric && s.Group != "":
		return Identity{UID: &uid, Groups: []int{}}, "/", nil
	case numeric:
		return id, "", UnknownError(fmt.Sprintf("there is no user %s in /etc/passwd: give a group, too", s.User))
	}
	return id, "", UnknownError(fmt.Sprintf("there is no user %q in /etc/passwd: give its number and a group, or add it", s.User))
}
