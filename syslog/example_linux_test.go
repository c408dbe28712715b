package syslog_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/oklog/run"

	"github.com/sillelien/baseinit/syslog"
)

// What programs log becomes the lines of a container's log, or a Handler gets it.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "log") // in a container: /dev/log, the default

	sink, err := syslog.New(syslog.Config{
		Listen: []string{path},
		Handler: func(m *syslog.Message) {
			fmt.Printf("%s.%s from %s: %s\n", m.Facility, m.Severity, m.Tag, m.Text)
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	var g run.Group
	g.Add(sink.Actor())
	g.Add(func() error { // a program that logs, and ends
		conn, err := net.Dial("unixgram", path)
		if err != nil {
			return err
		}
		defer conn.Close()
		_, err = fmt.Fprint(conn, "<30>Nov 23 13:30:05 nginx[77]: worker process 78 exited")
		return err
	}, func(error) {})
	if err := g.Run(); err != nil {
		fmt.Println(err)
	}
	fmt.Println(sink.Stats().Written, "message written")
	// Output:
	// daemon.info from nginx: worker process 78 exited
	// 1 message written
}
