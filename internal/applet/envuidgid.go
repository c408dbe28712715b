//go:build linux

package applet

import (
	"strconv"
	"strings"

	"github.com/sillelien/baseinit/internal/credential"
	"github.com/sillelien/baseinit/internal/execline"
)

// envuidgid is s6-envuidgid: it puts numbers of users and groups into UID, GID and
// GIDLIST.
func envuidgid(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "ugBniD:")
	if !ok || len(rest) < 2 {
		return nil, errUsage
	}
	how, numeric, fallback := byte('a'), false, ""
	for _, o := range options {
		switch o.Letter {
		case 'n':
			numeric = true
		case 'i':
			fallback = ""
		case 'D':
			fallback = o.Arg
		default:
			how = o.Letter
		}
	}
	ids, err := lookUp(rest[0], how, numeric)
	if err != nil && fallback != "" {
		ids, err = fallbackIDs(fallback, how)
	}
	if err != nil {
		return nil, err
	}
	for i, name := range [...]string{"UID", "GID", "GIDLIST"} {
		if ids[i] != nil {
			p.Set(name, *ids[i])
		}
	}
	return rest[1:], nil
}

// ids are the values of UID, GID and GIDLIST; nil: not touched.
type ids [3]*string

func text(n int) *string { s := strconv.Itoa(n); return &s }

// lookUp finds what an account stands for: u a user, g a group, B both, a a user with
// all groups.
func lookUp(name string, how byte, numeric bool) (ids, error) {
	switch how {
	case 'u':
		uid, err := userNumber(name, numeric)
		return ids{uid, nil, nil}, err
	case 'g':
		gid, err := groupNumber(name, numeric)
		return ids{nil, gid, nil}, err
	case 'B':
		userName, groupName, _ := strings.Cut(name, ":")
		uid, err := userNumber(userName, numeric)
		if err != nil {
			return ids{}, err
		}
		gid, err := groupNumber(groupName, numeric)
		return ids{uid, gid, nil}, err
	}
	id, err := account(name)
	if err != nil {
		if uid, nerr := number(name); numeric && nerr == nil {
			list := ""
			return ids{text(*uid), text(0), &list}, nil
		}
		return ids{}, err
	}
	var extra []string
	for _, gid := range id.Groups {
		if gid != *id.GID {
			extra = append(extra, strconv.Itoa(gid))
		}
	}
	list := strings.Join(extra, ",")
	return ids{text(*id.UID), text(*id.GID), &list}, nil
}

func userNumber(name string, numeric bool) (*string, error) {
	uid, err := credential.UserID(name, numeric)
	return text(uid), lookedUp(err)
}

func groupNumber(name string, numeric bool) (*string, error) {
	gid, err := credential.GroupID(name, numeric)
	return text(gid), lookedUp(err)
}

// fallbackIDs reads UID:GID:GIDLIST, of which what is asked for is used.
func fallbackIDs(value string, how byte) (ids, error) {
	parts := append(strings.SplitN(value, ":", 3), "", "")
	for i, part := range parts[:3] {
		if _, err := numbers(part); err != nil {
			return ids{}, err
		}
		if part == "" && i < 2 {
			parts[i] = "0"
		}
	}
	out := ids{&parts[0], &parts[1], &parts[2]}
	switch how {
	case 'u':
		out[1], out[2] = nil, nil
	case 'g':
		out[0], out[2] = nil, nil
	case 'B':
		out[2] = nil
	}
	return out, nil
}
