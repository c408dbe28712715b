package httpd

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Response is the answer to one request. One of Send, Refuse and Stream is called once.
type Response struct {
	conn    *conn
	request *http.Request
	close   bool // the connection ends with it
	sent    bool
	chunked bool
	failed  error // what came of writing

	isLong  bool
	ctx     context.Context //nolint:containedctx // it is the request's
	cancel  context.CancelFunc
	watcher sync.WaitGroup
}

// Context ends with the server, and once Long was called with the connection, too.
func (w *Response) Context() context.Context { return w.ctx }

// Send sends a whole answer. Headers are names and values, in turn.
func (w *Response) Send(status int, contentType string, body []byte, headers ...string) {
	w.close = w.close || w.isLong || w.conn.server.crowded()
	w.head(status, contentType, append(headers, "Content-Length", strconv.Itoa(len(body))), body)
}

// Refuse sends an answer that says what is wrong, as Config.Problem writes it.
func (w *Response) Refuse(status int, text string, headers ...string) {
	contentType, body := w.conn.server.cfg.Problem(text)
	w.Send(status, contentType, body, headers...)
}

// Long says that the answer will take long, which few may at once: it is for those that
// wait or go on. False: there are too many, which is what was answered then.
func (w *Response) Long() bool {
	select {
	case w.conn.server.long <- struct{}{}:
	default:
		w.close = true
		w.Refuse(http.StatusServiceUnavailable, "too many requests wait already", "Retry-After", "1")
		return false
	}
	w.isLong, w.close = true, true
	_, _ = io.Copy(io.Discard, w.request.Body) // what comes now is the end
	w.conn.release()
	w.ctx, w.cancel = context.WithCancel(w.ctx)
	w.conn.limit.N = maxHeader
	_ = w.conn.SetReadDeadline(time.Time{})
	w.watcher.Go(w.watch)
	return true
}

// watch ends the context of an answer when the client has gone.
func (w *Response) watch() {
	in := w.conn.in
	if _, err := in.Peek(in.Buffered() + 1); err != nil {
		w.cancel()
	}
}

// Stream begins an answer of status 200 that goes on. What is written to it is sent at once.
// One that waits for what is to come needs Long first, and Context tells when to end.
func (w *Response) Stream(contentType string) io.Writer {
	headers := []string{}
	if w.chunked = w.request.ProtoAtLeast(1, 1) && w.request.Method != http.MethodHead; w.chunked {
		headers = append(headers, "Transfer-Encoding", "chunked")
	}
	w.close = true
	w.head(http.StatusOK, contentType, headers, nil)
	return stream{w}
}

type stream struct{ w *Response }

func (s stream) Write(p []byte) (int, error) {
	w := s.w
	switch {
	case w.failed != nil || w.request.Method == http.MethodHead || len(p) == 0:
	case w.chunked:
		w.write([]byte(strconv.FormatInt(int64(len(p)), 16)+"\r\n"), p, []byte("\r\n"))
	default:
		w.write(p)
	}
	return len(p), w.failed
}

// head sends the head of the answer, and its body if that is known.
func (w *Response) head(status int, contentType string, headers []string, body []byte) {
	w.sent = true
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: %s\r\n", status, http.StatusText(status), time.Now().UTC().Format(http.TimeFormat), contentType)
	for i := 0; i+1 < len(headers); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", headers[i], headers[i+1])
	}
	if w.close {
		b.WriteString("Connection: close\r\n")
	}
	b.WriteString("\r\n")
	if w.request.Method == http.MethodHead {
		body = nil
	}
	w.write(b.Bytes(), body)
}

// write writes, within the time that the client has.
func (w *Response) write(parts ...[]byte) {
	if w.failed != nil {
		return
	}
	limit := w.conn.server.cfg.WriteTimeout
	if w.isLong {
		limit *= 30
	}
	if w.ctx == nil || w.ctx.Err() == nil {
		_ = w.conn.SetWriteDeadline(time.Now().Add(limit))
	}
	buffers := net.Buffers(parts) // writev(2): nothing is copied
	if _, w.failed = buffers.WriteTo(w.conn.Conn); w.failed != nil {
		w.close = true
		if w.cancel != nil {
			w.cancel()
		}
	}
}

// finish ends the answer.
func (w *Response) finish() {
	if !w.sent {
		w.Refuse(http.StatusInternalServerError, "there is no answer")
	}
	if w.chunked {
		w.write([]byte("0\r\n\r\n"))
	}
	if w.isLong {
		w.cancel()
		w.conn.wake()
		w.watcher.Wait()
		<-w.conn.server.long
	}
}
