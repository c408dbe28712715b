package httpd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"
)

// conn is one connection.
type conn struct {
	net.Conn
	server  *Server
	limit   *io.LimitedReader
	in      *bufio.Reader
	hasSlot bool
}

func newConn(s *Server, nc net.Conn) *conn {
	limit := &io.LimitedReader{R: nc, N: maxHeader}
	return &conn{Conn: nc, server: s, limit: limit, in: bufio.NewReader(limit), hasSlot: true}
}

// wake ends what waits for more to read.
func (c *conn) wake() { _ = c.SetReadDeadline(time.Unix(1, 0)) }

// release gives the slot to somebody else.
func (c *conn) release() {
	if c.hasSlot {
		c.hasSlot = false
		<-c.server.slots
	}
}

// serve answers one request after the other.
func (c *conn) serve(ctx context.Context) {
	defer func() {
		if fault := recover(); fault != nil { // it must not be PID 1's end
			c.server.cfg.Logger.Error("a request failed", zap.String("panic", fmt.Sprint(fault)), zap.Stack("stack"))
		}
		c.server.forget(c)
		_ = c.Close()
		c.release()
	}()
	if admit := c.server.cfg.Admit; admit != nil {
		if err := admit(c.Conn); err != nil {
			c.refuse(http.StatusForbidden, err.Error())
			return
		}
	}
	for first := true; first || c.another(); first = false {
		if !c.answer(ctx) {
			return
		}
	}
}

// another waits for the next request.
func (c *conn) another() bool {
	c.limit.N = maxHeader
	if c.in.Buffered() > 0 {
		return true
	}
	_ = c.SetReadDeadline(time.Now().Add(c.server.cfg.IdleTimeout))
	if !c.server.rest(c) {
		return false
	}
	_, err := c.in.Peek(1)
	c.server.awake(c)
	return err == nil
}

// answer reads a request and answers it; false: the connection is of no use any more.
func (c *conn) answer(ctx context.Context) bool {
	due := time.Now().Add(c.server.cfg.HeaderTimeout)
	if ctx.Err() == nil {
		_ = c.SetReadDeadline(due)
	}
	r, err := http.ReadRequest(c.in)
	if err != nil {
		c.refuseRequest(err, !time.Now().Before(due))
		return false
	}
	if r.ProtoMajor != 1 {
		c.refuse(http.StatusHTTPVersionNotSupported, "HTTP/1.1 is spoken here")
		return false
	}
	c.limit.N = maxBody
	w := &Response{conn: c, request: r, close: r.Close || !r.ProtoAtLeast(1, 1)}
	if r.Header.Get("Expect") != "" { // the answer comes without what is waited with
		w.close = true
		r.Body = http.NoBody
	}
	w.ctx, w.cancel = ctx, func() {}
	c.handle(w, r)
	if w.close {
		c.linger()
		return false
	}
	_, err = io.Copy(io.Discard, r.Body)
	return err == nil
}

// handle has the request answered, whatever happens.
func (c *conn) handle(w *Response, r *http.Request) {
	defer w.finish()
	c.server.cfg.Handler(w, r)
}

// refuseRequest tells what is wrong with a request that could not be read.
func (c *conn) refuseRequest(err error, late bool) {
	switch {
	case c.limit.N <= 0:
		c.refuse(http.StatusRequestHeaderFieldsTooLarge, fmt.Sprintf("the head of a request may have %d bytes", maxHeader))
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), late && c.limit.N == maxHeader: // there is none
	case late:
		c.refuse(http.StatusRequestTimeout, "the request took too long to come")
	default:
		c.refuse(http.StatusBadRequest, "cannot read the request: "+err.Error())
	}
}

// refuse answers what was no request, and ends the connection.
func (c *conn) refuse(status int, text string) {
	w := &Response{conn: c, request: &http.Request{Method: http.MethodGet, ProtoMajor: 1, ProtoMinor: 1}, close: true}
	w.Refuse(status, text)
	c.linger()
}

// linger reads what a client still sends, for a moment: a connection that is closed before
// may take the answer with it.
func (c *conn) linger() {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	c.limit.N = maxBody
	_ = c.SetReadDeadline(time.Now().Add(stopGrace))
	_, _ = io.Copy(io.Discard, c.in)
}
