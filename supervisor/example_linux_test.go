package supervisor_test

import (
	"context"
	"fmt"
	"os"

	"github.com/sillelien/baseinit/supervisor"
)

// A container's program and what it needs: the database is ready before the
// program starts, and is stopped after it has ended.
func Example() {
	sup, err := supervisor.New(supervisor.Config{
		Services: []supervisor.Service{
			{
				Name:      "database",
				Func:      database,
				Readiness: supervisor.Readiness{Notify: true},
			},
			{
				Name:     "program",
				Command:  []string{"sh", "-c", "echo serving; exit 3"},
				Requires: []string{"database"},
				Main:     true,
			},
		},
		Output: supervisor.OutputText,
		Stdout: os.Stdout,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sup.Run(context.Background()))
	// Output:
	// the database is open
	// [program] serving
	// the database is closed
	// service "program" exited with code 3
}

// database stands for a service that is a Go function.
func database(ctx context.Context, n supervisor.Notifier) error {
	fmt.Println("the database is open")
	n.Ready()
	<-ctx.Done()
	fmt.Println("the database is closed")
	return nil
}
