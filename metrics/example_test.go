package metrics_test

import (
	"fmt"
	"os"

	"github.com/sillelien/baseinit/metrics"
	"github.com/sillelien/baseinit/reaper"
)

func Example() {
	// Stats of a reaper.Reaper that runs. A handler of net/http would write to its
	// ResponseWriter, with metrics.ContentType.
	stats := func() reaper.Stats { return reaper.Stats{Reaped: 5, Exited: map[int]uint64{0: 4, 1: 1}} }

	if err := metrics.Write(os.Stdout, &metrics.Sources{Reaper: stats}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// # HELP baseinit_reaped_total Orphaned processes that were collected, by how they ended: success (code 0), failure (another code), killed (by a signal).
	// # TYPE baseinit_reaped_total counter
	// baseinit_reaped_total{end="success"} 4
	// baseinit_reaped_total{end="failure"} 1
	// baseinit_reaped_total{end="killed"} 0
}
