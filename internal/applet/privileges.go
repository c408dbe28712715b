//go:build linux

package applet

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/sillelien/baseinit/internal/credential"
	"github.com/sillelien/baseinit/internal/execline"
)

// assume makes the process that.
func assume(p *execline.Process, id credential.Identity) error { return id.Assume(p.Warn) }

// lookedUp gives the error of a look-up the code of s6 for a name that there is not.
func lookedUp(err error) error {
	if _, ok := errors.AsType[credential.UnknownError](err); ok {
		return &execline.Exit{Code: 1, Err: err}
	}
	return err
}

// account finds a user with all groups.
func account(name string) (credential.Identity, error) {
	id, err := credential.Account(name)
	return id, lookedUp(err)
}

// pair reads UID:GID, of which each may be a name.
func pair(text string) (credential.Identity, error) {
	userName, groupName, _ := strings.Cut(text, ":")
	uid, uerr := numberOr(userName, credential.UserID)
	gid, gerr := numberOr(groupName, credential.GroupID)
	return credential.Identity{UID: &uid, GID: &gid, Groups: []int{}}, cmp.Or(uerr, gerr)
}

// numberOr reads the number of a user or group, or looks up its name.
func numberOr(text string, lookUp func(name string, numeric bool) (int, error)) (int, error) {
	if id, err := number(text); err == nil {
		return *id, nil
	}
	id, err := lookUp(text, false)
	return id, lookedUp(err)
}

// setuidgid is s6-setuidgid. It sets no HOME and no USER.
func setuidgid(p *execline.Process, argv []string) ([]string, error) {
	_, rest, ok := execline.Options(argv[1:], "")
	if !ok || len(rest) < 2 {
		return nil, errUsage
	}
	var id credential.Identity
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
	return rest[1:], assume(p, id)
}

// applyuidgid is s6-applyuidgid. Where that of s6 keeps root's groups for another user
// unless -G is given, it gives them up; -k keeps them.
func applyuidgid(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "zu:g:G:Uk")
	if !ok || len(rest) == 0 {
		return nil, errUsage
	}
	var id credential.Identity
	unset, keep := false, false
	for _, o := range options {
		var err error
		switch o.Letter {
		case 'z':
			unset = true
		case 'k':
			keep = true
		case 'u':
			id.UID, err = number(o.Arg)
		case 'g':
			id.GID, err = number(o.Arg)
		case 'G':
			id.Groups, err = numbers(o.Arg)
		case 'U':
			id, err = identityOf(p)
		}
		if err != nil {
			return nil, err
		}
	}
	if id.Groups == nil && !keep && id.UID != nil && *id.UID != 0 && os.Geteuid() == 0 {
		id.Groups = []int{}
	}
	if unset {
		for _, name := range [...]string{"UID", "GID", "GIDLIST"} {
			p.Unset(name)
		}
	}
	return rest, assume(p, id)
}

// identityOf reads UID, GID and GIDLIST.
func identityOf(p *execline.Process) (id credential.Identity, err error) {
	uid, _ := p.Get("UID")
	gid, _ := p.Get("GID")
	list, _ := p.Get("GIDLIST")
	if id.UID, err = number(uid); err != nil {
		return id, fmt.Errorf("cannot use the variable UID: %w", err)
	}
	if id.GID, err = number(gid); err != nil {
		return id, fmt.Errorf("cannot use the variable GID: %w", err)
	}
	if id.Groups, err = numbers(list); err != nil {
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
