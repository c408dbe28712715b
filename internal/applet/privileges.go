//go:build linux

package applet

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/sillelien/baseinit/internal/execline"
)

// identity is who the process is to be. What is nil stays as it is.
type identity struct {
	uid, gid *int
	groups   []int // supplementary; nil: they stay
}

// assume makes the process that. What is so already is not asked of the kernel, which
// refuses it without capabilities: setuid(2), setgroups(2).
func (id identity) assume(p *execline.Process) error {
	if err := id.assumeGroups(p); err != nil {
		return err
	}
	if id.gid != nil && (*id.gid != os.Getgid() || *id.gid != os.Getegid()) {
		if err := syscall.Setgid(*id.gid); err != nil {
			return fail(execline.CodeSystem, "cannot become group %d: %w", *id.gid, err)
		}
	}
	if id.uid != nil && (*id.uid != os.Getuid() || *id.uid != os.Geteuid()) {
		if err := syscall.Setuid(*id.uid); err != nil {
			return fail(execline.CodeSystem, "cannot become user %d: %w", *id.uid, err)
		}
	}
	return nil
}

// assumeGroups sets the supplementary groups. Who may not, and keeps both user and
// group, goes on as he is with a warning: in a container without capabilities a
// script that changes to its own user works.
func (id identity) assumeGroups(p *execline.Process) error {
	if id.groups == nil {
		return nil
	}
	err := syscall.Setgroups(id.groups)
	if err == nil {
		return nil
	}
	have, gerr := syscall.Getgroups()
	if gerr == nil && sameGroups(have, id.groups) {
		return nil
	}
	same := (id.uid == nil || *id.uid == os.Getuid()) && (id.gid == nil || *id.gid == os.Getgid())
	if same && errors.Is(err, syscall.EPERM) {
		p.Warn(fmt.Errorf("the supplementary groups stay %v, as this process may not change them", have))
		return nil
	}
	return fail(execline.CodeSystem, "cannot set the supplementary groups %v: %w", id.groups, err)
}

func sameGroups(a, b []int) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// account finds a user with all groups.
func account(name string) (identity, error) {
	found, err := user.Lookup(name)
	if err != nil {
		return identity{}, fail(1, "there is no user %q", name)
	}
	uid, uerr := strconv.Atoi(found.Uid)
	gid, gerr := strconv.Atoi(found.Gid)
	ids, lerr := found.GroupIds()
	if err := errors.Join(uerr, gerr, lerr); err != nil {
		return identity{}, fail(execline.CodeSystem, "cannot tell the groups of %q: %w", name, err)
	}
	groups := []int{}
	for _, text := range ids {
		if id, err := strconv.Atoi(text); err == nil {
			groups = append(groups, id)
		}
	}
	return identity{&uid, &gid, groups}, nil
}

// pair reads UID:GID, of which each may be a name.
func pair(text string) (identity, error) {
	userName, groupName, _ := strings.Cut(text, ":")
	uid, err := strconv.Atoi(userName)
	if err != nil {
		id, err := account(userName)
		if err != nil {
			return id, err
		}
		uid = *id.uid
	}
	gid, err := groupID(groupName)
	return identity{&uid, &gid, []int{}}, err
}

// groupID finds a group by its number or name.
func groupID(name string) (int, error) {
	if gid, err := strconv.Atoi(name); err == nil && gid >= 0 {
		return gid, nil
	}
	found, err := user.LookupGroup(name)
	if err != nil {
		return 0, fail(1, "there is no group %q", name)
	}
	return strconv.Atoi(found.Gid)
}

// setuidgid is s6-setuidgid. It sets no HOME and no USER.
func setuidgid(p *execline.Process, argv []string) ([]string, error) {
	_, rest, ok := execline.Options(argv[1:], "")
	if !ok || len(rest) < 2 {
		return nil, errUsage
	}
	var id identity
	var err error
	switch name := rest[0]; {
	case name == "":
		return rest[1:], nil
	case strings.Contains(name, ":"):
		id, err = pair(name)
	default:
		id, err = account(name)
	}
	if err != nil {
		return nil, err
	}
	return rest[1:], id.assume(p)
}

// applyuidgid is s6-applyuidgid. Where that of s6 keeps root's groups for another user
// unless -G is given, it gives them up; -k keeps them.
func applyuidgid(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "zu:g:G:Uk")
	if !ok || len(rest) == 0 {
		return nil, errUsage
	}
	var id identity
	unset, keep := false, false
	for _, o := range options {
		var err error
		switch o.Letter {
		case 'z':
			unset = true
		case 'k':
			keep = true
		case 'u':
			id.uid, err = number(o.Arg)
		case 'g':
			id.gid, err = number(o.Arg)
		case 'G':
			id.groups, err = numbers(o.Arg)
		case 'U':
			id, err = identityOf(p)
		}
		if err != nil {
			return nil, err
		}
	}
	if id.groups == nil && !keep && id.uid != nil && *id.uid != 0 && os.Geteuid() == 0 {
		id.groups = []int{}
	}
	if unset {
		for _, name := range [...]string{"UID", "GID", "GIDLIST"} {
			p.Unset(name)
		}
	}
	return rest, id.assume(p)
}

// identityOf reads UID, GID and GIDLIST.
func identityOf(p *execline.Process) (id identity, err error) {
	uid, _ := p.Get("UID")
	gid, _ := p.Get("GID")
	list, _ := p.Get("GIDLIST")
	if id.uid, err = number(uid); err != nil {
		return id, fmt.Errorf("cannot use the variable UID: %w", err)
	}
	if id.gid, err = number(gid); err != nil {
		return id, fmt.Errorf("cannot use the variable GID: %w", err)
	}
	if id.groups, err = numbers(list); err != nil {
		return id, fmt.Errorf("cannot use the variable GIDLIST: %w", err)
	}
	return id, nil
}

// number reads an ID.
func number(text string) (*int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return nil, fail(execline.CodeUsage, "%q is not the number of a user or group", text)
	}
	id := int(n)
	return &id, nil
}

// numbers reads IDs with commas between them; none of them is a list, too.
func numbers(text string) ([]int, error) {
	ids := []int{}
	for part := range strings.SplitSeq(text, ",") {
		if part == "" {
			continue
		}
		id, err := number(part)
		if err != nil {
			return nil, err
		}
		ids = append(ids, *id)
	}
	return ids, nil
}
