package dnsmasq

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// reading is options being read: from arguments, then from the files that they
// name, whose options win.
type reading struct {
	Parser
	table *table
	opts  *Options
	errs  []error

	before   map[place]Origin // where an option of usage once was
	waiting  []func()         // files that arguments name
	visited  []os.FileInfo    // files that have been read
	inFile   bool
	onlyAsks bool // within --servers-file
}

// place is an option in the arguments or in a file.
type place struct {
	opt    *option
	inFile bool
}

func newReading(p Parser) *reading {
	return &reading{Parser: p, table: newTable(), opts: defaults(), before: map[place]Origin{}}
}

// args reads arguments as getopt_long(3) does.
func (r *reading) args(args []string) {
	skip := false // the word may be the value of an option that is not known
	for i := 0; i < len(args) && !r.full(); i++ {
		a := argument{word: args[i], rest: args[i+1:], from: Origin{Line: i + 1}}
		switch {
		case a.word == "--":
			for j, word := range a.rest {
				r.stray(word, Origin{Line: i + j + 2})
			}
			i = len(args)
		case strings.HasPrefix(a.word, "--"):
			skip = !r.long(&a)
		case len(a.word) > 1 && a.word[0] == '-':
			skip = !r.short(&a)
		case !skip:
			r.stray(a.word, a.from)
		}
		i += a.used
	}
	for _, read := range r.waiting {
		read()
	}
}

// argument is a word of the command line that may take the next for its value.
type argument struct {
	word string
	rest []string
	from Origin
	used int // how many of rest
}

func (a *argument) next() (s string, ok bool) {
	if len(a.rest) == 0 {
		return "", false
	}
	a.used = 1
	return a.rest[0], true
}

func (r *reading) stray(word string, from Origin) {
	r.fail(word, from, errors.New("it is no option: write --NAME=VALUE, or quote a value that has blanks"))
}

// long reads --NAME, --NAME=VALUE or --NAME VALUE. It returns whether the option
// is known.
func (r *reading) long(a *argument) bool {
	name, text, has := strings.Cut(a.word[2:], "=")
	opt, err := r.table.abbreviated(name)
	if err != nil {
		r.fail("--"+name, a.from, err)
		return false
	}
	written := a.word
	if opt.takes(true) == required && !has {
		if text, has = a.next(); has {
			written += " " + text
		}
	}
	r.apply(opt, use{written: written, bare: "--" + name, from: a.from, text: text, has: has, arg: opt.takes(true)})
	return true
}

// short reads -a, -aVALUE, -a VALUE, or several letters of which the last may have
// a value.
func (r *reading) short(a *argument) bool {
	for i := 1; i < len(a.word); i++ {
		c := a.word[i]
		var opt *option
		if c < 128 {
			opt = r.table.shorts[c]
		}
		if opt == nil {
			r.fail(a.word, a.from, fmt.Errorf("there is no option -%s: see dnsmasq(8)", a.word[i:]))
			return false
		}
		u := use{written: "-" + a.word[i:i+1], from: a.from, arg: opt.takes(false)}
		u.bare = u.written
		if u.arg == none {
			r.apply(opt, u)
			continue
		}
		if u.text, u.has = a.word[i+1:], i+1 < len(a.word); u.has {
			u.written += u.text
		} else if u.text, u.has = a.next(); u.has {
			u.written += " " + u.text
		}
		r.apply(opt, u)
		break
	}
	return true
}

// use is an option as someone wrote it.
type use struct {
	written string // with its value
	bare    string // without
	from    Origin
	text    string // the value
	has     bool   // there is one, if only an empty one
	arg     arity  // whether this form takes one
}

// apply checks an option and puts it into the Options.
func (r *reading) apply(opt *option, u use) {
	switch {
	case opt.refusal != "":
		r.fail(u.bare, u.from, unsupportedError{opt.refusal})
	case u.arg == none && u.has:
		r.fail(u.written, u.from, errors.New("it takes no value: remove what follows the ="))
	case u.arg == required && u.text == "":
		r.fail(u.written, u.from, errors.New("it needs a value, and has none: give it"))
	case r.onlyAsks && !isAsk(opt.name):
		r.fail(u.written, u.from, errors.New("a file of servers may hold server, local and rev-server only: move it elsewhere"))
	case r.again(opt, u):
	case opt.include != nil:
		r.include(opt, u)
	default:
		r.set(opt, u)
	}
}

func (r *reading) set(opt *option, u use) {
	v := r.value(u)
	if err := opt.set(r.opts, v); err != nil {
		r.fail(u.written, u.from, err)
		return
	}
	r.note(opt, v, u.text != "")
}

func (r *reading) value(u use) value { return value{raw: u.text, from: u.from, dir: r.Dir} }

// include reads the files that an option names: at once where the option is in a
// file, and after all arguments where it is an argument, since what files say wins.
func (r *reading) include(opt *option, u use) {
	read := func() {
		if err := opt.include(r, r.value(u)); err != nil {
			r.fail(u.written, u.from, err)
		}
	}
	if r.inFile {
		read()
		return
	}
	r.waiting = append(r.waiting, read)
}

func isAsk(name string) bool { return name == "server" || name == "local" || name == "rev-server" }

// again says whether the option has been given and may not be again.
func (r *reading) again(opt *option, u use) bool {
	if opt.usage != once {
		return false
	}
	here := place{opt, r.inFile}
	first, ok := r.before[here]
	if !ok {
		r.before[here] = u.from
		return false
	}
	r.fail(u.written, u.from, fmt.Errorf("it has been given before (%s): remove one", first))
	return true
}

// note keeps what Describe tells.
func (r *reading) note(opt *option, v value, has bool) {
	if opt.usage == idle {
		return
	}
	if opt.usage != many || opt.arg == none {
		r.opts.settings = slices.DeleteFunc(r.opts.settings, func(s setting) bool { return s.opt == opt })
	}
	r.opts.settings = append(r.opts.settings, setting{opt, v, has})
}

// mostErrors is how many a person may want to see of a file that is no
// configuration at all.
const mostErrors = 100

func (r *reading) full() bool { return len(r.errs) > mostErrors }

// fail notes an error. It is called in many places and for few lines: inlined, 8 kB of code more.
//
//go:noinline
func (r *reading) fail(written string, from Origin, err error) {
	switch {
	case len(r.errs) < mostErrors:
		r.errs = append(r.errs, &Error{Option: written, From: from, Err: err})
	case !r.full():
		r.errs = append(r.errs, errors.New("there are more errors than these: mend them first"))
	}
}
