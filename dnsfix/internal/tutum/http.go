package tutum

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"
)

const (
	maxTries     = 4
	maxRedirects = 3
	firstRetry   = 200 * time.Millisecond
)

// statusError is a status other than 200.
type statusError struct {
	code     int
	text     string
	location string
}

func (e *statusError) Error() string {
	hint := ""
	if e.code == 401 || e.code == 403 {
		hint = ": check TUTUM_AUTH"
	}
	return "the answer is " + strconv.Itoa(e.code) + " " + e.text + hint
}

// mayPass tells whether it may be another status a little later.
func (e *statusError) mayPass() bool { return e.code == 429 || e.code >= 500 }

// get returns the body of a path. What may pass is tried again, a few times.
func (c *Client) get(ctx context.Context, path string) ([]byte, error) {
	wait := firstRetry
	redirects := 0
	for try := 1; ; try++ {
		body, err := c.once(ctx, path)
		if err == nil {
			return body, nil
		}
		status, isStatus := errors.AsType[*statusError](err)
		if isStatus && status.location != "" && redirects < maxRedirects {
			redirects++
			if path, err = c.nextPath(status.location); err == nil {
				continue
			}
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("GET %s%s: %w", c.base.Host, path, context.Cause(ctx))
		}
		if try >= maxTries || isStatus && !status.mayPass() {
			return nil, fmt.Errorf("GET %s%s: %w", c.base.Host, path, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait *= 2
	}
}

// once sends one request on a connection of its own (RFC 9112).
func (c *Client) once(ctx context.Context, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	conn, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	request := "GET " + path + " HTTP/1.1\r\nHost: " + c.base.Host + "\r\nUser-Agent: baseinit\r\nAccept: application/json\r\nConnection: close\r\n"
	if c.cfg.Auth != "" {
		request += "Authorization: " + c.cfg.Auth + "\r\n"
	}
	if _, err := io.WriteString(conn, request+"\r\n"); err != nil {
		return nil, err
	}
	return readResponse(bufio.NewReader(conn), c.cfg.MaxBytes)
}

func (c *Client) connect(ctx context.Context) (net.Conn, error) {
	port := c.base.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[c.base.Scheme]
	}
	conn, err := c.cfg.Dial(ctx, "tcp", net.JoinHostPort(c.base.Hostname(), port))
	if err != nil || c.base.Scheme == "http" {
		return conn, err
	}
	secure := tls.Client(conn, &tls.Config{ServerName: c.base.Hostname()})
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}

// readResponse returns the body of a response of at most so many bytes.
func readResponse(r *bufio.Reader, most int) ([]byte, error) {
	limited := &io.LimitedReader{R: r, N: int64(most) + maxHeader}
	head := textproto.NewReader(bufio.NewReader(limited))
	line, err := head.ReadLine()
	if err != nil {
		return nil, err
	}
	proto, status, _ := strings.Cut(line, " ")
	number, text, _ := strings.Cut(status, " ")
	code, err := strconv.Atoi(number)
	if err != nil || !strings.HasPrefix(proto, "HTTP/1.") {
		return nil, errors.New("the answer is not HTTP/1.1")
	}
	header, err := head.ReadMIMEHeader()
	if err != nil {
		return nil, fmt.Errorf("the header cannot be read: %w", err)
	}
	if code != 200 {
		e := &statusError{code: code, text: text}
		if code >= 300 && code < 400 {
			e.location = header.Get("Location")
		}
		return nil, e
	}
	if strings.EqualFold(header.Get("Transfer-Encoding"), "chunked") {
		return readChunks(head.R, most)
	}
	if length := header.Get("Content-Length"); length != "" {
		n, err := strconv.Atoi(length)
		if err != nil || n < 0 || n > most {
			return nil, fmt.Errorf("the answer has %q bytes, and may have %d", length, most)
		}
		body := make([]byte, n)
		_, err = io.ReadFull(head.R, body)
		return body, err
	}
	body, err := io.ReadAll(head.R)
	if len(body) > most {
		return nil, fmt.Errorf("the answer has more than %d bytes", most)
	}
	return body, err
}

// maxHeader is how large status line, header and the lengths of chunks are together, at most.
const maxHeader = 1 << 20

// readChunks reads a body in chunks (RFC 9112 7.1).
func readChunks(r *bufio.Reader, most int) (body []byte, err error) {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return nil, err
		}
		size, _, _ := strings.Cut(strings.TrimSpace(line), ";")
		n, err := strconv.ParseUint(size, 16, 31)
		if err != nil {
			return nil, fmt.Errorf("a chunk has the length %q", size)
		}
		if n == 0 {
			return body, nil
		}
		if len(body)+int(n) > most {
			return nil, fmt.Errorf("the answer has more than %d bytes", most)
		}
		at := len(body)
		body = append(body, make([]byte, n)...)
		if _, err := io.ReadFull(r, body[at:]); err != nil {
			return nil, err
		}
		if _, err := r.ReadString('\n'); err != nil {
			return nil, err
		}
	}
}
