package baseinit_test

import (
	"context"
	"fmt"
	"os"

	"github.com/oklog/run"

	"github.com/sillelien/baseinit/reaper"
	"github.com/sillelien/baseinit/supervisor"
)

// A program that is a container's entrypoint: it collects orphans, keeps a cache
// that is a Go function, and ends with the server's exit code. In a real main the
// reaper is better off on the main goroutine: see package reaper.
func Example() {
	reap, err := reaper.New(reaper.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	sup, err := supervisor.New(supervisor.Config{
		Output: supervisor.OutputText,
		Stdout: os.Stdout,
		Services: []supervisor.Service{
			{Name: "cache", Func: cache, Readiness: supervisor.Readiness{Notify: true}},
			{Name: "server", Command: []string{"sh", "-c", "echo serving; exit 3"}, Requires: []string{"cache"}, Main: true},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	var g run.Group
	g.Add(reap.Actor())
	g.Add(sup.Actor())
	fmt.Println(g.Run())
	// Output:
	// cache is warm
	// [server] serving
	// cache is flushed
	// service "server" exited with code 3
}

func cache(ctx context.Context, n supervisor.Notifier) error {
	fmt.Println("cache is warm")
	n.Ready()
	<-ctx.Done()
	fmt.Println("cache is flushed")
	return nil
}
