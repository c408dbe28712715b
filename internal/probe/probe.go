// Package probe asks once whether something works: a TCP port, an HTTP server, a file, or a
// command. What asks again and again, and what follows, is the supervisor's.
package probe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// Spec says what is asked. Exactly one of TCP, HTTP, File and Exec is set.
type Spec struct {
	// TCP is what must accept a connection: HOST:PORT, or unix:/PATH for a unix socket.
	TCP string
	// HTTP is the URL that must answer: http://HOST:PORT/PATH, or unix:/SOCKET:/PATH.
	HTTP string
	// Status are the status codes that mean success. Default: 200 to 399.
	Status []int
	// Headers are sent with the request, each "Name: value". One named Host replaces that of
	// the URL.
	Headers []string
	// File is a path that must exist, relative to Dir.
	File string
	// Exec is the command that must end with code 0, and its arguments. Exec[0] is looked
	// up in the PATH of Env unless it holds a slash.
	Exec []string

	// Program is the file that is executed, with Exec as its arguments, where that is not
	// the one that Exec[0] names: see credential.Spec.Wrap.
	Program string
	// Dir is the working directory of Exec, and where File is looked for. Default: our own.
	Dir string
	// Env is the environment of Exec, each name once. Default: none.
	Env []string
	// Credential is who Exec runs as. Default: as we do.
	Credential *syscall.Credential
}

// Probe is a question that can be asked again and again, also at the same time.
type Probe struct {
	name string
	run  func(ctx context.Context) error
}

// New checks a Spec.
func New(spec Spec) (*Probe, error) {
	var p *Probe
	var err error
	kinds := 0
	if spec.TCP != "" {
		kinds++
		p, err = newTCP(&spec)
	}
	if spec.HTTP != "" {
		kinds++
		p, err = newHTTP(&spec)
	}
	if spec.File != "" {
		kinds++
		p = newFile(&spec)
	}
	if len(spec.Exec) > 0 {
		kinds++
		p, err = newExec(&spec)
	}
	switch {
	case kinds != 1:
		return nil, fmt.Errorf("cannot probe %d things at once: give one of tcp, http, file and exec", kinds)
	case err != nil:
		return nil, err
	case spec.HTTP == "" && (len(spec.Status) > 0 || len(spec.Headers) > 0):
		return nil, errors.New("cannot use status and headers without http")
	}
	return p, nil
}

// Name is how the probe is called in events and states, such as "tcp 127.0.0.1:80".
func (p *Probe) Name() string { return p.name }

// Run asks once, and says in a line why it failed. It returns soon after ctx ends.
func (p *Probe) Run(ctx context.Context) error { return p.run(ctx) }

// short is a text of at most so many bytes, for a name.
func short(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most-3], "") + "..."
}
