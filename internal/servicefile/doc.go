// Package servicefile reads service.toml, which says in one file what a service is and how
// it is kept. It gives a Service that is right, or all that is wrong with the file, each
// with its line and column, its key, and what the key can be.
//
// The table of the keys (keys.go) is the one source: decoding, the JSON schema and
// docs/service.md come from it. Reading a file starts nothing and looks at nothing else.
package servicefile
