//go:build linux

package execline

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"
)

// checkVariable objects to what can be no variable's name.
func checkVariable(name string) error {
	if strings.Contains(name, "=") {
		return &Exit{CodeUsage, fmt.Errorf("%q cannot be the name of a variable", name)}
	}
	return nil
}

func export(p *Process, argv []string) ([]string, error) {
	_, rest, ok := Options(argv[1:], "")
	if !ok || len(rest) < 3 {
		return nil, Usage("export VARIABLE VALUE PROGRAM...")
	}
	if err := checkVariable(rest[0]); err != nil {
		return nil, err
	}
	p.Set(rest[0], rest[1])
	return rest[2:], nil
}

func unexport(p *Process, argv []string) ([]string, error) {
	_, rest, ok := Options(argv[1:], "")
	if !ok || len(rest) < 2 {
		return nil, Usage("unexport VARIABLE PROGRAM...")
	}
	if err := checkVariable(rest[0]); err != nil {
		return nil, err
	}
	p.Unset(rest[0])
	return rest[1:], nil
}

// isOwnVariable tells whether a variable is one that words use among themselves.
func isOwnVariable(name string) bool {
	base, _ := splitLevel(name)
	switch {
	case base == "!", base == "?", base == "LASTPID", base == "LASTEXITCODE", isFrame(base):
		return true
	}
	return strings.HasPrefix(base, "ELGETOPT_") || strings.HasPrefix(base, "EXECLINE_") || strings.HasPrefix(base, "FD") && isNumber(base[2:])
}

func isNumber(text string) bool {
	_, ok := natural(text, math.MaxUint32)
	return ok
}

func emptyenv(p *Process, argv []string) ([]string, error) {
	options, rest, ok := Options(argv[1:], "pcoP")
	if !ok || len(rest) < 1 {
		return nil, Usage("emptyenv [-p | -c | -o | -P] PROGRAM...")
	}
	given := Given(options)
	switch {
	case given['c']:
		p.keep(func(name string) bool { return !isOwnVariable(name) })
	case given['o'] || given['P']:
		if given['o'] {
			p.popWhere(func(name string) bool { return strings.HasPrefix(name, "ELGETOPT_") })
		}
		if given['P'] {
			p.popWhere(func(name string) bool { return isFrame(name) || strings.HasPrefix(name, "EXECLINE_") })
		}
	default:
		p.keep(func(name string) bool { return given['p'] && name == "PATH" })
	}
	return rest, nil
}

// unfit says what to do when what was read cannot be a variable's value.
type unfit struct {
	how      byte // i: end, I: what there is, x: unset, D: the default
	fallback string
	keepLast bool // the last newline
	insert   bool // into the line, instead of the environment
}

const unfitFlags = "iIxD:NnEe"

func (u *unfit) set(o Option) {
	switch o.Letter {
	case 'i', 'I', 'x', 'D':
		u.how, u.fallback = o.Letter, o.Arg
	case 'N':
		u.keepLast = true
	case 'n':
		u.keepLast = false
	case 'E':
		u.insert = true
	case 'e':
		u.insert = false
	}
}

// setVariable sets a variable, or puts it into the rest of the line.
func (p *Process) setVariable(u unfit, name, value string, rest []string) ([]string, error) {
	p.Set(name, value)
	return p.inserted(u.insert, name, rest)
}

// inserted puts the value of a variable into the rest of the line, if that is wanted.
func (p *Process) inserted(insert bool, name string, rest []string) ([]string, error) {
	if !insert {
		return rest, nil
	}
	return importas(p, append([]string{"importas", "-ui", "--", name, name}, rest...))
}

// store makes text the value of the variable, up to the first NUL and without its
// last newline.
func (p *Process) store(u unfit, name, text string, rest []string) ([]string, error) {
	text, _, _ = strings.Cut(text, "\x00")
	if !u.keepLast {
		text = strings.TrimSuffix(text, "\n")
	}
	return p.setVariable(u, name, text, rest)
}

var errNUL = errors.New("the output holds a NUL, which no variable can")

func backtick(p *Process, argv []string) ([]string, error) {
	u := unfit{how: 'i'}
	options, rest, ok := Options(argv[1:], unfitFlags)
	for _, o := range options {
		u.set(o)
	}
	if !ok || len(rest) < 2 {
		return nil, Usage("backtick [-i | -I | -x | -D DEFAULT] [-N | -n] [-E | -e] VARIABLE { PROGRAM... } PROGRAM...")
	}
	name := rest[0]
	if err := checkVariable(name); err != nil {
		return nil, err
	}
	block, rest, err := p.block(rest[1:])
	if err != nil {
		return nil, err
	}
	text, r, err := p.output(block)
	if err != nil {
		return nil, err
	}
	fit := r == (result{}) && strings.IndexByte(text, 0) < 0
	if fit || u.how == 'I' {
		return p.store(u, name, text, rest)
	}
	switch u.how {
	case 'x':
		p.Unset(name)
		return p.inserted(false, name, rest)
	case 'D':
		return p.setVariable(u, name, u.fallback, rest)
	}
	switch {
	case r.signal != 0:
		return nil, &Exit{r.approximate(), errors.New("the program crashed")}
	case r.code != 0:
		return nil, &Exit{r.approximate(), fmt.Errorf("the program ended with code %d", r.code)}
	}
	return nil, &Exit{124, errNUL}
}

