package control

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/httpd"
	"github.com/sillelien/baseinit/internal/nearest"
)

// request is one that a route answers.
type request struct {
	*httpd.Response
	backend Backend
	values  url.Values
	all     *statuses
}

// check tells what is wrong with the parameters of a request.
func (r Route) check(q *request) error {
	for name := range q.values {
		if !r.has(name) {
			return fmt.Errorf("there is no parameter %q%s", name, nearest.Hint(name, r.names()))
		}
	}
	for _, p := range r.Parameters {
		values := q.values[p.Name]
		if len(values) == 0 && p.Required {
			return fmt.Errorf("the parameter %s=%s is missing", p.Name, p.Value)
		}
		if len(values) > 1 && !p.Many {
			return fmt.Errorf("the parameter %s is there %d times", p.Name, len(values))
		}
		for _, value := range values {
			err := error(nil)
			if value == "" {
				err = fmt.Errorf("it needs a value: %s", p.Value)
			} else if p.check != nil {
				err = p.check(value)
			}
			if err != nil {
				return fmt.Errorf("the parameter %s is %q: %w", p.Name, value, err)
			}
		}
	}
	return nil
}

func (r Route) names() (names []string) {
	for _, p := range r.Parameters {
		names = append(names, p.Name)
	}
	return names
}

func (r Route) has(name string) bool {
	for _, p := range r.Parameters {
		if p.Name == name {
			return true
		}
	}
	return false
}

func isBool(value string) error {
	if value != "0" && value != "1" {
		return errors.New("it can be 0 or 1")
	}
	return nil
}

func isNumber(value string) error {
	if n, err := strconv.Atoi(value); err != nil || n < 0 {
		return errors.New("it can be a number")
	}
	return nil
}

func isTime(value string) error {
	if _, err := time.Parse(time.RFC3339, value); err != nil {
		return errors.New("it can be a time like 2026-11-27T10:00:00Z")
	}
	return nil
}

// maxSeconds is what a time.Duration can hold, and more than anybody waits.
const maxSeconds = 1e9

func isSeconds(value string) error {
	if n, err := strconv.ParseFloat(value, 64); err != nil || !(n >= 0 && n <= maxSeconds) {
		return errors.New("it can be a number of seconds")
	}
	return nil
}

// seconds is a parameter that isSeconds has checked, or 0.
func (q *request) seconds(name string) time.Duration {
	n, err := strconv.ParseFloat(q.values.Get(name), 64)
	if err != nil {
		return 0
	}
	return time.Duration(n * float64(time.Second))
}

func isGoal(value string) error {
	switch Goal(value) {
	case Ready, Down, Done:
		return nil
	}
	return errors.New("it can be ready, down or done")
}

func isSignal(value string) error {
	if signalOf(value) == 0 {
		return errors.New("there is no such signal")
	}
	return nil
}

// signalOf reads HUP, SIGHUP, hup or 1; 0: there is no such signal.
func signalOf(value string) syscall.Signal {
	if n, err := strconv.Atoi(value); err == nil {
		if n < 1 || n > 64 {
			return 0
		}
		return syscall.Signal(n)
	}
	return unix.SignalNum("SIG" + strings.TrimPrefix(strings.ToUpper(value), "SIG"))
}
