//go:build linux

package execline

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const usageExeclineb = "execlineb [-q | -w | -W] [-p | -P | -S N | -s N] [-c SCRIPT | FILE] [ARGUMENT...]"

// positionals says what becomes of a script's arguments.
type positionals struct {
	mode byte // 0: pushed to the environment; p: put there; P: ignored; S, s: substituted
	min  int
}

// execlineb runs a script.
func execlineb(p *Process, argv []string) ([]string, error) {
	options, args, ok := Options(argv[1:], "pPqwWc:S:s:")
	var mode positionals
	script, given := "", false
	for _, o := range options {
		switch o.Letter {
		case 'c':
			script, given = o.Arg, true
		case 'q':
			p.Unset("EXECLINE_STRICT")
		case 'w':
			p.Set("EXECLINE_STRICT", "1")
		case 'W':
			p.Set("EXECLINE_STRICT", "2")
		case 'S', 's':
			n, valid := natural(o.Arg, mostWords)
			ok = ok && valid
			mode = positionals{o.Letter, n}
		default:
			mode.mode = o.Letter
		}
	}
	if !ok || (!given && len(args) == 0) {
		return nil, Usage(usageExeclineb)
	}
	name := argv[0]
	if !given {
		name, args = args[0], args[1:]
		data, err := readFile(name)
		if err != nil {
			return nil, fmt.Errorf("cannot run the script: %w", err)
		}
		script, p.File = string(data), name
	}
	return p.Script(script, mode.mode, mode.min, append([]string{name}, args...))
}

// Script gives the line that a script stands for. mode says what becomes of its
// arguments, of which the first is its name: 0 puts them into the environment, on
// top of those of a script around it; 'p' in place of those; 'P' leaves them out;
// 'S' substitutes them, at least minimum of them; with 's' $@ begins after those.
func (p *Process) Script(script string, mode byte, minimum int, args []string) ([]string, error) {
	line, err := Parse(script)
	if err != nil {
		return nil, &Exit{CodeUsage, err}
	}
	switch mode {
	case 'P':
		return line, nil
	case 'S', 's':
		skip := 0
		if mode == 's' {
			skip = minimum
		}
		if err := p.few(len(args)-1, minimum); err != nil {
			return nil, err
		}
		return substitute(line, positional(args, minimum, skip)...)
	case 0:
		p.push()
	}
	p.Set("#", strconv.Itoa(len(args)-1))
	for i, arg := range args {
		p.Set(strconv.Itoa(i), arg)
	}
	return line, nil
}

// few objects to missing arguments as much as EXECLINE_STRICT wants.
func (p *Process) few(have, want int) error {
	strict, _ := p.Get("EXECLINE_STRICT")
	if have >= want || strict == "0" {
		return nil
	}
	err := fmt.Errorf("too few arguments: %d, and the script wants at least %d", have, want)
	if strict != "" && strict != "1" {
		return &Exit{CodeUsage, err}
	}
	p.warn("execlineb", err)
	return nil
}

// positional are the substitutions for arguments, args[0] being the script.
func positional(args []string, minimum, skip int) []substitution {
	n := len(args) - 1
	subs := []substitution{
		{"#", []string{strconv.Itoa(n)}},
		{"@", args[min(len(args), 1+skip):]},
	}
	for i := range max(n, minimum) + 1 {
		value := ""
		if i < len(args) {
			value = args[i]
		}
		subs = append(subs, substitution{strconv.Itoa(i), []string{value}})
	}
	return subs
}

// isFrame tells whether a variable belongs to the arguments of a script.
func isFrame(name string) bool {
	return name != "" && (name[0] == '#' || name[0] >= '0' && name[0] <= '9')
}

// push makes room for the arguments of another script: # becomes #:1, and so on.
func (p *Process) push() { p.pushWhere(isFrame) }

func (p *Process) pushWhere(match func(string) bool) {
	env := make([]string, 0, len(p.Env)+4)
	for _, entry := range p.Env {
		name, value, _ := strings.Cut(entry, "=")
		if match(name) {
			base, level := splitLevel(name)
			entry = base + ":" + strconv.Itoa(level+1) + "=" + value
		}
		env = append(env, entry)
	}
	p.Env = env
}

// popWhere undoes push: the present ones go, those below take their place.
func (p *Process) popWhere(match func(string) bool) {
	env := make([]string, 0, len(p.Env))
	for _, entry := range p.Env {
		name, value, _ := strings.Cut(entry, "=")
		if match(name) {
			base, level := splitLevel(name)
			if level == 0 {
				continue
			}
			entry = base + "=" + value
			if level > 1 {
				entry = base + ":" + strconv.Itoa(level-1) + "=" + value
			}
		}
		env = append(env, entry)
	}
	p.Env = env
}

// splitLevel splits "NAME:2".
func splitLevel(name string) (base string, level int) {
	at := strings.LastIndexByte(name, ':')
	if at < 0 {
		return name, 0
	}
	n, ok := natural(name[at+1:], mostWords)
	if !ok {
		return name, 0
	}
	return name[:at], n
}

// frame reads a script's arguments from the environment, the first being its name.
func (p *Process) frame() ([]string, error) {
	count, _ := p.Get("#")
	n, ok := natural(count, mostArguments)
	if !ok {
		return nil, &Exit{CodeUsage, fmt.Errorf("the variable # is not set to a number of arguments: only scripts that execlineb runs without -P, -S and -s have them")}
	}
	args := make([]string, n+1)
	for i := range args {
		if args[i], ok = p.Get(strconv.Itoa(i)); !ok {
			return nil, &Exit{CodeUsage, fmt.Errorf("the variable %d is not set, though # is %d", i, n)}
		}
	}
	return args, nil
}