// output runs a line and gives what it writes.
func (p *Process) output(argv []string) (string, result, error) {
	fd, pid, err := p.startReading(argv)
	if err != nil {
		return "", result{}, err
	}
	data, err := readAll(fd)
	_ = syscall.Close(fd)
	ended, werr := wait(pid)
	return string(data), ended, errors.Join(err, werr)
}

func withstdinas(p *Process, argv []string) ([]string, error) {
	u := unfit{how: 'P'} // the part up to the first NUL
	options, rest, ok := Options(argv[1:], "iID:NnEe")
	for _, o := range options {
		u.set(o)
	}
	if !ok || len(rest) < 2 {
		return nil, Usage("withstdinas [-i | -I | -D DEFAULT] [-N | -n] [-E | -e] VARIABLE PROGRAM...")
	}
	name, rest := rest[0], rest[1:]
	if err := checkVariable(name); err != nil {
		return nil, err
	}
	data, err := readAll(0)
	if err != nil {
		return nil, err
	}
	text := string(data)
	if strings.IndexByte(text, 0) >= 0 {
		switch u.how {
		case 'i':
			return nil, &Exit{1, errNUL}
		case 'I':
			p.Unset(name)
			return rest, nil
		case 'D':
			return p.setVariable(u, name, u.fallback, rest)
		}
	}
	return p.store(u, name, text, rest)
}

// answer sets a variable to what value says.
func answer(p *Process, argv []string, letters, usage string, value func(given map[byte]bool) (string, error)) ([]string, error) {
	options, rest, ok := Options(argv[1:], "Ee"+letters)
	insert := false
	for _, o := range options {
		if o.Letter == 'E' || o.Letter == 'e' {
			insert = o.Letter == 'E'
		}
	}
	if !ok || len(rest) < 2 {
		return nil, Usage(usage)
	}
	if err := checkVariable(rest[0]); err != nil {
		return nil, err
	}
	text, err := value(Given(options))
	if err != nil {
		return nil, err
	}
	return p.setVariable(unfit{insert: insert}, rest[0], text, rest[1:])
}

func getcwd(p *Process, argv []string) ([]string, error) {
	return answer(p, argv, "", "getcwd [-E | -e] VARIABLE PROGRAM...", func(map[byte]bool) (string, error) {
		dir, err := syscall.Getwd()
		if err != nil {
			err = fmt.Errorf("cannot tell the working directory: %w", err)
		}
		return dir, err
	})
}

func getpid(p *Process, argv []string) ([]string, error) {
	return answer(p, argv, "Pp", "getpid [-E | -e] [-P | -p] VARIABLE PROGRAM...", func(given map[byte]bool) (string, error) {
		if given['P'] {
			return strconv.Itoa(os.Getppid()), nil
		}
		return strconv.Itoa(os.Getpid()), nil
	})
}

// homeof prints the home directory of a user.
func homeof(_ *Process, argv []string) ([]string, error) {
	if len(argv) != 2 {
		return nil, Usage("homeof USER")
	}
	account, err := user.Lookup(argv[1])
	if err != nil {
		return nil, fmt.Errorf("cannot tell the home directory: %w", err)
	}
	return nil, Write(1, account.HomeDir+"\n")
}

// envfile reads variables from a file of lines NAME = VALUE.
func envfile(p *Process, argv []string) ([]string, error) {
	options, rest, ok := Options(argv[1:], "iI")
	if !ok || len(rest) < 2 {
		return nil, Usage("envfile [-i | -I] FILE PROGRAM...")
	}
	data, err := readFile(rest[0])
	if errors.Is(err, os.ErrNotExist) && len(options) > 0 && options[len(options)-1].Letter == 'I' {
		return rest[1:], nil
	}
	if err != nil {
		return nil, err
	}
	// A line that ends in a backslash goes on in the next one.
	text := strings.ReplaceAll(string(data), "\\\n", "")
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, found := strings.Cut(line, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if strings.HasPrefix(value, `"`) {
			l := lexer{text: value, line: i + 1}
			w, _, err := l.next()
			found = found && err == nil && strings.TrimSpace(value[l.pos:]) == ""
			value = w.text
		}
		if !found || name == "" || strings.ContainsAny(name, " \t") {
			return nil, &Exit{1, fmt.Errorf("cannot use %s: line %d is not NAME = VALUE", rest[0], i+1)}
		}
		p.Set(name, value)
	}
	return rest[1:], nil
}
