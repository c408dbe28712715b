package control

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"
)

func status(q *request) {
	names, usage := q.values["service"], q.values.Get("usage") != "0"
	read := func() written {
		s, err := q.backend.Status(names, usage)
		if err != nil {
			return written{nil, err}
		}
		s.Services = orEmpty(s.Services)
		return write(s)
	}
	switch {
	case len(names) > 0:
		q.send(http.StatusOK, read())
	case usage:
		q.send(http.StatusOK, q.all[1].Get(read))
	default:
		q.send(http.StatusOK, q.all[0].Get(read))
	}
}

func start(q *request)   { q.steer(q.backend.Start, Started) }
func stop(q *request)    { q.steer(q.backend.Stop, Down) }
func restart(q *request) { q.steer(q.backend.Restart, Started) }

// steer does something with each service, waits until all are what they should be if that was
// asked for, and tells how they are. All must exist before anything is done.
func (q *request) steer(do func(string) error, goal Goal) {
	names := q.values["service"]
	if _, err := q.backend.Status(names, false); err != nil {
		q.fail(err)
		return
	}
	limit := q.seconds("wait")
	if limit > 0 && !q.Long() {
		return
	}
	for _, name := range names {
		if err := do(name); err != nil {
			q.fail(err)
			return
		}
	}
	if limit > 0 {
		ctx, cancel := context.WithTimeout(q.Context(), limit)
		defer cancel()
		for _, name := range names {
			_ = q.backend.Await(ctx, name, goal) // how it is tells enough
		}
	}
	q.told(names)
}

// told tells how services are, without their usage.
func (q *request) told(names []string) {
	s, err := q.backend.Status(names, false)
	if err != nil {
		q.fail(err)
		return
	}
	q.json(http.StatusOK, s)
}

func sendSignal(q *request) {
	names := q.values["service"]
	if _, err := q.backend.Status(names, false); err != nil {
		q.fail(err)
		return
	}
	for _, name := range names {
		if err := q.backend.Signal(name, signalOf(q.values.Get("signal"))); err != nil {
			q.fail(err)
			return
		}
	}
	q.told(names)
}

func reload(q *request) {
	if !q.Long() {
		return
	}
	r, err := q.backend.Reload(q.Context())
	if err != nil {
		q.fail(err)
		return
	}
	q.json(http.StatusOK, r)
}

func await(q *request) {
	if !q.Long() {
		return
	}
	ctx, cancel := q.Context(), context.CancelFunc(func() {})
	if q.values.Has("timeout") {
		ctx, cancel = context.WithTimeout(ctx, q.seconds("timeout"))
	}
	defer cancel()
	goal := Ready
	if s := q.values.Get("state"); s != "" {
		goal = Goal(s)
	}
	for _, name := range q.values["service"] {
		if err := q.backend.Await(ctx, name, goal); err != nil {
			q.fail(err)
			return
		}
	}
	q.told(q.values["service"])
}

func healthy(q *request) {
	h, err := q.backend.Healthy(q.values["service"])
	switch {
	case err != nil:
		q.fail(err)
	case h.OK:
		q.json(http.StatusOK, h)
	default:
		q.json(http.StatusServiceUnavailable, h)
	}
}

const linesType = "application/x-ndjson"

// lines sends objects, a line each, until there are no more or the client has gone.
func lines[T any](q *request, all iter.Seq[T]) {
	out := q.Stream(linesType)
	for v := range all {
		text, err := json.Marshal(v)
		if err == nil {
			_, err = out.Write(append(text, '\n'))
		}
		if err != nil {
			return
		}
	}
}

func logs(q *request) {
	query := LogQuery{Services: q.values["service"], Last: -1, Follow: q.values.Get("follow") == "1"}
	if q.values.Has("last") {
		query.Last, _ = strconv.Atoi(q.values.Get("last"))
	}
	if q.values.Has("since") {
		query.Since, _ = time.Parse(time.RFC3339, q.values.Get("since"))
	}
	if query.Follow && !q.Long() {
		return
	}
	all, err := q.backend.Logs(q.Context(), query)
	if err != nil {
		q.fail(err)
		return
	}
	lines(q, all)
}

func events(q *request) {
	follow := q.values.Get("follow") == "1"
	if follow && !q.Long() {
		return
	}
	lines(q, q.backend.Events(q.Context(), follow))
}

func environ(q *request) {
	env, err := q.backend.Environ(q.values.Get("service"))
	if err != nil {
		q.fail(err)
		return
	}
	vars := make(map[string]string, len(env))
	for _, entry := range env {
		if name, value, ok := strings.Cut(entry, "="); ok {
			vars[name] = value
		}
	}
	q.json(http.StatusOK, vars)
}

func metrics(q *request) {
	var b bytes.Buffer
	if err := q.backend.Metrics(&b); err != nil {
		q.fail(err)
		return
	}
	q.Send(http.StatusOK, "text/plain; version=0.0.4; charset=utf-8", b.Bytes())
}
