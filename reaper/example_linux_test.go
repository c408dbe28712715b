package reaper_test

import (
	"fmt"
	"os/exec"
	"time"

	"github.com/oklog/run"

	"github.com/sillelien/baseinit/reaper"
)

// A program that is PID 1, or not, collects what its commands leave behind.
func Example() {
	r, err := reaper.New(reaper.Config{Grace: 50 * time.Millisecond})
	if err != nil {
		fmt.Println(err)
		return
	}
	var g run.Group
	g.Add(r.Actor())
	g.Add(func() error {
		<-r.Ready()
		err := exec.Command("/bin/sh", "-c", "(exit 3 &); exit 7").Run()
		fmt.Println("the command ended with", err)
		for r.Stats().Reaped < 1 {
			time.Sleep(time.Millisecond)
		}
		return nil
	}, func(error) {})
	if err := g.Run(); err != nil {
		fmt.Println(err)
	}
	fmt.Println("orphans by exit code:", r.Stats().Exited)
	// Output:
	// the command ended with exit status 7
	// orphans by exit code: map[3:1]
}
