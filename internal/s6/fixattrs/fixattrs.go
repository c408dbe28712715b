// Package fixattrs does what the files of fix-attrs.d say: it gives files their
// owners and modes before anything of the container runs. A line of them is
//
//	path recurse account fmode dmode
//
// and means: the files that path, which may hold wildcards, names get the account,
// regular and special files the octal mode fmode, directories dmode ("-" leaves the
// mode alone), and with recurse "true" so does all that is in them.
//
// No symbolic link that a path names or that is met below it is ever followed, and all
// goes by descriptors of directories: who may write in a directory cannot
// lead root elsewhere. Only a link on the way to path is followed, if it is root's:
// images have /var/run -> /run.
package fixattrs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sillelien/baseinit/internal/s6/smallfile"
)

// Config says where Apply works.
type Config struct {
	// Root is what paths in the files start from, and whose etc/passwd and
	// etc/group name accounts. Links do not lead out of it. Default "/".
	Root string
	// Dir holds the files, applied in the order of the C locale. It is no
	// error if it does not exist. Default etc/fix-attrs.d below Root.
	Dir string
	// Input holds the lines, at most 1 MiB of them, in place of Dir.
	Input io.Reader
	// Hidden makes recursion include names that start with a dot
	// (S6_FIX_ATTRS_HIDDEN). Default false.
	Hidden bool
}

// Apply does what the files say, as far as it can be done, until ctx ends. What
// could not be done comes back as warnings, at most one for each line, which name
// file and line. Files that are right already are not touched, so that this
// works on a read-only file system and copies nothing up on an overlay.
func Apply(ctx context.Context, c Config) (warnings []error) {
	c = c.withDefaults()
	lines, known, warnings := read(c)
	for _, l := range lines {
		if ctx.Err() != nil {
			return append(warnings, fmt.Errorf("cannot apply %s and what follows: %w", l.where(), context.Cause(ctx)))
		}
		r, err := parse(l.text, known)
		if err == nil {
			err = fix(ctx, c, r)
		}
		if err != nil {
			warnings = append(warnings, l.fail(err))
		}
	}
	return warnings
}

// Check reads the files and changes nothing. Its warnings are those about lines that Apply
// would not understand, each a *smallfile.Error. In a root without an etc/passwd, most likely
// a tree that is copied to an image, no account is missed.
func Check(c Config) (warnings []error) {
	lines, known, warnings := read(c.withDefaults())
	for _, l := range lines {
		_, err := parse(l.text, known)
		_, missing := errors.AsType[unknown](err)
		if err != nil && (len(known.users) > 0 || !missing) {
			warnings = append(warnings, l.fail(err))
		}
	}
	return warnings
}

func (c Config) withDefaults() Config {
	if c.Root == "" {
		c.Root = "/"
	}
	if c.Dir == "" {
		c.Dir = filepath.Join(c.Root, "etc/fix-attrs.d")
	}
	return c
}

// read reads the lines, and if there are any the accounts.
func read(c Config) (lines []line, known accounts, warnings []error) {
	lines, warnings = c.lines()
	if len(lines) == 0 {
		return nil, known, warnings
	}
	known, errs := readAccounts(c.Root)
	return lines, known, append(warnings, errs...)
}

// line is one line that says something.
type line struct {
	file   string
	number int
	text   string
}

func (l line) where() string { return fmt.Sprintf("%s:%d", l.file, l.number) }

func (l line) fail(err error) error {
	return &smallfile.Error{File: l.file, Err: fmt.Errorf("cannot apply %s: %w", l.where(), err)}
}

const fileLimit = 1 << 20

func (c Config) lines() ([]line, []error) {
	if c.Input == nil {
		return readLines(c.Dir)
	}
	data, err := io.ReadAll(io.LimitReader(c.Input, fileLimit+1))
	if err == nil && len(data) > fileLimit { // a line cut short would be misread
		err = fmt.Errorf("there are more than %d bytes", fileLimit)
	}
	if err != nil {
		return nil, []error{fmt.Errorf("cannot read the lines: %w", err)}
	}
	return splitLines("line", data), nil
}

// readLines reads all files of dir.
func readLines(dir string) (lines []line, errs []error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, []error{&smallfile.Error{File: dir, Err: fmt.Errorf("cannot list %s: %w", dir, smallfile.Cause(err))}}
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		name := filepath.Join(dir, e.Name())
		data, err := smallfile.Read(name, fileLimit)
		if err != nil {
			errs = append(errs, &smallfile.Error{File: name, Err: err})
		}
		lines = append(lines, splitLines(name, data)...)
	}
	return lines, errs
}

func splitLines(name string, data []byte) (lines []line) {
	number := 0
	for text := range strings.Lines(string(data)) {
		number++
		if text = strings.TrimSpace(text); text != "" && text[0] != '#' {
			lines = append(lines, line{name, number, text})
		}
	}
	return lines
}

// leave, for an owner, group or mode, is to leave it as it is. chown(2) takes it
// so too.
const leave = -1

// rule is what one line asks for.
type rule struct {
	path         string // absolute and clean
	recurse      bool
	uid, gid     int
	fmode, dmode int
}

func parse(text string, known accounts) (r rule, err error) {
	f := strings.Fields(text)
	if len(f) > 5 && strings.HasPrefix(f[5], "#") {
		f = f[:5]
	}
	if len(f) != 5 {
		return r, fmt.Errorf("%q has %d fields: 5 are needed, path recurse account fmode dmode", text, len(f))
	}
	if !path.IsAbs(f[0]) {
		return r, fmt.Errorf("the path %q does not start with /", f[0])
	}
	r.path = path.Clean(f[0])
	if _, err := path.Match(r.path, ""); err != nil {
		return r, fmt.Errorf("the path %q has a [ without its ]", f[0])
	}
	if f[1] != "true" && f[1] != "false" {
		return r, fmt.Errorf("recurse is %q: allowed is true or false", f[1])
	}
	r.recurse = f[1] == "true"
	if r.uid, r.gid, err = known.resolve(f[2]); err != nil {
		return r, err
	}
	if r.fmode, err = parseMode(f[3]); err != nil {
		return r, err
	}
	r.dmode, err = parseMode(f[4])
	return r, err
}

func parseMode(text string) (int, error) {
	if text == "-" {
		return leave, nil
	}
	mode, err := strconv.ParseUint(text, 8, 32)
	if err != nil || mode > 0o7777 {
		return 0, fmt.Errorf("the mode is %q: allowed is an octal number up to 7777, or -", text)
	}
	return int(mode), nil
}

// parseID reads a numeric uid or gid. The highest stands for "leave it", chown(2).
func parseID(text string) (int, bool) {
	id, err := strconv.ParseUint(text, 10, 32)
	return int(id), err == nil && id < math.MaxUint32
}
