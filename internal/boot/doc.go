// Package boot is a container's life, from the start of its first process to its
// exit code: the environment is written down, fix-attrs.d and cont-init.d run,
// services.d and CMD are kept by a supervisor, and at the end cont-finish.d runs
// and whatever is left is stopped.
//
// The stages are the methods of life in stages.go, in their order. A stop may
// come in any of them: it ends the present one and skips to the last.
package boot
