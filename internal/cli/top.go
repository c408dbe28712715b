package cli

import (
	"errors"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sillelien/baseinit/internal/control/api"
	"github.com/sillelien/baseinit/internal/view"
)

func topCommand() *Command {
	return &Command{
		Name: "top", Usage: "[-d SECONDS] [-n FRAMES]", Summary: "Shows the services in a table that renews itself, with keys to restart, stop and start them.",
		Details: "CPU% is of one processor, all processes of a service together. Up, down, j and k select a service; r restarts it, s stops it, t starts it; c, m, u, x, n and o sort by CPU, memory, uptime, restarts, name and definition; h lists the keys; q ends it. Without a terminal it prints one frame.",
		Flags: []Flag{
			{Name: "delay", Short: "d", Value: "SECONDS", Meaning: "how often it is renewed; default 2"},
			{Name: "frames", Short: "n", Value: "FRAMES", Meaning: "print so many one below the other; default without a terminal: 1"},
		},
		Examples: []Example{{"top", "shows them until q is typed"}, {"top -n 1", "prints them once"}},
		Run:      runTop,
	}
}

func runTop(c *Call) error {
	t := &topCall{call: c, delay: 2 * time.Second}
	if value := c.Value("delay"); value != "" {
		seconds, err := strconv.ParseFloat(value, 64)
		if err != nil || !(seconds >= 0.1 && seconds <= 86400) {
			return usagef("--delay is %q: it can be a number of seconds, 0.1 or more", value)
		}
		t.delay = time.Duration(seconds * float64(time.Second))
	}
	if value := c.Value("frames"); value != "" {
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 {
			return usagef("--frames is %q: it can be 1 or more", value)
		}
		t.frames = n
	}
	if err := t.renew(); err != nil { // before the terminal is changed
		return err
	}
	out, is := c.Stdout.(*os.File)
	if t.frames > 0 || !is || !isTerminal(out) || !isTerminal(os.Stdin) {
		return t.print()
	}
	t.out = out
	return t.live()
}

func isTerminal(f *os.File) bool {
	_, _, err := windowSize(f)
	return err == nil
}

// topCall is a call of top.
type topCall struct {
	call   *Call
	delay  time.Duration
	frames int
	top    view.Top
	out    *os.File // a terminal
	lost   bool     // the last time that the table should have been renewed, it was not
}

// renew asks how everything is.
func (t *topCall) renew() error {
	var s api.Status
	if err := t.call.Get("status", nil, &s); err != nil {
		return err
	}
	t.top.Update(s)
	return nil
}

// print writes frames one below the other.
func (t *topCall) print() error {
	for n := 1; ; n++ {
		if err := t.call.Printf("%s\n", t.top.Frame(t.call.options(), 0)); err != nil {
			return err
		}
		if n >= t.frames {
			return nil
		}
		time.Sleep(t.delay)
		if err := t.renew(); err != nil {
			return err
		}
	}
}

// The terminal's other screen, without a cursor, and back.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J"
	leaveScreen = "\x1b[?25h\x1b[?1049l"
)

// live shows frames on the terminal, and gives it back as it was whatever ends that.
func (t *topCall) live() error {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, sigResize, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT) //nolint:forbidigo // a command is a program of its own
	defer signal.Stop(signals)
	keys, err := openKeyboard(os.Stdin)
	if err != nil {
		return err
	}
	defer keys.close()
	if _, err := t.out.WriteString(enterScreen); err != nil {
		return err
	}
	defer func() { _, _ = t.out.WriteString(leaveScreen) }()
	return t.loop(keys.typed, signals)
}

func (t *topCall) loop(typed <-chan []byte, signals <-chan os.Signal) error {
	renew := time.NewTicker(t.delay)
	defer renew.Stop()
	for {
		if err := t.show(); err != nil {
			return err
		}
		select {
		case <-renew.C:
			err := t.renew()
			switch {
			case err != nil:
				t.top.Message = err.Error()
			case t.lost:
				t.top.Message = ""
			}
			t.lost = err != nil
		case sig := <-signals:
			if number, _ := sig.(syscall.Signal); number != sigResize {
				return Exit(128 + int(number))
			}
		case text, open := <-typed:
			if !open || t.act(text) {
				return nil
			}
		}
	}
}

// act does what keys say, and tells whether that is to end.
func (t *topCall) act(typed []byte) (quit bool) {
	for _, key := range view.Keys(typed) {
		verb, service := t.top.Key(key)
		if verb == "quit" {
			return true
		}
		if verb == "" || service == "" {
			continue
		}
		t.top.Message = verb + " " + service
		query := Query{}.Add("service", service).Add("wait", "0")
		err := t.call.Post(verb, query, answerWithin, nil)
		if err == nil {
			err = t.renew()
		}
		if err != nil {
			t.top.Message += ": " + err.Error()
		}
	}
	return false
}

// show draws a frame over the one before.
func (t *topCall) show() error {
	o := t.call.options()
	columns, rows, err := windowSize(t.out)
	if err != nil {
		return errors.New("the terminal is gone")
	}
	o.Width = columns
	lines := strings.Split(t.top.Frame(o, rows), "\n")
	_, err = t.out.WriteString("\x1b[H" + strings.Join(lines, "\x1b[K\r\n") + "\x1b[K\x1b[J")
	return err
}
