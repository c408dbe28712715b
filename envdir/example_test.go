package envdir_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/sillelien/baseinit/envdir"
)

// A container's environment is written to a directory at its start. Boot
// scripts change it, and what is started later sees the changes.
func Example() {
	tmp, err := os.MkdirTemp("", "envdir")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(tmp)

	environ := []string{"HOME=/root", "MODE=test", "TOKEN=secret"}
	live := envdir.Container{Dir: filepath.Join(tmp, "container_environment"), Base: environ}
	if err := envdir.Write(live.Dir, environ); err != nil {
		fmt.Println(err)
	}

	// What a boot script does with `echo production > MODE; : > TOKEN`.
	os.WriteFile(filepath.Join(live.Dir, "MODE"), []byte("production\n"), 0o644)
	os.WriteFile(filepath.Join(live.Dir, "TOKEN"), nil, 0o644)

	now, err := live.Environ()
	fmt.Println(now, err)

	// Output:
	// [HOME=/root MODE=production] <nil>
}
