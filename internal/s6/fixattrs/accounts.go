package fixattrs

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/sillelien/baseinit/internal/s6/smallfile"
)

// accounts are the users and groups of a root file system. os/user knows the
// running system's only.
type accounts struct {
	users   map[string]ids
	primary map[int]int // of each uid the group, as the first line with it says
	groups  map[string]int
}

// unknown is a user or group that there is not.
type unknown string

func (e unknown) Error() string { return string(e) }

type ids struct{ uid, gid int }

// accountsLimit is far above any passwd, and bounds what a broken one costs.
const accountsLimit = 16 << 20

// readAccounts reads etc/passwd and etc/group below root: passwd(5), group(5). An
// image without them has no names, which is no error.
func readAccounts(root string) (a accounts, errs []error) {
	a = accounts{users: map[string]ids{}, primary: map[int]int{}, groups: map[string]int{}}
	err := eachRecord(filepath.Join(root, "etc/passwd"), func(f []string) {
		uid, uok := parseID(f[2])
		gid, gok := parseID(field(f, 3))
		if !uok || !gok {
			return
		}
		setOnce(a.users, f[0], ids{uid, gid})
		setOnce(a.primary, uid, gid)
	})
	if err != nil {
		errs = append(errs, err)
	}
	err = eachRecord(filepath.Join(root, "etc/group"), func(f []string) {
		if gid, ok := parseID(f[2]); ok {
			setOnce(a.groups, f[0], gid)
		}
	})
	if err != nil {
		errs = append(errs, err)
	}
	return a, errs
}

// eachRecord calls use with the fields, at least 3, of each line of a file.
func eachRecord(file string, use func(fields []string)) error {
	data, err := smallfile.Read(file, accountsLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for line := range strings.Lines(string(data)) {
		if f := strings.Split(strings.TrimSpace(line), ":"); len(f) >= 3 && f[0] != "" {
			use(f)
		}
	}
	if err != nil {
		err = &smallfile.Error{File: file, Err: err}
	}
	return err
}

func field(f []string, i int) string {
	if i < len(f) {
		return f[i]
	}
	return ""
}

// setOnce keeps the first of equal keys, as getpwnam(3) finds it.
func setOnce[K comparable, V any](m map[K]V, k K, v V) {
	if _, ok := m[k]; !ok {
		m[k] = v
	}
}

// resolve reads user, user:group, uid:gid, and any of them before ",uid:gid", of which
// each half is taken where there is no such user or group. A user without
// a group stands for his primary one. An empty half leaves the owner or group alone.
func (a accounts) resolve(spec string) (uid, gid int, err error) {
	account, fallback, _ := strings.Cut(spec, ",")
	user, group, pair := strings.Cut(account, ":")
	elseUser, elseGroup, _ := strings.Cut(fallback, ":")
	uid, gid, err = a.user(user, elseUser, elseGroup)
	if pair && err == nil {
		gid, err = a.group(group, elseGroup)
	}
	return uid, gid, err
}

// user gives the uid and the primary group of a user.
func (a accounts) user(name, fallback, fallbackGroup string) (uid, gid int, err error) {
	if name == "" {
		return leave, leave, nil
	}
	if u, ok := a.users[name]; ok {
		return u.uid, u.gid, nil
	}
	if uid, ok := parseID(name); ok {
		return uid, a.primaryOf(uid), nil
	}
	uid, ok := parseID(fallback)
	if !ok {
		return 0, 0, unknown(fmt.Sprintf("there is no user %q: add it to etc/passwd, or write %s,UID:GID", name, name))
	}
	if gid, ok := parseID(fallbackGroup); ok {
		return uid, gid, nil
	}
	return uid, a.primaryOf(uid), nil
}

func (a accounts) primaryOf(uid int) int {
	if gid, ok := a.primary[uid]; ok {
		return gid
	}
	return leave
}

func (a accounts) group(name, fallback string) (int, error) {
	if name == "" {
		return leave, nil
	}
	if gid, ok := a.groups[name]; ok {
		return gid, nil
	}
	for _, number := range []string{name, fallback} {
		if gid, ok := parseID(number); ok {
			return gid, nil
		}
	}
	return 0, unknown(fmt.Sprintf("there is no group %q: add it to etc/group, or write ACCOUNT,UID:GID", name))
}
