//go:build linux

package s6log

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/sillelien/baseinit/internal/logdir"
)

// What can be set in a script has these limits.
const (
	leastSize = 4096
	mostSize  = 268435455
)

// parser is how far a script is read: the settings are those for the next actions.
type parser struct {
	script Script
	rule   rule
	dir    logdir.Config
	alert  int
	status int
	prefix string
	next   action // stamps, which are for one action only
}

// Parse reads a logging script. Its errors are ErrScript, with the directive.
func Parse(script []string) (*Script, error) {
	p := parser{dir: logdir.Defaults(), alert: 200, status: 1001}
	for _, directive := range script {
		if directive == "" {
			return nil, wrong(directive, "it is empty")
		}
		if err := p.directive(directive); err != nil {
			return nil, err
		}
	}
	p.script.Extra = len(p.rule.actions) == 0
	p.endRule()
	if len(p.script.rules) == 0 {
		return nil, fmt.Errorf("%w: it has no action: name a directory, 1, 2 or =FILE", ErrScript)
	}
	return &p.script, nil
}

func (p *parser) endRule() {
	if len(p.rule.actions) > 0 {
		p.script.rules = append(p.script.rules, p.rule)
		p.rule = rule{}
	}
}

// directive takes one directive.
func (p *parser) directive(text string) error {
	value := text[1:]
	switch text[0] {
	case '+', '-', 'f':
		return p.selection(text)
	case 'p':
		if p.prefix = value; value != "" {
			p.prefix += " "
		}
	case '!':
		p.processor("/proc/self/exe", "execlineb", "-Pc", value)
	case '?':
		p.processor("/bin/sh", "/bin/sh", "-c", value)
	case '=':
		if value == "" {
			return wrong(text, "the name of a file is missing")
		}
		p.add(action{kind: toStatus, file: value, limit: p.status})
	case '.', '/':
		p.add(action{kind: toDir, dir: p.directory(text)})
	case 'n', 's', 'S', 'l', 'r', 'E', '^':
		return p.number(text)
	case 't', 'T', '1', '2', 'e':
		if value != "" {
			return wrong(text, "nothing may follow the letter")
		}
		p.single(text[0])
	default:
		return wrong(text, "there is no such directive")
	}
	return nil
}

// single takes a directive that is one letter. e is the old form of 2.
func (p *parser) single(letter byte) {
	switch letter {
	case 't':
		p.next.tai = true
	case 'T':
		p.next.iso = true
	case '1':
		p.add(action{kind: toStdout})
	default:
		p.add(action{kind: toStderr, limit: p.alert})
	}
}

// selection takes a directive that selects lines.
func (p *parser) selection(text string) error {
	s, err := newSelection(text)
	if err != nil {
		return wrong(text, err.Error())
	}
	p.endRule()
	p.rule.selections = append(p.rule.selections, s)
	return nil
}

// add adds an action, with the stamps and the prefix that were asked for.
func (p *parser) add(a action) {
	a.tai, a.iso, a.prefix = p.next.tai, p.next.iso, p.prefix
	p.rule.actions = append(p.rule.actions, a)
	p.next = action{}
}

// directory gives the index of a directory. One that is named twice is opened once,
// with the settings of the first time.
func (p *parser) directory(path string) int {
	for i, d := range p.script.dirs {
		if d.Path == path {
			return i
		}
	}
	dir := p.dir
	dir.Path = path
	p.script.dirs = append(p.script.dirs, dir)
	return len(p.script.dirs) - 1
}

// processor takes a processor for the next directories; one that is empty is none.
func (p *parser) processor(program string, argv ...string) {
	p.dir.Program, p.dir.Processor = program, argv
	if slices.Contains(argv, "") {
		p.dir.Program, p.dir.Processor = "", nil
	}
}

// number takes a directive with a number.
func (p *parser) number(text string) error {
	bits := 32
	if text[0] == 'S' {
		bits = 63
	}
	n, err := strconv.ParseUint(text[1:], 10, bits)
	if err != nil {
		return wrong(text, "a number must follow the letter")
	}
	switch text[0] {
	case 'n':
		p.dir.Archives = int(min(n, math.MaxInt32))
	case 's':
		p.dir.Size = int64(min(max(n, leastSize), mostSize))
	case 'S':
		p.dir.TotalSize = int64(n)
	case 'l':
		if int64(n) > p.dir.Size/2 {
			return wrong(text, fmt.Sprintf("it may be half of %d at most: give s before it", p.dir.Size))
		}
		p.dir.Tolerance = int64(n)
	case 'r':
		p.dir.Retry = time.Duration(n) * time.Millisecond
	case 'E':
		p.alert = int(min(n, math.MaxInt32))
	case '^':
		p.status = int(min(n, math.MaxInt32))
	}
	return nil
}
