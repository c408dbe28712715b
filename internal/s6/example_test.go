package s6_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/sillelien/baseinit/internal/s6"
)

func ExampleServices() {
	dir, err := os.MkdirTemp("", "services.d")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	for name, text := range map[string]string{
		"web/run":                  "#!/bin/sh\nexec httpd -f\n",
		"web/dependencies.d/cache": "",
		"web/down-signal":          "SIGQUIT",
		"cache/run":                "#!/bin/sh\nexec cached\n",
		"cache/notification-fd":    "three",
	} {
		path := filepath.Join(dir, name)
		_ = os.MkdirAll(filepath.Dir(path), 0o755)
		_ = os.WriteFile(path, []byte(text), 0o755)
	}

	_, _, err = s6.Services(dir, s6.Defaults{})
	fmt.Println(err != nil)

	_ = os.WriteFile(filepath.Join(dir, "cache/notification-fd"), []byte("3\n"), 0o644)
	services, _, err := s6.Services(dir, s6.Defaults{})
	fmt.Println(err)
	for _, s := range services {
		fmt.Println(s.Name, s.Command, s.Requires, s.StopSignal, s.Readiness.FD)
	}
	// Output:
	// true
	// <nil>
	// cache [./run cache] [] signal 0 3
	// web [./run web] [cache] quit 0
}
