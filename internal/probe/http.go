package probe

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// What is read of an answer at most: its head, and as much of the body as spares a server
// an error for a client that hangs up.
const (
	headLimit = 16 << 10
	bodyLimit = 64 << 10
)

// request is an HTTP request and what must come of it. net/http could send it, for 600 kB
// more of a program.
type request struct {
	to     address
	text   string
	status []int
}

func newHTTP(spec *Spec) (*Probe, error) {
	r := request{status: spec.Status}
	host, target, err := r.parse(spec)
	if err == nil {
		r.text, err = text(host, target, spec.Headers)
	}
	for _, code := range spec.Status {
		if code < 100 || code > 599 {
			err = errors.Join(err, fmt.Errorf("%d is no status of HTTP", code))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot probe http: %w", err)
	}
	name := strings.TrimPrefix(spec.HTTP, "http://")
	return &Probe{"http " + short(name, 80), r.run}, nil
}

// parse reads the URL. host is for the head of the request, target its path.
func (r *request) parse(spec *Spec) (host, target string, err error) {
	if rest, ok := strings.CutPrefix(spec.HTTP, "unix:"); ok {
		path, target, _ := strings.Cut(rest, ":")
		if path == "" || (target != "" && target[0] != '/') {
			return "", "", fmt.Errorf("%q is not unix:/SOCKET:/PATH", spec.HTTP)
		}
		r.to = socket(path, spec.Dir)
		target, err = escaped(target)
		return "localhost", target, err
	}
	u, err := url.Parse(spec.HTTP)
	switch {
	case err != nil:
		return "", "", fmt.Errorf("%q is no URL: %w", spec.HTTP, errors.Unwrap(err))
	case u.Scheme == "https":
		return "", "", fmt.Errorf("%s: https is not spoken here: probe the port with tcp, or use exec with curl or wget", spec.HTTP)
	case u.Scheme != "http" || u.Hostname() == "":
		return "", "", fmt.Errorf("%q is not http://HOST:PORT/PATH or unix:/SOCKET:/PATH", spec.HTTP)
	case u.User != nil:
		return "", "", errors.New("a URL with a password: give the header Authorization instead")
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	r.to, err = tcpAddress(net.JoinHostPort(u.Hostname(), port))
	host, _, _ = strings.Cut(u.Host, "%25") // a zone is for us only
	return host, u.RequestURI(), err
}

// escaped is a path and query as a request has them.
func escaped(path string) (string, error) {
	u, err := url.ParseRequestURI("/" + strings.TrimPrefix(path, "/"))
	if err != nil {
		return "", fmt.Errorf("%q is no path of a URL", path)
	}
	return u.RequestURI(), nil
}

// text is the request as it is sent.
func text(host, target string, headers []string) (string, error) {
	fields := []string{"Host: " + host, "User-Agent: baseinit", "Accept: */*", "Connection: close"}
	for _, header := range headers {
		name, value, ok := strings.Cut(header, ":")
		if !ok || name == "" || strings.ContainsAny(name, " \t") || strings.ContainsAny(header, "\r\n\x00") {
			return "", fmt.Errorf(`%q is no header: write "Name: value"`, header)
		}
		fields = slices.DeleteFunc(fields, func(f string) bool {
			had, _, _ := strings.Cut(f, ":")
			return strings.EqualFold(had, name)
		})
		fields = append(fields, name+": "+strings.TrimSpace(value))
	}
	return "GET " + target + " HTTP/1.1\r\n" + strings.Join(fields, "\r\n") + "\r\n\r\n", nil
}

func (r *request) run(ctx context.Context) error {
	conn, err := r.to.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer bind(ctx, conn)()
	status, err := r.ask(conn)
	switch {
	case err != nil && ctx.Err() != nil:
		return ended(ctx, "connected, and got no whole answer")
	case err != nil:
		return err
	case !r.wanted(status):
		return errors.New("http " + short(status, 100))
	}
	return nil
}

// ask sends the request and gives the status: "503 Service Unavailable".
func (r *request) ask(conn net.Conn) (status string, err error) {
	if _, err := io.WriteString(conn, r.text); err != nil {
		return "", cause(err)
	}
	left := &io.LimitedReader{R: conn, N: headLimit}
	in := bufio.NewReader(left)
	for {
		length := 0
		status, length, err = head(in)
		switch {
		case errors.Is(err, io.EOF) && left.N == 0:
			return "", fmt.Errorf("the head of the answer is over %d bytes", headLimit)
		case errors.Is(err, io.EOF):
			return "", errors.New("the connection was closed before the answer was whole")
		case err != nil:
			return "", cause(err)
		case status[0] != '1': // the last answer: RFC 9110, 15.2
			left.N = bodyLimit
			skip(in, length)
			return status, nil
		}
	}
}

// chunked is the length of a body that comes in chunks: RFC 9112, 7.1.
const chunked = -1

// skip reads a body, unless that fails: the status is known.
func skip(in *bufio.Reader, length int) {
	if length != chunked {
		_, _ = in.Discard(min(length, bodyLimit))
		return
	}
	for {
		line, err := in.ReadString('\n')
		size, _, _ := strings.Cut(strings.TrimSpace(line), ";")
		n, notHex := strconv.ParseUint(size, 16, 31)
		if err != nil || notHex != nil || n == 0 {
			return
		}
		if _, err := in.Discard(min(int(n)+len("\r\n"), bodyLimit)); err != nil {
			return
		}
	}
}

// head reads the head of an answer: its status, and the length of what follows.
func head(in *bufio.Reader) (status string, length int, err error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return "", 0, err
	}
	version, status, _ := strings.Cut(strings.TrimSpace(line), " ")
	code, _, _ := strings.Cut(status, " ")
	if n, err := strconv.Atoi(code); !strings.HasPrefix(version, "HTTP/1.") || err != nil || n < 100 || n > 599 {
		return "", 0, fmt.Errorf("the answer is not HTTP: %q", short(strings.TrimSpace(line), 60))
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return "", 0, err
		}
		name, value, isField := strings.Cut(line, ":")
		switch {
		case strings.TrimSpace(line) == "":
			return status, length, nil
		case isField && strings.EqualFold(name, "Content-Length"):
			length, _ = strconv.Atoi(strings.TrimSpace(value))
			length = max(length, 0) // a wrong one: nothing is read
		case isField && strings.EqualFold(name, "Transfer-Encoding"): // it is that, or nothing we know
			length = chunked
		}
	}
}

// wanted tells whether a status means success.
func (r *request) wanted(status string) bool {
	text, _, _ := strings.Cut(status, " ")
	code, _ := strconv.Atoi(text) // head has read it
	if len(r.status) > 0 {
		return slices.Contains(r.status, code)
	}
	return code >= 200 && code < 400
}