// setFrame puts a script's arguments back.
func (p *Process) setFrame(args []string) {
	old, _ := p.Get("#")
	n, _ := strconv.Atoi(old)
	for i := len(args); i <= n; i++ {
		p.Unset(strconv.Itoa(i))
	}
	p.Set("#", strconv.Itoa(len(args)-1))
	for i := 1; i < len(args); i++ {
		p.Set(strconv.Itoa(i), args[i])
	}
}

// elgetpositionals substitutes a script's arguments.
func elgetpositionals(p *Process, argv []string) ([]string, error) {
	sub, rest, err := p.positionalDirective(argv)
	if err != nil {
		return nil, err
	}
	return substitute(rest, sub...)
}

func (p *Process) positionalDirective(argv []string) ([]substitution, []string, error) {
	options, rest, ok := Options(argv[1:], "P:")
	minimum := 0
	for _, o := range options {
		n, valid := natural(o.Arg, mostWords)
		ok, minimum = ok && valid, n
	}
	if !ok {
		return nil, nil, Usage("elgetpositionals [-P N] PROGRAM...")
	}
	args, err := p.frame()
	if err != nil {
		return nil, nil, errors.Unwrap(err) // with the code that the real one has here
	}
	return positional(args, minimum, 0), rest, nil
}

// shift takes arguments of a script away.
func shift(p *Process, argv []string) ([]string, error) {
	options, rest, ok := Options(argv[1:], "n:b:")
	n, blocks := 0, 0
	if len(options) == 0 {
		n = 1
	}
	for _, o := range options {
		v, valid := natural(o.Arg, mostArguments)
		ok = ok && valid
		if o.Letter == 'n' {
			n = v
		} else {
			blocks = v
		}
	}
	if !ok || len(rest) == 0 {
		return nil, Usage("shift [-n ARGUMENTS] [-b BLOCKS] PROGRAM...")
	}
	args, err := p.frame()
	if err != nil {
		return nil, err
	}
	left := args[min(1+n, len(args)):]
	if _, left, err = p.blocks(left, blocks); err != nil {
		return nil, err
	}
	p.setFrame(append([]string{args[0]}, left...))
	return rest, nil
}

// dollarat prints a script's arguments.
func dollarat(p *Process, argv []string) ([]string, error) {
	options, _, ok := Options(argv[1:], "n0d:")
	chomp, delim := false, "\n"
	for _, o := range options {
		switch o.Letter {
		case 'n':
			chomp = true
		case '0':
			delim = "\x00"
		case 'd':
			delim = o.Arg[:min(1, len(o.Arg))]
		}
	}
	if !ok {
		return nil, Usage("dollarat [-n] [-0 | -d DELIMITER]")
	}
	args, err := p.frame()
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for i, arg := range args[1:] {
		switch {
		case delim == "":
			fmt.Fprintf(&b, "%d:%s,", len(arg), arg)
		case chomp && i == len(args)-2:
			b.WriteString(arg)
		default:
			b.WriteString(arg + delim)
		}
	}
	return nil, Write(1, b.String())
}

// runblock runs a block that a script was given among its arguments.
func runblock(p *Process, argv []string) ([]string, error) {
	options, rest, ok := Options(argv[1:], "Prn:")
	keep, remainder, skip := false, false, 0
	for _, o := range options {
		switch o.Letter {
		case 'P':
			keep = true
		case 'r':
			remainder = true
		case 'n':
			n, valid := natural(o.Arg, mostArguments)
			ok, skip = ok && valid, n
		}
	}
	n := 0
	if ok = ok && len(rest) > 0; ok {
		n, ok = natural(rest[0], mostWords)
	}
	if !ok || n == 0 && !remainder {
		return nil, Usage("runblock [-P] [-n ARGUMENTS] [-r] N [PROGRAM...]")
	}
	args, err := p.frame()
	if err != nil {
		return nil, err
	}
	blocks, left, err := p.blocks(args[min(1+skip, len(args)):], n)
	if err != nil {
		return nil, err
	}
	if !remainder {
		left = blocks[n-1]
	}
	if !keep {
		p.popWhere(isFrame)
	}
	return append(rest[1:len(rest):len(rest)], left...), nil
}

// elgetopt takes options from a script's arguments, to variables ELGETOPT_c.
func elgetopt(p *Process, argv []string) ([]string, error) {
	options, rest, ok := Options(argv[1:], "D:")
	value := "1"
	for _, o := range options {
		value = o.Arg
	}
	if !ok || len(rest) < 2 {
		return nil, Usage("elgetopt [-D DEFAULT] OPTIONS PROGRAM...")
	}
	args, err := p.frame()
	if err != nil {
		return nil, err
	}
	spec := strings.TrimPrefix(rest[0], ":")
	found, left, ok := Options(args[1:], spec)
	if !ok {
		return nil, &Exit{1, fmt.Errorf("the arguments of %s do not fit its options %q", args[0], rest[0])}
	}
	p.pushWhere(func(name string) bool { return strings.HasPrefix(name, "ELGETOPT_") })
	for _, o := range found {
		text := value
		if strings.Contains(spec, string(o.Letter)+":") {
			text = o.Arg
		}
		p.Set("ELGETOPT_"+string(o.Letter), text)
	}
	p.setFrame(append([]string{args[0]}, left...))
	return rest[1:], nil
}
