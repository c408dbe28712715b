package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/sillelien/baseinit/internal/control/api"
	"github.com/sillelien/baseinit/internal/httpd"
	"github.com/sillelien/baseinit/internal/shared"
)

const jsonType = "application/json"

// problem is the body of an answer that says what is wrong.
func problem(text string) (contentType string, body []byte) {
	body, _ = json.Marshal(api.Problem{Error: text}) // a string cannot fail
	return jsonType, append(body, '\n')
}

// Handler answers requests with what b knows.
func Handler(b Backend) func(*httpd.Response, *http.Request) {
	all := &statuses{}
	return func(w *httpd.Response, r *http.Request) {
		route, found := find(r.URL.Path)
		switch {
		case !found:
			w.Refuse(http.StatusNotFound, "there is no "+r.URL.Path+": there are "+strings.Join(paths(), ", "))
		case !route.allows(r.Method):
			w.Refuse(http.StatusMethodNotAllowed, r.URL.Path+" takes "+route.methods()+", not "+r.Method, "Allow", route.methods())
		default:
			values, err := url.ParseQuery(r.URL.RawQuery)
			q := &request{Response: w, backend: b, values: values, all: all}
			if err == nil {
				err = route.check(q)
			}
			if err != nil {
				w.Refuse(http.StatusBadRequest, err.Error())
				return
			}
			route.answer(q)
		}
	}
}

// statuses are of all services, written once for all who ask at the same time: without the
// usage of their processes, and with it.
type statuses [2]shared.Value[written]

// written is an answer, or why there is none.
type written struct {
	body []byte
	err  error
}

// fail tells an error of the backend.
func (q *request) fail(err error) {
	status := http.StatusConflict
	switch {
	case errors.Is(err, ErrUnknown):
		status = http.StatusNotFound
	case errors.Is(err, context.DeadlineExceeded):
		status = http.StatusGatewayTimeout
	}
	q.Refuse(status, err.Error())
}

// json sends an object.
func (q *request) json(status int, v any) {
	q.send(status, write(v))
}

func (q *request) send(status int, answer written) {
	if answer.err != nil {
		q.fail(answer.err)
		return
	}
	q.Send(status, jsonType, answer.body)
}

func write(v any) written {
	body, err := json.Marshal(v)
	if err != nil { // a time in the year 10000, say
		return written{nil, fmt.Errorf("cannot write the answer: %w", err)}
	}
	return written{append(body, '\n'), nil}
}
