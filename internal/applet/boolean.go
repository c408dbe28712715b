//go:build linux

package applet

import "github.com/sillelien/baseinit/internal/execline"

// truth is s6-true.
func truth(*execline.Process, []string) ([]string, error) { return nil, nil }

// falsehood is s6-false.
func falsehood(*execline.Process, []string) ([]string, error) { return nil, exit(1) }
