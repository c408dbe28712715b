package forward_test

import (
	"fmt"
	"io"
	"net"
	"time"

	"github.com/oklog/run"

	"github.com/sillelien/baseinit/syslog"
	"github.com/sillelien/baseinit/syslog/forward"
)

// A message goes to a server over TCP.
func Example() {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	f, err := forward.New(forward.Config{Target: "tcp://" + server.Addr().String()})
	if err != nil {
		fmt.Println(err)
		return
	}
	f.Handle(&syslog.Message{ // as syslog.Config.Handler does
		Received: time.Date(2026, 11, 23, 13, 30, 5, 0, time.UTC),
		Facility: 3,
		Severity: syslog.Informational,
		Hostname: []byte("host"),
		Tag:      []byte("nginx"),
		PID:      77,
		Service:  "web",
		Text:     []byte("started"),
	})

	var g run.Group
	g.Add(f.Actor())
	g.Add(func() error { return nil }, func(error) {}) // ends at once: what is queued is sent
	if err := g.Run(); err != nil {
		fmt.Println(err)
	}

	conn, err := server.Accept()
	if err != nil {
		fmt.Println(err)
		return
	}
	received, _ := io.ReadAll(conn)
	fmt.Printf("%s\n", received)
	fmt.Printf("%+v\n", f.Stats())
	// Output:
	// 88 <30>1 2026-11-23T13:30:05.000000Z host nginx 77 - [baseinit@32473 service="web"] started
	// {Sent:1 Dropped:0 Waiting:0 Cut:0 Connections:1 Failures:0}
}
