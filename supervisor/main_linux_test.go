package supervisor_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// helperEnv makes the test binary one of the helpers that services are.
const helperEnv = "SUPERVISOR_TEST_HELPER"

func TestMain(m *testing.M) {
	if name := os.Getenv(helperEnv); name != "" {
		helper, ok := helpers[name]
		if !ok {
			fmt.Fprintln(os.Stderr, "no helper", name)
			os.Exit(99)
		}
		os.Exit(helper(os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

// helpers are small programs; each gives its exit code.
var helpers = map[string]func(args []string) int{
	"descriptors": helpDescriptors,
	"terminal":    helpTerminal,
	"foreground":  helpForeground,
	"notify":      helpNotify,
	"isolated":    helpIsolated,
	"write":       helpWrite,
	"lines":       helpLines,
	"read":        helpRead,
	"subreaper":   helpSubreaper,
	"orphan":      helpOrphan,
	"sleep":       helpSleep,
	"resources":   helpResources,
}
