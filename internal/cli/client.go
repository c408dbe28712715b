package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/control/api"
)

const (
	connectSeconds = 10
	// answerWithin is how long an answer may take that waits for nothing.
	answerWithin = 10 * time.Second
)

// Query is what comes after the "?" of a path: names and values.
type Query []string

// Add adds a parameter, and is the query with it.
// Inlined, 4 kB of code more.
//
//go:noinline
func (q Query) Add(name string, values ...string) Query {
	for _, v := range values {
		q = append(q, name, v)
	}
	return q
}

// on is a path with the query.
func (q Query) on(path string) string {
	for i := 0; i+1 < len(q); i += 2 {
		separator := "&"
		if i == 0 {
			separator = "?"
		}
		path += separator + q[i] + "=" + escape(q[i+1])
	}
	return path
}

// escape writes a value as RFC 3986 wants it.
func escape(value string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(value) {
		c := value[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + string(hex[c>>4]) + string(hex[c&15]))
		}
	}
	return b.String()
}

// ProblemError is an answer that says what is wrong.
type ProblemError struct {
	Status int // of HTTP
	Text   string
}

// Error is what the answer says.
func (e *ProblemError) Error() string { return e.Text }

// Get asks for what is at a path of the API ("status") and puts it into answer.
func (c *Call) Get(path string, query Query, answer any) error {
	return c.ask("GET", path, query, answerWithin, answer)
}

// Post asks for something to be done, which may take as long as within; 0: for ever.
func (c *Call) Post(path string, query Query, within time.Duration, answer any) error {
	return c.ask("POST", path, query, within, answer)
}

func (c *Call) ask(method, path string, query Query, within time.Duration, answer any) error {
	status, body, err := exchange(method, path, query, within)
	if err != nil {
		return err
	}
	defer body.Close()
	if status/100 != 2 {
		return problem(status, body)
	}
	text, err := io.ReadAll(body)
	if err == nil && answer != nil {
		err = json.Unmarshal(text, answer)
	}
	if err != nil {
		return fmt.Errorf("cannot read the answer: %w", err)
	}
	return nil
}

// Stream asks for lines, and calls each for every one of them until there are no more or it
// returns an error, which is Stream's.
func (c *Call) Stream(path string, query Query, each func(line []byte) error) error {
	status, body, err := exchange("GET", path, query, 0)
	if err != nil {
		return err
	}
	defer body.Close()
	if status/100 != 2 {
		return problem(status, body)
	}
	gone := whenGone(c.Stdout, body.Close)
	for {
		line, err := body.ReadBytes('\n')
		if err != nil && gone.Load() {
			return syscall.EPIPE
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("cannot read the answer: %w", err)
		}
		if err := each(line); err != nil {
			return err
		}
	}
}

// whenGone calls end when nobody can read any more what is written to out, which may be long
// before there is something to write. It goes on until the process ends.
func whenGone(out io.Writer, end func()) *atomic.Bool {
	gone := new(atomic.Bool)
	if f, ok := out.(*os.File); ok {
		go func() {
			fds := []unix.PollFd{{Fd: int32(f.Fd())}} // POLLERR and POLLHUP are always told
			for {
				n, err := unix.Poll(fds, -1)
				if n > 0 || err != nil && !errors.Is(err, syscall.EINTR) {
					gone.Store(n > 0)
					break
				}
			}
			if gone.Load() {
				end()
			}
		}()
	}
	return gone
}

func problem(status int, body io.Reader) error {
	var p api.Problem
	text, _ := io.ReadAll(body)
	if json.Unmarshal(text, &p) != nil || p.Error == "" {
		p.Error = fmt.Sprintf("baseinit answers with HTTP status %d", status)
	}
	return &ProblemError{status, p.Error}
}

// body is what is left to read of an answer.
type body struct {
	*bufio.Reader
	conn *os.File
}

func (b *body) Close() { _ = b.conn.Close() }

// exchange sends a request and reads the answer up to its body. It speaks HTTP/1.0, so that
// the body is all that comes until the connection ends.
func exchange(method, path string, query Query, within time.Duration) (status int, b *body, err error) {
	conn, err := dial()
	if err != nil {
		return 0, nil, err
	}
	if within > 0 {
		_ = conn.SetDeadline(time.Now().Add(within))
	}
	b = &body{bufio.NewReader(conn), conn}
	request := method + " " + query.on("/"+api.Version+"/"+path) + " HTTP/1.0\r\nHost: baseinit\r\n\r\n"
	_, werr := conn.WriteString(request)
	status, err = b.head()
	if err == nil {
		return status, b, nil
	}
	b.Close()
	if werr != nil {
		err = werr
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return 0, nil, &UnreachableError{Tried: []string{conn.Name() + ": it did not answer in time"}, Silent: true}
	}
	return 0, nil, &UnreachableError{Tried: []string{conn.Name() + ": " + err.Error()}, Silent: true}
}

// head reads the status line and skips what follows up to the body.
func (b *body) head() (status int, err error) {
	for {
		line, err := b.ReadString('\n')
		if err != nil {
			return 0, err
		}
		line = strings.TrimRight(line, "\r\n")
		switch {
		case line == "" && status != 0:
			return status, nil
		case status != 0:
		default:
			if fields := strings.Fields(line); len(fields) > 1 && strings.HasPrefix(fields[0], "HTTP/1.") {
				status, _ = strconv.Atoi(fields[1])
			}
			if status == 0 {
				return 0, errors.New("what answers does not speak HTTP")
			}
		}
	}
}
